/* op_pool.c - maximum of a window, and the average of all pixels. */
#include "graph/op.h"

#include <math.h>

static hrnet_status maxpool_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]];
    const hr_window *w = &node->window;
    if (w->kh < 1 || w->kw < 1 || w->stride < 1 || w->pad_h < 0 || w->pad_w < 0 || 2 * w->pad_h > w->kh ||
        2 * w->pad_w > w->kw || w->dilation != 1)
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "expected a window without dilation whose padding is at most half of it, found %dx%d, padding "
                       "%d, %d, stride %d, dilation %d",
                       w->kh, w->kw, w->pad_h, w->pad_w, w->stride, w->dilation);
    if (from->h + 2 * w->pad_h < w->kh || from->w + 2 * w->pad_w < w->kw)
        return hr_fail(HRNET_ERR_ARGUMENT, "expected an input as large as the window of %dx%d, found %dx%d", w->kh,
                       w->kw, from->h, from->w);
    node->c = from->c;
    node->h = (from->h + 2 * w->pad_h - w->kh) / w->stride + 1;
    node->w = (from->w + 2 * w->pad_w - w->kw) / w->stride + 1;
    return HRNET_OK;
}

/* The cell of x that is the maximum at output cell (oy, ox): of equal cells the first; -1 where the window lies in the
 * padding. */
static ptrdiff_t winner(const hr_window *w, const hr_doubles *x, const double *in, int oy, int ox)
{
    ptrdiff_t best = -1;
    for (int k = 0; k < w->kh * w->kw; k++) {
        const int iy = oy * w->stride - w->pad_h + k / w->kw, ix = ox * w->stride - w->pad_w + k % w->kw;
        if (iy < 0 || iy >= x->h || ix < 0 || ix >= x->w) continue;
        const ptrdiff_t at = (ptrdiff_t)iy * x->w + ix;
        if (best < 0 || in[at] > in[best]) best = at;
    }
    return best;
}

static void maxpool_forward(const hr_reference *r)
{
    const hr_doubles *x = r->x[0], *y = r->y;
    for (int p = 0; p < y->n * y->c; p++)
        for (int i = 0; i < y->h * y->w; i++) {
            const double *in = hr_doubles_plane(x, 0, p);
            const ptrdiff_t at = winner(&r->node->window, x, in, i / y->w, i % y->w);
            hr_doubles_plane(y, 0, p)[i] = at < 0 ? -INFINITY : in[at];
        }
}

static void maxpool_backward(const hr_reference *r)
{
    const hr_doubles *x = r->x[0], *dy = r->dy;
    for (int p = 0; p < dy->n * dy->c; p++)
        for (int i = 0; i < dy->h * dy->w; i++) {
            const ptrdiff_t at = winner(&r->node->window, x, hr_doubles_plane(x, 0, p), i / dy->w, i % dy->w);
            if (at >= 0) hr_doubles_plane(r->dx[0], 0, p)[at] += hr_doubles_plane(dy, 0, p)[i];
        }
}

static void maxpool_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    const hr_onnx_name input = hr_onnx_tensor(chain->graph, node->inputs[0]);
    hr_text message = {0};
    hr_onnx_expect(chain, 1);
    hr_onnx_begin(chain, &message, "MaxPool", &input, 1);
    hr_onnx_window(&message, &node->window);
    hr_onnx_end(chain, &message);
}

static hrnet_status average_shape(const hr_graph *graph, hr_node *node)
{
    node->c = graph->nodes[node->inputs[0]].c;
    node->h = node->w = 1;
    return HRNET_OK;
}

static void average_forward(const hr_reference *r)
{
    const int n_cells = r->x[0]->h * r->x[0]->w;
    for (int p = 0; p < r->y->n * r->y->c; p++) {
        double sum = 0;
        for (int i = 0; i < n_cells; i++) sum += hr_doubles_plane(r->x[0], 0, p)[i];
        r->y->data[p] = sum / n_cells;
    }
}

static void average_backward(const hr_reference *r)
{
    const int n_cells = r->x[0]->h * r->x[0]->w;
    for (int p = 0; p < r->dy->n * r->dy->c; p++)
        for (int i = 0; i < n_cells; i++) hr_doubles_plane(r->dx[0], 0, p)[i] += r->dy->data[p] / n_cells;
}

static void average_onnx(hr_onnx_chain *chain)
{
    hr_onnx_expect(chain, 1);
    hr_onnx_unary(chain, "GlobalAveragePool", hr_onnx_tensor(chain->graph, hr_onnx_node(chain)->inputs[0]));
}

const hr_op_type hr_op_maxpool = {.name = "max pool",
                                  .shape = maxpool_shape,
                                  .forward = maxpool_forward,
                                  .backward = maxpool_backward,
                                  .onnx = maxpool_onnx};
const hr_op_type hr_op_average = {.name = "average",
                                  .shape = average_shape,
                                  .forward = average_forward,
                                  .backward = average_backward,
                                  .onnx = average_onnx};
