/*
 * test_reference_backward.c - the double oracle against one step and five steps of the published PyTorch code in
 * float64, which are stored as floats: 6e-8 of a value.
 */
#include <math.h>
#include <stdlib.h>

#include "graph/reference_backward.h"
#include "../support/train_files.h"

/* max|found - expected| / max|expected| */
static double error_of(const double *found, const float *expected, size_t n)
{
    double error = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = fabs(found[i] - (double)expected[i]);
        if (!(difference <= error)) error = isnan(difference) ? INFINITY : difference;
        largest = fmax(largest, fabs((double)expected[i]));
    }
    return error == 0 ? 0 : error / largest;
}

static void within(const char *net, const char *what, double error, double bound)
{
    if (!(error <= bound)) fail_msg("%s: %s: off by %g of the largest, allowed %g", net, what, error, bound);
}

typedef struct run {
    train_golden golden;
    golden_graph net;
    hr_reference_backward *oracle;
    size_t n_maps, n_cells;
    int n_joints;
    double *input, *slopes; /* slopes: gradient of the heatmaps */
} run;

/* In place, because the graph and its weights are pointed to. */
static void open_run(run *r, const char *name)
{
    train_golden_open(&r->golden, name);
    golden_graph_open(&r->net, name);
    const hrnet_array *target = &r->golden.target, *input = &r->golden.input;
    const size_t n_input = input->shape[0] * input->shape[1] * input->shape[2] * input->shape[3];
    r->n_joints = (int)target->shape[1];
    r->n_cells = target->shape[2] * target->shape[3];
    r->n_maps = TRAIN_BATCH * (size_t)r->n_joints * r->n_cells;
    r->input = test_malloc(n_input * sizeof *r->input);
    r->slopes = test_malloc(r->n_maps * sizeof *r->slopes);
    for (size_t i = 0; i < n_input; i++) r->input[i] = (double)input->data[i];
    MUST(hr_reference_backward_create(&r->oracle, &r->net.graph, &r->net.weights, TRAIN_BATCH));
}

static void close_run(run *r)
{
    hr_reference_backward_free(r->oracle);
    test_free(r->input);
    test_free(r->slopes);
    golden_graph_close(&r->net);
    train_golden_close(&r->golden);
}

/* A joint's share of the loss, and of its gradient into slopes. */
static double joint_loss(run *r, const double *maps, int image, int joint)
{
    const size_t plane = (size_t)image * (size_t)r->n_joints + (size_t)joint;
    const float *target = r->golden.target.data + plane * r->n_cells;
    const double w = (double)r->golden.target_weight.data[plane];
    double sum = 0;
    for (size_t i = 0; i < r->n_cells; i++) {
        const double d = w * (maps[plane * r->n_cells + i] - (double)target[i]);
        sum += d * d;
        r->slopes[plane * r->n_cells + i] = w * d / (double)(r->n_cells * TRAIN_BATCH) / r->n_joints;
    }
    return 0.5 * sum / (double)r->n_cells;
}

static double mse(run *r, const double *maps)
{
    double loss = 0;
    for (int b = 0; b < TRAIN_BATCH; b++)
        for (int j = 0; j < r->n_joints; j++) loss += joint_loss(r, maps, b, j) / r->n_joints / TRAIN_BATCH;
    return loss;
}

static int downwards(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static double ohkm(run *r, const double *maps)
{
    double loss = 0, losses[32];
    for (int b = 0; b < TRAIN_BATCH; b++) {
        for (int j = 0; j < r->n_joints; j++) losses[j] = joint_loss(r, maps, b, j);
        qsort(losses, (size_t)r->n_joints, sizeof *losses, downwards);
        for (int j = 0; j < 8; j++) loss += losses[j] / 8 / TRAIN_BATCH;
    }
    return loss;
}

static void first_step(void **state)
{
    (void)state;
    for (int i = 0; i < N_TRAIN_NETS; i++) {
        const char *name = train_nets[i];
        run r;
        open_run(&r, name);
        const hr_graph *graph = &r.net.graph;
        hr_reference_backward_forward(r.oracle, r.input);
        const double *maps = hr_reference_backward_output(r.oracle, 0);
        double worst_gradient = 0, worst_buffer = 0;
        within(name, "heatmaps", error_of(maps, r.golden.heatmaps.data, r.n_maps), 1e-6);
        within(name, "loss_ohkm", fabs(ohkm(&r, maps) / r.golden.loss_ohkm - 1), 1e-10);
        within(name, "loss_mse", fabs(mse(&r, maps) / r.golden.loss_mse - 1), 1e-10);
        hr_reference_backward_backward(r.oracle, (const double *const[]){r.slopes});
        const float *gradient = r.golden.gradients.data, *buffer = r.golden.buffers.data;
        for (int p = 0; p < graph->n_params; p++) {
            const hr_param *param = &graph->params[p];
            const int learns = param->kind <= HR_PARAM_NORM_BIAS;
            const double *block =
                learns ? hr_reference_backward_gradients(r.oracle) : hr_reference_backward_params(r.oracle);
            const float **expected = learns ? &gradient : &buffer;
            double *worst = learns ? &worst_gradient : &worst_buffer;
            const double error = error_of(block + param->offset, *expected, param->n_elements);
            within(name, param->name, error, 1e-6);
            *worst = fmax(*worst, error);
            *expected += param->n_elements;
        }
        assert_true(gradient == r.golden.gradients.data + r.golden.gradients.shape[0]);
        assert_true(buffer == r.golden.buffers.data + r.golden.buffers.shape[0]);
        print_message("%-28s gradients %.1e, buffers %.1e\n", name, worst_gradient, worst_buffer);
        close_run(&r);
    }
}

/* Step `step` (from 1) of torch's Adam, lr 1e-4; of its SGD, lr 1e-3, momentum 0.9, decay 1e-4, Nesterov. */
static void adam(int step, double *p, double g, double *m, double *v)
{
    *m = 0.9 * *m + 0.1 * g;
    *v = 0.999 * *v + 0.001 * g * g;
    *p -= 1e-4 * (*m / (1 - pow(0.9, step))) / (sqrt(*v / (1 - pow(0.999, step))) + 1e-8);
}

static void sgd(double *p, double g, double *buffer)
{
    g += 1e-4 * *p;
    *buffer = 0.9 * *buffer + g;
    *p -= 1e-3 * (g + 0.9 * *buffer);
}

static void five_steps_of(const char *name, int is_sgd)
{
    run r;
    open_run(&r, name);
    const hr_graph *graph = &r.net.graph;
    double *moments[2], *params = hr_reference_backward_params(r.oracle), worst = 0;
    for (int m = 0; m < 2; m++) moments[m] = test_calloc(graph->n_floats, sizeof *moments[m]);
    for (int step = 1; step <= TRAIN_STEPS; step++) {
        hr_reference_backward_forward(r.oracle, r.input);
        const double loss = mse(&r, hr_reference_backward_output(r.oracle, 0));
        within(name, "loss", fabs(loss / r.golden.losses[is_sgd][step - 1] - 1), 1e-5);
        worst = fmax(worst, fabs(loss / r.golden.losses[is_sgd][step - 1] - 1));
        hr_reference_backward_backward(r.oracle, (const double *const[]){r.slopes});
        const double *gradients = hr_reference_backward_gradients(r.oracle);
        for (int p = 0; p < graph->n_params; p++) {
            if (graph->params[p].kind > HR_PARAM_NORM_BIAS) continue;
            const size_t end = graph->params[p].offset + graph->params[p].n_elements;
            for (size_t k = graph->params[p].offset; k < end; k++)
                if (is_sgd)
                    sgd(&params[k], gradients[k], &moments[0][k]);
                else
                    adam(step, &params[k], gradients[k], &moments[0][k], &moments[1][k]);
        }
    }
    const float *expected = r.golden.after_5.data + (is_sgd ? r.golden.after_5.shape[1] : 0);
    double worst_weight = 0;
    for (int k = 0; k < r.golden.n_kept; k++) {
        const int p = hr_graph_find_param(graph, r.golden.kept[k]);
        assert_true(p >= 0);
        const double error = error_of(params + graph->params[p].offset, expected, graph->params[p].n_elements);
        within(name, r.golden.kept[k], error, 1e-5);
        worst_weight = fmax(worst_weight, error);
        expected += graph->params[p].n_elements;
    }
    print_message("%-28s %s: losses %.1e, weights %.1e\n", name, is_sgd ? "sgd" : "adam", worst, worst_weight);
    for (int m = 0; m < 2; m++) test_free(moments[m]);
    close_run(&r);
}

static void five_steps(void **state)
{
    (void)state;
#ifdef SLOW_BUILD
    const int is_slow = 1;
#else
    const int is_slow = 0;
#endif
    if (is_slow) print_message("skipped: five steps take too long without optimisation or with a sanitizer\n");
    for (int i = 0; i < N_TRAIN_NETS && !is_slow; i++)
        for (int is_sgd = 0; is_sgd < 2; is_sgd++) five_steps_of(train_nets[i], is_sgd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(first_step), cmocka_unit_test(five_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
