/* test_pool.c - a team of threads: regions, barriers, events, several callers at once, idle time, a fork. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "base/pool.h"

static hrnet_pool *open_pool(int threads)
{
    hrnet_pool *pool = NULL;
    assert_int_equal(hrnet_pool_create(&pool, threads), HRNET_OK);
    return pool;
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Seconds of processor time that all threads of this process have used. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---------------------------------------------------------------------------------------------- one caller */

static void count_thread(void *context, int thread)
{
    ((int *)context)[thread]++; /* each thread its own: the thread sanitizer sees if two share a number */
}

/* Each thread once in each region, and all have left when hr_pool_run returns. */
static void many_short_regions(void **state)
{
    (void)state;
    enum { N_REGIONS = 500 };
    for (int threads = 1; threads <= 7; threads += 2) {
        hrnet_pool *pool = open_pool(threads);
        int counts[7] = {0};
        assert_int_equal(hr_pool_threads(pool), threads);
        for (int i = 0; i < N_REGIONS; i++) {
            hr_pool_run(pool, count_thread, counts);
            assert_int_equal(counts[threads - 1], i + 1);
        }
        for (int i = 0; i < threads; i++) assert_int_equal(counts[i], N_REGIONS);
        hrnet_pool_free(pool);
    }
}

typedef struct rounds {
    hrnet_pool *pool;
    int written[7];
    atomic_int n_wrong;
} rounds;

/* Every thread writes its number of the round, and behind the barrier sees those of all. */
static void run_rounds(void *context, int thread)
{
    rounds *r = context;
    for (int round = 1; round <= 200; round++) {
        r->written[thread] = round;
        hr_pool_barrier(r->pool);
        for (int i = 0; i < hr_pool_threads(r->pool); i++)
            if (r->written[i] != round) atomic_fetch_add(&r->n_wrong, 1);
        hr_pool_barrier(r->pool);
    }
}

static void barriers(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 7; threads += 3) {
        rounds r = {.pool = open_pool(threads)};
        hr_pool_run(r.pool, run_rounds, &r);
        assert_int_equal(atomic_load(&r.n_wrong), 0);
        hrnet_pool_free(r.pool);
    }
}

enum { N_ITEMS = 3000 };

typedef struct queue {
    hrnet_pool *pool;
    atomic_int n_put, n_taken;
    atomic_int taken[N_ITEMS]; /* how often */
} queue;

static int take_item(queue *q)
{
    int next = atomic_load(&q->n_taken);
    while (next < atomic_load(&q->n_put))
        if (atomic_compare_exchange_weak(&q->n_taken, &next, next + 1)) return next;
    return -1;
}

/* Thread 0 puts items, now and then with a rest in which the others fall asleep; these take them. */
static void run_queue(void *context, int thread)
{
    queue *q = context;
    if (thread == 0) {
        for (int i = 0; i < N_ITEMS; i++) {
            if (i % 1000 == 500) sleep_ms(5);
            atomic_fetch_add(&q->n_put, 1);
            hr_pool_notify(q->pool);
        }
        return;
    }
    while (atomic_load(&q->n_taken) < N_ITEMS) {
        const unsigned seen = hr_pool_event(q->pool);
        const int item = take_item(q);
        if (item >= 0) {
            atomic_fetch_add(&q->taken[item], 1);
            hr_pool_notify(q->pool); /* it may have been the last one */
        } else if (atomic_load(&q->n_taken) < N_ITEMS) {
            hr_pool_wait(q->pool, seen);
        }
    }
}

/* A notification that got lost would leave a worker asleep for ever. */
static void events(void **state)
{
    (void)state;
    static queue q;
    for (int threads = 2; threads <= 5; threads += 3) {
        memset(&q, 0, sizeof q);
        q.pool = open_pool(threads);
        hr_pool_run(q.pool, run_queue, &q);
        for (int i = 0; i < N_ITEMS; i++) assert_int_equal(atomic_load(&q.taken[i]), 1);
        hrnet_pool_free(q.pool);
    }
}

/* ---------------------------------------------------------------------------------------------- several callers */

typedef struct caller {
    pthread_t thread;
    hrnet_pool *pool;
    int n_regions, counts[4]; /* counts: regions that thread i has been in */
    int wrong;                /* regions that began before the last had ended, or ended before all had left */
} caller;

static atomic_int n_inside, most_inside;

static void count_inside(void *context, int thread)
{
    const int n = atomic_fetch_add(&n_inside, 1) + 1;
    for (int most = atomic_load(&most_inside); n > most;)
        if (atomic_compare_exchange_weak(&most_inside, &most, n)) break;
    count_thread(context, thread);
    nanosleep(&(struct timespec){0, 50000}, NULL); /* so that threads, and callers, meet */
    atomic_fetch_sub(&n_inside, 1);
}

/* Callers are threads of their own and only report: cmocka's checks belong to the main thread. */
static void *call(void *context)
{
    caller *c = context;
    for (int i = 0; i < c->n_regions; i++) {
        hr_pool_run(c->pool, count_inside, c->counts);
        for (int k = 0; k < hr_pool_threads(c->pool); k++) c->wrong += c->counts[k] != i + 1;
    }
    return NULL;
}

static void start(caller *c, void *(*work)(void *context))
{
    assert_int_equal(pthread_create(&c->thread, NULL, work, c), 0);
}

static void finish(const caller *c)
{
    assert_int_equal(pthread_join(c->thread, NULL), 0);
    assert_int_equal(c->wrong, 0);
}

/* However many call, no more threads are in regions at once than the pool has. */
static void callers_take_turns(void **state)
{
    (void)state;
    enum { N_CALLERS = 5 };
    for (int threads = 1; threads <= 4; threads++) {
        hrnet_pool *pool = open_pool(threads);
        caller callers[N_CALLERS];
        atomic_store(&most_inside, 0);
        for (int i = 0; i < N_CALLERS; i++) {
            callers[i] = (caller){.pool = pool, .n_regions = 300};
            start(&callers[i], call);
        }
        for (int i = 0; i < N_CALLERS; i++) finish(&callers[i]);
        print_message("%d callers on %d threads: at most %d inside\n", N_CALLERS, threads, atomic_load(&most_inside));
        assert_in_range(atomic_load(&most_inside), 1, threads);
        hrnet_pool_free(pool);
    }
}

static atomic_int is_done;

static void rest(void *context, int thread)
{
    (void)context;
    (void)thread;
    nanosleep(&(struct timespec){0, 200000}, NULL);
}

static void *call_until_done(void *context)
{
    caller *c = context;
    while (!atomic_load(&is_done)) {
        hr_pool_run(c->pool, rest, NULL);
        c->n_regions++;
    }
    return NULL;
}

/* A caller that comes back at once does not shut the other out. With turns both have about as many regions; a lock
 * that the first may take again before the second wakes up would give it hundreds for each of the other's. */
static void callers_are_served_in_order(void **state)
{
    (void)state;
    enum { N_REGIONS = 50 };
    hrnet_pool *pool = open_pool(2);
    caller other = {.pool = pool};
    atomic_store(&is_done, 0);
    start(&other, call_until_done);
    for (int i = 0; i < N_REGIONS; i++) hr_pool_run(pool, rest, NULL);
    atomic_store(&is_done, 1);
    finish(&other);
    print_message("%d regions of the other caller beside %d\n", other.n_regions, N_REGIONS);
    assert_true(other.n_regions < 20 * N_REGIONS);
    hrnet_pool_free(pool);
}

static void *make_and_free(void *context)
{
    caller *c = context;
    for (int i = 0; i < 100; i++) {
        hrnet_pool *own = NULL;
        int counts[3] = {0};
        if (hrnet_pool_create(&own, 1 + i % 3) != HRNET_OK) {
            c->wrong++;
            continue;
        }
        if (i % 4 != 0) hr_pool_run(own, count_thread, counts);
        hrnet_pool_free(own);
    }
    return NULL;
}

/* Owns one reference, and gives it back when it has finished; the last to do so ends the threads. */
static void *call_and_free(void *context)
{
    caller *c = context;
    call(c);
    hrnet_pool_free(c->pool);
    return NULL;
}

static void pools_come_and_go_under_load(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        hrnet_pool *pool = open_pool(3);
        caller makers[2] = {{.pool = NULL}}, users[2];
        for (int i = 0; i < 2; i++) {
            users[i] = (caller){.pool = hr_pool_share(pool), .n_regions = 100 * (i + 1)};
            start(&users[i], call_and_free);
            start(&makers[i], make_and_free);
        }
        hrnet_pool_free(pool);
        for (int i = 0; i < 2; i++) {
            finish(&users[i]);
            finish(&makers[i]);
        }
    }
}

/* ---------------------------------------------------------------------------------------------- idle time */

static void rest_long(void *context, int thread)
{
    (void)context;
    (void)thread;
    sleep_ms(200);
}

static void *rest_once(void *context)
{
    hr_pool_run(((caller *)context)->pool, rest_long, NULL);
    return NULL;
}

/* Neither the workers of an idle pool nor a caller that waits for its turn use the processor. Measured: under 1 ms of
 * 200 and of 400; a thread that spins would use most of them. */
static void waiting_costs_nothing(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    hrnet_pool *pool = open_pool(THREADS);
    int counts[THREADS] = {0};
    hr_pool_run(pool, count_thread, counts);
    sleep_ms(20); /* the last spins */
    const double start_of_idle = cpu_seconds();
    sleep_ms(200);
    const double idle = cpu_seconds() - start_of_idle;
    caller callers[2] = {{.pool = pool}, {.pool = pool}};
    for (int i = 0; i < 2; i++) start(&callers[i], rest_once);
    for (int i = 0; i < 2; i++) finish(&callers[i]);
    const double waiting = cpu_seconds() - start_of_idle - idle;
    print_message("processor time: %.2f ms of 200 idle, %.2f ms of 400 in regions that rest\n", 1e3 * idle,
                  1e3 * waiting);
    assert_true(idle < 0.02);
    assert_true(waiting < 0.04);
    hrnet_pool_free(pool);
}

/* ---------------------------------------------------------------------------------------------- life */

/* The child of a fork is told so, and can free the pool. A child that hangs is ended by its alarm. */
static void forked(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads += 2) {
        hrnet_pool *pool = open_pool(threads);
        int counts[3] = {0}, status;
        hr_pool_run(pool, count_thread, counts);
        assert_int_equal(hr_pool_check(pool), HRNET_OK);
        const pid_t child = fork();
        if (child == 0) {
            alarm(20);
            const int refused =
                hr_pool_check(pool) == HRNET_ERR_UNSUPPORTED && strstr(hrnet_last_error(), "fork") != NULL;
            hrnet_pool_free(pool);
            _exit(refused ? 0 : 1);
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        hr_pool_run(pool, count_thread, counts);
        for (int i = 0; i < threads; i++) assert_int_equal(counts[i], 2);
        hrnet_pool_free(pool);
    }
}

static void arguments(void **state)
{
    (void)state;
    hrnet_pool *pool = NULL;
    assert_int_equal(hrnet_pool_create(&pool, -1), HRNET_ERR_ARGUMENT);
    assert_string_equal(hrnet_last_error(), "threads: expected 0..64, found -1");
    assert_int_equal(hrnet_pool_create(&pool, 65), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_pool_create(NULL, 1), HRNET_ERR_ARGUMENT);
    assert_null(pool);
    hrnet_pool_free(NULL);
    pool = open_pool(0);
    assert_int_equal(hr_pool_threads(pool), hr_cpu_count() < HR_MAX_THREADS ? hr_cpu_count() : HR_MAX_THREADS);
    hrnet_pool_free(pool);
    pool = open_pool(64);
    assert_int_equal(hr_pool_threads(pool), 64);
    hrnet_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_short_regions),
        cmocka_unit_test(barriers),
        cmocka_unit_test(events),
        cmocka_unit_test(callers_take_turns),
        cmocka_unit_test(callers_are_served_in_order),
        cmocka_unit_test(pools_come_and_go_under_load),
        cmocka_unit_test(waiting_costs_nothing),
        cmocka_unit_test(forked),
        cmocka_unit_test(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
