/*
 * op_upsample.c - upsampling by an integral factor f. Output cell o lies at input coordinate
 *
 *   nearest                 o / f, rounded down
 *   bilinear                (o + 1/2) / f - 1/2, not below 0      (PyTorch's align_corners False)
 *   bilinear, corners       o (n - 1) / (f n - 1)                 (align_corners True)
 *
 * and is there a mixture of the two nearest cells of each axis.
 */
#include "graph/op.h"

hr_upsample_cell hr_upsample_source(hr_upsampling upsampling, int factor, int n_in, int o)
{
    if (upsampling == HR_NEAREST) return (hr_upsample_cell){o / factor, o / factor, 0};
    const int n_out = n_in * factor;
    double at = upsampling == HR_BILINEAR ? (o + 0.5) / factor - 0.5
                : n_out > 1               ? (double)o * (n_in - 1) / (n_out - 1)
                                          : 0;
    if (at < 0) at = 0;
    const int low = (int)at < n_in - 1 ? (int)at : n_in - 1, high = low < n_in - 1 ? low + 1 : low;
    return (hr_upsample_cell){low, high, at - low};
}

static hrnet_status upsample_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]];
    if (node->factor < 1 || node->factor > 64)
        return hr_fail(HRNET_ERR_ARGUMENT, "expected a factor of 1..64, found %d", node->factor);
    node->c = from->c;
    node->h = from->h * node->factor;
    node->w = from->w * node->factor;
    return HRNET_OK;
}

typedef struct corner {
    size_t at;
    double share;
} corner;

/* The cells that output pixel i is made of. Returns how many. */
static int corners_of(const hr_node *node, const hr_doubles *x, int i, corner corners[4])
{
    const hr_upsample_cell y = hr_upsample_source(node->upsampling, node->factor, x->h, i / node->w);
    const hr_upsample_cell c = hr_upsample_source(node->upsampling, node->factor, x->w, i % node->w);
    const int rows[] = {y.low, y.high}, columns[] = {c.low, c.high};
    const double of_rows[] = {1 - y.share, y.share}, of_columns[] = {1 - c.share, c.share};
    if (node->upsampling == HR_NEAREST) {
        corners[0] = (corner){(size_t)(y.low * x->w + c.low), 1};
        return 1;
    }
    for (int k = 0; k < 4; k++)
        corners[k] = (corner){(size_t)(rows[k / 2] * x->w + columns[k % 2]), of_rows[k / 2] * of_columns[k % 2]};
    return 4;
}

static void upsample_forward(const hr_reference *r)
{
    for (int p = 0; p < r->y->n * r->y->c; p++) {
        for (int i = 0; i < r->y->h * r->y->w; i++) {
            corner corners[4];
            const int n = corners_of(r->node, r->x[0], i, corners);
            double sum = 0;
            for (int k = 0; k < n; k++) sum += corners[k].share * hr_doubles_plane(r->x[0], 0, p)[corners[k].at];
            hr_doubles_plane(r->y, 0, p)[i] = sum;
        }
    }
}

static void upsample_backward(const hr_reference *r)
{
    for (int p = 0; p < r->dy->n * r->dy->c; p++) {
        for (int i = 0; i < r->dy->h * r->dy->w; i++) {
            corner corners[4];
            const int n = corners_of(r->node, r->x[0], i, corners);
            for (int k = 0; k < n; k++)
                hr_doubles_plane(r->dx[0], 0, p)[corners[k].at] += corners[k].share * hr_doubles_plane(r->dy, 0, p)[i];
        }
    }
}

static void upsample_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    hr_onnx_expect(chain, 1);
    hr_onnx_resize(chain, hr_onnx_tensor(chain->graph, node->inputs[0]), node->factor, node->upsampling);
}

const hr_op_type hr_op_upsample = {.name = "upsample",
                                   .shape = upsample_shape,
                                   .forward = upsample_forward,
                                   .backward = upsample_backward,
                                   .onnx = upsample_onnx};
