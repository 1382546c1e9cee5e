/* check_gemm_transposed.c - sums of outer products: right within rounding, every row the same bits in a tile of any
 * height. */
#include "kern_tests.h"

enum { A = 1, B, OUT }; /* streams of numbers */

typedef struct gemm_transposed_case {
    const hr_kern *kern;
    int strips, m, n_lines, n_pixels, add;
    guard_place place;
} gemm_transposed_case;

/* Pixels a_step, b_step apart; lines with a gap between them, those of a from the last to the first. */
typedef struct gemm_transposed_data {
    guarded a, b, out;
    size_t a_at[8], b_at[8], a_step, b_step, width;
    const float *rows[HR_MAX_ROWS];
    float *outs[HR_MAX_ROWS];
} gemm_transposed_data;

static gemm_transposed_data make_data(const gemm_transposed_case *c)
{
    const size_t m = (size_t)c->m, lines = (size_t)c->n_lines, pixels = (size_t)c->n_pixels;
    gemm_transposed_data d = {.a_step = m + 3, .width = (size_t)(c->strips * HR_STRIP)};
    d.b_step = d.width + 5;
    const size_t a_line = (pixels - 1) * d.a_step + m, b_line = (pixels - 1) * d.b_step + d.width;
    d.a = guard_numbers(lines * a_line, A, c->place);
    d.b = guard_numbers(lines * b_line, B, c->place);
    d.out = guard_numbers(m * d.width, OUT, c->place);
    for (size_t l = 0; l < lines; l++) {
        d.a_at[l] = (lines - 1 - l) * a_line;
        d.b_at[l] = l * b_line;
    }
    for (size_t i = 0; i < m; i++) {
        d.rows[i] = d.a.data + i;
        d.outs[i] = d.out.data + i * d.width;
    }
    return d;
}

static void free_data(const gemm_transposed_data *d)
{
    unguard(d->a);
    unguard(d->b);
    unguard(d->out);
}

static hr_gemm_transposed tile_of(const gemm_transposed_case *c, const gemm_transposed_data *d)
{
    return (hr_gemm_transposed){.m = c->m,
                                .n_lines = c->n_lines,
                                .n_pixels = c->n_pixels,
                                .rows = d->rows,
                                .b = d->b.data,
                                .a_at = d->a_at,
                                .b_at = d->b_at,
                                .a_step = d->a_step,
                                .b_step = d->b_step,
                                .outs = d->outs,
                                .add = c->add};
}

static void check_sums(const gemm_transposed_case *c)
{
    const gemm_transposed_data d = make_data(c);
    const hr_gemm_transposed tile = tile_of(c, &d);
    c->kern->gemm_transposed[c->strips](&tile);
    for (size_t i = 0; i < (size_t)c->m; i++) {
        for (size_t n = 0; n < d.width; n++) {
            double y = c->add ? number(OUT, i * d.width + n) : 0, size = fabs(y);
            for (int l = 0; l < c->n_lines; l++) {
                for (size_t p = 0; p < (size_t)c->n_pixels; p++) {
                    const double term =
                        (double)d.a.data[d.a_at[l] + p * d.a_step + i] * d.b.data[d.b_at[l] + p * d.b_step + n];
                    y += term;
                    size += fabs(term);
                }
            }
            assert_true(fabs(d.outs[i][n] - y) <= 8 * UNIT * size); /* as check_gemm.c has it */
        }
    }
    free_data(&d);
}

/* One row at a time gives what the whole tile gives. */
static void check_rows(const gemm_transposed_case *c)
{
    const gemm_transposed_data d = make_data(c);
    hr_gemm_transposed tile = tile_of(c, &d);
    c->kern->gemm_transposed[c->strips](&tile);
    guarded one = guard_numbers(d.width, OUT, GUARD_END);
    float *out = one.data;
    for (int i = 0; i < c->m; i++) {
        tile.m = 1;
        tile.rows = &d.rows[i];
        tile.outs = &out;
        for (size_t n = 0; n < d.width; n++) out[n] = number(OUT, (size_t)i * d.width + n);
        c->kern->gemm_transposed[c->strips](&tile);
        assert_memory_equal(out, d.outs[i], d.width * sizeof *out);
    }
    unguard(one);
    free_data(&d);
}

void gemm_transposed_sums(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 17}, {3, 1}, {4, 6}, {8, 33}}; /* lines, pixels */
    for (int k = 0; k < n_tables; k++) {
        for (int strips = 1; strips <= tables[k]->max_strips; strips++) {
            for (int m = 1; m <= tables[k]->rows[strips]; m++)
                for (int i = 0; i < 5; i++)
                    for (int add = 0; add < 2; add++)
                        check_sums(&(gemm_transposed_case){tables[k], strips, m, sizes[i][0], sizes[i][1], add,
                                                           (i + m) % N_GUARD_PLACES});
            check_rows(
                &(gemm_transposed_case){tables[k], strips, tables[k]->rows[strips], 4, 24, strips % 2, GUARD_END});
        }
    }
}
