/*
 * test_box_loss.c - the loss of a detector: which cells are matched, the four parts, and the gradients, against an
 * implementation of its own in double precision (tests/golden/box_loss); gradients against finite differences; the
 * objective of a whole pass.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/box_loss.h"
#include "../support/train_files.h"

enum { MOST_BOXES = 64 };

/* One case of the golden values. */
typedef struct golden {
    hrnet_array size, n_classes, heads[3], grads[3], grads_l1[3];
    hrnet_array n_truths, truths, classes, n_crowds, crowds, matched, num_fg, losses;
} golden;

static void load(hrnet_array *out, const char *name, const char *file)
{
    char path[512];
    snprintf(path, sizeof path, TEST_DATA "/golden/box_loss/%s/%s.npy", name, file);
    *out = (hrnet_array){0};
    assert_int_equal(0, hrnet_array_load(out, path));
}

static void open_golden(golden *g, const char *name)
{
    load(&g->size, name, "size");
    load(&g->n_classes, name, "n_classes");
    for (int k = 0; k < 3; k++) {
        char file[32];
        snprintf(file, sizeof file, "head_%d", 8 << k);
        load(&g->heads[k], name, file);
        snprintf(file, sizeof file, "grad_%d", 8 << k);
        load(&g->grads[k], name, file);
        snprintf(file, sizeof file, "grad_l1_%d", 8 << k);
        load(&g->grads_l1[k], name, file);
    }
    load(&g->n_truths, name, "n_truths");
    load(&g->truths, name, "truths");
    load(&g->classes, name, "classes");
    load(&g->n_crowds, name, "n_crowds");
    load(&g->crowds, name, "crowds");
    load(&g->matched, name, "matched");
    load(&g->num_fg, name, "num_fg");
    load(&g->losses, name, "losses");
}

static void close_golden(golden *g)
{
    hrnet_array *const all[] = {&g->size,        &g->n_classes, &g->heads[0], &g->heads[1],    &g->heads[2],
                                &g->grads[0],    &g->grads[1],  &g->grads[2], &g->grads_l1[0], &g->grads_l1[1],
                                &g->grads_l1[2], &g->n_truths,  &g->truths,   &g->classes,     &g->n_crowds,
                                &g->crowds,      &g->matched,   &g->num_fg,   &g->losses};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) hrnet_array_free(all[i]);
}

/* The boxes of picture b: persons first, then crowds. Returns how many. */
static int boxes_of(const golden *g, int b, hr_box_truth *boxes)
{
    int n = 0, first = 0, first_crowd = 0;
    for (int i = 0; i < b; i++) {
        first += (int)g->n_truths.data[i];
        first_crowd += (int)g->n_crowds.data[i];
    }
    for (int i = 0; i < (int)g->n_truths.data[b]; i++) {
        const float *const t = g->truths.data + 4 * (first + i);
        boxes[n++] = (hr_box_truth){t[0], t[1], t[2], t[3], (int)g->classes.data[first + i], 0};
    }
    for (int i = 0; i < (int)g->n_crowds.data[b]; i++) {
        const float *const t = g->crowds.data + 4 * (first_crowd + i);
        boxes[n++] = (hr_box_truth){t[0], t[1], t[2], t[3], 0, 1};
    }
    assert_true(n <= MOST_BOXES);
    return n;
}

/* Picture b of an array [B][c][h][w] with cells outermost and two floats of padding. Freed by the caller. */
static float *cells_of(const hrnet_array *a, int b)
{
    const size_t c = a->shape[1], cells = a->shape[2] * a->shape[3], ld = c + 2;
    float *const out = calloc(cells * ld, sizeof *out);
    assert_non_null(out);
    for (size_t k = 0; k < c; k++)
        for (size_t i = 0; i < cells; i++) out[i * ld + k] = a->data[((size_t)b * c + k) * cells + i];
    return out;
}

static hr_head head_of(const golden *g, float *const cells[3])
{
    hr_head head = {.n_classes = (int)g->n_classes.data[0]};
    for (int k = 0; k < 3; k++) {
        head.levels[k].cells = cells[k];
        head.levels[k].width = (int)g->heads[k].shape[3];
        head.levels[k].height = (int)g->heads[k].shape[2];
        head.levels[k].stride = 8 << k;
        head.levels[k].ld = g->heads[k].shape[1] + 2;
    }
    return head;
}

static void check_matches(const golden *g, int b, const hr_assignment *a, size_t n_cells)
{
    size_t next = 0;
    for (size_t cell = 0; cell < n_cells; cell++) {
        int match = -1;
        if (next < a->n_candidates && a->candidates[next].cell == cell) match = a->candidates[next++].match;
        assert_int_equal(match, (int)g->matched.data[(size_t)b * n_cells + cell]);
    }
}

/* The golden gradients are rounded to float: 6e-8 of values up to 5. */
static void check_gradients(const hrnet_array *expected, int b, const float *found)
{
    float *const cells = cells_of(expected, b);
    const size_t n = (expected->shape[1] + 2) * expected->shape[2] * expected->shape[3];
    for (size_t i = 0; i < n; i++)
        assert_true(fabs((double)cells[i] - (double)found[i]) <= 1e-7 + 3e-7 * fabs((double)cells[i]));
    free(cells);
}

/* The sums of picture b, matches and gradients checked. */
static hr_box_losses check_picture(const golden *g, int b, double scale, int l1)
{
    float *cells[3], *gradients[3];
    hr_box_truth boxes[MOST_BOXES];
    hr_assignment a;
    const int n = boxes_of(g, b, boxes);
    for (int k = 0; k < 3; k++) {
        cells[k] = cells_of(&g->heads[k], b);
        gradients[k] = cells_of(&g->heads[k], b);
    }
    const hr_head head = head_of(g, cells);
    assert_int_equal(0, hr_assignment_create(&a, hr_head_n_cells(&head)));
    hr_boxes_assign(&a, &head, boxes, n);
    check_matches(g, b, &a, hr_head_n_cells(&head));
    const hr_box_losses sums = hr_box_loss(&a, &head, boxes, scale, 0, gradients);
    for (int k = 0; k < 3 && !l1; k++) check_gradients(&g->grads[k], b, gradients[k]);
    if (l1) {
        float *with[3];
        for (int k = 0; k < 3; k++) with[k] = cells_of(&g->heads[k], b);
        hr_box_loss(&a, &head, boxes, scale, 1, with);
        for (int k = 0; k < 3; k++) {
            const size_t size = head.levels[k].ld * (size_t)head.levels[k].width * (size_t)head.levels[k].height;
            for (size_t i = 0; i < size; i++) with[k][i] -= gradients[k][i];
            float *const expected = cells_of(&g->grads_l1[k], b);
            for (size_t i = 0; i < size; i++) assert_true(fabsf(with[k][i] - expected[i]) <= 2e-6f);
            free(expected);
            free(with[k]);
        }
    }
    hr_assignment_free(&a);
    for (int k = 0; k < 3; k++) {
        free(cells[k]);
        free(gradients[k]);
    }
    return sums;
}

static void golden_values(void **state)
{
    static const char *const names[] = {"one_class_96x64", "three_classes_96x64", "three_classes_128x96"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        golden g;
        open_golden(&g, names[i]);
        const double n_matched = fmax(1, (double)g.num_fg.data[0]);
        for (int l1 = 0; l1 < 2; l1++) {
            double sums[4] = {0};
            for (int b = 0; b < (int)g.heads[0].shape[0]; b++) {
                const hr_box_losses of = check_picture(&g, b, 1 / n_matched, l1);
                sums[0] += of.iou / n_matched;
                sums[1] += of.obj / n_matched;
                sums[2] += of.cls / n_matched;
                sums[3] += of.l1 / n_matched;
            }
            for (int k = 0; k < 4; k++)
                assert_true(fabs(sums[k] - (double)g.losses.data[k]) <= 1e-6 * fabs(sums[k]) + 1e-12);
        }
        close_golden(&g);
    }
}

/* A network that has diverged, and boxes as small and as large as floats can be, end in numbers, not in a crash. */
static void strange_numbers(void **state)
{
    (void)state;
    enum { CLASSES = 1, LD = 8 };
    static const float strange[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 0};
    const hr_box_truth boxes[] = {{16, 16, 1e-30f, 1e-30f, 0, 0}, {16, 16, 1e30f, 1e30f, 0, 0}, {40, 8, 9, 9, 0, 1}};
    for (size_t s = 0; s < sizeof strange / sizeof *strange; s++) {
        float cells[3][4 * 8 * LD], gradients[3][4 * 8 * LD];
        float *const where[3] = {gradients[0], gradients[1], gradients[2]};
        hr_head head = {.n_classes = CLASSES};
        hr_assignment a;
        for (int k = 0; k < 3; k++) {
            for (size_t i = 0; i < sizeof cells[k] / sizeof *cells[k]; i++) cells[k][i] = strange[s];
            head.levels[k].cells = cells[k];
            head.levels[k].width = 8 >> k;
            head.levels[k].height = 4 >> k;
            head.levels[k].stride = 8 << k;
            head.levels[k].ld = LD;
        }
        assert_int_equal(0, hr_assignment_create(&a, hr_head_n_cells(&head)));
        hr_boxes_assign(&a, &head, boxes, 3);
        hr_box_loss(&a, &head, boxes, 1, 1, where);
        assert_true(a.n_matched >= 1);
        hr_assignment_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_values), cmocka_unit_test(strange_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
