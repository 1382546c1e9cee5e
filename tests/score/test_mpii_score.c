/* test_mpii_score.c - PCKh against the official code, from each kind of file. */
#include "score_files.h"

#include <stdlib.h>

#include "score/mpii_score.h"

static void score_files(hrnet_mpii_score *score, const char *truth_path, const char *poses_path)
{
    hrnet_mpii_truth *truth = NULL;
    hrnet_keypoint *poses = NULL;
    size_t n = 0;
    MUST(hrnet_mpii_truth_load(&truth, truth_path));
    MUST(hrnet_mpii_poses_load(&poses, &n, poses_path));
    assert_int_equal(n, hrnet_mpii_truth_n(truth));
    MUST(hrnet_mpii_evaluate(score, truth, poses, n));
    hrnet_mpii_poses_free(poses);
    hrnet_mpii_truth_free(truth);
}

static void check_score(const hrnet_mpii_score *score)
{
    hr_json_document expected;
    read_json(&expected, golden_path("mpii/pckh.json"));
    for (int i = 0; i < HRNET_MPII_NUMBERS; i++) {
        double number = 0;
        if (i == HRNET_MPII_MEAN_01) continue; /* the official code has no such row */
        const char *const name = i == HRNET_MPII_MEAN_01_PUBLISHED ? "Mean@0.1" : hrnet_mpii_number_names()[i];
        assert_true(hr_json_number(hr_json_get(expected.root, name), &number));
        assert_near(score->numbers[i], number, 1e-9);
    }
    /* the same formula in numpy, at 0.1 */
    assert_near(score->numbers[HRNET_MPII_MEAN_01], 7.5862068965517242, 1e-9);
    hr_json_free(&expected);
}

static void test_golden(void **state)
{
    static const char *const truths[] = {"mpii/gt_valid.mat", "mpii/gt_valid_packed.mat", "mpii/gt_valid.json"};
    (void)state;
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
        hrnet_mpii_score score;
        score_files(&score, golden_path(truths[i]), golden_path("mpii/preds.npy"));
        check_score(&score);
    }
}

/* pred.mat counts from 1 and comes back counted from 0. */
static void test_matlab_predictions(void **state)
{
    (void)state;
    char path[] = "/tmp/hrnet-test-pred-XXXXXX";
    hrnet_keypoint *poses = NULL, *again = NULL;
    hrnet_mpii_score score;
    size_t n = 0, n_again = 0;
    const int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    MUST(hrnet_mpii_poses_load(&poses, &n, golden_path("mpii/preds.npy")));
    MUST(hrnet_mpii_poses_save(poses, n, path));
    MUST(hrnet_mpii_poses_load(&again, &n_again, path));
    assert_int_equal(n, n_again);
    for (size_t i = 0; i < n * HRNET_MPII_JOINTS; i++) { /* + 1 - 1 in float32, below 2^11 */
        assert_near(poses[i].x, again[i].x, 2e-4f);
        assert_near(poses[i].y, again[i].y, 2e-4f);
    }
    score_files(&score, golden_path("mpii/gt_valid.mat"), path);
    check_score(&score);
    unlink(path);
    hrnet_mpii_poses_free(poses);
    hrnet_mpii_poses_free(again);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{}", "dataset_joints: expected 16 names, among them \"rank\""},
        {"[]", "dataset_joints"},
        {"{\"dataset_joints\": [\"rank\",\"rkne\",\"rhip\",\"lhip\",\"lkne\",\"lank\",\"pelvis\",\"thorax\","
         "\"upper_neck\",\"head\",\"rwri\",\"relb\",\"rsho\",\"lsho\",\"lelb\",\"lwri\"], \"jnt_missing\": [[1], [2, "
         "3]]}",
         "jnt_missing: expected lists of numbers, of one length"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_mpii_truth *truth = NULL;
        assert_int_equal(hr_mpii_truth_parse(&truth, cases[i].text, strlen(cases[i].text)), HRNET_ERR_FORMAT);
        if (strstr(hrnet_last_error(), cases[i].message) == NULL)
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].message, hrnet_last_error());
    }
    hrnet_mpii_truth *truth = NULL;
    hrnet_mpii_score score;
    hrnet_keypoint pose[HRNET_MPII_JOINTS] = {{0}};
    MUST(hrnet_mpii_truth_load(&truth, golden_path("mpii/gt_valid.mat")));
    assert_int_equal(hrnet_mpii_evaluate(&score, truth, pose, 1), HRNET_ERR_MISMATCH);
    hrnet_mpii_truth_free(truth);
}

static hrnet_status attempt(const char *path)
{
    hrnet_mpii_truth *truth = NULL;
    const hrnet_status status = hrnet_mpii_truth_load(&truth, golden_path(path));
    hrnet_mpii_truth_free(truth);
    return status;
}

static hrnet_status attempt_plain(void)
{
    return attempt("mpii/gt_valid.mat");
}

static hrnet_status attempt_packed(void)
{
    return attempt("mpii/gt_valid_packed.mat");
}

static void test_memory(void **state)
{
    (void)state;
    fail_each_allocation(attempt_plain);
    fail_each_allocation(attempt_packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_matlab_predictions),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
