/* test_box_nms.c - suppression against the indices that torchvision.ops.nms and batched_nms keep, and its bounds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "detect/box_nms.h"

static void add(hr_candidates *list, const hr_box_candidate *c)
{
    assert_int_equal(hr_candidates_add(list, c), HRNET_OK);
}

static void fill(hr_candidates *list, const hr_box_candidate *boxes, int n)
{
    hr_candidates_clear(list);
    for (int i = 0; i < n; i++) add(list, &boxes[i]);
}

/* One line "keep IOU AGNOSTIC n indices..." of a case. Returns whether it was torchvision's leak: batched_nms lets a
 * box of another class suppress one with negative coordinates, where three boxes stay by right. */
static int check_keep(FILE *file, const char *name, hr_candidates *list, const hr_box_candidate *boxes, int n)
{
    float iou;
    int agnostic, n_kept, kept[512];
    assert_int_equal(fscanf(file, " keep %f %d %d", &iou, &agnostic, &n_kept), 3);
    assert_true(n_kept <= 512);
    for (int i = 0; i < n_kept; i++) assert_int_equal(fscanf(file, "%d", &kept[i]), 1);
    fill(list, boxes, n);
    hr_box_nms(list, iou, agnostic, 1000);
    if (!agnostic && strcmp(name, "negative_coordinates") == 0) {
        assert_int_equal(n_kept, 2);
        assert_int_equal(list->n, 3);
        return 1;
    }
    assert_int_equal(list->n, n_kept);
    for (int i = 0; i < n_kept; i++) assert_int_equal(list->items[i].order, kept[i]);
    return 0;
}

static void test_keeps_what_torchvision_keeps(void **state)
{
    (void)state;
    static hr_box_candidate boxes[512];
    hr_candidates list = {0};
    char name[32];
    int n, n_keeps, n_cases = 0, n_leaks = 0;
    FILE *file = fopen(TEST_DATA "/golden/detect/box_nms.txt", "r");
    assert_non_null(file);
    for (; fscanf(file, " case %31s %d %d", name, &n, &n_keeps) == 3; n_cases++) {
        assert_true(n <= 512);
        for (int i = 0; i < n; i++) {
            hr_box_candidate *const c = &boxes[i];
            assert_int_equal(fscanf(file, "%f %f %f %f %f %d", &c->x1, &c->y1, &c->x2, &c->y2, &c->score, &c->category),
                             6);
            c->order = (uint32_t)i;
        }
        for (int i = 0; i < n_keeps; i++) n_leaks += check_keep(file, name, &list, boxes, n);
    }
    assert_true(feof(file));
    fclose(file);
    assert_int_equal(n_cases, 8);
    assert_int_equal(n_leaks, 1);
    hr_candidates_free(&list);
}

static hr_box_candidate box_at(uint32_t i, float x, float score)
{
    return (hr_box_candidate){x, 0, x + 10, 10, score, 0, i};
}

static void test_most(void **state)
{
    (void)state;
    hr_candidates list = {0};
    for (uint32_t i = 0; i < 50; i++)
        add(&list, &(hr_box_candidate){20.0f * (float)i, 0, 20.0f * (float)i + 10, 10, (float)i, 0, i});
    hr_box_nms(&list, 0.5f, 0, 7);
    assert_int_equal(list.n, 7);
    for (uint32_t i = 0; i < 7; i++) assert_int_equal(list.items[i].order, 49 - i);
    hr_candidates_free(&list);
}

/* Of 100,000 candidates of one map the best 30,000 stay, whatever their order, and memory is that of 30,000. */
static void test_best_of_a_map_stay(void **state)
{
    (void)state;
    enum { N = 100000 };
    static unsigned char seen[N];
    hr_candidates list = {0};
    for (int pattern = 0; pattern < 3; pattern++) {
        hr_candidates_clear(&list);
        memset(seen, 0, sizeof seen);
        for (uint32_t i = 0; i < N; i++) {
            const uint32_t rank = pattern == 0 ? i : pattern == 1 ? N - 1 - i : (uint32_t)((uint64_t)i * 77773 % N);
            const hr_box_candidate c = box_at(i, 0, 1.0f - (float)(rank / 2) / N); /* every score twice */
            add(&list, &c);
        }
        assert_int_equal(list.n, HR_MOST_CANDIDATES);
        assert_int_equal(list.n_over_limit, N - HR_MOST_CANDIDATES);
        assert_true(list.capacity <= 1 << 15);
        hr_candidates_sort(&list);
        for (size_t i = 0; i < list.n; i++) {
            assert_true(list.items[i].score == 1.0f - (float)(i / 2) / N);
            if (i % 2 == 1) assert_true(list.items[i].order > list.items[i - 1].order);
            assert_false(seen[list.items[i].order]++);
        }
        hr_box_nms(&list, 0.5f, 0, 300); /* all of them overlap */
        assert_int_equal(list.n, 1);
    }
    hr_candidates_next_map(&list);
    const hr_box_candidate other = box_at(0, 100, 0.5f);
    add(&list, &other); /* another map has room of its own */
    assert_int_equal(list.n, 2);
    hr_candidates_free(&list);
}

static void test_numbers_that_are_none(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY, 1e10f, -3e38f};
    hr_candidates list = {0};
    for (int i = 0; i < 20; i++) {
        float corners[4] = {1, 2, 3, 4};
        corners[i % 4] = bad[i / 4];
        add(&list, &(hr_box_candidate){corners[0], corners[1], corners[2], corners[3], 0.5f, 0, 0});
    }
    assert_int_equal(list.n, 0);
    assert_int_equal(list.n_not_finite, 20);
    hr_box_nms(&list, 0.5f, 0, 300);
    assert_int_equal(list.n, 0);
    hr_candidates_free(&list);
}

/* By hand: the second box has an IoU of 8/10 with the first, the third 5/10 (suppressed, no vote), the fourth, below
 * the threshold, 9/10; the fifth is of another class, the sixth stands alone, the seventh alone and below the
 * threshold.
 */
static void test_votes(void **state)
{
    (void)state;
    static const hr_box_candidate boxes[] = {
        {0, 0, 10, 10, 0.9f, 0, 0},    {0, 0, 10, 8, 0.5f, 0, 1}, {0, 0, 10, 5, 0.4f, 0, 2},
        {1, 0, 10, 10, 0.1f, 0, 3},    {0, 0, 10, 9, 0.3f, 1, 4}, {50, 0, 60, 9, 0.8f, 0, 5},
        {100, 0, 110, 10, 0.2f, 0, 6},
    };
    hr_candidates list = {0};
    fill(&list, boxes, 7);
    assert_int_equal(hr_box_nms_voted(&list, 0.45f, 0.6f, 0.25f, 300), HRNET_OK);
    assert_int_equal(list.n, 3);
    const float weights = 0.9f + 0.5f * 0.8f + 0.1f * 0.9f;
    const hr_box_candidate *const best = &list.items[0];
    assert_int_equal(best->order, 0);
    assert_true(fabsf(best->x1 - 0.09f / weights) < 1e-5f);
    assert_true(best->y1 == 0 && best->x2 == 10 && best->score == 0.9f);
    assert_true(fabsf(best->y2 - (9 + 0.4f * 8 + 0.9f) / weights) < 1e-5f);
    assert_int_equal(list.items[1].order, 5);
    assert_true(list.items[1].x1 == 50 && list.items[1].y2 == 9);
    assert_int_equal(list.items[2].order, 4);
    assert_true(list.items[2].y2 == 9);
    fill(&list, boxes, 7);
    assert_int_equal(hr_box_nms_voted(&list, 0.45f, 0.6f, 0.25f, 1), HRNET_OK);
    assert_int_equal(list.n, 1);
    fill(&list, boxes, 7);
    hr_mem_fail_after(0);
    assert_int_equal(hr_box_nms_voted(&list, 0.45f, 0.6f, 0.25f, 300), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
    assert_int_equal(list.n, 7);
    hr_candidates_clear(&list);
    assert_int_equal(hr_box_nms_voted(&list, 0.45f, 0.6f, 0.25f, 300), HRNET_OK);
    assert_int_equal(list.n, 0);
    hr_candidates_free(&list);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    hr_candidates list = {0};
    const hr_box_candidate c = box_at(0, 0, 1);
    for (int i = 0; i < 64; i++) add(&list, &c);
    hr_mem_fail_after(0);
    assert_int_equal(hr_candidates_add(&list, &c), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
    assert_int_equal(list.n, 64);
    hr_candidates_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_what_torchvision_keeps),
        cmocka_unit_test(test_most),
        cmocka_unit_test(test_best_of_a_map_stay),
        cmocka_unit_test(test_numbers_that_are_none),
        cmocka_unit_test(test_votes),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
