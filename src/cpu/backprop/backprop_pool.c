/* backprop_pool.c - jobs of maximum pooling. Backward goes to the first of equal maxima, row by row, as PyTorch's does.
 */
#include "cpu/backprop/backprop_internal.h"

enum { MAX_CELLS = 49 };

static const hr_tape_step *step_of(const hr_backprop *net, const hr_job *job)
{
    return &net->plan.tape.steps[job->step];
}

/* The cells of one window that lie inside, as offsets in pixels from the picture's begin. */
static int window(const hr_node *node, const hr_tape_tensor *in, int y, int x, size_t *cells)
{
    int n = 0;
    for (int ky = 0; ky < node->kernel; ky++) {
        for (int kx = 0; kx < node->kernel; kx++) {
            const int iy = y * node->stride + ky - node->padding, ix = x * node->stride + kx - node->padding;
            if (iy >= 0 && iy < in->h && ix >= 0 && ix < in->w) cells[n++] = (size_t)iy * (size_t)in->w + (size_t)ix;
        }
    }
    return n;
}

static int count_pool(const hr_backprop *net, const hr_job *job, int n)
{
    return hr_sum_slots(&net->plan.tape.tensors[step_of(net, job)->out], 1, n);
}

static void run_pool(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_node *node = &net->graph.nodes[step->node];
    const hr_tape_tensor *in = &net->plan.tape.tensors[step->terms[0].tensor];
    const hr_tape_tensor *out = &net->plan.tape.tensors[step->out];
    const hr_rows rows = hr_rows_of(net, out, hr_task_rows(out, 1), task);
    const size_t ld = (size_t)out->ld;
    (void)thread;
    for (int row = rows.first; row < rows.last; row++) {
        const float *picture =
            hr_value(net, step->terms[0].tensor) + (size_t)(row / out->h) * (size_t)(in->h * in->w) * ld;
        float *to = hr_value(net, step->out) + (size_t)row * (size_t)out->w * ld;
        for (int x = 0; x < out->w; x++, to += ld) {
            size_t at[MAX_CELLS];
            const float *cells[MAX_CELLS];
            const int n = window(node, in, row % out->h, x, at);
            for (int i = 0; i < n; i++) cells[i] = picture + at[i] * ld;
            net->kern->max_cell(to, cells, n, out->ld);
        }
    }
}

/* A task: one strip of one picture, whose windows overlap. */
static int count_pool_gradient(const hr_backprop *net, const hr_job *job, int n)
{
    return n * (net->plan.tape.tensors[step_of(net, job)->out].ld / HR_STRIP);
}

static void pass_back(const float *in, float *din, const float *dout, const size_t *cells, int n, size_t ld)
{
    for (size_t c = 0; c < HR_STRIP; c++) {
        size_t best = cells[0];
        for (int i = 1; i < n; i++)
            if (in[cells[i] * ld + c] > in[best * ld + c]) best = cells[i];
        din[best * ld + c] += dout[c];
    }
}

static void run_pool_gradient(hr_backprop *net, const hr_job *job, int task, int thread)
{
    const hr_tape_step *step = step_of(net, job);
    const hr_node *node = &net->graph.nodes[step->node];
    const hr_tape_tensor *in = &net->plan.tape.tensors[step->terms[0].tensor];
    const hr_tape_tensor *out = &net->plan.tape.tensors[step->out];
    const size_t ld = (size_t)out->ld, n_in = (size_t)(in->h * in->w), n_out = (size_t)(out->h * out->w);
    const size_t picture = (size_t)task / (ld / HR_STRIP), column = (size_t)task % (ld / HR_STRIP) * HR_STRIP;
    const float *value = hr_kept_value(net, step->terms[0].tensor) + picture * n_in * ld + column;
    const float *dout = hr_gradient(net, step->out) + picture * n_out * ld + column;
    float *din = hr_gradient(net, step->terms[0].tensor) + picture * n_in * ld + column;
    (void)thread;
    for (size_t i = 0; i < n_in && !job->add; i++)
        for (size_t c = 0; c < HR_STRIP; c++) din[i * ld + c] = 0;
    for (int y = 0; y < out->h; y++) {
        for (int x = 0; x < out->w; x++, dout += ld) {
            size_t cells[MAX_CELLS];
            pass_back(value, din, dout, cells, window(node, in, y, x, cells), ld);
        }
    }
}

const hr_job_functions hr_job_pool = {count_pool, run_pool, NULL};
const hr_job_functions hr_job_pool_gradient = {count_pool_gradient, run_pool_gradient, NULL};
