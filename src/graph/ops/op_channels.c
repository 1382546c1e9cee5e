/* op_channels.c - operators that only move numbers: concatenation of channels, a slice of them, space to depth. */
#include "graph/op.h"

#include <string.h>

#include "base/mem.h"

static hrnet_status concat_shape(const hr_graph *graph, hr_node *node)
{
    node->c = 0;
    for (int i = 0; i < node->n_inputs; i++) {
        const hr_node *from = &graph->nodes[node->inputs[i]];
        if (i > 0 && (from->h != node->h || from->w != node->w))
            return hr_fail(HRNET_ERR_ARGUMENT, "expected maps of one size, found %dx%d and %dx%d", node->h, node->w,
                           from->h, from->w);
        node->c += from->c;
        node->h = from->h;
        node->w = from->w;
    }
    return HRNET_OK;
}

/* to [n_to channels from `to_first` on] += channels [from_first, from_first + n) of from, of every picture. */
static void add_channels(const hr_doubles *from, int from_first, const hr_doubles *to, int to_first, int n)
{
    const size_t n_numbers = (size_t)n * (size_t)from->h * (size_t)from->w;
    for (int image = 0; image < from->n; image++) {
        const double *in = hr_doubles_plane(from, image, from_first);
        double *out = hr_doubles_plane(to, image, to_first);
        for (size_t i = 0; i < n_numbers; i++) out[i] += in[i];
    }
}

static void clear(const hr_doubles *y)
{
    memset(y->data, 0, hr_doubles_count(y) * sizeof *y->data);
}

static void concat_forward(const hr_reference *r)
{
    clear(r->y);
    for (int i = 0, first = 0; i < r->node->n_inputs; first += r->x[i]->c, i++)
        add_channels(r->x[i], 0, r->y, first, r->x[i]->c);
}

static void concat_backward(const hr_reference *r)
{
    for (int i = 0, first = 0; i < r->node->n_inputs; first += r->dx[i]->c, i++)
        add_channels(r->dy, first, r->dx[i], 0, r->dx[i]->c);
}

static hr_onnx_name add_concat(hr_onnx_chain *chain, const hr_onnx_name *parts, int n)
{
    hr_text message = {0};
    const hr_onnx_name whole = hr_onnx_begin(chain, &message, "Concat", parts, n);
    hr_onnx_int(&message, "axis", 1);
    hr_onnx_end(chain, &message);
    return whole;
}

static void concat_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    hr_onnx_name inputs[HR_MAX_INPUTS];
    for (int i = 0; i < node->n_inputs; i++) inputs[i] = hr_onnx_tensor(chain->graph, node->inputs[i]);
    hr_onnx_expect(chain, 1);
    add_concat(chain, inputs, node->n_inputs);
}

static hrnet_status slice_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]];
    if (node->first < 0 || node->c < 1 || node->first > from->c - node->c)
        return hr_fail(HRNET_ERR_ARGUMENT, "expected channels of 0..%d, found %d to %d", from->c - 1, node->first,
                       node->first + node->c - 1);
    node->h = from->h;
    node->w = from->w;
    return HRNET_OK;
}

static void slice_forward(const hr_reference *r)
{
    clear(r->y);
    add_channels(r->x[0], r->node->first, r->y, 0, r->y->c);
}

static void slice_backward(const hr_reference *r)
{
    add_channels(r->dy, 0, r->dx[0], r->node->first, r->dy->c);
}

static void slice_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    hr_onnx_expect(chain, 1);
    hr_onnx_slice(chain, hr_onnx_tensor(chain->graph, node->inputs[0]), 1, (const int64_t[]){1},
                  (const int64_t[]){node->first}, (const int64_t[]){node->first + node->c}, (const int64_t[]){1});
}

static hrnet_status depth_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]];
    if (from->h % 2 != 0 || from->w % 2 != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "expected an even height and width, found %dx%d", from->h, from->w);
    node->c = 4 * from->c;
    node->h = from->h / 2;
    node->w = from->w / 2;
    return HRNET_OK;
}

/* Where cell i of channel c of the small map lies in the large one: patch c / (channels of x) takes rows from patch % 2
 * and columns from patch / 2 on. */
static double *large_cell(const hr_doubles *large, int image, int c, int i)
{
    const int w = large->w / 2, patch = c / large->c;
    const int y = 2 * (i / w) + patch % 2, x = 2 * (i % w) + patch / 2;
    return hr_doubles_plane(large, image, c % large->c) + y * large->w + x;
}

static void depth_forward(const hr_reference *r)
{
    for (int image = 0; image < r->y->n; image++)
        for (int c = 0; c < r->y->c; c++)
            for (int i = 0; i < r->y->h * r->y->w; i++)
                hr_doubles_plane(r->y, image, c)[i] = *large_cell(r->x[0], image, c, i);
}

static void depth_backward(const hr_reference *r)
{
    for (int image = 0; image < r->dy->n; image++)
        for (int c = 0; c < r->dy->c; c++)
            for (int i = 0; i < r->dy->h * r->dy->w; i++)
                *large_cell(r->dx[0], image, c, i) += hr_doubles_plane(r->dy, image, c)[i];
}

/* A convolution of ones and zeros, because ONNX's SpaceToDepth has the patches in another order and some converters
 * (ncnn's) do not take slices with steps. */
static void depth_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    const int n = node->c, c = n / 4;
    float *weights = hr_calloc((size_t)n * (size_t)c, 4 * sizeof *weights); /* [n][c][2][2] */
    if (weights == NULL) {
        chain->out->failed = 1;
        return;
    }
    for (int i = 0; i < n; i++) weights[((size_t)i * c + i % c) * 4 + i / c % 2 * 2 + i / c / 2] = 1;
    const hr_onnx_name inputs[] = {hr_onnx_tensor(chain->graph, node->inputs[0]),
                                   hr_onnx_constant_weights(chain, weights, (const int64_t[]){n, c, 2, 2})};
    hr_free(weights);
    hr_text message = {0};
    hr_onnx_expect(chain, 1);
    hr_onnx_begin(chain, &message, "Conv", inputs, 2);
    hr_onnx_window(&message, &(hr_window){.kh = 2, .kw = 2, .stride = 2});
    hr_onnx_end(chain, &message);
}

const hr_op_type hr_op_concat = {.name = "concat",
                                 .shape = concat_shape,
                                 .forward = concat_forward,
                                 .backward = concat_backward,
                                 .onnx = concat_onnx};
const hr_op_type hr_op_slice = {
    .name = "slice", .shape = slice_shape, .forward = slice_forward, .backward = slice_backward, .onnx = slice_onnx};
const hr_op_type hr_op_space_to_depth = {.name = "space to depth",
                                         .shape = depth_shape,
                                         .forward = depth_forward,
                                         .backward = depth_backward,
                                         .onnx = depth_onnx};
