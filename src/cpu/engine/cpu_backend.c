/* cpu_backend.c - a runner keeps the executors of the sizes that it ran last; the one longest unused makes room for a
 * new size. */
#include "cpu/engine/cpu_backend.h"

#include "base/cpu.h"
#include "base/mem.h"
#include "cpu/engine/exec.h"

enum { RECENT_SIZES = 4 };

typedef struct recent {
    int h, w;
    hr_exec *exec; /* NULL: free */
    uint64_t used; /* when it was chosen last */
} recent;

typedef struct cpu_runner {
    const hr_engine *engine;
    hrnet_pool *pool;
    int max_batch;
    uint64_t memory_limit;
    recent sizes[RECENT_SIZES];
    hr_exec *current;
    uint64_t n_uses;
} cpu_runner;

static hrnet_status create(void **out, const hr_graph *graph, const hr_weights *weights,
                           const hr_backend_options *options)
{
    hr_engine *engine;
    const hr_format format = options->precision == HRNET_FP16_WEIGHTS ? HR_FORMAT_FLOAT16 : HR_FORMAT_FLOAT32;
    HR_TRY(hr_engine_create(
        &engine, graph, weights, hr_cpu_features(),
        &(hr_packing){.format = format, .batch = options->batch, .memory_limit = options->memory_limit}));
    *out = engine;
    return HRNET_OK;
}

static void destroy(void *network)
{
    hr_engine_free(network);
}

static size_t network_bytes(const void *network)
{
    return hr_engine_bytes(network);
}

static const hr_graph *graph_of(const void *network)
{
    return &((const hr_engine *)network)->graph;
}

static hr_backend_layer layer_of(const void *network, int node)
{
    const hr_conv *conv = &((const hr_engine *)network)->convs[node];
    if (conv->algorithm == NULL) return (hr_backend_layer){"", 0};
    return (hr_backend_layer){conv->algorithm->name, hr_engine_conv_bytes(conv)};
}

static hrnet_status open_runner(void **out, const void *network, hrnet_pool *pool, int max_batch, uint64_t memory_limit)
{
    cpu_runner *r;
    HR_NEW(r, 1);
    *r = (cpu_runner){.engine = network, .pool = pool, .max_batch = max_batch, .memory_limit = memory_limit};
    *out = r;
    return HRNET_OK;
}

static void close_runner(void *runner)
{
    cpu_runner *r = runner;
    if (r == NULL) return;
    for (int i = 0; i < RECENT_SIZES; i++) hr_exec_free(r->sizes[i].exec);
    hr_free(r);
}

static size_t runner_bytes(const void *runner)
{
    const cpu_runner *r = runner;
    size_t bytes = sizeof *r;
    for (int i = 0; i < RECENT_SIZES; i++)
        if (r->sizes[i].exec != NULL) bytes += hr_exec_bytes(r->sizes[i].exec);
    return bytes;
}

/* The free entry, else the one that was chosen longest ago: a free one was never chosen, so its `used` is 0. */
static recent *oldest_of(cpu_runner *r)
{
    recent *oldest = &r->sizes[0];
    for (int i = 1; i < RECENT_SIZES; i++)
        if (r->sizes[i].used < oldest->used) oldest = &r->sizes[i];
    return oldest;
}

/* Drop plans of other sizes until all together keep the limit; the current one does so by itself. */
static void drop_beyond_limit(cpu_runner *r)
{
    for (int i = 1; r->memory_limit != 0 && runner_bytes(r) > r->memory_limit && i < RECENT_SIZES; i++) {
        recent *oldest = NULL;
        for (int k = 0; k < RECENT_SIZES; k++) {
            recent *it = &r->sizes[k];
            if (it->exec != NULL && it->exec != r->current && (oldest == NULL || it->used < oldest->used)) oldest = it;
        }
        if (oldest == NULL) return;
        hr_exec_free(oldest->exec);
        *oldest = (recent){0};
    }
}

static hrnet_status reshape(void *runner, int h, int w)
{
    cpu_runner *r = runner;
    for (int i = 0; i < RECENT_SIZES; i++) {
        recent *it = &r->sizes[i];
        if (it->exec == NULL || it->h != h || it->w != w) continue;
        it->used = ++r->n_uses;
        r->current = it->exec;
        return HRNET_OK;
    }
    hr_exec *exec = NULL;
    HR_TRY(hr_exec_create(&exec, r->engine, r->pool, h, w, r->max_batch, r->memory_limit));
    recent *oldest = oldest_of(r);
    hr_exec_free(oldest->exec);
    *oldest = (recent){h, w, exec, ++r->n_uses};
    r->current = exec;
    drop_beyond_limit(r);
    return HRNET_OK;
}

static int max_batch(const void *runner)
{
    return hr_exec_max_batch(((const cpu_runner *)runner)->current);
}

static float *input(void *runner, int i)
{
    return hr_exec_input(((cpu_runner *)runner)->current, i);
}

static hr_backend_tensor output(const void *runner, int k, int i)
{
    const hr_exec *exec = ((const cpu_runner *)runner)->current;
    const hr_graph *graph = hr_exec_graph(exec);
    const hr_node *node = &graph->nodes[graph->outputs[k].node];
    return (hr_backend_tensor){hr_exec_output(exec, k, i), node->c, node->h, node->w, hr_exec_output_ld(exec, k)};
}

static void run(void *runner, int n)
{
    hr_exec_run(((cpu_runner *)runner)->current, n);
}

static hrnet_status profile(void *runner, int n, double *seconds)
{
    return hr_exec_profile(((cpu_runner *)runner)->current, n, seconds);
}

const hr_backend hr_cpu_backend = {
    .name = "cpu",
    .create = create,
    .destroy = destroy,
    .network_bytes = network_bytes,
    .graph = graph_of,
    .layer = layer_of,
    .open = open_runner,
    .close = close_runner,
    .runner_bytes = runner_bytes,
    .reshape = reshape,
    .max_batch = max_batch,
    .input = input,
    .output = output,
    .run = run,
    .profile = profile,
};
