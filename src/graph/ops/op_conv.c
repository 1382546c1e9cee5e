/*
 * op_conv.c - convolution and transposed convolution, each stated as the sum it computes, its backward below it.
 *
 * Both relate a large map to a small one: cell o of the small map meets cell o * stride - pad + k * dilation of the
 * large one. A convolution reads the large map and writes the small one; a transposed convolution the other way round.
 * A tap is all such pairs of two planes for one k. Three sums over taps are then all there is:
 *
 *   small += weight * large         forward of a convolution, gradient of a transposed one's input
 *   large += weight * small         the other two
 *   dweight += small * large        the gradient of the weights, of both
 */
#include "graph/op.h"

static hrnet_status check_window(const hr_window *w)
{
    if (w->kh < 1 || w->kw < 1 || w->stride < 1 || w->dilation < 1 || w->pad_h < 0 || w->pad_w < 0)
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "expected a window of at least 1x1, stride and dilation from 1, padding from 0, found %dx%d, "
                       "stride %d, dilation %d, padding %d, %d",
                       w->kh, w->kw, w->stride, w->dilation, w->pad_h, w->pad_w);
    return HRNET_OK;
}

/* Cells of the output of a window along one axis, or 0 where it does not fit. */
static int window_cells(int n, int kernel, int dilation, int pad, int stride)
{
    const int span = n + 2 * pad - ((kernel - 1) * dilation + 1);
    return span < 0 ? 0 : span / stride + 1;
}

static hrnet_status conv_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]];
    const hr_window *w = &node->window;
    HR_TRY(check_window(w));
    if (w->groups != 1 && (w->groups != from->c || w->groups != node->c))
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "expected 1 group, or as many as input and output channels (depthwise), found %d groups of %d "
                       "channels to %d",
                       w->groups, from->c, node->c);
    node->h = window_cells(from->h, w->kh, w->dilation, w->pad_h, w->stride);
    node->w = window_cells(from->w, w->kw, w->dilation, w->pad_w, w->stride);
    if (node->h < 1 || node->w < 1)
        return hr_fail(HRNET_ERR_ARGUMENT, "expected an input as large as the window of %dx%d, found %dx%d", w->kh,
                       w->kw, from->h, from->w);
    return HRNET_OK;
}

static hrnet_status deconv_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]];
    const hr_window *w = &node->window;
    HR_TRY(check_window(w));
    if (w->stride != 2 || w->dilation != 1 || w->groups != 1)
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "expected a transposed convolution of stride 2, dense, found stride %d, dilation %d, %d groups",
                       w->stride, w->dilation, w->groups);
    node->h = (from->h - 1) * w->stride - 2 * w->pad_h + w->kh + w->out_padding;
    node->w = (from->w - 1) * w->stride - 2 * w->pad_w + w->kw + w->out_padding;
    if (node->h < 1 || node->w < 1)
        return hr_fail(HRNET_ERR_ARGUMENT, "padding of %d, %d leaves nothing of the output", w->pad_h, w->pad_w);
    return HRNET_OK;
}

/* `from`, `to` are the columns of the small map whose partners exist. */
typedef struct tap {
    const hr_doubles *large, *small;
    int stride, dy, dx, from, to;
} tap;

static tap tap_of(const hr_window *w, const hr_doubles *large, const hr_doubles *small, int k)
{
    tap t = {.large = large,
             .small = small,
             .stride = w->stride,
             .dy = k / w->kw * w->dilation - w->pad_h,
             .dx = k % w->kw * w->dilation - w->pad_w};
    while (t.from < small->w && t.from * t.stride + t.dx < 0) t.from++;
    t.to = small->w;
    while (t.to > t.from && (t.to - 1) * t.stride + t.dx >= large->w) t.to--;
    return t;
}

/* Where row y of the small map lies in the large one, or -1. */
static ptrdiff_t row_of(const tap *t, int y)
{
    const int row = y * t->stride + t->dy;
    return row < 0 || row >= t->large->h ? -1 : (ptrdiff_t)row * t->large->w;
}

/* small[o] += weight * large[partner of o] */
static void add_to_small(const tap *t, double weight, const double *large, double *small)
{
    for (int y = 0; y < t->small->h; y++, small += t->small->w) {
        const ptrdiff_t row = row_of(t, y);
        if (row < 0) continue;
        for (int x = t->from; x < t->to; x++) small[x] += weight * large[row + t->dx + (ptrdiff_t)x * t->stride];
    }
}

/* large[partner of o] += weight * small[o] */
static void add_to_large(const tap *t, double weight, const double *small, double *large)
{
    for (int y = 0; y < t->small->h; y++, small += t->small->w) {
        const ptrdiff_t row = row_of(t, y);
        if (row < 0) continue;
        for (int x = t->from; x < t->to; x++) large[row + t->dx + (ptrdiff_t)x * t->stride] += weight * small[x];
    }
}

/* The sum over o of small[o] * large[partner of o]. */
static double correlate(const tap *t, const double *small, const double *large)
{
    double sum = 0;
    for (int y = 0; y < t->small->h; y++, small += t->small->w) {
        const ptrdiff_t row = row_of(t, y);
        if (row < 0) continue;
        for (int x = t->from; x < t->to; x++) sum += small[x] * large[row + t->dx + (ptrdiff_t)x * t->stride];
    }
    return sum;
}

typedef enum direction { TO_SMALL, TO_LARGE, TO_WEIGHTS } direction;

/* One of the three sums over all pairs of planes that a weight joins; weights [small channels][large channels or, where
 * each channel stands alone, 1][kh][kw]. */
static void sum_taps(const hr_window *w, direction to, const hr_doubles *large, const hr_doubles *small,
                     const double *weights, double *dweights)
{
    const int n_taps = w->kh * w->kw, per_channel = w->groups == 1 ? large->c : 1;
    for (int k = 0; k < n_taps; k++) {
        const tap t = tap_of(w, large, small, k);
        for (int image = 0; image < small->n; image++) {
            for (int s = 0; s < small->c; s++) {
                for (int i = 0; i < per_channel; i++) {
                    const size_t at = (size_t)((s * per_channel + i) * n_taps + k);
                    double *of_small = hr_doubles_plane(small, image, s);
                    double *of_large = hr_doubles_plane(large, image, w->groups == 1 ? i : s);
                    if (to == TO_SMALL)
                        add_to_small(&t, weights[at], of_large, of_small);
                    else if (to == TO_LARGE)
                        add_to_large(&t, weights[at], of_small, of_large);
                    else
                        dweights[at] += correlate(&t, of_small, of_large);
                }
            }
        }
    }
}

static void fill_bias(const hr_doubles *y, const double *bias)
{
    const size_t n_cells = (size_t)y->h * (size_t)y->w;
    for (int image = 0; image < y->n; image++)
        for (int c = 0; c < y->c; c++)
            for (size_t i = 0; i < n_cells; i++) hr_doubles_plane(y, image, c)[i] = bias != NULL ? bias[c] : 0;
}

static void bias_backward(const hr_doubles *dy, double *dbias)
{
    const size_t n_cells = (size_t)dy->h * (size_t)dy->w;
    for (int image = 0; image < dy->n && dbias != NULL; image++)
        for (int c = 0; c < dy->c; c++)
            for (size_t i = 0; i < n_cells; i++) dbias[c] += hr_doubles_plane(dy, image, c)[i];
}

/* y[oc][o] = bias[oc] + sum over ic, k of weight[oc][ic][k] * x[ic][o * stride - pad + k * dilation] */
static void conv_forward(const hr_reference *r)
{
    fill_bias(r->y, r->bias);
    sum_taps(&r->node->window, TO_SMALL, r->x[0], r->y, r->weight, NULL);
}

static void conv_backward(const hr_reference *r)
{
    bias_backward(r->dy, r->dbias);
    sum_taps(&r->node->window, TO_LARGE, r->dx[0], r->dy, r->weight, NULL);
    sum_taps(&r->node->window, TO_WEIGHTS, r->x[0], r->dy, NULL, r->dweight);
}

/* y[oc][i * stride - pad + k] = bias[oc] + sum over ic, k of weight[ic][oc][k] * x[ic][i] */
static void deconv_forward(const hr_reference *r)
{
    fill_bias(r->y, r->bias);
    sum_taps(&r->node->window, TO_LARGE, r->y, r->x[0], r->weight, NULL);
}

static void deconv_backward(const hr_reference *r)
{
    bias_backward(r->dy, r->dbias);
    sum_taps(&r->node->window, TO_SMALL, r->dy, r->dx[0], r->weight, NULL);
    sum_taps(&r->node->window, TO_WEIGHTS, r->dy, r->x[0], NULL, r->dweight);
}

/* Conv or ConvTranspose with folded weights, then what the node does at its end. */
static void conv_onnx(hr_onnx_chain *chain)
{
    const hr_node *node = hr_onnx_node(chain);
    const int is_transposed = node->op == HR_OP_DECONV;
    hr_onnx_expect(chain, 1 + (node->add >= 0) + hr_onnx_activation_steps(node->activation));
    const hr_onnx_name inputs[] = {hr_onnx_tensor(chain->graph, node->inputs[0]),
                                   hr_onnx_weights(chain->graph, chain->node, ".weight"),
                                   hr_onnx_weights(chain->graph, chain->node, ".bias")};
    hr_text message = {0};
    hr_onnx_name y = hr_onnx_begin(chain, &message, is_transposed ? "ConvTranspose" : "Conv", inputs, 3);
    hr_onnx_window(&message, &node->window);
    if (!is_transposed && node->window.dilation != 1)
        hr_onnx_ints(&message, "dilations", (const int64_t[]){node->window.dilation, node->window.dilation}, 2);
    if (!is_transposed && node->window.groups != 1) hr_onnx_int(&message, "group", node->window.groups);
    if (is_transposed)
        hr_onnx_ints(&message, "output_padding", (const int64_t[]){node->window.out_padding, node->window.out_padding},
                     2);
    hr_onnx_end(chain, &message);
    if (node->add >= 0 && !node->add_last) y = hr_onnx_binary(chain, "Add", y, hr_onnx_tensor(chain->graph, node->add));
    y = hr_onnx_activation(chain, node->activation, y);
    if (node->add >= 0 && node->add_last) hr_onnx_binary(chain, "Add", y, hr_onnx_tensor(chain->graph, node->add));
}

const hr_op_type hr_op_conv = {
    .name = "conv", .shape = conv_shape, .forward = conv_forward, .backward = conv_backward, .onnx = conv_onnx};
const hr_op_type hr_op_deconv = {.name = "transposed conv",
                                 .shape = deconv_shape,
                                 .forward = deconv_forward,
                                 .backward = deconv_backward,
                                 .onnx = conv_onnx};
