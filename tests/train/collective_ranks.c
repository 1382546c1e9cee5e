/*
 * collective_ranks.c CASE - one process of test_collective.sh; exit status 0 if every result was right. All values are
 * a function of rank and index, so that each process computes the expected sums by itself.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/checksum.h"
#include "train/collective.h"

static hr_collective *collective;

#define CHECK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "rank %d: %s: ", hr_collective_rank(collective), #condition);                              \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fprintf(stderr, "\n");                                                                                     \
            exit(3);                                                                                                   \
        }                                                                                                              \
    } while (0)
#define OK(call) CHECK((call) == HRNET_OK, "%s", hrnet_last_error())

/* Value i of a rank: between -1 and 1 times powers of two from 2^-10 to 2^10, so that the order of adding shows. */
static double value(int rank, size_t i)
{
    uint64_t x = (uint64_t)rank * 0x9e3779b97f4a7c15u + i * 0xbf58476d1ce4e5b9u + 1;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return ((double)(x >> 11) * 0x1p-52 - 1) * (double)(1 << (x & 15)) * 0x1p-6;
}

static void fill(float *values, int rank, size_t n, size_t salt)
{
    for (size_t i = 0; i < n; i++) values[i] = (float)value(rank, i + salt);
}

/* Every rank has the same bytes: their hashes are that of rank 0. */
static void check_same_bits(const void *bytes, size_t n)
{
    char mine[HR_SHA256_TEXT], first[HR_SHA256_TEXT];
    hr_sha256 hash;
    hr_sha256_begin(&hash);
    hr_sha256_add(&hash, bytes, n);
    hr_sha256_end(&hash, mine);
    memcpy(first, mine, sizeof first);
    OK(hr_collective_broadcast(collective, first, sizeof first));
    CHECK(memcmp(mine, first, sizeof mine) == 0, "other bits than rank 0's");
}

/* The numbers added one after the other in the order of ranks, to the bit. */
static void check_sums(const float *values, size_t n, size_t salt)
{
    for (size_t i = 0; i < n; i++) {
        float sum = (float)value(0, i + salt);
        for (int r = 1; r < hr_collective_size(collective); r++) sum += (float)value(r, i + salt);
        CHECK(values[i] == sum, "value %zu: expected %.9g, found %.9g", i, (double)sum, (double)values[i]);
    }
}

/* ---------------------------------------------------------------------------------------------- cases */

static void sum_floats(void)
{
    static const size_t sizes[] = {0, 1, 2, 15, 1000, 16384, 16385, 1 << 20};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        float *values = hr_alloc(sizes[k], sizeof *values);
        CHECK(values != NULL, "memory");
        fill(values, hr_collective_rank(collective), sizes[k], k);
        OK(hr_collective_sum_floats(collective, values, sizes[k]));
        check_sums(values, sizes[k], k);
        check_same_bits(values, sizes[k] * sizeof *values);
        hr_free(values);
    }
}

static void sum_doubles(void)
{
    enum { N = 300001 };
    static double values[N];
    for (size_t n = 1; n <= N; n += 100000) {
        for (size_t i = 0; i < n; i++) values[i] = value(hr_collective_rank(collective), i);
        OK(hr_collective_sum(collective, values, n));
        check_same_bits(values, n * sizeof *values);
        for (size_t i = 0; i < n; i++) {
            double sum = value(0, i);
            for (int r = 1; r < hr_collective_size(collective); r++) sum += value(r, i);
            CHECK(values[i] == sum, "value %zu: expected %.17g, found %.17g", i, sum, values[i]);
        }
    }
}

/* More unfinished sums than a group may have, with sums of doubles between them, by ranks of different speeds. */
static void overlap(void)
{
    enum { PARTS = 300, N = 2000 };
    float *values = hr_alloc((size_t)PARTS * N, sizeof *values);
    CHECK(values != NULL, "memory");
    for (size_t p = 0; p < PARTS; p++) fill(values + p * N, hr_collective_rank(collective), N, p);
    for (size_t p = 0; p < PARTS; p++) {
        double count = 1;
        OK(hr_collective_begin_sum_floats(collective, values + p * N, N));
        if (p % 7 == 0) OK(hr_collective_sum(collective, &count, 1));
        if (p % 7 == 0) CHECK((int)count == hr_collective_size(collective), "found %g", count);
        if (p % 100 == 50) usleep(3000u * (unsigned)hr_collective_rank(collective));
    }
    OK(hr_collective_wait(collective));
    OK(hr_collective_wait(collective)); /* of nothing */
    for (size_t p = 0; p < PARTS; p++) check_sums(values + p * N, N, p);
    check_same_bits(values, (size_t)PARTS * N * sizeof *values);
    hr_free(values);
}

static void broadcast(void)
{
    enum { N = 100003 };
    unsigned char *bytes = hr_alloc(N, 1);
    CHECK(bytes != NULL, "memory");
    memset(bytes, hr_collective_rank(collective) + 1, N);
    OK(hr_collective_broadcast(collective, bytes, N));
    OK(hr_collective_broadcast(collective, bytes, 0));
    for (size_t i = 0; i < N; i++) CHECK(bytes[i] == 1, "byte %zu: expected 1, found %d", i, bytes[i]);
    hr_free(bytes);
}

/* mpirun without a list of hosts starts all processes on this machine. */
static void local_size(void)
{
    CHECK(hr_collective_local_size(collective) == hr_collective_size(collective), "found %d",
          hr_collective_local_size(collective));
}

/* The hash of the sums, the same in every run: resuming is exact with several processes, too. */
static void print_hash(void)
{
    enum { N = 100000 };
    char digest[HR_SHA256_TEXT];
    hr_sha256 hash;
    float *values = hr_alloc(N, sizeof *values);
    CHECK(values != NULL, "memory");
    fill(values, hr_collective_rank(collective), N, 9);
    OK(hr_collective_sum_floats(collective, values, N));
    hr_sha256_begin(&hash);
    hr_sha256_add(&hash, values, N * sizeof *values);
    hr_sha256_end(&hash, digest);
    if (hr_collective_rank(collective) == 0) puts(digest);
    hr_free(values);
}

/* All wait for rank 1, which sleeps; rank 0's processor time shows whether it napped or waited busily. */
static void barrier(void)
{
    if (hr_collective_rank(collective) == 1) usleep(1000 * 1000);
    const clock_t before = clock();
    OK(hr_collective_barrier(collective));
    const double used = (double)(clock() - before) / CLOCKS_PER_SEC;
    if (hr_collective_size(collective) > 1 && hr_collective_rank(collective) == 0)
        CHECK(used < 0.3, "waiting a second took %g s of the processor", used);
}

/* Rank 1 fails while the others wait for it. */
static void give_up(void)
{
    if (hr_collective_rank(collective) == 1) {
        hr_collective_leave(collective);
        hr_collective_close(collective);
        exit(5);
    }
    hr_collective_barrier(collective);
}

/* Rank 1 dies. */
static void die(void)
{
    if (hr_collective_rank(collective) == 1) kill(getpid(), SIGKILL);
    hr_collective_barrier(collective);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"sum_floats", sum_floats}, {"sum_doubles", sum_doubles}, {"overlap", overlap},
                 {"broadcast", broadcast},   {"local_size", local_size},   {"hash", print_hash},
                 {"barrier", barrier},       {"give_up", give_up},         {"die", die}};
    if (hr_collective_open(&collective) != HRNET_OK) {
        fprintf(stderr, "%s\n", hrnet_last_error());
        return 2;
    }
    for (int a = 1; a < argc; a++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            if (strcmp(argv[a], cases[i].name) == 0) cases[i].run();
    hr_collective_close(collective);
    return 0;
}
