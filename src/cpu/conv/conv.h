/*
 * conv.h - one convolution of the inference graph: its shape, the algorithm chosen for it, its packed weights. The
 * algorithms are equals behind hr_conv_algorithm; a plan asks each what it would cost and takes the cheapest.
 *
 * Work is cut into tasks that write different outputs, and every output is computed by the same operations in the same
 * order however it is cut: the result has the same bits for any number of threads and pictures.
 */
#ifndef HR_CPU_CONV_CONV_H
#define HR_CPU_CONV_CONV_H

#include "base/status.h"
#include "cpu/kern/kern.h"

/* ld: floats between neighbouring pixels of a tensor. A tensor that is a slice of another one has the other's. */
typedef struct hr_conv_shape {
    int ic, oc;
    int ih, iw, oh, ow;
    int kh, kw, stride, pad_h, pad_w, dilation;
    int transposed; /* 1: transposed convolution, stride 2 */
    int depthwise;  /* 1: every channel has a window of its own; ic = oc */
    int in_ld;      /* ic or more */
    int out_ld;     /* oc rounded up to HR_STRIP, or more */
    int add_ld;     /* of what is added; as out_ld */
} hr_conv_shape;

typedef struct hr_conv hr_conv;

/* What one run works on. Pictures follow each other without gaps. */
typedef struct hr_conv_io {
    const float *in;  /* [n][ih][iw][in_ld] */
    const float *add; /* [n][oh][ow][add_ld] or NULL; may equal out where add_ld is out_ld and the activation follows */
    float *out;       /* [n][oh][ow][out_ld] */
    const float *zeros; /* in_ld zeros: what lies outside the picture */
    float *scratch;     /* of this thread, scratch_bytes */
    int n, threads;     /* pictures; threads that share the tasks (they decide how fine the cut is, never a result) */
} hr_conv_io;

/* How weights are kept, and what a plan may assume. */
typedef struct hr_packing {
    hr_format format; /* of packed weights */
    int batch;        /* pictures that share one reading of the weights; 0: 1 */
    int repacked;     /* training: weights change, and are packed again, before every batch; and no F(6), whose rounding
                         (F(2) and direct sums 0.2 to 0.5, F(4) 0.4 to 1.3, F(6) 2 to 5 in 1e-6 of the root mean square, 16
                         to 256 channels) would show in gradients */
    uint64_t memory_limit; /* most bytes of an engine's packed weights; 0: any */
} hr_packing;

typedef struct hr_conv_algorithm hr_conv_algorithm;
struct hr_conv_algorithm {
    const char *name;  /* static, as `hrnet bench --layers` shows it */
    int slot;          /* Winograd: of the kernels' table, HR_WINO_2 .. */
    int fused_weights; /* Winograd: packed weights are transformed along one axis; the other follows where they are used
                        */
    /* Predicted time of the pictures that share the weights, on one thread, in ns; < 0: cannot do this shape. Only the
     * order of the algorithms matters, so the model is coarse: see the functions. */
    double (*cost)(const hr_conv_algorithm *self, const hr_conv_shape *shape, const hr_kern *kern,
                   const hr_packing *packing);
    /* Floats of packed weights. */
    size_t (*packed_floats)(const hr_conv_algorithm *self, const hr_conv_shape *shape);
    /* Pack input channels [first, last), which write parts of `packed` of their own. Channel i of tap t (ky * kw + kx)
     * has its padded oc weights at weights + t * tap_step + (i - first) * padded oc; depthwise has one channel. */
    void (*pack)(const hr_conv *conv, const float *weights, size_t tap_step, int first, int last, float *packed);
    size_t (*scratch_bytes)(const hr_conv *conv);
    int (*n_tasks)(const hr_conv *conv, int n, int threads);
    void (*run)(const hr_conv *conv, const hr_conv_io *io, int task);
};

/* All of them; for tests and benches. */
enum { HR_N_CONV_ALGORITHMS = 12 };
extern const hr_conv_algorithm *const hr_conv_algorithms[HR_N_CONV_ALGORITHMS];
extern const hr_conv_algorithm hr_conv_direct, hr_conv_depthwise, hr_conv_winograd2, hr_conv_winograd4,
    hr_conv_winograd6, hr_conv_winograd_strided, hr_conv_winograd_transposed, hr_conv_winograd2_fused,
    hr_conv_winograd4_fused, hr_conv_winograd6_fused, hr_conv_winograd2x6_fused, hr_conv_winograd4x6_fused;

struct hr_conv {
    hr_conv_shape shape;
    const hr_conv_algorithm *algorithm;
    const hr_kern *kern;
    hr_epilogue epilogue;
    hr_format format;  /* of packed weights */
    void *weights;     /* packed */
    const float *bias; /* [oc rounded up], padding lanes zero; NULL: none */
};

/* Describe a convolution and choose its algorithm. HRNET_ERR_UNSUPPORTED where none can do the shape. */
hrnet_status hr_conv_init(hr_conv *conv, const hr_conv_shape *shape, hr_epilogue epilogue, const hr_packing *packing,
                          const hr_kern *kern);
/* The same convolution at another size: its algorithm and its packed weights are kept, so only ih, iw, oh, ow and the
 * lds may differ. */
void hr_conv_reshape(hr_conv *conv, const hr_conv_shape *shape);

/* Bytes of packed weights, a multiple of 64. */
size_t hr_conv_bytes(const hr_conv *conv);

/* Use this memory for the packed weights (hr_conv_bytes, 64-byte aligned) and this bias (hr_conv.bias). Both stay the
 * caller's, and may be set again at any time between runs. */
void hr_conv_place(hr_conv *conv, void *packed, const float *bias);

/*
 * Pack weights into the memory that hr_conv_place has named. They are in the layout of training: [kh * kw][ic][oc
 * rounded up], padding lanes zero, of transposed convolutions too. In float this is cut into tasks that write different
 * parts.
 */
int hr_conv_pack_tasks(const hr_conv *conv);
void hr_conv_pack_task(const hr_conv *conv, const float *weights, int task);
/* All of it; scratch: algorithm->packed_floats, used unless the format is float32, else may be NULL. */
void hr_conv_pack(const hr_conv *conv, const float *weights, float *scratch);

/* Input channels that a packing task takes. */
int hr_pack_rows(const hr_conv_shape *shape);

/* Published weights [oc][ic][kh][kw] (transposed: [ic][oc][kh][kw]; depthwise: [oc][1][kh][kw]), times scale[oc] (NULL:
 * ones), in the layout of training: kh * kw * hr_weight_depth(shape) * padded oc floats. */
void hr_conv_arrange(const hr_conv_shape *shape, const float *published, const float *scale, float *weights);

/* Packed weight i of a convolution. */
static inline const void *hr_conv_weight(const hr_conv *conv, size_t i)
{
    return (const char *)conv->weights + i * hr_format_bytes(conv->format);
}

/* Chains (hr_node.chained): output pixels [first, end) of all pictures of a 1x1 convolution of stride 1, done whole;
 * and how many of them make a good task. */
void hr_conv_run_pixels(const hr_conv *conv, const hr_conv_io *io, int first, int end);
int hr_conv_chunk(const hr_conv *conv);

/* Pictures that share one reading of the weights. */
static inline int hr_sharing(const hr_packing *packing)
{
    return packing->batch > 1 ? packing->batch : 1;
}

/* Predicted time of their arithmetic, which takes `ns` by itself and reads n_floats of packed weights. Those come from
 * memory, 0.17 ns a float (23 GB/s, one core of Zen 4), beside it: of the shorter of the two 0.3 remain (both
 * measured). Their memory has a price besides, paid for each picture. Training has memory, but writes each float once a
 * batch: 0.5. */
static inline double hr_time_with_weights(double ns, double n_floats, const hr_kern *kern, const hr_packing *packing)
{
    if (packing->repacked) return ns + n_floats * 0.5;
    const double way = 0.17 * n_floats * (double)hr_format_bytes(packing->format) / 4;
    return (ns > way ? ns + 0.3 * way : way + 0.3 * ns) +
           hr_sharing(packing) * n_floats * kern->memory_price / kern->macs_per_ns;
}

/* Input channels that an output channel reads. */
static inline int hr_weight_depth(const hr_conv_shape *shape)
{
    return shape->depthwise ? 1 : shape->ic;
}

/* Cells of the window. */
static inline int hr_n_taps(const hr_conv_shape *shape)
{
    return shape->kh * shape->kw;
}

/* Columns of a gemm are cut into blocks of whole strips, as wide as the kernels allow without a wasted strip. */
typedef struct hr_block_cut {
    int first, strips; /* in strips */
} hr_block_cut;

int hr_cut_blocks(int n_strips, const hr_kern *kern, hr_block_cut *blocks); /* blocks NULL: count only */

#endif
