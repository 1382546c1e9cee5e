/*
 * exec.c - the order of a run. A node is ready when the nodes that it reads have ended, and every thread draws the next
 * task of the first ready node of the graph. Nodes follow each other there branch by branch, so one thread takes a
 * branch through a whole module before it turns to the next: a layer finds in the cache what the one before it wrote,
 * and not the weights of other branches (W48 384x288, one thread of Zen 4: 255 ms; layer by layer across the branches,
 * 280). Several threads turn to another branch whenever a layer has no task left to draw, and so wait for nothing.
 */
#include "net/exec.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/pool.h"
#include "net/arena.h"

enum { ROWS_PER_TASK = 8, MAX_POOL_CELLS = 49, TOGETHER_BYTES = 16 << 20, BITS = 64 };

/* A node's part of a run. */
typedef struct progress {
    int n_tasks;
    atomic_int drawn;   /* tasks given to threads; more than n_tasks where several reached for the last */
    atomic_int left;    /* tasks that have not ended */
    atomic_int sources; /* that have not ended */
} progress;

struct hr_exec {
    const hr_engine *engine;
    hr_pool *pool;
    int max_batch, n;
    float *arena, *zeros;
    char *scratch; /* [threads][scratch_bytes] */
    size_t arena_floats, scratch_bytes, n_bytes;
    float **tensors;         /* [n_nodes] */
    progress *nodes;         /* [n_nodes] */
    _Atomic uint64_t *ready; /* [ready_words], a bit for each node: it is ready and has tasks to draw */
    int ready_words;
    atomic_int unfinished; /* nodes that have not ended */
    double *profile;       /* [threads][n_nodes] seconds while profiling, else NULL */
    struct {
        int n_tasks;
        void (*func)(void *context, int task);
        void *context;
        atomic_int next;
    } loop;
};

static int rows_tasks(const hr_node *node, int n)
{
    return (n * node->h + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

static int count_tasks(const hr_exec *exec, int index)
{
    const hr_node *node = &exec->engine->graph.nodes[index];
    if (node->op == HR_OP_INPUT) return 0;
    const hr_conv *conv = &exec->engine->convs[index];
    return conv->algorithm != NULL ? conv->algorithm->n_tasks(conv, exec->n, hr_pool_threads(exec->pool))
                                   : rows_tasks(node, exec->n);
}

static int shift_of(int factor)
{
    int shift = 0;
    while (1 << shift < factor) shift++;
    return shift;
}

static void sum_row(const hr_exec *exec, int index, int row)
{
    const hr_graph *graph = &exec->engine->graph;
    const hr_node *node = &graph->nodes[index];
    const float *terms[HR_MAX_INPUTS];
    int shifts[HR_MAX_INPUTS];
    const int ld = hr_engine_ld(exec->engine, index), image = row / node->h, y = row % node->h;
    for (int i = 0; i < node->n_inputs; i++) {
        const hr_node *from = &graph->nodes[node->inputs[i]];
        shifts[i] = shift_of(node->factors[i]);
        terms[i] = exec->tensors[node->inputs[i]] +
                   (size_t)(image * from->h + (y >> shifts[i])) * (size_t)from->w * (size_t)ld;
    }
    float *out = exec->tensors[index] + (size_t)row * (size_t)node->w * (size_t)ld;
    exec->engine->kern->sum_row(out, terms, shifts, node->n_inputs, node->w, ld, node->relu);
}

static void maxpool_row(const hr_exec *exec, int index, int row)
{
    const hr_graph *graph = &exec->engine->graph;
    const hr_node *node = &graph->nodes[index], *from = &graph->nodes[node->inputs[0]];
    const size_t ld = (size_t)hr_engine_ld(exec->engine, index);
    const int image = row / node->h, y = row % node->h;
    const float *picture = exec->tensors[node->inputs[0]] + (size_t)(image * from->h) * (size_t)from->w * ld;
    for (int x = 0; x < node->w; x++) {
        const float *cells[MAX_POOL_CELLS];
        int n = 0;
        for (int ky = 0; ky < node->kernel; ky++) {
            for (int kx = 0; kx < node->kernel; kx++) {
                const int iy = y * node->stride + ky - node->padding, ix = x * node->stride + kx - node->padding;
                if (iy >= 0 && iy < from->h && ix >= 0 && ix < from->w)
                    cells[n++] = picture + ((size_t)iy * (size_t)from->w + (size_t)ix) * ld;
            }
        }
        float *out = exec->tensors[index] + ((size_t)row * (size_t)node->w + (size_t)x) * ld;
        exec->engine->kern->max_cell(out, cells, n, (int)ld);
    }
}

static void run_task(const hr_exec *exec, int index, int task, int thread)
{
    const hr_node *node = &exec->engine->graph.nodes[index];
    const hr_conv *conv = &exec->engine->convs[index];
    if (conv->algorithm != NULL) {
        conv->algorithm->run(
            conv,
            &(hr_conv_io){.in = exec->tensors[node->inputs[0]],
                          .add = node->add >= 0 ? exec->tensors[node->add] : NULL,
                          .out = exec->tensors[index],
                          .zeros = exec->zeros,
                          .scratch = (float *)(void *)(exec->scratch + (size_t)thread * exec->scratch_bytes),
                          .n = exec->n,
                          .threads = hr_pool_threads(exec->pool)},
            task);
        return;
    }
    const int end = (task + 1) * ROWS_PER_TASK, n_rows = exec->n * node->h;
    for (int row = task * ROWS_PER_TASK; row < end && row < n_rows; row++) {
        if (node->op == HR_OP_MAXPOOL)
            maxpool_row(exec, index, row);
        else
            sum_row(exec, index, row);
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void put_ready(hr_exec *exec, int index)
{
    atomic_fetch_or(&exec->ready[index / BITS], (uint64_t)1 << (index % BITS));
}

/* Node `index` has ended. */
static void end_node(hr_exec *exec, int index)
{
    const hr_depend *depend = &exec->engine->depend;
    for (int i = depend->user_starts[index]; i < depend->user_starts[index + 1]; i++)
        if (atomic_fetch_sub(&exec->nodes[depend->users[i]].sources, 1) == 1) put_ready(exec, depend->users[i]);
    atomic_fetch_sub(&exec->unfinished, 1);
    hr_pool_tell(exec->pool);
}

/* The next task of the first ready node; -1: none is ready. */
static int draw(hr_exec *exec, int *task)
{
    for (int w = 0; w < exec->ready_words; w++) {
        for (uint64_t bits = atomic_load(&exec->ready[w]); bits != 0; bits &= bits - 1) {
            const int bit = __builtin_ctzll(bits), index = w * BITS + bit;
            progress *p = &exec->nodes[index];
            *task = atomic_fetch_add(&p->drawn, 1);
            if (*task == p->n_tasks - 1) atomic_fetch_and(&exec->ready[w], ~((uint64_t)1 << bit));
            if (*task < p->n_tasks) return index;
        }
    }
    return -1;
}

static void run_region(void *context, int thread)
{
    hr_exec *exec = context;
    while (atomic_load(&exec->unfinished) > 0) {
        const unsigned news = hr_pool_news(exec->pool);
        int task;
        const int index = draw(exec, &task);
        if (index < 0) {
            if (atomic_load(&exec->unfinished) > 0) hr_pool_wait(exec->pool, news);
            continue;
        }
        const double start = exec->profile != NULL ? now() : 0;
        run_task(exec, index, task, thread);
        if (exec->profile != NULL)
            exec->profile[(size_t)thread * (size_t)exec->engine->graph.n_nodes + (size_t)index] += now() - start;
        if (atomic_fetch_sub(&exec->nodes[index].left, 1) == 1) end_node(exec, index);
    }
}

static void set_batch(hr_exec *exec, int n)
{
    if (n == exec->n) return;
    exec->n = n;
    for (int i = 0; i < exec->engine->graph.n_nodes; i++) exec->nodes[i].n_tasks = count_tasks(exec, i);
}

void hr_exec_run(hr_exec *exec, int n)
{
    set_batch(exec, n);
    const int n_nodes = exec->engine->graph.n_nodes;
    for (int i = 0; i < n_nodes; i++) {
        atomic_store(&exec->nodes[i].drawn, 0);
        atomic_store(&exec->nodes[i].left, exec->nodes[i].n_tasks);
        atomic_store(&exec->nodes[i].sources, exec->engine->depend.n_sources[i]);
    }
    atomic_store(&exec->unfinished, n_nodes);
    end_node(exec, 0); /* the input */
    hr_pool_run(exec->pool, run_region, exec);
}

hrnet_status hr_exec_profile(hr_exec *exec, int n, double *seconds)
{
    const size_t n_nodes = (size_t)exec->engine->graph.n_nodes, threads = (size_t)hr_pool_threads(exec->pool);
    HR_NEW(exec->profile, threads * n_nodes);
    hr_exec_run(exec, n);
    for (size_t i = 0; i < n_nodes; i++) {
        seconds[i] = 0;
        for (size_t t = 0; t < threads; t++) seconds[i] += exec->profile[t * n_nodes + i];
    }
    hr_free(exec->profile);
    exec->profile = NULL;
    return HRNET_OK;
}

static void loop_region(void *context, int thread)
{
    hr_exec *exec = context;
    (void)thread;
    for (int task; (task = atomic_fetch_add(&exec->loop.next, 1)) < exec->loop.n_tasks;)
        exec->loop.func(exec->loop.context, task);
}

void hr_exec_parallel(hr_exec *exec, int n_tasks, void (*func)(void *context, int task), void *context)
{
    exec->loop.n_tasks = n_tasks;
    exec->loop.func = func;
    exec->loop.context = context;
    atomic_store(&exec->loop.next, 0);
    hr_pool_run(exec->pool, loop_region, exec);
}

/* Whether node a has always ended when node b begins. One thread takes the nodes in their order. */
static int is_before(const hr_exec *exec, int a, int b)
{
    return hr_pool_threads(exec->pool) == 1 ? a < b : hr_depend_before(&exec->engine->depend, a, b);
}

/* Whether tensor a's place may be used again for tensor b: all who write or read it have ended by then. */
static int is_over(const hr_exec *exec, int a, int b)
{
    const hr_depend *depend = &exec->engine->depend;
    int over = a != exec->engine->graph.output && is_before(exec, a, b);
    for (int i = depend->user_starts[a]; i < depend->user_starts[a + 1]; i++)
        over = over && is_before(exec, depend->users[i], b);
    return over;
}

static int may_overlap(const void *context, int a, int b)
{
    return a < b ? !is_over(context, a, b) : !is_over(context, b, a);
}

/* One arena place per tensor. */
static hrnet_status plan_tensors(hr_exec *exec)
{
    const hr_engine *engine = exec->engine;
    const hr_graph *graph = &engine->graph;
    const size_t n = (size_t)graph->n_nodes;
    hr_lifetime *lives = hr_calloc(n, sizeof *lives);
    if (lives == NULL) return hr_fail_memory(n * sizeof *lives);
    for (int i = 0; i < graph->n_nodes; i++) {
        const hr_node *node = &graph->nodes[i];
        const size_t floats = (size_t)node->h * (size_t)node->w * (size_t)hr_engine_ld(engine, i);
        const size_t line = HR_ALIGN / sizeof(float);
        lives[i].size = (floats + line - 1) / line * line;
    }
    hrnet_status status = hr_arena_plan(lives, graph->n_nodes, may_overlap, exec, &exec->arena_floats);
    /* a pass over more pictures than the cache holds waits for memory at every layer */
    const size_t fit = TOGETHER_BYTES / (exec->arena_floats * sizeof(float) + 1);
    if ((size_t)exec->max_batch > fit) exec->max_batch = fit > 0 ? (int)fit : 1;
    exec->arena_floats *= (size_t)exec->max_batch;
    if (status == HRNET_OK && (exec->arena = hr_alloc(exec->arena_floats, sizeof(float))) == NULL)
        status = hr_fail_memory(exec->arena_floats * sizeof(float));
    for (size_t i = 0; i < n && status == HRNET_OK; i++)
        exec->tensors[i] = exec->arena + (size_t)exec->max_batch * lives[i].offset;
    hr_free(lives);
    return status;
}

static hrnet_status allocate(hr_exec *exec, int threads)
{
    const size_t n = (size_t)exec->engine->graph.n_nodes, n_words = (n + BITS - 1) / BITS;
    for (size_t i = 0; i < n; i++) {
        const hr_conv *conv = &exec->engine->convs[i];
        const size_t bytes = conv->algorithm != NULL ? conv->algorithm->scratch_bytes(conv) : 0;
        if (bytes > exec->scratch_bytes) exec->scratch_bytes = bytes;
    }
    exec->scratch_bytes = (exec->scratch_bytes + HR_ALIGN - 1) / HR_ALIGN * HR_ALIGN;
    HR_NEW(exec->tensors, n);
    HR_NEW(exec->nodes, n);
    HR_NEW(exec->ready, n_words);
    exec->ready_words = (int)n_words;
    HR_NEW(exec->zeros, (size_t)exec->engine->max_ld);
    HR_NEW(exec->scratch, (size_t)threads * exec->scratch_bytes);
    exec->n_bytes = (size_t)threads * exec->scratch_bytes + (size_t)exec->engine->max_ld * sizeof(float) +
                    n * (sizeof(float *) + sizeof(progress)) + n_words * sizeof(uint64_t);
    return HRNET_OK;
}

hrnet_status hr_exec_create(hr_exec **out, const hr_engine *engine, int threads, int max_batch)
{
    hr_exec *exec;
    if (max_batch < 1 || max_batch > 64)
        return hr_fail(HRNET_ERR_ARGUMENT, "max_batch: expected 1..64, found %d", max_batch);
    HR_NEW(exec, 1);
    exec->engine = engine;
    exec->max_batch = max_batch;
    hrnet_status status = hr_pool_create(&exec->pool, threads);
    if (status == HRNET_OK) status = allocate(exec, threads);
    if (status == HRNET_OK) status = plan_tensors(exec);
    if (status != HRNET_OK) {
        hr_exec_free(exec);
        return status;
    }
    set_batch(exec, exec->max_batch);
    *out = exec;
    return HRNET_OK;
}

void hr_exec_free(hr_exec *exec)
{
    if (exec == NULL) return;
    hr_pool_free(exec->pool);
    hr_free(exec->arena);
    hr_free(exec->zeros);
    hr_free(exec->scratch);
    hr_free(exec->tensors);
    hr_free(exec->nodes);
    hr_free((void *)exec->ready);
    hr_free(exec);
}

int hr_exec_max_batch(const hr_exec *exec)
{
    return exec->max_batch;
}

size_t hr_exec_bytes(const hr_exec *exec)
{
    return sizeof *exec + exec->arena_floats * sizeof(float) + exec->n_bytes;
}

static size_t picture_floats(const hr_exec *exec, int node)
{
    const hr_node *n = &exec->engine->graph.nodes[node];
    return (size_t)n->h * (size_t)n->w * (size_t)hr_engine_ld(exec->engine, node);
}

float *hr_exec_input(hr_exec *exec, int i)
{
    return exec->tensors[0] + (size_t)i * picture_floats(exec, 0);
}

const float *hr_exec_output(const hr_exec *exec, int i)
{
    const int node = exec->engine->graph.output;
    return exec->tensors[node] + (size_t)i * picture_floats(exec, node);
}

int hr_exec_output_ld(const hr_exec *exec)
{
    return hr_engine_ld(exec->engine, exec->engine->graph.output);
}
