/*
 * check_winograd.c - the transforms of minimal filtering against the textbook's matrices (Toom and Cook's construction:
 * polynomials through the points 0, +-p, infinity), in double; and whole tiles against direct convolution.
 */
#include "kern_tests.h"

#include "activation_error.h"
#include "base/half.h"

enum { MAX_SIDE = 8, MAX_M = 6, IN = 1, OTHER, BIAS, ADD }; /* streams of numbers */

/* A kind of line. y = A^T [(G g G^T) . (B^T d B)] A, . by element, each matrix of its axis: in is B^T
 * [numbers][pixels], weights G [numbers][taps], out A^T [m][numbers]. */
typedef struct filtering {
    int line, m, stride, pixels, numbers, taps;
    double in[MAX_SIDE * MAX_SIDE], weights[MAX_SIDE * HR_WINO_TAPS], out[MAX_M * MAX_SIDE];
} filtering;

/* A tile: its lines down and across. */
typedef struct form {
    int slot;
    filtering y, x;
} form;

/* Where an F(m, n_taps) lies in a line: its first number, pixel k in pixel + k * pixel_step, tap k in tap + k *
 * tap_step, output r in output + r * output_step. */
typedef struct part {
    int m, n_taps, number, pixel, pixel_step, tap, tap_step, output, output_step;
} part;

/* Its matrices of n = m + n_taps - 1 points, the last of them infinity. B^T's row of a finite point: coefficients of
 * prod (x - q) over the other points q, of infinity over all of them. G divides by that product's value at the point,
 * A^T has the point's powers. */
static void toom_cook(filtering *f, const double *points, const part *p)
{
    const int n = p->m + p->n_taps - 1, infinity = n - 1;
    for (int j = 0; j < n; j++) {
        double row[MAX_SIDE] = {1}, value = 1;
        for (int i = 0; i < infinity; i++) {
            if (i == j) continue;
            for (int k = n - 1; k >= 0; k--) row[k] = (k > 0 ? row[k - 1] : 0) - points[i] * row[k];
            if (j != infinity) value *= points[j] - points[i];
        }
        const int number = p->number + j;
        for (int k = 0; k < n; k++) f->in[number * f->pixels + p->pixel + k * p->pixel_step] = row[k];
        for (int k = 0; k < p->n_taps; k++)
            f->weights[number * f->taps + p->tap + k * p->tap_step] =
                j == infinity ? k == p->n_taps - 1 : pow(points[j], k) / value;
        for (int r = 0; r < p->m; r++)
            f->out[(p->output + r * p->output_step) * f->numbers + number] =
                j == infinity ? r == p->m - 1 : pow(points[j], r);
    }
}

/* Stride 2: taps 0 and 2 meet even pixels alone, an F(3, 2); tap 1 odd ones, a product each. Transposed, from the pixel
 * before the first: even outputs take taps 3 and 1, odd ones, a pixel later, taps 2 and 0. */
static filtering make_filtering(int line)
{
    static const double points[HR_N_WINO_LINES][MAX_SIDE - 1] = {
        {0, 1, -1}, {0, 2. / 3, -2. / 3, 3. / 2, -3. / 2}, {0, 1. / 2, -1. / 2, 1, -1, 2, -2}, {0, 1, -1}, {0, 1, -1}};
    filtering f = {.line = line, .stride = 1, .taps = 3};
    if (line == HR_WINO_STRIDED) {
        f.m = 3;
        f.stride = 2;
        f.pixels = f.numbers = 7;
        for (int i = 0; i < 3; i++)
            f.in[(4 + i) * 7 + 1 + 2 * i] = f.weights[(4 + i) * 3 + 1] = f.out[i * 7 + 4 + i] = 1;
        toom_cook(&f, points[line], &(part){3, 2, .pixel_step = 2, .tap_step = 2, .output_step = 1});
    } else if (line == HR_WINO_TRANSPOSED) {
        f.m = 6;
        f.pixels = 5;
        f.numbers = 8;
        f.taps = 4;
        toom_cook(&f, points[line], &(part){3, 2, .pixel_step = 1, .tap = 3, .tap_step = -2, .output_step = 2});
        toom_cook(&f, points[line],
                  &(part){3, 2, .number = 4, .pixel = 1, .pixel_step = 1, .tap = 2, .tap_step = -2, .output = 1,
                          .output_step = 2});
    } else {
        f.m = 2 * line + 2;
        f.pixels = f.numbers = 2 * line + 4;
        toom_cook(&f, points[line], &(part){f.m, 3, .pixel_step = 1, .tap_step = 1, .output_step = 1});
    }
    return f;
}

static form make_form(int slot)
{
    static const int lines[HR_N_WINO][2] = {[HR_WINO_2] = {HR_WINO_2, HR_WINO_2},
                                            [HR_WINO_4] = {HR_WINO_4, HR_WINO_4},
                                            [HR_WINO_6] = {HR_WINO_6, HR_WINO_6},
                                            [HR_WINO_STRIDED] = {HR_WINO_STRIDED, HR_WINO_STRIDED},
                                            [HR_WINO_TRANSPOSED] = {HR_WINO_TRANSPOSED, HR_WINO_TRANSPOSED},
                                            [HR_WINO_2X6] = {HR_WINO_2, HR_WINO_6},
                                            [HR_WINO_4X6] = {HR_WINO_4, HR_WINO_6}};
    return (form){.slot = slot, .y = make_filtering(lines[slot][0]), .x = make_filtering(lines[slot][1])};
}

/* A matrix [rows][columns]. */
typedef struct matrix {
    const double *t;
    int rows, columns;
} matrix;

static matrix input_matrix(const filtering *f)
{
    return (matrix){f->in, f->numbers, f->pixels};
}
static matrix output_matrix(const filtering *f)
{
    return (matrix){f->out, f->m, f->numbers};
}

/* y = A x B^T; size: the same of absolute values. */
static void transform(matrix a, matrix b, const double *x, double *y, double *size)
{
    for (int r = 0; r < a.rows; r++) {
        for (int s = 0; s < b.rows; s++) {
            double sum = 0, absolute = 0;
            for (int i = 0; i < a.columns; i++) {
                for (int j = 0; j < b.columns; j++) {
                    const double term = a.t[r * a.columns + i] * b.t[s * b.columns + j] * x[i * b.columns + j];
                    sum += term;
                    absolute += fabs(term);
                }
            }
            y[r * b.rows + s] = sum;
            size[r * b.rows + s] = absolute;
        }
    }
}

/* Along its way through one line of a transform a number meets at most eight roundings: two of the coefficient, two of
 * multiplications, four of additions (input of F(6); the other transforms have fewer, and leave two for bias and add).
 * Through two lines that is 16 u of the sum of absolute values. */
static double rounding(double size)
{
    return 16 * UNIT * size;
}

static int near(float found, double expected, double size)
{
    return fabs((double)found - expected) <= rounding(size);
}

/* s_i of hr_wino_fused: what row i of G is of the powers of its point, at +-1/2 of 4 times those. */
static double fused_scale(const filtering *f, size_t i)
{
    const double *row = f->weights + i * 3;
    return row[i == (size_t)f->numbers - 1 || fabs(row[1] / row[0]) == 0.5 ? 2 : 0];
}

/* Numbers where a tile of pixels lies in the picture, NaN where it does not. */
static guarded guard_pixels(size_t h, size_t w, size_t row, size_t pixel, const hr_wino_inside *inside,
                            guard_place place)
{
    guarded in = guard_numbers((h - 1) * row + (w - 1) * pixel + pixel - HR_STRIP, IN, place);
    for (size_t y = 0; y < h; y++)
        for (size_t x = 0; x < w; x++)
            for (size_t c = 0; c < pixel - HR_STRIP; c++)
                if ((int)y < inside->y0 || (int)y >= inside->y1 || (int)x < inside->x0 || (int)x >= inside->x1)
                    in.data[y * row + x * pixel + c] = NAN;
    return in;
}

static double pixel_or_zero(float x)
{
    return isnan(x) ? 0 : (double)x;
}

/* Parts of a tile [h][w] that may lie in the picture: all, and each side, and corner, cut off. */
enum { N_INSIDES = 6 };
static hr_wino_inside make_inside(int which, int h, int w)
{
    const hr_wino_inside insides[N_INSIDES] = {{0, h, 0, w}, {1, h, 0, w},         {0, h - 2, 0, w},
                                               {0, h, 1, w}, {0, h, 0, w / 2 + 1}, {1, 2, 1, 2}};
    return insides[which];
}

static void check_input(const hr_kern *kern, const form *f, int fused_weights, int which, int n_channels,
                        guard_place place)
{
    const size_t channels = (size_t)n_channels, h = (size_t)f->y.pixels, w = (size_t)f->x.pixels;
    const size_t n = (size_t)(f->y.numbers * f->x.numbers);
    const size_t pixel = channels + HR_STRIP, row = w * pixel + HR_STRIP, step = channels + HR_STRIP;
    const hr_wino_inside inside = make_inside(which, f->y.pixels, f->x.pixels);
    guarded in = guard_pixels(h, w, row, pixel, &inside, place), out = guard((n - 1) * step + channels, place);
    kern->wino_input[f->slot](&(hr_wino_input){.in = in.data + 5,
                                               .at = -5,
                                               .row_step = (ptrdiff_t)row,
                                               .pixel_step = (ptrdiff_t)pixel,
                                               .inside = inside,
                                               .n_channels = n_channels,
                                               .out = out.data,
                                               .step = step,
                                               .fused_weights = fused_weights});
    for (size_t c = 0; c < step; c++) {
        double x[MAX_SIDE * MAX_SIDE], y[MAX_SIDE * MAX_SIDE], size[MAX_SIDE * MAX_SIDE];
        for (size_t i = 0; i < h * w && c < channels; i++)
            x[i] = pixel_or_zero(in.data[i / w * row + i % w * pixel + c]);
        if (c < channels) transform(input_matrix(&f->y), input_matrix(&f->x), x, y, size);
        for (size_t i = 0; i < n; i++) {
            const double scale = fused_weights ? fused_scale(&f->x, i % (size_t)f->x.numbers) : 1;
            if (c < channels)
                assert_true(near(out.data[i * step + c], scale * y[i], fabs(scale) * size[i]));
            else if (i < n - 1)
                assert_true(isnan(out.data[i * step + c])); /* untouched */
        }
    }
    unguard(in);
    unguard(out);
}

/* Two channels, one line. */
static void check_weights(const hr_kern *kern, const filtering *f, int n_columns, guard_place place)
{
    const size_t columns = (size_t)n_columns, next = columns + HR_STRIP, step = 2 * next + HR_STRIP;
    const size_t last = (size_t)f->numbers - 1, taps = (size_t)f->taps;
    guarded g = guard_numbers((taps - 1) * step + next + columns, IN, place),
            out = guard(last * step + next + columns, place);
    kern->wino_weights[f->line](&(hr_wino_weights){.g = g.data,
                                                   .g_step = step,
                                                   .g_next = next,
                                                   .depth = 2,
                                                   .n_columns = n_columns,
                                                   .out = out.data,
                                                   .step = step,
                                                   .next = next});
    for (size_t at = 0; at < last * step + next + columns; at++) {
        const size_t line = at / step, k = at % step / next, c = at % step % next;
        if (k == 2 || c >= columns) {
            assert_true(isnan(out.data[at])); /* untouched */
            continue;
        }
        double y = 0, size = 0;
        for (size_t i = 0; i < taps; i++) {
            const double term = f->weights[line * taps + i] * g.data[i * step + k * next + c];
            y += term;
            size += fabs(term);
        }
        assert_true(near(out.data[at], y, size));
    }
    unguard(g);
    unguard(out);
}

/* Products with weights made on the way: six roundings of a weight, one of each product and sum. Any row has the same
 * bits when it is alone. */
static void check_fused(const hr_kern *kern, const filtering *f, hr_format format, int m, int depth, guard_place place)
{
    void (*const fused)(const hr_wino_fused *) = kern->wino_fused[format][f->line];
    const int half = format == HR_FORMAT_FLOAT16;
    const size_t rows = (size_t)m, k = (size_t)depth, side = (size_t)f->numbers;
    const size_t a_ld = k + 3, a_step = rows * a_ld + 5, out_ld = HR_STRIP + 16, out_step = rows * out_ld + 16;
    const size_t n_out = (side - 1) * out_step + (rows - 1) * out_ld + HR_STRIP;
    guarded a = guard_numbers((side - 1) * a_step + (rows - 1) * a_ld + k, IN, place);
    const size_t n_lines = k * 3 * HR_STRIP;
    guarded lines = guard_numbers(n_lines, IN + 1, place), halves = guard(n_lines / 2, place);
    for (size_t i = 0; i < n_lines && half; i++) {
        const uint16_t rounded = hr_float_to_half(lines.data[i]);
        ((uint16_t *)(void *)halves.data)[i] = rounded;
        lines.data[i] = hr_half_to_float(rounded);
    }
    guarded out = guard(n_out, place), alone = guard((side - 1) * out_step + HR_STRIP, place);
    hr_wino_fused g = {.m = m,
                       .depth = depth,
                       .a = a.data,
                       .a_step = a_step,
                       .a_ld = a_ld,
                       .lines = half ? halves.data : lines.data,
                       .out = out.data,
                       .out_step = out_step,
                       .out_ld = out_ld};
    fused(&g);
    for (size_t at = 0; at < n_out; at++) {
        const size_t i = at / out_step, t = at % out_step / out_ld, n = at % out_step % out_ld;
        if (t >= rows || n >= HR_STRIP) {
            assert_true(isnan(out.data[at])); /* untouched */
            continue;
        }
        double y = 0, size = 0;
        for (size_t j = 0; j < k; j++) {
            for (size_t x = 0; x < 3; x++) {
                const double term = a.data[i * a_step + t * a_ld + j] * f->weights[i * 3 + x] / fused_scale(f, i) *
                                    lines.data[(j * 3 + x) * HR_STRIP + n];
                y += term;
                size += fabs(term);
            }
        }
        assert_true(fabs(out.data[at] - y) <= (depth + 6) * UNIT * size);
    }
    g.m = 1;
    g.a += (rows - 1) * a_ld;
    g.out = alone.data;
    fused(&g);
    for (size_t i = 0; i < side; i++)
        assert_memory_equal(alone.data + i * out_step, out.data + i * out_step + (rows - 1) * out_ld,
                            HR_STRIP * sizeof(float));
    unguard(a);
    unguard(lines);
    unguard(halves);
    unguard(out);
    unguard(alone);
}

/* The output transform turned; only of F(4). */
static void check_output_gradient(const hr_kern *kern, const filtering *f, int which, int n_channels, guard_place place)
{
    const size_t channels = (size_t)n_channels, pixel = channels + HR_STRIP, m = (size_t)f->m;
    const size_t row = m * pixel + HR_STRIP, step = channels + HR_STRIP, n = (size_t)(f->numbers * f->numbers);
    const hr_wino_inside inside = make_inside(which, f->m, f->m);
    guarded in = guard_pixels(m, m, row, pixel, &inside, place), out = guard((n - 1) * step + channels, place);
    double turned[MAX_SIDE * MAX_M];
    for (int i = 0; i < f->numbers * f->m; i++) turned[i] = f->out[i % f->m * f->numbers + i / f->m];
    kern->wino_output_gradient(&(hr_wino_input){.in = in.data,
                                                .row_step = (ptrdiff_t)row,
                                                .pixel_step = (ptrdiff_t)pixel,
                                                .inside = inside,
                                                .n_channels = n_channels,
                                                .out = out.data,
                                                .step = step});
    for (size_t c = 0; c < channels; c++) {
        double x[MAX_M * MAX_M], y[MAX_SIDE * MAX_SIDE], size[MAX_SIDE * MAX_SIDE];
        for (size_t i = 0; i < m * m; i++) x[i] = pixel_or_zero(in.data[i / m * row + i % m * pixel + c]);
        transform((matrix){turned, f->numbers, f->m}, (matrix){turned, f->numbers, f->m}, x, y, size);
        for (size_t i = 0; i < n; i++) assert_true(near(out.data[i * step + c], y[i], size[i]));
    }
    for (size_t i = channels; i < (n - 1) * step; i++)
        if (i % step >= channels) assert_true(isnan(out.data[i])); /* untouched */
    unguard(in);
    unguard(out);
}

/* The weight transform turned; only of F(4). */
static void check_weights_gradient(const hr_kern *kern, const filtering *f, int n_columns, int add, guard_place place)
{
    const size_t columns = (size_t)n_columns, step = columns + HR_STRIP, n = (size_t)(f->numbers * f->numbers);
    guarded in = guard_numbers((n - 1) * step + columns, IN, place), g = guard_numbers(8 * step + columns, ADD, place);
    double turned[3 * MAX_SIDE];
    for (int i = 0; i < 3 * f->numbers; i++) turned[i] = f->weights[i % f->numbers * 3 + i / f->numbers];
    kern->wino_weights_gradient(&(hr_wino_weights_gradient){
        .in = in.data, .step = step, .n_columns = n_columns, .g = g.data, .g_step = step, .add = add});
    for (size_t c = 0; c < columns; c++) {
        double x[MAX_SIDE * MAX_SIDE], y[9], size[9];
        for (size_t i = 0; i < n; i++) x[i] = in.data[i * step + c];
        transform((matrix){turned, 3, f->numbers}, (matrix){turned, 3, f->numbers}, x, y, size);
        for (size_t i = 0; i < 9; i++) {
            const double more = add ? number(ADD, i * step + c) : 0;
            assert_true(near(g.data[i * step + c], y[i] + more, size[i] + fabs(more)));
        }
    }
    for (size_t i = 0; i < 8 * step; i++)
        if (i % step >= columns) assert_true(g.data[i] == number(ADD, i)); /* untouched */
    unguard(in);
    unguard(g);
}

/* add: 0 none, 1 apart, its pixels and rows at other distances than the output's, 2 in place. cut: rows and columns
 * that lie outside. */
static void check_output(const hr_kern *kern, const form *f, int cut_y, int cut_x, int n_channels, int add,
                         hr_epilogue epilogue, guard_place place)
{
    const size_t channels = (size_t)n_channels, h = (size_t)f->y.m, w = (size_t)f->x.m;
    const size_t pixel = channels + HR_STRIP, row = w * pixel + HR_STRIP, step = channels + HR_STRIP;
    const size_t n = (size_t)(f->y.numbers * f->x.numbers), n_out = (h - 1) * row + (w - 1) * pixel + channels;
    const size_t add_pixel = add == 1 ? pixel + HR_STRIP : pixel, add_row = add == 1 ? w * add_pixel + 5 : row;
    const size_t n_add =
        (h - 1 - (size_t)cut_y) * add_row + (w - 1 - (size_t)cut_x) * add_pixel + channels; /* no more is read */
    const int with_bias = place != GUARD_BEGIN;
    guarded products = guard_numbers((n - 1) * step + channels, IN, place);
    guarded bias = guard_numbers(channels, BIAS, place), addend = guard_numbers(n_add, ADD, place);
    guarded out = guard_numbers(n_out, OTHER, place);
    kern->wino_output[f->slot](&(hr_wino_output){.products = products.data,
                                                 .step = step,
                                                 .n_channels = n_channels,
                                                 .bias = with_bias ? bias.data : NULL,
                                                 .add = add == 0   ? NULL
                                                        : add == 1 ? addend.data
                                                                   : out.data,
                                                 .add_row_step = add_row,
                                                 .add_pixel_step = add_pixel,
                                                 .out = out.data,
                                                 .row_step = row,
                                                 .pixel_step = pixel,
                                                 .h = f->y.m - cut_y,
                                                 .w = f->x.m - cut_x,
                                                 .epilogue = epilogue});
    for (size_t at = 0; at < n_out; at++) {
        const size_t y = at / row, x = at % row / pixel, c = at % row % pixel;
        if ((int)y >= f->y.m - cut_y || (int)x >= f->x.m - cut_x || c >= channels)
            assert_true(out.data[at] == number(OTHER, at)); /* untouched */
        if (y != 0 || x != 0 || c >= channels) continue;
        double in[MAX_SIDE * MAX_SIDE], sums[MAX_M * MAX_M], size[MAX_M * MAX_M];
        for (size_t i = 0; i < n; i++) in[i] = products.data[i * step + c];
        transform(output_matrix(&f->y), output_matrix(&f->x), in, sums, size);
        for (size_t i = 0; i < h * w; i++) {
            const size_t here = i / w * row + i % w * pixel + c;
            const size_t there = i / w * add_row + i % w * add_pixel + c;
            if ((int)(i / w) >= f->y.m - cut_y || (int)(i % w) >= f->x.m - cut_x) continue;
            const double more = add == 0 ? 0 : (double)number(add == 1 ? ADD : OTHER, there);
            const double b = with_bias ? bias.data[c] : 0, first = epilogue.add_last ? 0 : more;
            const bounded expected =
                finished(&epilogue, sums[i] + b + first, rounding(size[i] + fabs(b) + fabs(first)), more);
            assert_true(fabs((double)out.data[here] - expected.value) <= expected.error);
        }
    }
    unguard(products);
    unguard(bias);
    unguard(addend);
    unguard(out);
}

/* Every activation without an addend, with one apart before and behind it, and with one in place before it; whole tiles
 * and ones that reach over the map's end. */
static void check_outputs(const hr_kern *kern, const form *f, int n_channels, guard_place place)
{
    for (int i = 0; i < 4 * 4; i++) {
        const int add = i % 4 == 3 ? 1 : i % 4, add_last = i % 4 == 3, cut_y = i / 4 / 2, cut_x = i / 4 % 2;
        for (int a = 0; a < HR_N_ACTIVATIONS; a++) /* of the slow ones a third */
            if (a <= HR_ACTIVATION_RELU || (a + i + n_channels / HR_STRIP) % 3 == 0)
                check_output(kern, f, cut_y, cut_x, n_channels, add, (hr_epilogue){(hr_activation)a, add_last}, place);
    }
}

void winograd_transforms(void **state)
{
    (void)state;
    for (int slot = 0; slot < HR_N_WINO; slot++) {
        const form f = make_form(slot);
        for (int k = 0; k < n_tables; k++) {
            for (int strips = 1; strips <= 3; strips++) {
                for (int place = 0; place < N_GUARD_PLACES; place++) {
                    for (int i = 0; i < N_INSIDES * (f.x.line <= HR_WINO_6 ? 2 : 1); i++)
                        check_input(tables[k], &f, i / N_INSIDES, i % N_INSIDES, strips * HR_STRIP, (guard_place)place);
                    if (slot < HR_N_WINO_LINES) check_weights(tables[k], &f.x, strips * HR_STRIP, (guard_place)place);
                    if (slot == HR_WINO_4) {
                        for (int i = 0; i < N_INSIDES; i++)
                            check_output_gradient(tables[k], &f.x, i, strips * HR_STRIP, (guard_place)place);
                        check_weights_gradient(tables[k], &f.x, strips * HR_STRIP, strips % 2, (guard_place)place);
                    }
                    check_outputs(tables[k], &f, strips * HR_STRIP, (guard_place)place);
                }
            }
        }
    }
}

void winograd_fused(void **state)
{
    (void)state;
    static const int depths[] = {1, 7, 16, 48};
    for (int line = 0; line <= HR_WINO_6; line++) {
        const filtering f = make_filtering(line);
        for (int k = 0; k < n_tables; k++)
            for (int m = 1; m <= 2 * tables[k]->fused_rows + 1; m++)
                for (int i = 0; i < 8; i++)
                    check_fused(tables[k], &f, (hr_format)(i % HR_N_FORMATS), m, depths[i / 2],
                                (m + i) % N_GUARD_PLACES);
    }
}

/* A tile through all three steps: y [m][n][HR_STRIP] from d [pixels_y][pixels_x][ic] and g [ic][taps^2][HR_STRIP]. */
static void convolve(const hr_kern *kern, const form *f, const float *d, const float *g, int ic, float *y)
{
    const size_t h = (size_t)f->y.numbers, w = (size_t)f->x.numbers, n = h * w, depth = (size_t)ic;
    const size_t taps = (size_t)f->x.taps, pixels = (size_t)f->x.pixels;
    static const float bias[HR_STRIP];
    guarded v = guard(n * depth, GUARD_END), u = guard(n * depth * HR_STRIP, GUARD_END);
    guarded products = guard(n * HR_STRIP, GUARD_END);
    kern->wino_input[f->slot](&(hr_wino_input){.in = d,
                                               .row_step = (ptrdiff_t)(pixels * depth),
                                               .pixel_step = (ptrdiff_t)depth,
                                               .inside = make_inside(0, f->y.pixels, f->x.pixels),
                                               .n_channels = ic,
                                               .out = v.data,
                                               .step = depth});
    for (size_t i = 0; i < depth; i++) {
        float lines[MAX_SIDE * HR_WINO_TAPS * HR_STRIP];
        for (size_t x = 0; x < taps; x++)
            kern->wino_weights[f->y.line](&(hr_wino_weights){.g = g + (i * taps * taps + x) * HR_STRIP,
                                                             .g_step = taps * HR_STRIP,
                                                             .depth = 1,
                                                             .n_columns = HR_STRIP,
                                                             .out = lines + x * HR_STRIP,
                                                             .step = taps * HR_STRIP});
        for (size_t row = 0; row < h; row++)
            kern->wino_weights[f->x.line](&(hr_wino_weights){.g = lines + row * taps * HR_STRIP,
                                                             .g_step = HR_STRIP,
                                                             .depth = 1,
                                                             .n_columns = HR_STRIP,
                                                             .out = u.data + (row * w * depth + i) * HR_STRIP,
                                                             .step = depth * HR_STRIP});
    }
    kern->gemm_batch[HR_FORMAT_FLOAT32][1](&(hr_gemm_batch){.n_products = (int)n,
                                                            .m = 1,
                                                            .depth = ic,
                                                            .a = v.data,
                                                            .a_step = depth,
                                                            .a_ld = depth,
                                                            .weights = u.data,
                                                            .weights_step = depth * HR_STRIP,
                                                            .out = products.data,
                                                            .out_step = HR_STRIP,
                                                            .out_ld = HR_STRIP});
    kern->wino_output[f->slot](&(hr_wino_output){.products = products.data,
                                                 .step = HR_STRIP,
                                                 .n_channels = HR_STRIP,
                                                 .bias = bias,
                                                 .out = y,
                                                 .row_step = (size_t)f->x.m * HR_STRIP,
                                                 .pixel_step = HR_STRIP,
                                                 .h = f->y.m,
                                                 .w = f->x.m});
    unguard(v);
    unguard(u);
    unguard(products);
}

/* The pixel of a line that tap `tap` of output `at` meets; -1: none. Transposed: output o meets pixel i by tap
 * o + 1 - 2 i, and the line begins with pixel -1. */
static int pixel_of(const filtering *f, int at, int tap)
{
    if (f->line != HR_WINO_TRANSPOSED) return at * f->stride + tap;
    return (at + 1 - tap) % 2 == 0 ? (at + 1 - tap) / 2 + 1 : -1;
}

/* The largest error of a tile's outputs, in u times the mean of sum|d||g| over its outputs. */
static double tile_error(const hr_kern *kern, const form *f, int ic, uint64_t seed)
{
    const size_t w = (size_t)f->x.pixels, n = (size_t)f->y.pixels * w, depth = (size_t)ic;
    const size_t n_out = (size_t)(f->y.m * f->x.m) * HR_STRIP, n_taps = (size_t)(f->x.taps * f->x.taps);
    guarded d = guard_numbers(n * depth, 2 * seed, GUARD_END);
    guarded g = guard_numbers(n_taps * depth * HR_STRIP, 2 * seed + 1, GUARD_END), y = guard(n_out, GUARD_END);
    double worst = 0, size = 0;
    convolve(kern, f, d.data, g.data, ic, y.data);
    for (size_t at = 0; at < n_out; at++) {
        const int row = (int)(at / HR_STRIP) / f->x.m, column = (int)(at / HR_STRIP) % f->x.m;
        double exact = 0;
        for (size_t tap = 0; tap < n_taps; tap++) {
            const int y0 = pixel_of(&f->y, row, (int)tap / f->x.taps),
                      x0 = pixel_of(&f->x, column, (int)tap % f->x.taps);
            if (y0 < 0 || x0 < 0) continue;
            const float *pixel = d.data + ((size_t)y0 * w + (size_t)x0) * depth;
            for (size_t i = 0; i < depth; i++) {
                const double p = (double)pixel[i] * g.data[(i * n_taps + tap) * HR_STRIP + at % HR_STRIP];
                exact += p;
                size += fabs(p) / (double)n_out;
            }
        }
        worst = fmax(worst, fabs(y.data[at] - exact));
        if (isnan(y.data[at])) worst = INFINITY;
    }
    unguard(d);
    unguard(g);
    unguard(y);
    return worst / (UNIT * size);
}

/* Measured on AVX-512, AVX2 and in scalar code: at most 1.3, 5.9, 39, strided 1.3, transposed 2.6, 8.6 (2x6) and
 * 17 (4x6); half as much again is allowed. One wrong coefficient costs thousands. */
void winograd_tiles(void **state)
{
    (void)state;
    static const double most[HR_N_WINO] = {2, 9, 60, 2, 4, 13, 26};
    for (int slot = 0; slot < HR_N_WINO; slot++) {
        const form f = make_form(slot);
        for (int k = 0; k < n_tables; k++)
            for (uint64_t seed = 0; seed < 20; seed++)
                assert_true(tile_error(tables[k], &f, seed % 2 ? 16 : 64, seed) <= most[slot]);
    }
}

void winograd_matrix(void **state)
{
    (void)state;
    for (int line = 0; line < HR_N_WINO_LINES; line++) {
        const filtering f = make_filtering(line);
        double found[MAX_SIDE][HR_WINO_TAPS];
        hr_wino_matrix(line, found);
        for (int i = 0; i < f.numbers * f.taps; i++) /* ten roundings of a product and a quotient */
            assert_true(fabs(found[i / f.taps][i % f.taps] - f.weights[i]) <= 10 * 0x1p-53 * fabs(f.weights[i]));
    }
}
