/*
 * exec.c - running a plan. A step is ready when those that it waits for have ended, and every thread draws the next
 * task of the first ready step. Steps follow each other branch by branch, so one thread takes a branch through a whole
 * module before it turns to the next: a layer finds in the cache what the one before it wrote, and not the weights of
 * other branches (W48 384x288, one thread of Zen 4: 255 ms; layer by layer across the branches, 280). Several threads
 * turn to another branch, or picture, whenever a layer has no task left to draw, and so wait for nothing.
 */
#include "cpu/engine/exec.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cpu/engine/exec_plan.h"
#include "cpu/engine/tensor_memory.h"
#include "cpu/ops/ops.h"

enum { ROWS_PER_TASK = 8, MAX_TOGETHER = 8, TOGETHER_BYTES = 32 << 20, BITS = 64 };

/* A step's part of a run. */
typedef struct step_progress {
    int n_pictures;     /* of the step's, that this run has; with none there is one task that does nothing */
    int n_tasks, chunk; /* chunk: of a chain, pixels a task */
    atomic_int drawn;   /* tasks given to threads; more than n_tasks where several reached for the last */
    atomic_int left;    /* tasks that have not ended */
    atomic_int sources; /* that have not ended */
} step_progress;

struct hr_exec {
    const hr_engine *engine;
    hrnet_pool *pool;
    hr_graph graph;          /* the engine's at this size */
    hr_exec_tensor *tensors; /* [n_nodes] */
    hr_conv *convs;          /* [n_nodes] the engine's at this size */
    hr_exec_plan plan;
    int max_batch, n;
    float *arena, *zeros;
    char *scratch; /* [threads][scratch_bytes] */
    size_t arena_floats, scratch_bytes, n_bytes;
    float **data;            /* [n_nodes][max_batch] the first number of a tensor */
    step_progress *steps;    /* [n_steps] */
    _Atomic uint64_t *ready; /* [ready_words], a bit for each step: it is ready and has tasks to draw */
    int ready_words;
    atomic_int unfinished; /* steps that have not ended */
    double *profile;       /* [threads][n_nodes] seconds while profiling, else NULL */
};

static float *tensor(const hr_exec *exec, int node, int picture)
{
    return exec->data[node * exec->max_batch + picture];
}

/* Threads that share a step: pictures of a step of their own are under way side by side. */
static int threads_of(const hr_exec *exec, const hr_exec_step *step)
{
    const int threads = hr_pool_threads(exec->pool);
    return step->n_pictures < exec->max_batch ? hr_ceil_div(threads, exec->plan.n_slots) : threads;
}

/* Set what a step does in a run of n pictures. */
static void cut_step(hr_exec *exec, int index, int n)
{
    const hr_exec_step *step = &exec->plan.steps[index];
    const hr_node *node = &exec->graph.nodes[step->node];
    const hr_conv *conv = &exec->convs[step->node];
    step_progress *p = &exec->steps[index];
    const int rest = n - step->picture;
    p->n_pictures = rest < 0 ? 0 : rest < step->n_pictures ? rest : step->n_pictures;
    if (p->n_pictures == 0 || node->op == HR_OP_INPUT) {
        p->n_tasks = 1;
    } else if (step->n_nodes > 1) {
        p->chunk = 0;
        for (int i = 0; i < step->n_nodes; i++) {
            const int chunk = hr_conv_chunk(conv + i);
            if (chunk > p->chunk) p->chunk = chunk;
        }
        p->n_tasks = hr_ceil_div(p->n_pictures * node->h * node->w, p->chunk);
    } else if (conv->algorithm != NULL) {
        p->n_tasks = conv->algorithm->n_tasks(conv, p->n_pictures, threads_of(exec, step));
    } else {
        p->n_tasks = hr_ceil_div(p->n_pictures * node->h, ROWS_PER_TASK);
    }
}

/* Row y of a picture of a node that is no convolution. */
static void run_row(const hr_exec *exec, int index, int picture, int y)
{
    const hr_node *node = &exec->graph.nodes[index];
    hr_op_io io = {.node = node, .kern = exec->engine->kern};
    for (int i = 0; i <= node->n_inputs; i++) {
        const int at = i < node->n_inputs ? node->inputs[i] : index;
        const hr_exec_tensor *t = &exec->tensors[at];
        *(i < node->n_inputs ? &io.x[i] : &io.y) =
            (hr_op_tensor){tensor(exec, at, picture), t->c, t->h, t->w, (size_t)t->ld};
    }
    hr_cpu_op_of(node->op)->forward(&io, 0, y);
}

static hr_conv_io conv_io(const hr_exec *exec, int index, int step, int thread)
{
    const hr_node *node = &exec->graph.nodes[index];
    const int picture = exec->plan.steps[step].picture;
    return (hr_conv_io){.in = tensor(exec, node->inputs[0], picture),
                        .add = node->add >= 0 ? tensor(exec, node->add, picture) : NULL,
                        .out = tensor(exec, index, picture),
                        .zeros = exec->zeros,
                        .scratch = (float *)(void *)(exec->scratch + (size_t)thread * exec->scratch_bytes),
                        .n = exec->steps[step].n_pictures,
                        .threads = threads_of(exec, &exec->plan.steps[step])};
}

/* A node's share of a task of its step. */
static void run_task(const hr_exec *exec, int index, int step, int task, int thread)
{
    const hr_exec_step *it = &exec->plan.steps[step];
    const step_progress *p = &exec->steps[step];
    const hr_node *node = &exec->graph.nodes[index];
    const hr_conv *conv = &exec->convs[index];
    if (conv->algorithm != NULL) {
        const hr_conv_io io = conv_io(exec, index, step, thread);
        const int n_pixels = p->n_pictures * node->h * node->w, from = task * p->chunk, to = from + p->chunk;
        if (it->n_nodes > 1)
            hr_conv_run_pixels(conv, &io, from, to < n_pixels ? to : n_pixels);
        else
            conv->algorithm->run(conv, &io, task);
        return;
    }
    const int end = (task + 1) * ROWS_PER_TASK, n_rows = p->n_pictures * node->h;
    for (int row = task * ROWS_PER_TASK; row < end && row < n_rows; row++) {
        run_row(exec, index, it->picture + row / node->h, row % node->h);
    }
}

static void put_ready(hr_exec *exec, int index)
{
    atomic_fetch_or(&exec->ready[index / BITS], (uint64_t)1 << (index % BITS));
}

/* Step `index` has ended. */
static void end_step(hr_exec *exec, int index)
{
    const hr_exec_plan *plan = &exec->plan;
    for (int i = plan->user_starts[index]; i < plan->user_starts[index + 1]; i++)
        if (atomic_fetch_sub(&exec->steps[plan->users[i]].sources, 1) == 1) put_ready(exec, plan->users[i]);
    atomic_fetch_sub(&exec->unfinished, 1);
    hr_pool_notify(exec->pool);
}

/* The next task of the first ready step; -1: none is ready. */
static int draw(hr_exec *exec, int *task)
{
    for (int w = 0; w < exec->ready_words; w++) {
        for (uint64_t bits = atomic_load(&exec->ready[w]); bits != 0; bits &= bits - 1) {
            const int bit = __builtin_ctzll(bits), index = w * BITS + bit;
            step_progress *p = &exec->steps[index];
            *task = atomic_fetch_add(&p->drawn, 1);
            if (*task == p->n_tasks - 1) atomic_fetch_and(&exec->ready[w], ~((uint64_t)1 << bit));
            if (*task < p->n_tasks) return index;
        }
    }
    return -1;
}

static void run_nodes(hr_exec *exec, int index, int task, int thread)
{
    const hr_exec_step *step = &exec->plan.steps[index];
    for (int i = step->node; i < step->node + step->n_nodes; i++) {
        const double start = exec->profile != NULL ? hr_clock_now() : 0;
        run_task(exec, i, index, task, thread);
        if (exec->profile != NULL)
            exec->profile[(size_t)thread * (size_t)exec->graph.n_nodes + (size_t)i] += hr_clock_now() - start;
    }
}

static void run_region(void *context, int thread)
{
    hr_exec *exec = context;
    while (atomic_load(&exec->unfinished) > 0) {
        const unsigned seen = hr_pool_event(exec->pool);
        int task;
        const int index = draw(exec, &task);
        if (index < 0) {
            if (atomic_load(&exec->unfinished) > 0) hr_pool_wait(exec->pool, seen);
            continue;
        }
        if (exec->steps[index].n_pictures > 0) run_nodes(exec, index, task, thread);
        if (atomic_fetch_sub(&exec->steps[index].left, 1) == 1) end_step(exec, index);
    }
}

static void set_batch(hr_exec *exec, int n)
{
    if (n == exec->n) return;
    exec->n = n;
    for (int i = 0; i < exec->plan.n_steps; i++) cut_step(exec, i, n);
}

void hr_exec_run(hr_exec *exec, int n)
{
    set_batch(exec, n);
    const int n_steps = exec->plan.n_steps;
    for (int i = 0; i < n_steps; i++) {
        atomic_store(&exec->steps[i].drawn, 0);
        atomic_store(&exec->steps[i].left, exec->steps[i].n_tasks);
        atomic_store(&exec->steps[i].sources, exec->plan.n_sources[i]);
    }
    atomic_store(&exec->unfinished, n_steps);
    end_step(exec, 0); /* the input */
    hr_pool_run(exec->pool, run_region, exec);
}

hrnet_status hr_exec_profile(hr_exec *exec, int n, double *seconds)
{
    const size_t n_nodes = (size_t)exec->graph.n_nodes, threads = (size_t)hr_pool_threads(exec->pool);
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

/* A plan for this many pictures, and where their tensors lie: offsets [n_nodes][batch]. */
static hrnet_status make_plan(hr_exec *exec, int batch, size_t *offsets)
{
    exec->max_batch = batch;
    HR_TRY(hr_exec_plan_make(&exec->plan, &exec->graph, batch, hr_pool_threads(exec->pool)));
    return hr_tensor_memory_plan(&exec->plan, &exec->graph, exec->tensors, offsets, &exec->arena_floats);
}

/* As many pictures as fit. */
static hrnet_status plan_batch(hr_exec *exec, int batch, size_t *offsets)
{
    HR_TRY(make_plan(exec, batch, offsets));
    while (batch > 1 && exec->arena_floats * sizeof(float) > TOGETHER_BYTES) {
        hr_exec_plan_free(&exec->plan);
        batch /= 2;
        HR_TRY(make_plan(exec, batch, offsets));
    }
    return HRNET_OK;
}

/* Refuse a plan that takes more than the caller wants to give, before it is taken. */
static hrnet_status check_memory(const hr_exec *exec, uint64_t limit)
{
    const size_t threads = (size_t)hr_pool_threads(exec->pool);
    const double planned = (double)exec->arena_floats * sizeof(float) + (double)threads * (double)exec->scratch_bytes;
    const hr_node *input = &exec->graph.nodes[0];
    if (limit == 0 || planned <= (double)limit) return HRNET_OK;
    return hr_fail(HRNET_ERR_LIMIT,
                   "memory for a picture of %dx%d: expected at most %.1f MiB (memory_limit, --memory-limit), found a "
                   "plan of %.1f MiB",
                   input->w, input->h, (double)limit / 1048576.0, planned / 1048576.0);
}

static hrnet_status place_tensors(hr_exec *exec, int max_batch, uint64_t memory_limit)
{
    const int batch = max_batch < MAX_TOGETHER ? max_batch : MAX_TOGETHER;
    const size_t n = (size_t)exec->graph.n_nodes * (size_t)batch;
    size_t *offsets;
    HR_NEW(offsets, n);
    hrnet_status status = plan_batch(exec, batch, offsets);
    if (status == HRNET_OK) status = check_memory(exec, memory_limit);
    if (status == HRNET_OK && ((exec->arena = hr_alloc(exec->arena_floats, sizeof(float))) == NULL ||
                               (exec->data = hr_calloc(n, sizeof *exec->data)) == NULL))
        status = hr_fail_memory(exec->arena_floats * sizeof(float));
    for (int i = 0; i < exec->graph.n_nodes * exec->max_batch && status == HRNET_OK; i++)
        exec->data[i] = exec->arena + offsets[i] + exec->tensors[i / exec->max_batch].offset;
    hr_free(offsets);
    return status;
}

/* The engine's network at this size: shapes, tensors, and its convolutions with the weights they have. */
static hrnet_status reshape(hr_exec *exec, int h, int w)
{
    HR_TRY(hr_graph_reshape(&exec->graph, &exec->engine->graph, h, w));
    HR_NEW(exec->tensors, (size_t)exec->graph.n_nodes);
    HR_NEW(exec->convs, (size_t)exec->graph.n_nodes);
    hr_tensor_layout(&exec->graph, exec->tensors);
    for (int i = 0; i < exec->graph.n_nodes; i++) {
        exec->convs[i] = exec->engine->convs[i];
        if (exec->convs[i].algorithm == NULL) continue;
        const hr_conv_shape shape = hr_conv_shape_of(&exec->graph, exec->tensors, i);
        hr_conv_reshape(&exec->convs[i], &shape);
    }
    return HRNET_OK;
}

/* Bytes that a thread works in. */
static size_t scratch_bytes_of(const hr_exec *exec)
{
    size_t most = 0;
    for (int i = 0; i < exec->graph.n_nodes; i++) {
        const hr_conv *conv = &exec->convs[i];
        const size_t bytes = conv->algorithm != NULL ? conv->algorithm->scratch_bytes(conv) : 0;
        if (bytes > most) most = bytes;
    }
    return (most + HR_ALIGN - 1) / HR_ALIGN * HR_ALIGN;
}

static hrnet_status allocate(hr_exec *exec)
{
    const size_t n = (size_t)exec->plan.n_steps, n_words = (n + BITS - 1) / BITS, n_nodes = (size_t)exec->graph.n_nodes;
    const size_t threads = (size_t)hr_pool_threads(exec->pool);
    size_t max_ld = 0;
    for (size_t i = 0; i < n_nodes; i++)
        if ((size_t)exec->tensors[i].ld > max_ld) max_ld = (size_t)exec->tensors[i].ld;
    HR_NEW(exec->steps, n);
    HR_NEW(exec->ready, n_words);
    exec->ready_words = (int)n_words;
    HR_NEW(exec->zeros, max_ld);
    HR_NEW(exec->scratch, threads * exec->scratch_bytes);
    exec->n_bytes = threads * exec->scratch_bytes + max_ld * sizeof(float) + n * sizeof(step_progress) +
                    n_words * sizeof(uint64_t) + hr_exec_plan_bytes(&exec->plan) +
                    n_nodes * ((size_t)exec->max_batch * sizeof(float *) + sizeof(hr_node) + sizeof(hr_exec_tensor) +
                               sizeof(hr_conv));
    return HRNET_OK;
}

hrnet_status hr_exec_create(hr_exec **out, const hr_engine *engine, hrnet_pool *pool, int h, int w, int max_batch,
                            uint64_t memory_limit)
{
    hr_exec *exec;
    if (max_batch < 1 || max_batch > 64)
        return hr_fail(HRNET_ERR_ARGUMENT, "max_batch: expected 1..64, found %d", max_batch);
    HR_NEW(exec, 1);
    exec->engine = engine;
    exec->pool = pool;
    hrnet_status status = reshape(exec, h, w);
    if (status == HRNET_OK) exec->scratch_bytes = scratch_bytes_of(exec);
    if (status == HRNET_OK) status = place_tensors(exec, max_batch, memory_limit);
    if (status == HRNET_OK) status = allocate(exec);
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
    hr_graph_free(&exec->graph);
    hr_free(exec->tensors);
    hr_free(exec->convs);
    hr_free(exec->arena);
    hr_free(exec->zeros);
    hr_free(exec->scratch);
    hr_free(exec->data);
    hr_free(exec->steps);
    hr_exec_plan_free(&exec->plan);
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

float *hr_exec_input(hr_exec *exec, int i)
{
    return tensor(exec, 0, i);
}

const float *hr_exec_output(const hr_exec *exec, int k, int i)
{
    return tensor(exec, exec->graph.outputs[k].node, i);
}

int hr_exec_output_ld(const hr_exec *exec, int k)
{
    return exec->tensors[exec->graph.outputs[k].node].ld;
}

const hr_graph *hr_exec_graph(const hr_exec *exec)
{
    return &exec->graph;
}
