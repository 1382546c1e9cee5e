/*
 * conv_gradient.h - what backward needs of a convolution.
 *
 * The gradient of its input is a convolution itself (hr_conv) with the weights turned round:
 * hr_conv_input_gradient_shape says which. The gradient of its weights is a sum of outer products over pixels:
 *
 *   dw[ky][kx][ic][oc] += sum over pictures and output pixels of in[y * stride + ky * dilation - pad][x ...][ic] *
 * dout[y][x][oc]
 *
 * Weights and their gradients are [kh][kw][ic][oc rounded up to HR_STRIP] here, for transposed convolutions too.
 */
#ifndef HR_CPU_CONV_CONV_GRADIENT_H
#define HR_CPU_CONV_CONV_GRADIENT_H

#include "cpu/conv/conv.h"

/* The convolution that makes the gradient of `shape`'s input from that of its output; both are tensors of their own
 * (in_ld: hr_padded(shape->oc)). HRNET_ERR_UNSUPPORTED for strides above 2, and for dilation with stride 2. */
hrnet_status hr_conv_input_gradient_shape(hr_conv_shape *out, const hr_conv_shape *shape);

/*
 * Pack what that convolution (`turned`, placed, in float) takes from the weights [kh * kw][ic][oc rounded up] of
 * `shape`, turning them on the way. task 0..hr_conv_pack_tasks(turned)-1, which may run side by side; scratch: of this
 * thread.
 */
size_t hr_conv_turned_scratch_bytes(const hr_conv *turned);
void hr_conv_pack_turned_task(const hr_conv *turned, const hr_conv_shape *shape, const float *weights, float *scratch,
                              int task);

typedef struct hr_weight_gradient hr_weight_gradient;
typedef struct hr_weight_gradient_io hr_weight_gradient_io;

enum { HR_MAX_CHUNKS = 64 };

/* How a run over n pictures is cut. */
typedef struct hr_weight_cut {
    int n_tasks;  /* of phase 0 */
    int n_chunks; /* of pixels, 1..HR_MAX_CHUNKS: each has partial sums of all weights, in `shared` unless there is one
                     alone */
    int most_chunks; /* n_chunks or more, and no fewer where n is larger */
} hr_weight_cut;

/* The ways to compute it, as equals. They make partial sums; adding those up is the same for all. */
typedef struct hr_weight_algorithm {
    const char *name;
    /* Predicted ns a picture on one thread in batches of this many; < 0: cannot do this shape. */
    double (*cost)(const struct hr_weight_algorithm *self, const hr_conv_shape *shape, const hr_kern *kern, int batch);
    size_t (*scratch_bytes)(const hr_weight_gradient *gradient);
    hr_weight_cut (*cut)(const hr_weight_gradient *gradient, int n);
    void (*sum_chunk)(const hr_weight_gradient *gradient, const hr_weight_gradient_io *io, int task); /* phase 0 */
} hr_weight_algorithm;

extern const hr_weight_algorithm hr_weight_direct, hr_weight_depthwise, hr_weight_winograd;

struct hr_weight_gradient {
    hr_conv_shape shape;
    const hr_kern *kern;
    const hr_weight_algorithm *algorithm;
};

/* batch: pictures the plan is made for; any number may be run. */
hrnet_status hr_weight_gradient_init(hr_weight_gradient *out, const hr_conv_shape *shape, const hr_kern *kern,
                                     int batch);

/* One run: in as the forward pass had it; dout [n][oh][ow][hr_padded(oc)], padding lanes zero. shared: memory that all
 * tasks use, kept from phase 0 to phase 1; scratch: of this thread. */
struct hr_weight_gradient_io {
    const float *in, *dout;
    float *dweights; /* [kh][kw][ic][oc rounded up] */
    int n, add;      /* add: to dweights instead of overwriting them */
    float *shared, *scratch;
};

/* No smaller for a larger n: what serves n pictures serves fewer. */
size_t hr_weight_gradient_shared_bytes(const hr_weight_gradient *gradient, int n);
size_t hr_weight_gradient_scratch_bytes(const hr_weight_gradient *gradient);
/* Tasks of phase 0 (partial sums) and of phase 1 (their sum in task order), which begins when phase 0 has ended; may be
 * 0. The cut depends on the shape and n only. */
int hr_weight_gradient_n_tasks(const hr_weight_gradient *gradient, int n, int phase);
void hr_weight_gradient_run(const hr_weight_gradient *gradient, const hr_weight_gradient_io *io, int phase, int task);

#endif
