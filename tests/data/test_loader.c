/* test_loader.c - order, errors and early ends of the loader, for any number of workers. */
#include "data/loader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

enum { N_ITEMS = 200 };

static atomic_int alive; /* blocks that items hold */

typedef struct item {
    size_t *square;
} item;

/* Items of different cost, so that workers overtake each other; every 7th fails when context is set. */
static hrnet_status make(void *context, int worker, size_t index, void *out)
{
    item *const to = out;
    const struct timespec pause = {0, (long)(index * 2654435761u % 200) * 1000};
    (void)worker;
    assert_null(to->square);
    nanosleep(&pause, NULL);
    if (context != NULL && index % 7 == 3) return hr_fail(HRNET_ERR_FORMAT, "item %zu is broken", index);
    to->square = hr_alloc(1, sizeof *to->square);
    if (to->square == NULL) return hr_fail_memory(sizeof *to->square);
    *to->square = index * index;
    atomic_fetch_add(&alive, 1);
    return HRNET_OK;
}

static void dispose(void *what)
{
    hr_free(((item *)what)->square);
    atomic_fetch_sub(&alive, 1);
}

static hr_loader *create(int n_workers, int ahead, void *context)
{
    hr_loader *loader = NULL;
    const hr_loader_options options = {.n_items = N_ITEMS,
                                       .item_size = sizeof(item),
                                       .n_workers = n_workers,
                                       .ahead = ahead,
                                       .make = make,
                                       .dispose = dispose,
                                       .context = context};
    assert_int_equal(hr_loader_create(&loader, &options), HRNET_OK);
    return loader;
}

static void items_come_in_order(void **state)
{
    static const int workers[] = {1, 2, 3, 7}, aheads[] = {0, 1, 5, 2 * N_ITEMS};
    (void)state;
    for (int w = 0; w < 4; w++) {
        for (int a = 0; a < 4; a++) {
            hr_loader *const loader = create(workers[w], aheads[a], NULL);
            for (size_t i = 0; i < N_ITEMS; i++) {
                item one;
                assert_int_equal(hr_loader_next(loader, &one), HRNET_OK);
                assert_int_equal(*one.square, i * i);
                dispose(&one);
            }
            item none;
            assert_int_equal(hr_loader_next(loader, &none), HRNET_ERR_ARGUMENT);
            hr_loader_free(loader);
            assert_int_equal(atomic_load(&alive), 0);
        }
    }
}

static size_t one_byte(const void *what)
{
    (void)what;
    return 1;
}

/* Three workers may each begin an item while two are ready; the third that is ready stops them. */
static void bytes_bound_what_is_ahead(void **state)
{
    enum { MOST_BYTES = 3, N_WORKERS = 3 };
    const struct timespec pause = {0, 3000000};
    (void)state;
    hr_loader *loader = NULL;
    const hr_loader_options options = {.n_items = N_ITEMS,
                                       .item_size = sizeof(item),
                                       .n_workers = N_WORKERS,
                                       .ahead = N_ITEMS,
                                       .make = make,
                                       .size = one_byte,
                                       .most_bytes = MOST_BYTES,
                                       .dispose = dispose};
    assert_int_equal(hr_loader_create(&loader, &options), HRNET_OK);
    for (size_t i = 0; i < N_ITEMS; i++) {
        item one;
        nanosleep(&pause, NULL);
        assert_in_range(atomic_load(&alive), 0, MOST_BYTES - 1 + N_WORKERS);
        assert_int_equal(hr_loader_next(loader, &one), HRNET_OK);
        assert_int_equal(*one.square, i * i);
        dispose(&one);
    }
    hr_loader_free(loader);
    assert_int_equal(atomic_load(&alive), 0);
}

static void failures_come_in_order(void **state)
{
    char expected[64];
    (void)state;
    hr_loader *const loader = create(3, 0, &alive);
    for (size_t i = 0; i < N_ITEMS; i++) {
        item one;
        const hrnet_status status = hr_loader_next(loader, &one);
        if (i % 7 == 3) {
            snprintf(expected, sizeof expected, "item %zu is broken", i);
            assert_int_equal(status, HRNET_ERR_FORMAT);
            assert_string_equal(hrnet_last_error(), expected);
        } else {
            assert_int_equal(status, HRNET_OK);
            dispose(&one);
        }
    }
    hr_loader_free(loader);
    assert_int_equal(atomic_load(&alive), 0);
}

static void an_early_end_leaves_nothing(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        hr_loader *const loader = create(4, 9, &alive);
        for (size_t i = 0; i < n; i++) {
            item one;
            if (hr_loader_next(loader, &one) == HRNET_OK) dispose(&one);
        }
        hr_loader_free(loader);
        assert_int_equal(atomic_load(&alive), 0);
    }
}

static void wrong_numbers_are_refused(void **state)
{
    hr_loader *loader = NULL;
    hr_loader_options options = {.n_items = N_ITEMS, .item_size = sizeof(item), .make = make, .dispose = dispose};
    (void)state;
    assert_int_equal(hr_loader_create(&loader, &options), HRNET_ERR_ARGUMENT);
    options.n_workers = HR_MAX_WORKERS + 1;
    assert_int_equal(hr_loader_create(&loader, &options), HRNET_ERR_ARGUMENT);
    assert_null(loader);
}

static void every_failing_allocation_is_survived(void **state)
{
    const hr_loader_options options = {
        .n_items = N_ITEMS, .item_size = sizeof(item), .n_workers = 2, .make = make, .dispose = dispose};
    (void)state;
    for (long k = 0; k < 40; k++) {
        hr_loader *loader = NULL;
        hr_mem_fail_after(k);
        hrnet_status status = hr_loader_create(&loader, &options);
        for (int i = 0; i < 5 && loader != NULL; i++) {
            item one;
            if (hr_loader_next(loader, &one) == HRNET_OK)
                dispose(&one);
            else
                status = HRNET_ERR_MEMORY;
        }
        hr_mem_fail_after(-1);
        hr_loader_free(loader);
        assert_true(status == HRNET_OK || status == HRNET_ERR_MEMORY);
        assert_int_equal(atomic_load(&alive), 0);
    }
}

/* In a fork the workers are missing: an item is refused, not waited for, and the loader can be freed. */
static void a_fork_has_no_workers(void **state)
{
    (void)state;
    item taken = {NULL};
    int status = 0;
    hr_loader *loader = create(3, 5, NULL);
    assert_int_equal(hr_loader_next(loader, &taken), HRNET_OK);
    dispose(&taken);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20);
        const int is_refused = hr_loader_next(loader, &taken) == HRNET_ERR_UNSUPPORTED &&
                               strstr(hrnet_last_error(), "a fork of it") != NULL;
        hr_loader_free(loader);
        _exit(is_refused ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(hr_loader_next(loader, &taken), HRNET_OK);
    dispose(&taken);
    hr_loader_free(loader);
    assert_int_equal(atomic_load(&alive), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_has_no_workers),
        cmocka_unit_test(items_come_in_order),
        cmocka_unit_test(bytes_bound_what_is_ahead),
        cmocka_unit_test(failures_come_in_order),
        cmocka_unit_test(an_early_end_leaves_nothing),
        cmocka_unit_test(wrong_numbers_are_refused),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
