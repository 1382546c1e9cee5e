/* op_fixtures.c - reading fixtures and comparing with them. */
#include "op_fixtures.h"

#include <math.h>
#include <stdio.h>

/* A gradient that is exactly zero, of a bias before a norm, is a sum over all pixels that cancels: PyTorch's float32
 * leaves 6e-6 there, ours 8e-6, of 768 terms of about 1, which could round to 768 * 2^-24 = 4.6e-5. */
static const double zero_scale = 5;

static const hr_tensor *find_tensor(const hr_tensors *file, const char *name)
{
    for (size_t i = 0; i < file->n_items; i++)
        if (strcmp(file->items[i].name, name) == 0) return &file->items[i];
    return NULL;
}

static hrnet_status read_param(void *context, int index, const hr_param *param, float *out)
{
    const op_fixture *f = context;
    (void)index;
    if (strcmp(param->name, "stem.weight") == 0) {
        for (int i = 0; i < f->c * f->c; i++) out[i] = i / f->c == i % f->c;
        return HRNET_OK;
    }
    const hr_tensor *tensor = find_tensor(&f->file, param->name);
    if (tensor == NULL) fail_msg("%s: no tensor %s", f->of->name, param->name);
    assert_int_equal(tensor->n_dims, param->n_dims);
    for (int i = 0; i < param->n_dims; i++) assert_int_equal(tensor->shape[i], param->shape[i]);
    return hr_tensor_read(&f->file, tensor, out);
}

/* The graph has every parameter of the file, and outputs of its shapes. */
static void check_graph(const op_fixture *f)
{
    for (size_t i = 0; i < f->file.n_items; i++) {
        const char *name = f->file.items[i].name, prefix[] = "gradient/";
        if (strncmp(name, prefix, strlen(prefix)) == 0 && hr_graph_find_param(&f->graph, name + strlen(prefix)) < 0)
            fail_msg("%s: the graph has no %s", f->of->name, name + strlen(prefix));
    }
    for (int k = 0; k < f->graph.n_outputs; k++) {
        const hr_tensor *tensor = find_tensor(&f->file, op_output_name(f, "output", k));
        const hr_node *node = op_output_node(f, k);
        const int shape[] = {f->n, node->c, node->h, node->w};
        assert_true(tensor != NULL && tensor->n_dims == 4);
        for (int i = 0; i < 4; i++) assert_int_equal(tensor->shape[i], shape[i]);
    }
}

void op_fixture_open(op_fixture *f, const op_case *c, int with_stem)
{
    char path[512];
    snprintf(path, sizeof path, TEST_DATA "/golden/ops/%s.safetensors", c->name);
    *f = (op_fixture){.of = c, .weights = {read_param, f}};
    MUST(hr_tensors_open(&f->file, path));
    const hr_tensor *input = find_tensor(&f->file, "input");
    assert_true(input != NULL && input->n_dims == 4);
    f->n = (int)input->shape[0];
    f->c = (int)input->shape[1];
    f->h = (int)input->shape[2];
    f->w = (int)input->shape[3];
    int x = hr_graph_input(&f->graph, f->c, f->h, f->w);
    if (with_stem) x = hr_graph_conv(&f->graph, x, "stem", f->c, 1, 1, 0);
    c->build(c, &f->graph, x);
    f->status = hr_graph_finish(&f->graph);
    if (f->status == HRNET_OK) check_graph(f);
}

void op_fixture_close(op_fixture *f)
{
    hr_graph_free(&f->graph);
    hr_tensors_close(&f->file);
}

double *op_tensor(const op_fixture *f, const char *name, size_t *n)
{
    const hr_tensor *tensor = find_tensor(&f->file, name);
    if (tensor == NULL) fail_msg("%s: no tensor %s", f->of->name, name);
    double *data = test_malloc(tensor->n_elements * sizeof *data);
    MUST(hr_tensor_read_double(&f->file, tensor, data));
    if (n != NULL) *n = tensor->n_elements;
    return data;
}

int op_has_norm(const op_fixture *f)
{
    return find_tensor(&f->file, op_output_name(f, "output_eval", 0)) != NULL;
}

const char *op_output_name(const op_fixture *f, const char *kind, int k)
{
    static char name[64];
    snprintf(name, sizeof name, f->graph.n_outputs > 1 ? "%s.%d" : "%s", kind, k);
    return name;
}

const hr_node *op_output_node(const op_fixture *f, int k)
{
    return &f->graph.nodes[f->graph.outputs[k].node];
}

size_t op_output_count(const op_fixture *f, int k)
{
    const hr_node *node = op_output_node(f, k);
    return (size_t)f->n * (size_t)node->c * (size_t)node->h * (size_t)node->w;
}

void op_to_pixels(float *pixels, int ld, const double *picture, int c, int n_cells)
{
    for (int i = 0; i < c * n_cells; i++) pixels[i % n_cells * ld + i / n_cells] = (float)picture[i];
}

void op_from_pixels(double *picture, const float *pixels, int ld, int c, int n_cells)
{
    for (int i = 0; i < c * n_cells; i++) picture[i] = (double)pixels[i % n_cells * ld + i / n_cells];
}

void op_compare(const op_fixture *f, const char *what, const double *found, const double *expected, size_t n,
                double tolerance)
{
    double error = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double difference = fabs(found[i] - expected[i]);
        if (!(difference <= error)) error = isnan(difference) ? INFINITY : difference;
        largest = fmax(largest, fabs(expected[i]));
    }
    if (largest == 0) largest = zero_scale;
    if (!(error <= tolerance * largest))
        fail_msg("%s: %s: found %.2e from expected, of its largest value, at most %.0e", f->of->name, what,
                 error / largest, tolerance);
}
