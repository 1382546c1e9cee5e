/*
 * conv_gradient_direct.c - the gradient of weights as sums of outer products over pixels. One side of a product moves
 * with the tap of the window (the input; of a transposed convolution the output), the other stays: the plain side. Does
 * every shape.
 *
 * A task takes a chunk of lines (rows of the plain side's pictures) and a slice of the window side's channels. Band by
 * band of lines it copies its slice into a panel with the border of zeros around it, so that all taps read full lines,
 * and runs tiles of sums over the whole band. Chunks end in partial sums, which phase 1 adds up.
 */
#include "cpu/conv/conv_gradient.h"

#include <string.h>

enum {
    MAX_BLOCKS = 1024,
    MAX_LINES = 256,           /* of a band */
    MAX_TASKS = HR_MAX_CHUNKS, /* of phase 0, about */
    TASK_MACS = 8 << 20,       /* about this many multiply-adds a task */
    CHUNK_PIXELS = 1024,       /* at least, so that adding up partial sums costs little */
    BAND_BYTES = 192 * 1024    /* a band's panel and one block of the other side: in the second-level cache */
};

/* Arithmetic at 85 % of the best tile's rate. */
static double cost(const hr_weight_algorithm *self, const hr_conv_shape *shape, const hr_kern *kern, int batch)
{
    (void)self;
    (void)batch;
    if (shape->depthwise) return -1;
    const double cells = shape->transposed ? (double)shape->ih * shape->iw : (double)shape->oh * shape->ow;
    const double weights = (double)shape->ic * hr_padded(shape->oc) * hr_n_taps(shape);
    return cells * weights / (0.85 * kern->macs_per_ns);
}

/* One side of the products. */
typedef struct side {
    int channels, h, w;
    size_t ld;    /* floats between pixels */
    size_t lanes; /* of them a pixel's own: its channels, whole strips where there is room */
} side;

static side make_side(int channels, int h, int w, int ld)
{
    const int own = hr_padded(channels);
    return (side){channels, h, w, (size_t)ld, (size_t)(ld < own ? ld : own)};
}

typedef struct direct_plan {
    side window, plain;
    int is_copied;          /* else there is no border and tiles read the pictures */
    int n_lines, chunk;     /* lines of all pictures, of a task */
    int n_chunks, n_slices; /* tasks */
    int most_chunks;        /* n_chunks or more, and no fewer where n is larger */
    int slice, band;        /* channels of a task, lines of a band */
    size_t n_floats;        /* of dweights */
} direct_plan;

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Pixels in a line of the panel, and in as many of its lines as `lines` plain ones need. */
static int panel_width(const hr_conv_shape *s, const direct_plan *p)
{
    return p->is_copied ? (p->plain.w - 1) * s->stride + (s->kw - 1) * s->dilation + 1 : p->window.w;
}

static int panel_lines(const hr_conv_shape *s, int lines)
{
    return (lines - 1) * s->stride + (s->kh - 1) * s->dilation + 1;
}

/* Channels between neighbouring pixels of the panel. */
static size_t panel_ld(const direct_plan *p)
{
    if (!p->is_copied) return p->window.ld;
    return p->slice < p->window.channels ? (size_t)p->slice : p->window.lanes;
}

/* Slices: enough rows or columns for full tiles. */
static void cut_slices(direct_plan *p, const hr_conv_shape *s, int wanted)
{
    const int unit = s->transposed ? 2 * HR_STRIP : hr_padded(hr_ceil_div(96, hr_n_taps(s)));
    const int n_units = hr_ceil_div(p->window.channels, unit);
    p->slice = hr_ceil_div(n_units, smaller(wanted, n_units)) * unit;
    p->n_slices = hr_ceil_div(p->window.channels, p->slice);
    if (p->n_slices == 1) p->slice = p->window.channels;
}

static void set_band(direct_plan *p, const hr_conv_shape *s)
{
    const double line = p->plain.w * ((double)(s->stride * s->stride) * p->slice + 2 * HR_STRIP) * sizeof(float);
    p->band = line * MAX_LINES < BAND_BYTES ? MAX_LINES : (int)(BAND_BYTES / line) + 1;
}

static direct_plan make_plan(const hr_conv_shape *s, int n)
{
    const side in = make_side(s->ic, s->ih, s->iw, s->in_ld), out = make_side(s->oc, s->oh, s->ow, hr_padded(s->oc));
    direct_plan p = {.window = s->transposed ? out : in, .plain = s->transposed ? in : out};
    p.is_copied = s->pad_h > 0 || s->pad_w > 0;
    p.n_lines = n * p.plain.h;
    p.n_floats = (size_t)hr_n_taps(s) * (size_t)s->ic * (size_t)hr_padded(s->oc);
    const double n_pixels = (double)p.n_lines * p.plain.w, macs = n_pixels * (double)p.n_floats;
    const int wanted = macs / TASK_MACS < MAX_TASKS ? (int)(macs / TASK_MACS) + 1 : MAX_TASKS;
    const int most = n_pixels / CHUNK_PIXELS < MAX_TASKS ? (int)(n_pixels / CHUNK_PIXELS) + 1 : MAX_TASKS;
    p.most_chunks = smaller(wanted, most);
    p.chunk = hr_ceil_div(p.n_lines, p.most_chunks);
    p.n_chunks = hr_ceil_div(p.n_lines, p.chunk);
    cut_slices(&p, s, hr_ceil_div(wanted, p.n_chunks));
    set_band(&p, s);
    return p;
}

/* The most lines that a band's panel has: at worst every line is a picture of its own. */
static size_t most_panel_lines(const hr_conv_shape *s, const direct_plan *p)
{
    const int pictures = p->band / p->plain.h + 2;
    const size_t alone = (size_t)p->band * (size_t)panel_lines(s, 1);
    const size_t joined = (size_t)p->band * (size_t)s->stride + (size_t)pictures * (size_t)panel_lines(s, 1);
    return alone < joined ? alone : joined;
}

static size_t scratch_bytes(const hr_weight_gradient *gradient)
{
    const hr_conv_shape *s = &gradient->shape;
    direct_plan p = make_plan(s, 1);
    size_t most = 0;
    for (int wanted = 1; p.is_copied && wanted <= MAX_TASKS; wanted++) { /* n decides how many slices there are */
        cut_slices(&p, s, wanted);
        set_band(&p, s);
        const size_t n_floats = most_panel_lines(s, &p) * (size_t)panel_width(s, &p) * panel_ld(&p);
        if (n_floats > most) most = n_floats;
    }
    return most * sizeof(float);
}

static hr_weight_cut cut(const hr_weight_gradient *gradient, int n)
{
    const direct_plan p = make_plan(&gradient->shape, n);
    return (hr_weight_cut){p.n_chunks * p.n_slices, p.n_chunks, p.most_chunks};
}

/* A band of lines, and where tiles find its pixels. */
typedef struct band {
    int n_lines;
    const float *window, *plain;
    size_t window_at[MAX_LINES], plain_at[MAX_LINES];
    size_t window_line; /* floats between lines of the window side, pixels of it are window_ld apart */
    size_t window_ld;
    int first, channels; /* of the window side, in this task */
} band;

/* Copy the panel that plain lines [y, y + n) of one picture need, zeros where it lies outside. */
static void copy_panel(const hr_conv_shape *s, const direct_plan *p, const band *b, const float *picture, int y, int n,
                       float *panel)
{
    const int width = panel_width(s, p), n_rows = panel_lines(s, n), w = p->window.w;
    const size_t ld = b->window_ld, left = (size_t)s->pad_w * ld;
    const int inside = smaller(w, width - s->pad_w); /* a stride may pass the last columns over */
    const size_t left_over = p->window.lanes - (size_t)b->first, n_copied = ld < left_over ? ld : left_over;
    for (int row = 0; row < n_rows; row++, panel += b->window_line) {
        const int iy = y * s->stride - s->pad_h + row;
        if ((unsigned)iy >= (unsigned)p->window.h) {
            memset(panel, 0, b->window_line * sizeof *panel);
            continue;
        }
        const float *from = picture + (size_t)iy * (size_t)w * p->window.ld + b->first;
        const size_t end = left + (size_t)inside * ld;
        memset(panel, 0, left * sizeof *panel);
        memset(panel + end, 0, (b->window_line - end) * sizeof *panel);
        if (ld == p->window.ld)
            memcpy(panel + left, from, (size_t)inside * ld * sizeof *panel);
        else
            for (int x = 0; x < inside; x++)
                memcpy(panel + left + (size_t)x * ld, from + (size_t)x * p->window.ld, n_copied * sizeof *panel);
    }
}

/* Lines [first, first + n_lines) of all pictures. */
static void open_band(band *b, const hr_conv_shape *s, const direct_plan *p, const float *window, const float *plain,
                      float *panel, int first)
{
    const size_t picture = (size_t)p->window.h * (size_t)p->window.w * p->window.ld;
    b->window = p->is_copied ? panel : window + b->first;
    b->plain = plain;
    size_t used = 0;
    for (int l = 0, n; l < b->n_lines; l += n) { /* the band's share of a picture */
        const int image = (first + l) / p->plain.h, y = (first + l) % p->plain.h;
        n = smaller(p->plain.h - y, b->n_lines - l);
        size_t at = (size_t)image * picture + (size_t)(y * s->stride) * b->window_line;
        if (p->is_copied) {
            copy_panel(s, p, b, window + (size_t)image * picture, y, n, panel + used);
            at = used;
            used += (size_t)panel_lines(s, n) * b->window_line;
        }
        for (int i = 0; i < n; i++) {
            b->window_at[l + i] = at + (size_t)(i * s->stride) * b->window_line;
            b->plain_at[l + i] = (size_t)(first + l + i) * (size_t)p->plain.w * p->plain.ld;
        }
    }
}

/* What a task adds to: out [k * k][ic][ld]. */
typedef struct gradient_target {
    float *out;
    size_t ld;
    int add;
} gradient_target;

/* Rows of the sums are (tap, input channel), neighbours in this order; columns are output channels. */
static void add_band(const hr_weight_gradient *gradient, const direct_plan *p, const band *b, const gradient_target *t)
{
    const hr_conv_shape *s = &gradient->shape;
    const hr_kern *kern = gradient->kern;
    hr_block_cut blocks[MAX_BLOCKS];
    const int n_blocks = hr_cut_blocks(hr_padded(s->oc) / HR_STRIP, kern, blocks);
    const int n_rows = hr_n_taps(s) * b->channels;
    for (int k = 0; k < n_blocks; k++) {
        const int n_tiles = hr_ceil_div(n_rows, kern->rows[blocks[k].strips]);
        const size_t column = (size_t)blocks[k].first * HR_STRIP;
        int tap = 0, channel = 0;
        for (int i = 0, first = 0, m; i < n_tiles; i++, first += m) {
            const float *rows[HR_MAX_ROWS];
            float *outs[HR_MAX_ROWS];
            m = hr_ceil_div(n_rows - first, n_tiles - i); /* even heights */
            for (int r = 0; r < m; r++) {
                rows[r] = b->window + (size_t)(tap / s->kw * s->dilation) * b->window_line +
                          (size_t)(tap % s->kw * s->dilation) * b->window_ld + channel;
                outs[r] = t->out + ((size_t)tap * (size_t)s->ic + (size_t)(b->first + channel)) * t->ld + column;
                if (++channel < b->channels) continue;
                channel = 0;
                tap++;
            }
            kern->gemm_transposed[blocks[k].strips](&(hr_gemm_transposed){.m = m,
                                                                          .n_lines = b->n_lines,
                                                                          .n_pixels = p->plain.w,
                                                                          .rows = rows,
                                                                          .b = b->plain + column,
                                                                          .a_at = b->window_at,
                                                                          .b_at = b->plain_at,
                                                                          .a_step = (size_t)s->stride * b->window_ld,
                                                                          .b_step = p->plain.ld,
                                                                          .outs = outs,
                                                                          .add = t->add});
        }
    }
}

/* Rows are input channels, columns the output channels of this task, for each tap. */
static void add_band_transposed(const hr_weight_gradient *gradient, const direct_plan *p, const band *b,
                                const gradient_target *t)
{
    const hr_conv_shape *s = &gradient->shape;
    const hr_kern *kern = gradient->kern;
    hr_block_cut blocks[MAX_BLOCKS];
    const int n_blocks = hr_cut_blocks(hr_padded(b->channels) / HR_STRIP, kern, blocks);
    for (int first = 0, m; first < s->ic; first += m) {
        m = smaller(s->ic - first, HR_MAX_ROWS);
        for (int k = 0; k < n_blocks; k++)
            if (m > kern->rows[blocks[k].strips]) m = kern->rows[blocks[k].strips];
        for (int i = 0; i < hr_n_taps(s) * n_blocks; i++) {
            const int tap = i / n_blocks;
            const hr_block_cut *block = &blocks[i % n_blocks];
            const size_t column = (size_t)block->first * HR_STRIP;
            const float *rows[HR_MAX_ROWS];
            float *outs[HR_MAX_ROWS];
            for (int r = 0; r < m; r++) {
                rows[r] = b->plain + first + r;
                outs[r] = t->out + ((size_t)tap * (size_t)s->ic + (size_t)(first + r)) * t->ld + b->first + column;
            }
            kern->gemm_transposed[block->strips](
                &(hr_gemm_transposed){.m = m,
                                      .n_lines = b->n_lines,
                                      .n_pixels = p->plain.w,
                                      .rows = rows,
                                      .b = b->window + (size_t)(tap / s->kw * s->dilation) * b->window_line +
                                           (size_t)(tap % s->kw * s->dilation) * b->window_ld + column,
                                      .a_at = b->plain_at,
                                      .b_at = b->window_at,
                                      .a_step = p->plain.ld,
                                      .b_step = (size_t)s->stride * b->window_ld,
                                      .outs = outs,
                                      .add = t->add});
        }
    }
}

static void sum_chunk(const hr_weight_gradient *gradient, const hr_weight_gradient_io *io, int task)
{
    const hr_conv_shape *s = &gradient->shape;
    const direct_plan p = make_plan(s, io->n);
    const int chunk = task / p.n_slices, slice = task % p.n_slices;
    const int from = chunk * p.chunk, to = smaller(from + p.chunk, p.n_lines);
    gradient_target t = {.out = io->dweights, .ld = (size_t)hr_padded(s->oc), .add = io->add};
    if (p.n_chunks > 1) {
        t.out = io->shared + (size_t)chunk * p.n_floats;
        t.add = 0;
    }
    band b = {.first = slice * p.slice, .window_ld = panel_ld(&p)};
    b.channels = smaller(p.slice, p.window.channels - b.first);
    b.window_line = (size_t)panel_width(s, &p) * b.window_ld;
    for (int line = from; line < to; line += b.n_lines, t.add = 1) {
        b.n_lines = smaller(p.band, to - line);
        open_band(&b, s, &p, s->transposed ? io->dout : io->in, s->transposed ? io->in : io->dout, io->scratch, line);
        (s->transposed ? add_band_transposed : add_band)(gradient, &p, &b, &t);
    }
}

const hr_weight_algorithm hr_weight_direct = {
    .name = "direct",
    .cost = cost,
    .scratch_bytes = scratch_bytes,
    .cut = cut,
    .sum_chunk = sum_chunk,
};
