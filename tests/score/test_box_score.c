/* test_box_score.c - scores of boxes against pycocotools: golden files, and made-up sets of make_box_sets.py. */
#include "score_files.h"

#include <math.h>

#include "data/coco_json.h"
#include "score/box_score.h"
#include "score/coco_score.h"

#define TOLERANCE 1e-12

static const hrnet_annotations_options boxes_alone = {.boxes_alone = 1};

/* ------------------------------------------------------------------------------------------------ files */

static void check_golden(const char *set)
{
    char truth_path[64], results_path[64];
    hrnet_annotations *truth = NULL;
    hrnet_coco_results results = {0};
    hrnet_box_score score;
    hr_json_document expected;
    int i = 0;
    snprintf(truth_path, sizeof truth_path, "bbox/%s_gt.json", set);
    snprintf(results_path, sizeof results_path, "bbox/%s_dt.json", set);
    MUST(hrnet_annotations_open(&truth, golden_path(truth_path), &boxes_alone));
    MUST(hrnet_box_results_load(&results, golden_path(results_path)));
    MUST(hrnet_box_evaluate(&score, truth, &results));
    assert_int_equal(score.n_images, hrnet_annotations_n_images(truth));
    assert_int_equal(score.n_boxes + score.n_ignored, hrnet_annotations_n(truth));
    read_json(&expected, golden_path("bbox/scores.json"));
    const hr_json *const numbers = hr_json_get(expected.root, set);
    static const char *const names[HRNET_BOX_NUMBERS] = {"AP",  "AP50", "AP75",  "APs", "APm", "APl",
                                                         "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"};
    for (; i < HRNET_BOX_NUMBERS; i++) {
        double number = 0;
        assert_true(hr_json_number(hr_json_get(numbers, names[i]), &number));
        assert_near(score.numbers[i], number, TOLERANCE);
    }
    hr_json_free(&expected);
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

/* ------------------------------------------------------------------------------------------------ made-up sets */

enum { MOST = 20000 };

typedef struct box_set {
    uint64_t state;
    hr_true_box truths[MOST];
    hr_found_box found[MOST];
    size_t n_truths, n_found;
} box_set;

typedef struct set_plan {
    const char *name;
    int seed, n_pictures, n_categories, most, copies, strays, levels;
} set_plan;

static int below(box_set *set, int n)
{
    set->state = set->state * 6364136223846793005U + 1442695040888963407U;
    return (int)((set->state >> 33) % (uint64_t)n);
}

static void add_found(box_set *set, int picture, int category, const double box[4], int levels)
{
    assert_true(set->n_found < MOST);
    set->found[set->n_found++] = (hr_found_box){
        (size_t)picture, (size_t)category, {box[0], box[1], box[2], box[3]}, (double)below(set, levels) / levels};
}

static void add_truth(box_set *set, int picture, int category, const set_plan *plan)
{
    assert_true(set->n_truths < MOST);
    const int size = 8 << below(set, 6);
    const int x = below(set, 600), y = below(set, 440), w = 1 + below(set, size), h = 1 + below(set, size);
    const double area = (double)w * h * (4 + below(set, 13)) / 16;
    set->truths[set->n_truths++] =
        (hr_true_box){(size_t)picture, (size_t)category, {x, y, w, h}, area, below(set, 12) == 0};
    for (int n = below(set, plan->copies + 1); n > 0; n--) {
        const int dx = below(set, 2 + w / 6) - w / 12, dy = below(set, 2 + h / 6) - h / 12;
        const int found_w = w - w / 8 + below(set, 1 + w / 4), found_h = h + below(set, 1 + h / 8);
        add_found(set, picture, category, (double[]){x + dx, y + dy, found_w, found_h}, plan->levels);
    }
}

/* draw_set of make_box_sets.py */
static void draw_set(box_set *set, const set_plan *plan)
{
    set->state = (uint64_t)plan->seed;
    set->n_truths = set->n_found = 0;
    for (int picture = 0; picture < plan->n_pictures; picture++) {
        for (int category = 0; category < plan->n_categories; category++) {
            for (int n = below(set, plan->most + 1); n > 0; n--) add_truth(set, picture, category, plan);
            for (int n = below(set, plan->strays + 1); n > 0; n--) {
                const int x = below(set, 600), y = below(set, 440), w = 1 + below(set, 200), h = 1 + below(set, 200);
                add_found(set, picture, category, (double[]){x, y, w, h}, plan->levels);
            }
        }
    }
    for (size_t i = set->n_found - 1; i > 0; i--) {
        const size_t j = (size_t)below(set, (int)i + 1);
        const hr_found_box found = set->found[i];
        set->found[i] = set->found[j];
        set->found[j] = found;
    }
}

static void test_made_up_sets(void **state)
{
    static const set_plan plans[] = {{"people", 1, 400, 1, 6, 2, 3, 1 << 20},
                                     {"classes", 2, 60, 80, 2, 2, 1, 1 << 20},
                                     {"ties", 3, 80, 5, 5, 3, 4, 4},
                                     {"many", 4, 12, 2, 90, 4, 60, 1000},
                                     {"strays", 5, 50, 3, 1, 1, 12, 16}};
    static box_set set;
    hr_json_document expected;
    (void)state;
    read_json(&expected, golden_path("bbox/made_up.json"));
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        const hr_json *const wanted = hr_json_get(expected.root, plans[i].name);
        hrnet_box_score score;
        double n_truths = 0, n_found = 0;
        draw_set(&set, &plans[i]);
        assert_true(hr_json_number(hr_json_get(wanted, "truths"), &n_truths));
        assert_true(hr_json_number(hr_json_get(wanted, "found"), &n_found));
        assert_int_equal(set.n_truths, (size_t)n_truths);
        assert_int_equal(set.n_found, (size_t)n_found);
        MUST(hr_box_score(&score, set.truths, set.n_truths, set.found, set.n_found, (size_t)plans[i].n_categories));
        assert_numbers(hr_json_get(wanted, "stats"), score.numbers, HRNET_BOX_NUMBERS, TOLERANCE);
        const hr_json *const areas = hr_json_get(wanted, "precision"), *area = hr_json_first(areas);
        for (int a = 0; a < HRNET_BOX_AREAS; a++, area = hr_json_next(areas, area))
            assert_numbers(area, score.precision[a], HRNET_OKS_THRESHOLDS, TOLERANCE);
    }
    hr_json_free(&expected);
}

/* ------------------------------------------------------------------------------------------------ by hand */

static const hr_true_box two_truths[] = {{0, 0, {0, 0, 10, 10}, 100, 0}, {0, 0, {100, 0, 50, 50}, 2500, 1}};

/* The first box is found at an IoU of 0.6; the second result lies in the crowd, and its own area decides: ignored. */
static void test_crowd(void **state)
{
    (void)state;
    const hr_found_box found[] = {{0, 0, {0, 0, 10, 6}, .5}, {0, 0, {110, 10, 5, 5}, .9}};
    hrnet_box_score score;
    MUST(hr_box_score(&score, two_truths, 2, found, 2, 1));
    assert_near(score.numbers[HRNET_BOX_AP50], 1, TOLERANCE);
    assert_near(score.numbers[HRNET_BOX_AP], .3, TOLERANCE); /* .50, .55, .60 of ten thresholds */
    assert_near(score.numbers[HRNET_BOX_AR1], 0, 0);         /* the ignored result is the best one */
    assert_near(score.numbers[HRNET_BOX_AR10], .3, TOLERANCE);
    assert_near(score.numbers[HRNET_BOX_AP_LARGE], -1, 0);
    assert_int_equal(score.n_boxes, 1);
    assert_int_equal(score.n_ignored, 1);
    assert_int_equal(score.n_results, 2);
}

/* Pictures without boxes count: what is found in them is wrong. */
static void test_picture_without_boxes(void **state)
{
    (void)state;
    const hr_found_box found[] = {{0, 0, {0, 0, 10, 10}, .5}, {7, 0, {110, 10, 5, 5}, .9}};
    hrnet_box_score score;
    MUST(hr_box_score(&score, two_truths, 1, found, 2, 1));
    assert_near(score.numbers[HRNET_BOX_AP50], .5, TOLERANCE);
    MUST(hr_box_score(&score, two_truths, 1, NULL, 0, 1));
    assert_near(score.numbers[HRNET_BOX_AP50], 0, 0);
    MUST(hr_box_score(&score, NULL, 0, found, 2, 1));
    assert_near(score.numbers[HRNET_BOX_AP50], -1, 0);
    assert_int_equal(score.n_categories, 0);
    MUST(hr_box_score(&score, NULL, 0, NULL, 0, 0));
    assert_near(score.numbers[HRNET_BOX_AR_SMALL], -1, 0);
}

static void test_refused_boxes(void **state)
{
    (void)state;
    const hr_found_box other = {0, 1, {0, 0, 10, 10}, .5}, nan = {0, 0, {0, 0, 10, 10}, (double)NAN};
    hrnet_box_score score;
    assert_int_equal(hr_box_score(&score, two_truths, 1, &other, 1, 1), HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(hrnet_last_error(), "found box 0: category: expected less than 1, found 1"));
    assert_int_equal(hr_box_score(&score, two_truths, 1, &nan, 1, 1), HRNET_ERR_ARGUMENT);
    assert_int_equal(hr_box_score(&score, two_truths, 1, NULL, 0, 0), HRNET_ERR_ARGUMENT);
}

/* Two skeletons, a category without keypoints, and lists of keypoints of a wrong length: boxes alone do not ask. */
static const char truth_text[] =
    "{\"images\": [{\"id\": 5}, {\"id\": 4}],"
    " \"annotations\": ["
    "{\"image_id\": 5, \"category_id\": 1, \"area\": 100, \"bbox\": [0, 0, 10, 10], \"keypoints\": [1, 2, 2]},"
    "{\"image_id\": 5, \"category_id\": 2, \"area\": 100, \"bbox\": [0, 0, 10, 10], \"keypoints\": [1, 2, 2, 3, 4, 2]},"
    "{\"image_id\": 4, \"category_id\": 9, \"bbox\": [0, 0, 10, 10], \"iscrowd\": false}],"
    " \"categories\": [{\"id\": 1, \"name\": \"kite\", \"keypoints\": [\"a\", \"b\", \"c\"]},"
    " {\"id\": 2, \"name\": \"bird\", \"keypoints\": [\"a\"]}, {\"id\": 9, \"name\": \"car\"}, {\"id\": 10}]}";

static hrnet_status score_text(hrnet_box_score *out, const char *results_text, const hrnet_annotations_options *options)
{
    hrnet_annotations *truth = NULL;
    hrnet_coco_results results = {0};
    hrnet_status status = hr_annotations_parse(&truth, truth_text, strlen(truth_text), options);
    if (status == HRNET_OK) status = hr_box_results_parse(&results, results_text, strlen(results_text));
    if (status == HRNET_OK) status = hrnet_box_evaluate(out, truth, &results);
    hrnet_coco_results_free(&results);
    hrnet_annotations_free(truth);
    return status;
}

static const char found_text[] =
    "[{\"image_id\": 5, \"category_id\": 1, \"bbox\": [0, 0, 10, 10], \"score\": 0.5},"
    " {\"image_id\": 5, \"category_id\": 2, \"bbox\": [0, 0, 10], \"score\": 0.5},"
    " {\"image_id\": 5, \"category_id\": 77, \"bbox\": [0, 0, 10, 10], \"score\": 0.5},"
    " {\"image_id\": 4, \"category_id\": 9, \"bbox\": [0, 0, 10, 10], \"score\": 0.5, \"keypoints\": 3}]";

static void test_any_categories(void **state)
{
    (void)state;
    hrnet_box_score score;
    hrnet_annotations_options kite = boxes_alone;
    kite.category = "KITE";
    MUST(score_text(&score, found_text, &boxes_alone));
    assert_near(score.numbers[HRNET_BOX_AP], 2. / 3, TOLERANCE);
    assert_int_equal(score.n_categories, 3);
    assert_int_equal(score.n_images, 2);
    assert_int_equal(score.n_other_category, 1);
    MUST(score_text(&score, found_text, &kite));
    assert_near(score.numbers[HRNET_BOX_AP], 1, TOLERANCE);
    assert_int_equal(score.n_categories, 1);
    assert_int_equal(score.n_other_category, 2);
}

static void test_refused_results(void **state)
{
    static const struct {
        const char *text, *message;
        hrnet_status status;
    } cases[] = {
        {"[{\"image_id\": 6, \"category_id\": 1, \"bbox\": [0, 0, 10, 10], \"score\": 1}]",
         "result 0 is for image 6, which the annotations do not have", HRNET_ERR_MISMATCH},
        {"[{\"image_id\": 5, \"category_id\": 3, \"bbox\": [0, 0, 10, 10], \"score\": 1}]",
         "expected category_id 1 or another one as in the annotations, found none among 1 (the first: 3)",
         HRNET_ERR_MISMATCH},
        {"[{\"image_id\": 5, \"category_id\": 1, \"keypoints\": [1, 2, 3], \"score\": 1}]",
         "entry 0: expected \"bbox\": [x, y, width, height], found nothing", HRNET_ERR_FORMAT},
        {"[{\"image_id\": 5, \"category_id\": 1, \"bbox\": [0, 0, 1, 1]}]", "score: expected a number, found nothing",
         HRNET_ERR_FORMAT},
        {"{\"image_id\": 5}", "list", HRNET_ERR_FORMAT},
    };
    (void)state;
    hrnet_box_score score;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(score_text(&score, cases[i].text, &boxes_alone), cases[i].status);
        if (strstr(hrnet_last_error(), cases[i].message) == NULL)
            fail_msg("expected \"%s\", found \"%s\"", cases[i].message, hrnet_last_error());
    }
    hrnet_annotations *truth = NULL;
    int64_t one = 5;
    double number = 1;
    const hrnet_coco_results poses = {.n = 1, .image_ids = &one, .category_ids = &one, .scores = &number};
    MUST(hr_annotations_parse(&truth, truth_text, strlen(truth_text), &boxes_alone));
    assert_int_equal(hrnet_box_evaluate(&score, truth, &poses), HRNET_ERR_MISMATCH);
    assert_int_equal(hrnet_box_evaluate(&score, NULL, &poses), HRNET_ERR_ARGUMENT);
    MUST(hrnet_box_evaluate(&score, truth, &(hrnet_coco_results){0}));
    assert_near(score.numbers[HRNET_BOX_AP], 0, 0);
    hrnet_annotations_free(truth);
}

static hrnet_status attempt_score(void)
{
    hrnet_box_score score;
    return score_text(&score, found_text, &boxes_alone);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    fail_each_allocation(attempt_score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),          cmocka_unit_test(test_made_up_sets),
        cmocka_unit_test(test_crowd),           cmocka_unit_test(test_picture_without_boxes),
        cmocka_unit_test(test_refused_boxes),   cmocka_unit_test(test_any_categories),
        cmocka_unit_test(test_refused_results), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
