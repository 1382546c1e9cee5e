/* test_annotations.c - COCO's files: what is read, what is left out, what is refused, and with which message. */
#include "../score/score_files.h"

#include "data/coco_json.h"
#include "score/coco_score.h"

static hrnet_status parse(hrnet_annotations **out, const char *text)
{
    return hr_annotations_parse(out, text, strlen(text));
}

static void test_content(void **state)
{
    (void)state;
    hrnet_annotations *a = NULL;
    /* members in any order, ids of 64 bits, an unknown image (8), another category (2), keypoints left out */
    MUST(parse(&a,
               "{\"annotations\": ["
               "{\"id\": 9007199254740993, \"image_id\": 5000000000, \"category_id\": 1, \"bbox\": [1, 2, 3, 4.5],"
               " \"keypoints\": [1.5, 2, 2, 3, 4, 0], \"iscrowd\": true},"
               "{\"image_id\": 8, \"category_id\": 1, \"bbox\": [1, 2, 3, 4]},"
               "{\"image_id\": 7, \"category_id\": 2, \"bbox\": [1, 2, 3, 4]},"
               "{\"image_id\": 7, \"category_id\": 1, \"bbox\": [1, 2, 3, 4], \"area\": 5}],"
               " \"info\": {\"images\": [{}]}, \"categories\": [{\"id\": 1, \"keypoints\": [\"l_ear\", \"R_Ear\"],"
               " \"skeleton\": [[1, 2]]}, {\"id\": 2, \"name\": \"dog\"}],"
               " \"images\": [{\"id\": 5000000000, \"file_name\": \"x/\\u00e9.png\"}, {\"id\": 7, \"width\": 640}]}"));
    assert_int_equal(hrnet_annotations_n_images(a), 2);
    assert_string_equal(hrnet_annotations_image(a, 0).file_name, "x/\xc3\xa9.png");
    assert_string_equal(hrnet_annotations_image(a, 1).file_name, "");
    assert_int_equal(hrnet_annotations_image(a, 1).width, 640);
    assert_int_equal(hrnet_annotations_find_image(a, 7), 1);
    assert_true(hrnet_annotations_find_image(a, 8) == SIZE_MAX);
    assert_int_equal(hrnet_annotations_n(a), 2);
    const hrnet_annotation first = hrnet_annotations_get(a, 0), second = hrnet_annotations_get(a, 1);
    assert_true(first.id == 9007199254740993 && first.image == 0 && first.is_crowd && first.n_labelled == 1);
    assert_near(first.area, 13.5, 0);
    assert_near(first.keypoints[0], 1.5, 0);
    assert_true(second.image_id == 7 && second.area == 5 && second.keypoints[5] == 0 && second.n_labelled == 0);
    const hrnet_skeleton *const s = &hrnet_annotations_info(a)->skeleton;
    assert_int_equal(s->n_keypoints, 2);
    assert_int_equal(s->n_flip_pairs, 1); /* by their names */
    assert_true(s->flip_pairs[0][0] == 0 && s->flip_pairs[0][1] == 1 && s->links[0][1] == 1);
    hrnet_annotations_free(a);
}

static void test_without_keypoints(void **state)
{
    (void)state;
    hrnet_annotations *a = NULL;
    MUST(parse(&a, "{\"images\": [{\"id\": 1}], \"categories\": [{\"id\": 1}]}"));
    assert_int_equal(hrnet_annotations_info(a)->skeleton.n_keypoints, 0);
    assert_int_equal(hrnet_annotations_n(a), 0);
    hrnet_annotations_free(a);
}

#define PERSON "{\"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, 1, 1], \"keypoints\": "

static void test_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[]", "expected an object"},
        {"7", "expected an object or a list"},
        {"{\"images\": {}}", "\"images\": expected a list"},
        {"{\"images\": [{\"id\": 1}, {\"id\": \"a\"}]}", "images[1]: expected an object with a whole number \"id\""},
        {"{\"images\": [{\"id\": 1}, {\"id\": 1}]}", "expected every id once, found 1 twice"},
        {"{\"annotations\": [{\"image_id\": 1}]}", "annotations[0]: expected an object with whole numbers"},
        {"{\"annotations\": [" PERSON "[1, 2]}]}", "annotations[0]: keypoints: expected a list"},
        {"{\"annotations\": [" PERSON "[1, 2, 0]}, " PERSON "[1, 2, 0, 3, 4, 0]}]}",
         "expected 3 numbers for 1 keypoints, found 6"},
        {"{\"annotations\": [" PERSON "[1, 2, \"a\"]}]}", "expected numbers alone"},
        {"{\"annotations\": [" PERSON "[1, 2, 0]}]}", "categories: expected those of the annotations, found none"},
        {"{\"annotations\": [" PERSON "[1, 2, 0]}], \"categories\": [{\"id\": 1, \"keypoints\": [\"a\", \"b\"]}]}",
         "annotations: expected 2 keypoints as their category has, found 1"},
        {"{\"images\": [", "line 1, byte"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_annotations *a = NULL;
        assert_int_equal(parse(&a, cases[i].text), HRNET_ERR_FORMAT);
        assert_null(a);
        if (strstr(hrnet_last_error(), cases[i].message) == NULL)
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].message, hrnet_last_error());
    }
}

static void test_results(void **state)
{
    static const char entry[] = "[{\"image_id\": 1, \"category_id\": 1, \"score\": 0.5, \"keypoints\": [1, 2, 3],"
                                " \"segmentation\": {\"size\": [[]]}, \"center\": [1, 2]}]";
    static const char broken[] = "[{\"image_id\": 1, \"category_id\": 1, \"score\": null, \"keypoints\": [1, 2, 3]}]";
    (void)state;
    hrnet_coco_results r = {0};
    MUST(hr_coco_results_parse(&r, entry, strlen(entry), 0));
    assert_true(r.n == 1 && r.n_keypoints == 1 && r.areas == NULL && r.scores[0] == .5 && r.keypoints[1] == 2);
    hrnet_coco_results_free(&r);
    assert_int_equal(hr_coco_results_parse(&r, entry, strlen(entry), 17), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "entry 0: keypoints: expected 51 numbers for 17 keypoints, found 3"));
    assert_int_equal(hr_coco_results_parse(&r, broken, strlen(broken), 0), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "score: expected a number"));
    assert_int_equal(hr_coco_results_parse(&r, "{}", 2, 0), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "expected a list, found an object"));
}

/* ------------------------------------------------------------------------------------------------ descriptions */

static hrnet_status describe(hrnet_dataset_info **out, const char *yaml)
{
    return hr_dataset_info_parse_yaml(out, yaml, strlen(yaml), "kite.yaml");
}

static void test_description(void **state)
{
    (void)state;
    hrnet_dataset_info *info = NULL;
    MUST(describe(&info, "keypoints: [left_tip, right_tip, tail]\n"
                         "skeleton: [[1, 3], [right_tip, tail]]\n"
                         "flip_pairs: [[left_tip, 1]]\n"
                         "upper: [0, right_tip]\n"
                         "sigmas: [0.05, 0.05, 1e-1]\n"
                         "weights: [1, 1, 1.5]\n"
                         "colors: [[255, 0, 0], [0, 255, 0], [0, 0, 255]]\n"));
    assert_string_equal(info->skeleton.name, "custom");
    assert_string_equal(info->skeleton.keypoint_names[2], "tail");
    assert_true(info->skeleton.links[0][0] == 0 && info->skeleton.links[1][0] == 1 && info->skeleton.links[1][1] == 2);
    assert_true(info->is_upper[0] && info->is_upper[1] && !info->is_upper[2]);
    assert_near(info->sigmas[2], .1, 0);
    assert_near(info->weights[2], 1.5f, 0);
    assert_int_equal(info->colors[2][2], 255);
    hrnet_dataset_info_free(info);
}

/* Names alone are enough where they are COCO's. */
static void test_known_names(void **state)
{
    (void)state;
    hrnet_dataset_info *info = NULL;
    MUST(describe(&info, "keypoints: [nose, left_eye, right_eye, left_ear, right_ear, left_shoulder, right_shoulder,\n"
                         " left_elbow, right_elbow, left_wrist, right_wrist, left_hip, right_hip, left_knee,\n"
                         " right_knee, left_ankle, right_ankle]\n"));
    assert_string_equal(info->skeleton.name, "coco");
    assert_int_equal(info->skeleton.n_flip_pairs, 8);
    assert_near(info->sigmas[11], .107, 1e-15);
    assert_near(info->weights[9], 1.5f, 0);
    assert_true(info->is_upper[10] && !info->is_upper[11]);
    hrnet_dataset_info_free(info);
}

static void test_contradictions(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"flip_pairs: [[0, 1], [1, 2]]", "keypoint 1 is in two flip pairs"},
        {"flip_pairs: [[0, 0]]", "two different keypoints"},
        {"flip_pairs: [[0, 3]]", "flip_pairs[0]: expected a keypoint: a name, or a number from 0 to 2"},
        {"flip_pairs: [[0, tip]]", "flip_pairs[0]: expected the name of a keypoint, found \"tip\""},
        {"skeleton: [[0, 1]]", "skeleton[0]: expected a keypoint: a name, or a number from 1 to 3"},
        {"sigmas: [1, 2]", "sigmas: expected a list of 3 numbers"},
        {"sigmas: [1, 2, 0]", "sigma 0 of keypoint 2"},
        {"weights: [1, 2, -1]", "weights[2]: expected a number"},
        {"upper: [0]\nlower: [0, 1]", "keypoint 0 (a) is in both"},
        {"upper: [0]\nlower: [1]", "keypoint 2 (c) is in neither"},
        {"colors: [[0, 0, 0], [0, 0, 256], [0, 0, 0]]", "colors[1]: expected whole numbers"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        hrnet_dataset_info *info = NULL;
        snprintf(text, sizeof text, "keypoints: [a, b, c]\n%s\n", cases[i].text);
        assert_int_equal(describe(&info, text), HRNET_ERR_CONFIG);
        if (strstr(hrnet_last_error(), cases[i].message) == NULL || strstr(hrnet_last_error(), "kite.yaml") == NULL)
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].message, hrnet_last_error());
    }
}

static hrnet_status attempt(void)
{
    hrnet_dataset_info *info = NULL;
    const hrnet_status status = describe(&info, "keypoints: [left_a, right_a, tail]\nsigmas: [1, 1, 1]\n"
                                                "weights: [1, 1, 1]\ncolors: [[0, 0, 0], [0, 0, 0], [0, 0, 0]]\n");
    hrnet_dataset_info_free(info);
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
        cmocka_unit_test(test_content),        cmocka_unit_test(test_without_keypoints),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_results),
        cmocka_unit_test(test_description),    cmocka_unit_test(test_known_names),
        cmocka_unit_test(test_contradictions), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
