/*
 * test_engine.c - running an engine: the plan of its memory, the same bits for any number of threads and any cut into
 * batches, nothing allocated while it runs.
 */
#include "../support/net_files.h"

#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "cpu/engine/memory_plan.h"
#include "cpu/engine/exec.h"

/* Random lifetimes get places that never overlap, none beyond the total, and the same places the second time. */
static void arena_places(void **state)
{
    (void)state;
    enum { N = 60 };
    for (uint64_t round = 0; round < 50; round++) {
        hr_buffer lives[N], again[N];
        size_t total = 0, total_again = 0, sum = 0;
        for (uint64_t i = 0; i < N; i++) {
            const int first = (int)(hr_random_bits(round, 3 * i) % 40);
            const int last = first + (int)(hr_random_bits(round, 3 * i + 1) % 12);
            lives[i] = (hr_buffer){.size = hr_random_bits(round, 3 * i + 2) % 100, .first = first, .last = last};
            sum += lives[i].size;
        }
        memcpy(again, lives, sizeof lives);
        MUST(hr_memory_plan(lives, N, NULL, NULL, &total));
        MUST(hr_memory_plan(again, N, NULL, NULL, &total_again));
        assert_int_equal(total, total_again);
        assert_true(total < sum);
        for (int i = 0; i < N; i++) {
            assert_int_equal(lives[i].offset, again[i].offset);
            assert_true(lives[i].offset + lives[i].size <= total);
            for (int j = 0; j < i; j++) {
                const int in_time = lives[i].first <= lives[j].last && lives[j].first <= lives[i].last;
                const int in_space = lives[i].offset < lives[j].offset + lives[j].size &&
                                     lives[j].offset < lives[i].offset + lives[i].size;
                if (in_time && in_space && lives[i].size != 0 && lives[j].size != 0)
                    fail_msg("round %d: %d and %d share memory", (int)round, i, j);
            }
        }
    }
}

enum { N_PICTURES = 5 };

static hr_engine *golden_engine(const char *net)
{
    golden_graph opened;
    hr_engine *engine = NULL;
    golden_graph_open(&opened, net);
    MUST(hr_engine_create(&engine, &opened.graph, &opened.weights, hr_cpu_features(), NULL));
    golden_graph_close(&opened);
    return engine;
}

/* Random pictures 0..N_PICTURES-1 in passes of at most max_batch; heatmaps as the executor lays them out, with the
 * padding lanes, freed with test_free. */
static float *run(const hr_engine *engine, int threads, int max_batch)
{
    hr_exec *exec = NULL;
    hrnet_pool *pool = NULL;
    MUST(hrnet_pool_create(&pool, threads));
    MUST(hr_exec_create(&exec, engine, pool, engine->graph.nodes[0].h, engine->graph.nodes[0].w, max_batch, 0));
    assert_in_range(hr_exec_max_batch(exec), max_batch < N_PICTURES ? max_batch : N_PICTURES, max_batch);
    max_batch = hr_exec_max_batch(exec); /* fewer, where their activations would not fit the cache */
    const hr_node *in = &engine->graph.nodes[0], *out = &engine->graph.nodes[engine->graph.outputs[0].node];
    const size_t n_in = (size_t)in->h * (size_t)in->w * 4;
    const size_t n_out = (size_t)out->h * (size_t)out->w * (size_t)hr_exec_output_ld(exec, 0);
    float *heatmaps = test_malloc(N_PICTURES * n_out * sizeof *heatmaps);
    for (int first = 0, n; first < N_PICTURES; first += n) {
        n = N_PICTURES - first < max_batch ? N_PICTURES - first : max_batch;
        for (int i = 0; i < n; i++)
            for (size_t k = 0; k < n_in; k++)
                hr_exec_input(exec, i)[k] = 4 * hr_random_uniform((uint64_t)(first + i), k) - 2;
        hr_mem_fail_after(0); /* a run that allocated would fail */
        hr_exec_run(exec, n);
        assert_int_equal(hr_mem_fail_after(-1), 0);
        for (int i = 0; i < n; i++)
            memcpy(heatmaps + (size_t)(first + i) * n_out, hr_exec_output(exec, 0, i), n_out * sizeof *heatmaps);
    }
    hr_exec_free(exec);
    hrnet_pool_free(pool);
    return heatmaps;
}

static void same_bits(void **state)
{
    (void)state;
    static const struct {
        int threads, max_batch;
    } ways[] = {{2, 1}, {3, 1}, {7, 1}, {1, 2}, {2, 3}, {3, 4}, {7, 5}, {2, 64}};
    for (int i = 0; i < N_NETS; i++) {
        hr_engine *engine = golden_engine(net_names[i]);
        const hr_node *out = &engine->graph.nodes[engine->graph.outputs[0].node];
        const size_t n = (size_t)N_PICTURES * (size_t)out->h * (size_t)out->w * (size_t)hr_padded(out->c);
        float *plain = run(engine, 1, 1);
        for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
            float *other = run(engine, ways[k].threads, ways[k].max_batch);
            if (memcmp(plain, other, n * sizeof *plain) != 0)
                fail_msg("%s: %d threads, batch %d: other bits", net_names[i], ways[k].threads, ways[k].max_batch);
            test_free(other);
        }
        test_free(plain);
        hr_engine_free(engine);
    }
}

static void arguments(void **state)
{
    (void)state;
    hr_engine *engine = golden_engine(net_names[0]);
    hr_exec *exec = NULL;
    assert_true(hr_engine_bytes(engine) > 0);
    const int h = engine->graph.nodes[0].h, w = engine->graph.nodes[0].w;
    hrnet_pool *pool = NULL;
    MUST(hrnet_pool_create(&pool, 1));
    REFUSED(hr_exec_create(&exec, engine, pool, h, w, 0, 0), HRNET_ERR_ARGUMENT, "max_batch");
    REFUSED(hr_exec_create(&exec, engine, pool, h, w, 65, 0), HRNET_ERR_ARGUMENT, "max_batch");
    /* the branches' sizes no longer meet where their maps are added */
    REFUSED(hr_exec_create(&exec, engine, pool, h + 4, w, 1, 0), HRNET_ERR_ARGUMENT, "expected terms of one shape");
    REFUSED(hr_exec_create(&exec, engine, pool, 0, w, 1, 0), HRNET_ERR_ARGUMENT, "conv conv1: expected an input");
    assert_null(exec);
    hrnet_pool_free(pool);
    hr_engine_free(engine);
}

static void add_one(void *context, int task)
{
    ((unsigned char *)context)[task]++;
}

/* Every task once, on any number of threads; a profile has a time for every node that works. */
static void parallel_and_profile(void **state)
{
    (void)state;
    hr_engine *engine = golden_engine(net_names[0]);
    double *seconds = test_malloc((size_t)engine->graph.n_nodes * sizeof *seconds);
    for (int threads = 1; threads <= 3; threads++) {
        unsigned char done[100] = {0};
        hr_exec *exec = NULL;
        hrnet_pool *pool = NULL;
        MUST(hrnet_pool_create(&pool, threads));
        MUST(hr_exec_create(&exec, engine, pool, 96, 64, 1, 0));
        hr_parallel(pool, 100, add_one, done);
        for (int i = 0; i < 100; i++) assert_int_equal(done[i], 1);
        memset(hr_exec_input(exec, 0), 0, (size_t)(96 * 64 * 4) * sizeof(float));
        MUST(hr_exec_profile(exec, 1, seconds));
        assert_true(seconds[0] == 0); /* the input takes no time */
        for (int i = 1; i < engine->graph.n_nodes; i++) assert_true(seconds[i] > 0);
        hr_exec_free(exec);
        hrnet_pool_free(pool);
    }
    test_free(seconds);
    hr_engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_places),
        cmocka_unit_test(same_bits),
        cmocka_unit_test(arguments),
        cmocka_unit_test(parallel_and_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
