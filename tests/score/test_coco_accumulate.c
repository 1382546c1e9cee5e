/* test_coco_accumulate.c - pycocotools' tables: their means are the golden numbers, and what is refused. */
#include "score_files.h"

#include "data/coco_json.h"
#include "score/coco_score.h"

#define TOLERANCE 1e-12

enum { N_THRESHOLDS = 10, N_RECALLS = 101, N_AREAS = 4, N_LIMITS = 3 };

static const double areas[N_AREAS][2] = {{0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};
static const int limits[N_LIMITS] = {1, 10, 100};
static double thresholds[N_THRESHOLDS], recalls[N_RECALLS];

static hrnet_coco_axes published_axes(size_t n_categories)
{
    for (int t = 0; t < N_THRESHOLDS; t++) thresholds[t] = hr_coco_threshold(t);
    for (int r = 0; r < N_RECALLS; r++) recalls[r] = r == N_RECALLS - 1 ? 1 : r * .01;
    return (hrnet_coco_axes){.thresholds = thresholds,
                             .recalls = recalls,
                             .areas = areas,
                             .limits = limits,
                             .n_thresholds = N_THRESHOLDS,
                             .n_recalls = N_RECALLS,
                             .n_areas = N_AREAS,
                             .n_limits = N_LIMITS,
                             .n_categories = n_categories};
}

static hrnet_coco_item *new_items(size_t n)
{
    hrnet_coco_item *const items = hr_calloc(n + 1, sizeof *items);
    assert_non_null(items);
    return items;
}

static hrnet_coco_item *truth_items(const hrnet_annotations *truth)
{
    hrnet_coco_item *const items = new_items(hrnet_annotations_n(truth));
    for (size_t i = 0; i < hrnet_annotations_n(truth); i++) {
        const hrnet_annotation one = hrnet_annotations_get(truth, i);
        items[i] = (hrnet_coco_item){.category = hr_coco_find_category(truth, one.category_id),
                                     .image = hr_annotations_image_rank(truth, one.image),
                                     .area = one.area,
                                     .is_crowd = one.is_crowd,
                                     .is_ignored = one.is_crowd};
        memcpy(items[i].box, one.bbox, sizeof one.bbox);
    }
    return items;
}

static hrnet_coco_item *result_items(const hrnet_annotations *truth, const hrnet_coco_results *results)
{
    hrnet_coco_item *const items = new_items(results->n);
    for (size_t i = 0; i < results->n; i++) {
        MUST(hr_coco_place_result(truth, results, i, &items[i].category, &items[i].image));
        assert_true(items[i].category != SIZE_MAX);
        memcpy(items[i].box, results->boxes[i], sizeof items[i].box);
        items[i].area = items[i].box[2] * items[i].box[3];
        items[i].score = results->scores[i];
    }
    return items;
}

/* The mean over thresholds, recalls (1 of recall) and categories of what is not -1. */
static double mean_of(const double *table, int n_recalls, size_t n_categories, int a, int m)
{
    double sum = 0;
    size_t n = 0;
    for (int i = 0; i < N_THRESHOLDS * n_recalls; i++) {
        for (size_t k = 0; k < n_categories; k++) {
            const double value = table[(((size_t)i * n_categories + k) * N_AREAS + (size_t)a) * N_LIMITS + (size_t)m];
            if (value < 0) continue;
            sum += value;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : -1;
}

static void check_golden(const char *set)
{
    char truth_path[64], results_path[64];
    hrnet_annotations *truth = NULL;
    hrnet_coco_results results = {0};
    hrnet_box_score score;
    size_t n_categories;
    snprintf(truth_path, sizeof truth_path, "bbox/%s_gt.json", set);
    snprintf(results_path, sizeof results_path, "bbox/%s_dt.json", set);
    const hrnet_annotations_options boxes_alone = {.boxes_alone = 1};
    MUST(hrnet_annotations_open(&truth, golden_path(truth_path), &boxes_alone));
    MUST(hrnet_box_results_load(&results, golden_path(results_path)));
    MUST(hrnet_box_evaluate(&score, truth, &results)); /* which test_box_score compares with pycocotools */
    hr_annotations_categories(truth, &n_categories);
    const hrnet_coco_axes axes = published_axes(n_categories);
    const size_t n = (size_t)N_THRESHOLDS * n_categories * N_AREAS * N_LIMITS;
    double *const precision = hr_calloc(n * N_RECALLS, sizeof *precision), *const recall = hr_calloc(n, sizeof *recall);
    double *const scores = hr_calloc(n * N_RECALLS, sizeof *scores);
    hrnet_coco_item *const truths = truth_items(truth), *const found = result_items(truth, &results);
    MUST(hrnet_coco_accumulate(&axes, truths, hrnet_annotations_n(truth), found, results.n, precision, recall, scores));
    for (int a = 0; a < N_AREAS; a++) {
        const double ap = mean_of(precision, N_RECALLS, n_categories, a, 2),
                     ar = mean_of(recall, 1, n_categories, a, 2);
        assert_near(ap, score.numbers[a == 0 ? HRNET_BOX_AP : HRNET_BOX_AP_SMALL + a - 1], TOLERANCE);
        assert_near(ar, score.numbers[HRNET_BOX_AR100 + a], TOLERANCE);
    }
    assert_near(mean_of(recall, 1, n_categories, 0, 0), score.numbers[HRNET_BOX_AR1], TOLERANCE);
    assert_near(mean_of(recall, 1, n_categories, 0, 1), score.numbers[HRNET_BOX_AR10], TOLERANCE);
    void *const blocks[] = {precision, recall, scores, truths, found};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) hr_free(blocks[i]);
    hrnet_coco_results_free(&results);
    hrnet_annotations_free(truth);
}

static void test_golden(void **state)
{
    (void)state;
    check_golden("persons");
    check_golden("classes");
    check_golden("many");
}

/* Two truths, results right, wrong, right: the example of coco_curve.c. */
static void test_one_curve(void **state)
{
    static const double all[1][2] = {{0, 1e10}}, half = .5, at[3] = {0, .5, 1};
    static const int most = 10;
    const hrnet_coco_item truths[] = {{.area = 100, .box = {0, 0, 10, 10}}, {.area = 100, .box = {50, 0, 10, 10}}};
    const hrnet_coco_item found[] = {{.score = .9, .area = 100, .box = {0, 0, 10, 10}},
                                     {.score = .8, .area = 100, .box = {90, 0, 10, 10}},
                                     {.score = .7, .area = 100, .box = {50, 0, 10, 10}}};
    hrnet_coco_axes axes = {.thresholds = &half,
                            .recalls = at,
                            .areas = all,
                            .limits = &most,
                            .n_thresholds = 1,
                            .n_recalls = 3,
                            .n_areas = 1,
                            .n_limits = 1,
                            .n_categories = 2};
    double precision[6], recall[2], scores[6];
    (void)state;
    MUST(hrnet_coco_accumulate(&axes, truths, 2, found, 3, precision, recall, scores));
    const double expected[6] = {1, -1, 1, -1, 2. / 3, -1}, expected_scores[6] = {.9, -1, .9, -1, .7, -1};
    for (int i = 0; i < 6; i++) {
        assert_near(precision[i], expected[i], TOLERANCE);
        assert_near(scores[i], expected_scores[i], TOLERANCE);
    }
    assert_near(recall[0], 1, TOLERANCE);
    assert_near(recall[1], -1, TOLERANCE);
}

static void test_refused(void **state)
{
    static const double descending[2] = {.5, .4};
    const hrnet_coco_item item = {.category = 1, .area = 1};
    hrnet_coco_axes axes = published_axes(1);
    double table[N_THRESHOLDS * N_RECALLS * N_AREAS * N_LIMITS];
    (void)state;
    table[0] = 7;
    assert_int_equal(hrnet_coco_accumulate(&axes, &item, 1, NULL, 0, table, table, table), HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(hrnet_last_error(), "truth 0: expected a category below 1"));
    axes.recalls = descending;
    axes.n_recalls = 2;
    assert_int_equal(hrnet_coco_accumulate(&axes, NULL, 0, NULL, 0, table, table, table), HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(hrnet_last_error(), "recalls: expected ascending numbers"));
    axes = published_axes(1);
    axes.n_limits = 0;
    assert_int_equal(hrnet_coco_accumulate(&axes, NULL, 0, NULL, 0, table, table, table), HRNET_ERR_ARGUMENT);
    axes = published_axes(1);
    axes.reserved[1] = 1;
    assert_int_equal(hrnet_coco_accumulate(&axes, NULL, 0, NULL, 0, table, table, table), HRNET_ERR_ARGUMENT);
    assert_true(table[0] == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_one_curve),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
