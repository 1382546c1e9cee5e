/* test_coco_score.c - scores against pycocotools: golden sets, and made-up ones of make_coco_sets.py. */
#include "score_files.h"

#include "data/coco_json.h"
#include "score/coco_score.h"

/* Sums run in another order than numpy's: a few units in the last place of numbers up to 1. */
#define TOLERANCE 1e-12

static void score_files(hrnet_coco_score *score, const char *truth_path, const char *results_path)
{
    hrnet_annotations *truth = NULL;
    hrnet_coco_results results = {0};
    MUST(hrnet_annotations_load(&truth, truth_path));
    MUST(hrnet_coco_results_load(&results, results_path, hrnet_annotations_info(truth)->skeleton.n_keypoints));
    MUST(hrnet_coco_evaluate(score, truth, &results, NULL));
    hrnet_coco_results_free(&results);
    hrnet_annotations_free(truth);
}

static void check_golden(const char *set, const char *truth_path, const char *results_path)
{
    hr_json_document expected;
    hrnet_coco_score score = {0};
    score_files(&score, truth_path, results_path);
    read_json(&expected, golden_path("coco/coco_eval.json"));
    assert_numbers(hr_json_get(hr_json_get(expected.root, set), "stats"), score.numbers, HRNET_COCO_NUMBERS, TOLERANCE);
    hr_json_free(&expected);
    hrnet_coco_score_free(&score);
}

static void test_golden(void **state)
{
    (void)state;
    check_golden("coco_synth", golden_path("coco/coco_synth_gt.json"), golden_path("coco/coco_synth_dt.json"));
}

/* The second golden set belongs to annotations that are not ours to copy; they may lie beside the repository. */
static void test_golden_of_photographs(void **state)
{
    (void)state;
    char truth[512];
    snprintf(truth, sizeof truth, "%s/../../shared/samples/coco_annotations.json", TEST_DATA);
    if (access(truth, R_OK) != 0) {
        print_message("shared/samples/coco_annotations.json is not beside the repository\n");
        skip();
    }
    check_golden("coco_real", truth, golden_path("coco/coco_real_dt.json"));
}

static void test_made_up_sets(void **state)
{
    static const char *const sets[] = {"plain", "ties", "crowded", "custom", "kinds", "boxes"};
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char truth[64], results[64], numbers[64];
        hr_json_document expected;
        hrnet_coco_score score = {0};
        snprintf(truth, sizeof truth, "coco/%s_gt.json", sets[i]);
        snprintf(results, sizeof results, "coco/%s_dt.json", sets[i]);
        snprintf(numbers, sizeof numbers, "coco/%s_score.json", sets[i]);
        score_files(&score, golden_path(truth), golden_path(results));
        read_json(&expected, golden_path(numbers));
        assert_numbers(hr_json_get(expected.root, "stats"), score.numbers, HRNET_COCO_NUMBERS, TOLERANCE);
        const hr_json *const areas = hr_json_get(expected.root, "precision"), *area = hr_json_first(areas);
        for (int a = 0; a < HRNET_COCO_AREAS; a++, area = hr_json_next(areas, area))
            assert_numbers(area, score.precision[a], HRNET_OKS_THRESHOLDS, TOLERANCE);
        hr_json_free(&expected);
        hrnet_coco_score_free(&score);
    }
}

/* ------------------------------------------------------------------------------------------------ by hand */

static const char truth_text[] =
    "{\"images\": [{\"id\": 5, \"file_name\": \"a b.jpg\"}, {\"id\": 4, \"width\": 640, \"height\": 480}],"
    " \"annotations\": ["
    "{\"id\": 1, \"image_id\": 5, \"category_id\": 1, \"area\": 10000, \"iscrowd\": 0, \"bbox\": [0, 0, 100, 100],"
    " \"num_keypoints\": 2, \"keypoints\": [10, 10, 2, 90, 90, 1, 0, 0, 0], \"segmentation\": [[1.5, 2]]},"
    "{\"id\": 2, \"image_id\": 5, \"category_id\": 1, \"area\": 10000, \"iscrowd\": 0, \"bbox\": [500, 0, 100, 100],"
    " \"num_keypoints\": 1, \"keypoints\": [510, 10, 2, 0, 0, 0, 0, 0, 0]}],"
    " \"categories\": [{\"id\": 1, \"name\": \"kite\", \"keypoints\": [\"left_tip\", \"right_tip\", \"tail\"],"
    " \"sigmas\": [0.05, 0.05, 0.1]}]}";

static void parse(hrnet_annotations **out)
{
    MUST(hr_annotations_parse(out, truth_text, strlen(truth_text), NULL));
}

/* One result 10 px off in its first keypoint and right in its second: e^(-100 / (0.1^2 * 10000) / 2) = e^-0.5. */
static void test_joints_and_matches(void **state)
{
    (void)state;
    int64_t image = 5, category = 1;
    double score = 1, keypoints[] = {20, 10, 1, 90, 90, 1, 0, 0, 0};
    hrnet_coco_results results = {.n = 1,
                                  .n_keypoints = 3,
                                  .image_ids = &image,
                                  .category_ids = &category,
                                  .scores = &score,
                                  .keypoints = keypoints};
    hrnet_annotations *truth = NULL;
    hrnet_coco_score out = {0};
    parse(&truth);
    MUST(hrnet_coco_evaluate(&out, truth, &results, NULL));
    assert_int_equal(out.n_images, 2);
    assert_int_equal(out.n_persons, 2);
    assert_int_equal(out.n_results, 1);
    assert_int_equal(out.joints[0].n_labelled, 2);
    assert_int_equal(out.joints[0].n_found, 1);
    assert_near(out.joints[0].oks, 0.60653065971263342, 1e-12);
    assert_near(out.joints[0].distance, 10, 0);
    assert_near(out.joints[1].oks, 1, 0);
    assert_int_equal(out.joints[2].n_labelled, 0);
    assert_true(out.joints[2].oks < 0);
    assert_int_equal(out.matches[0].result, 0);
    assert_near(out.matches[0].oks, (1 + 0.60653065971263342) / 2, 1e-12);
    assert_true(out.matches[1].result == SIZE_MAX && out.matches[1].counts);
    assert_near(out.numbers[HRNET_COCO_AR50], .5, 0);
    assert_near(out.numbers[HRNET_COCO_AP_MEDIUM], -1, 0);
    hrnet_coco_score_free(&out);
    hrnet_annotations_free(truth);
}

static void test_no_results(void **state)
{
    (void)state;
    hrnet_annotations *truth = NULL;
    hrnet_coco_score out = {0};
    parse(&truth);
    MUST(hrnet_coco_evaluate(&out, truth, &(hrnet_coco_results){0}, NULL));
    assert_near(out.numbers[HRNET_COCO_AP], 0, 0);
    assert_near(out.numbers[HRNET_COCO_AR_LARGE], 0, 0);
    hrnet_coco_score_free(&out);
    hrnet_annotations_free(truth);
}

static void test_refused(void **state)
{
    (void)state;
    int64_t image = 6, category = 1;
    double score = 1, keypoints[51] = {0};
    hrnet_coco_results results = {.n = 1,
                                  .n_keypoints = 3,
                                  .image_ids = &image,
                                  .category_ids = &category,
                                  .scores = &score,
                                  .keypoints = keypoints};
    hrnet_annotations *truth = NULL;
    hrnet_coco_score out = {0};
    parse(&truth);
    assert_int_equal(hrnet_coco_evaluate(&out, truth, &results, NULL), HRNET_ERR_MISMATCH);
    assert_non_null(strstr(hrnet_last_error(), "image 6"));
    results.n_keypoints = 17;
    assert_int_equal(hrnet_coco_evaluate(&out, truth, &results, NULL), HRNET_ERR_MISMATCH);
    const double no_sigmas[3] = {.1, 0, .1};
    results.n_keypoints = 3;
    assert_int_equal(hrnet_coco_evaluate(&out, truth, &results, &(hrnet_coco_options){.sigmas = no_sigmas}),
                     HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_coco_evaluate(&out, truth, NULL, NULL), HRNET_ERR_ARGUMENT);
    assert_null(out.joints);
    hrnet_annotations_free(truth);
}

static hrnet_status attempt(void)
{
    hrnet_annotations *truth = NULL;
    hrnet_coco_results results = {0};
    hrnet_coco_score score = {0};
    hrnet_status status = hrnet_annotations_load(&truth, golden_path("coco/custom_gt.json"));
    if (status == HRNET_OK) status = hrnet_coco_results_load(&results, golden_path("coco/custom_dt.json"), 5);
    if (status == HRNET_OK) status = hrnet_coco_evaluate(&score, truth, &results, NULL);
    hrnet_coco_score_free(&score);
    hrnet_coco_results_free(&results);
    hrnet_annotations_free(truth);
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    fail_each_allocation(attempt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_golden_of_photographs),
        cmocka_unit_test(test_made_up_sets), cmocka_unit_test(test_joints_and_matches),
        cmocka_unit_test(test_no_results),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
