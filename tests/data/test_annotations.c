/* test_annotations.c - COCO's files: what is read, what is left out, what is refused, and with which message. */
#include "../score/score_files.h"

#include "data/annotations_part.h"
#include "data/coco_json.h"
#include "score/coco_score.h"

static hrnet_status parse(hrnet_annotations **out, const char *text)
{
    return hr_annotations_parse(out, text, strlen(text), NULL);
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

/* What ends the reading of a file. */
static void test_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[]", "expected an object"},
        {"7", "expected an object or a list"},
        {"{\"images\": {}}", "\"images\": expected a list"},
        {"{\"images\": [{\"id\": 1}, {\"id\": 1}]}", "expected every id once, found 1 twice"},
        {"{\"annotations\": [" PERSON "[1, 2, 0]}]}", "categories: expected those of the annotations, found none"},
        {"{\"categories\": [{\"id\": \"a\"}]}", "categories[0]: expected an object with a whole number \"id\", found a "
                                                "string"},
        {"{\"categories\": [7]}", "categories[0]: expected an object with a whole number \"id\", found a number"},
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

#define FILE_OF(persons)                                                                                               \
    "{\"images\": [{\"id\": 1}], \"annotations\": [" persons "], \"categories\": [{\"id\": 1, \"keypoints\": [\"a\","  \
    " \"b\"]}]}"
#define GOOD PERSON "[1, 2, 2, 3, 4, 2]}"

/* What is wrong with one entry: the others are read, and the entry is named; if it is the only one, the file is
 * refused. */
static void test_broken_entries(void **state)
{
    static const struct {
        const char *entry, *message;
    } cases[] = {
        {"{\"image_id\": 1}", "expected an object with a whole number \"category_id\", found nothing"},
        {"7", "expected an object with a whole number \"image_id\", found a number"},
        {"{\"image_id\": \"1\", \"category_id\": 1}", "\"image_id\", found a string"},
        {PERSON "[1, 2]}", "keypoints: expected a list with three numbers a keypoint, found a list of another length"},
        {PERSON "\"none\"}", "keypoints: expected a list with three numbers a keypoint, found a string"},
        {PERSON "[1, 2, 0]}", "keypoints: expected 6 numbers for 2 keypoints, found 3"},
        {PERSON "[1, 2, 0, 3, 4, 0, 5, 6, 0]}", "keypoints: expected 6 numbers for 2 keypoints, found 9"},
        {PERSON "[1, 2, \"a\", 3, 4, 5]}", "keypoints[2]: expected a number, found a string"},
        {PERSON "[1, NaN, 2, 3, 4, 5]}", "keypoints[1]: expected a number, found NaN"},
        {PERSON "[1, 2, 2, 3, 4, 2], \"area\": \"12.5\"}", "area: expected a number, found a string"},
        {PERSON "[1, 2, 2, 3, 4, 2], \"iscrowd\": \"0\"}", "iscrowd: expected a number, found a string"},
        {PERSON "[1, 2, 2, 3, 4, 2], \"num_keypoints\": {}}", "num_keypoints: expected a number, found an object"},
        {"{\"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, 1]}", "expected \"bbox\": [x, y, width, height]"},
        {"{\"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, null, 1]}", "bbox[2]: expected a number, found null"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        hrnet_annotations *a = NULL;
        snprintf(text, sizeof text, FILE_OF(GOOD ", %s, " GOOD), cases[i].entry);
        MUST(parse(&a, text));
        assert_int_equal(hrnet_annotations_n(a), 2);
        assert_true(hr_annotations_counts(a)->n == 3 && hr_annotations_counts(a)->broken.n == 1);
        const char *const told = hr_annotations_notes(a)->data;
        if (strstr(told, "1 of the annotations could not be read and are left out; the first: annotations[1]: ") ==
                NULL ||
            strstr(told, cases[i].message) == NULL)
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].message, told);
        hrnet_annotations_free(a);
        snprintf(text, sizeof text, FILE_OF("%s"), cases[i].entry);
        MUST(parse(&a, text));
        assert_int_equal(hr_annotations_require(a), HRNET_ERR_FORMAT);
        assert_non_null(strstr(hrnet_last_error(), cases[i].message));
        hrnet_annotations_free(a);
    }
}

/* An annotation of another image or category is no mistake of the entry; all of them are one of the file. */
static void test_nobody_left(void **state)
{
    static const struct {
        const char *entry, *message;
    } cases[] = {
        {"{\"image_id\": 1001, \"category_id\": 1}", "none among 2; 2 are of images that the file does not list (the "
                                                     "first: 1001)"},
        {"{\"image_id\": 1, \"category_id\": 9}", "none among 2; 2 are of other categories (the first: 9)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        hrnet_annotations *a = NULL;
        snprintf(text, sizeof text, FILE_OF("%s, %s"), cases[i].entry, cases[i].entry);
        MUST(parse(&a, text));
        assert_int_equal(hr_annotations_require(a), HRNET_ERR_MISMATCH);
        assert_non_null(strstr(hrnet_last_error(), cases[i].message));
        hrnet_annotations_free(a);
        snprintf(text, sizeof text, FILE_OF("%s, " GOOD), cases[i].entry);
        MUST(parse(&a, text));
        MUST(hr_annotations_require(a));
        assert_int_equal(hrnet_annotations_n(a), 1);
        hrnet_annotations_free(a);
    }
}

/* ------------------------------------------------------------------------------------------------ categories */

#define OF(id, keypoints) "{\"id\": 1, \"image_id\": 1, \"category_id\": " #id ", \"keypoints\": " keypoints "}"
#define THREE             "[1, 1, 2, 5, 3, 2, 9, 4, 2]"
#define TWO               "[1, 1, 2, 5, 3, 2]"

/* Which categories count in a file of several. */
static void test_categories(void **state)
{
    static const struct {
        const char *categories, *persons, *wanted;
        int n_keypoints; /* of the network */
        hrnet_status status;
        int n_persons, of; /* persons, and their number of keypoints */
        const char *told;  /* part of the notes or of the message; NULL: nothing */
    } cases[] = {
        /* labels of a tool that are no skeletons */
        {"{\"id\": 1, \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"keypoints\": []}, {\"id\": 3, \"keypoints\": null}",
         OF(1, TWO) "," OF(1, TWO), NULL, 0, HRNET_OK, 2, 2, NULL},
        /* one skeleton for several (AP-10K) */
        {"{\"id\": 1, \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"keypoints\": [\"a\", \"b\"]}",
         OF(1, TWO) "," OF(2, TWO), NULL, 0, HRNET_OK, 2, 2, NULL},
        {"{\"id\": 1, \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"keypoints\": [\"a\", \"b\"]}",
         OF(1, TWO) "," OF(2, TWO), "2", 0, HRNET_OK, 1, 2, "1 of 2 annotations are of other categories"},
        /* several skeletons: the network's, the used one, the person's, the chosen one */
        {"{\"id\": 1, \"name\": \"kite\", \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"name\": \"wedge\", "
         "\"keypoints\": "
         "[\"a\", \"b\", \"c\"]}",
         OF(1, TWO) "," OF(2, THREE), NULL, 3, HRNET_OK, 1, 3, "category \"wedge\" (3 keypoints) is"},
        {"{\"id\": 1, \"name\": \"kite\", \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"name\": \"wedge\", "
         "\"keypoints\": "
         "[\"a\", \"b\", \"c\"]}",
         OF(1, TWO) "," OF(2, THREE), NULL, 0, HRNET_ERR_UNSUPPORTED, 0, 0,
         "\"kite\" (id 1, 2 keypoints), \"wedge\" (id 2, 3 keypoints): choose one (--category NAME)"},
        {"{\"id\": 1, \"name\": \"kite\", \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"name\": \"wedge\", "
         "\"keypoints\": "
         "[\"a\", \"b\", \"c\"]}",
         OF(1, TWO) "," OF(2, THREE), "KITE", 0, HRNET_OK, 1, 2, "1 of 2"},
        {"{\"id\": 1, \"name\": \"kite\", \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"name\": \"wedge\", "
         "\"keypoints\": "
         "[\"a\", \"b\", \"c\"]}",
         OF(1, TWO) "," OF(2, THREE), "2", 2, HRNET_OK, 1, 3, "1 of 2"},
        {"{\"id\": 1, \"name\": \"kite\", \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"name\": \"wedge\", "
         "\"keypoints\": "
         "[\"a\", \"b\", \"c\"]}",
         OF(1, TWO), NULL, 0, HRNET_OK, 1, 2, "category \"kite\""},
        {"{\"id\": 1, \"name\": \"dog\", \"keypoints\": [\"a\", \"b\"]}, {\"id\": 2, \"name\": \"person\", "
         "\"keypoints\": "
         "[\"c\", \"d\"]}",
         OF(1, TWO) "," OF(2, TWO), NULL, 2, HRNET_OK, 1, 2, "category \"person\" (2 keypoints) is"},
        {"{\"id\": 1, \"name\": \"kite\", \"keypoints\": [\"a\", \"b\"]}", OF(1, TWO), "wedge", 0, HRNET_ERR_MISMATCH,
         0, 0, "expected \"wedge\" among them, found \"kite\" (id 1, 2 keypoints)"},
        /* no names at all: as many as the first annotation has */
        {"{\"id\": 1}, {\"id\": 2}", OF(1, TWO) "," OF(2, THREE), "2", 0, HRNET_OK, 1, 3, "1 of 2"},
        {"{\"id\": 1}", OF(1, "[]") "," OF(1, THREE) "," OF(1, TWO), NULL, 0, HRNET_OK, 2, 3,
         "annotations[2]: keypoints: expected 9 numbers for 3 keypoints, found 6"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hrnet_annotations_options options = {.category = cases[i].wanted, .n_keypoints = cases[i].n_keypoints};
        char text[1024];
        hrnet_annotations *a = NULL;
        snprintf(text, sizeof text, "{\"annotations\": [%s], \"images\": [{\"id\": 1}], \"categories\": [%s]}",
                 cases[i].persons, cases[i].categories);
        const hrnet_status status = hr_annotations_parse(&a, text, strlen(text), &options);
        if (status != cases[i].status) fail_msg("case %zu: status %d: %s", i, status, hrnet_last_error());
        const char *told = hrnet_last_error();
        if (status == HRNET_OK) {
            assert_int_equal(hrnet_annotations_n(a), cases[i].n_persons);
            assert_int_equal(hrnet_annotations_info(a)->skeleton.n_keypoints, cases[i].of);
            const hrnet_annotation last = hrnet_annotations_get(a, hrnet_annotations_n(a) - 1);
            assert_near(last.keypoints[3 * cases[i].of - 2], cases[i].of == 2 ? 3 : 4, 0);
            told = hr_annotations_notes(a)->data;
        }
        /* these annotations have no boxes, which is noted too */
        if (cases[i].told != NULL && strstr(told, cases[i].told) == NULL)
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].told, told);
        if (cases[i].told == NULL && strstr(told, "categor") != NULL) fail_msg("case %zu: found '%s'", i, told);
        hrnet_annotations_free(a);
    }
}

/* Links are for drawing alone. */
static void test_links(void **state)
{
    static const struct {
        const char *links;
        int n, first[2];
        const char *told;
    } cases[] = {
        {"[[1, 2], [2, 3]]", 2, {0, 1}, NULL},
        {"[[0, 1], [1, 2]]", 2, {0, 1}, "numbers count from 0 here"},
        {"null", 0, {0}, NULL},
        {"[]", 0, {0}, NULL},
        {"7", 0, {0}, "expected a list of pairs of keypoints, found a number"},
        {"[[1, 2], [3, 9], [2, 2], [1], \"a\", [\"a\", \"c\"]]", 2, {0, 1}, "4 of 6 links are no pair"},
        {"[[0, 9], [1, 3]]", 1, {0, 2}, "1 of 2 links are no pair"},
        {"[[1.0, 3.0]]", 1, {0, 2}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        hrnet_annotations *a = NULL;
        snprintf(text, sizeof text,
                 "{\"categories\": [{\"id\": 1, \"keypoints\": [\"a\", \"b\", \"c\"], \"skeleton\": %s}]}",
                 cases[i].links);
        MUST(parse(&a, text));
        const hrnet_skeleton *const s = &hrnet_annotations_info(a)->skeleton;
        const char *const told = hr_annotations_notes(a)->data;
        assert_int_equal(s->n_links, cases[i].n);
        if (s->n_links > 0) assert_true(s->links[0][0] == cases[i].first[0] && s->links[0][1] == cases[i].first[1]);
        if (cases[i].told != NULL && (told == NULL || strstr(told, cases[i].told) == NULL))
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].told, told != NULL ? told : "nothing");
        if (cases[i].told == NULL) assert_null(told);
        hrnet_annotations_free(a);
    }
}

static void test_images_listed_twice(void **state)
{
    static const char same[] = "{\"images\": [{\"id\": 2, \"file_name\": \"b\"}, {\"id\": 1, \"file_name\": \"a\"},"
                               " {\"id\": 1, \"file_name\": \"a\"}], \"categories\": [{\"id\": 1}], \"annotations\": ["
                               "{\"image_id\": 1, \"category_id\": 1, \"keypoints\": [1, 2, 2]}]}";
    static const char other[] = "{\"images\": [{\"id\": 1, \"file_name\": \"b\"}, {\"id\": 1, \"file_name\": \"a\"}]}";
    (void)state;
    hrnet_annotations *a = NULL;
    MUST(parse(&a, same));
    assert_true(hrnet_annotations_find_image(a, 1) == 1 && hrnet_annotations_find_image(a, 2) == 0);
    assert_int_equal(hrnet_annotations_get(a, 0).image, 1);
    assert_true(hr_annotations_image_rank(a, 0) == 1 && hr_annotations_image_rank(a, 1) == 0);
    assert_non_null(strstr(hr_annotations_notes(a)->data, "1 images are listed twice"));
    hrnet_annotations_free(a);
    assert_int_equal(parse(&a, other), HRNET_ERR_FORMAT);
    assert_non_null(strstr(hrnet_last_error(), "expected every id once, found 1 twice, as \"b\" and \"a\""));
}

/* A file of images and of boxes, of all of COCO's categories: persons alone are meant (image_info_test-dev2017.json).
 */
static void test_person_without_keypoints(void **state)
{
    static const char text[] =
        "{\"images\": [{\"id\": 1}], \"categories\": [{\"id\": 3, \"name\": \"car\"}, {\"id\": 1,"
        " \"name\": \"person\"}], \"annotations\": [{\"image_id\": 1, \"category_id\": 3}]}";
    (void)state;
    hrnet_annotations *a = NULL;
    size_t n;
    MUST(parse(&a, text));
    assert_true(hr_annotations_categories(a, &n)[0] == 1 && n == 1);
    hrnet_annotations_free(a);
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
    MUST(describe(&info, "\xEF\xBB\xBFkeypoints: [left_tip, right_tip, tail]\n"
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

/* 20 pictures, one of which is listed twice, with ids that fall; divided, every picture and person is in one part, and
 * nothing of the other part can be found or scored: results that equal a part's truth have an AP of 1. */
static void test_parts(void **state)
{
    (void)state;
    enum { N = 20 };
    hr_text text = {0}, results = {0};
    hr_text_add(&text, "{\"categories\": [{\"id\": 1, \"keypoints\": [\"a\"]}], \"images\": [");
    hr_text_add(&text, "{\"id\": 3, \"file_name\": \"3.jpg\"}");
    for (int id = N; id > 0; id--) hr_text_add(&text, ", {\"id\": %d, \"file_name\": \"%d.jpg\"}", id, id);
    hr_text_add(&text, "], \"annotations\": [");
    for (int id = 1; id <= N; id++)
        hr_text_add(&text,
                    "%s{\"id\": %d, \"image_id\": %d, \"category_id\": 1, \"bbox\": [0, 0, 99, 99], \"area\": 9801, "
                    "\"keypoints\": [%d, 5, 2]}",
                    id > 1 ? ", " : "", id, id, id);
    hr_text_add(&text, "]}");
    int n_found[N + 1] = {0};
    size_t n_persons = 0;
    for (int is_valid = 0; is_valid < 2; is_valid++) {
        hrnet_annotations *a = NULL;
        hrnet_coco_results found = {0};
        hrnet_coco_score score = {0};
        hr_part_counts counts;
        MUST(parse(&a, text.data));
        MUST(hr_annotations_keep_part(a, 0.25, is_valid, &counts));
        assert_int_equal(counts.n, N);
        assert_int_equal(counts.n_valid, N / 4);
        assert_int_equal(hrnet_annotations_n(a), is_valid ? N / 4 : N - N / 4);
        for (size_t i = 0; i < hrnet_annotations_n(a); i++) {
            const hrnet_annotation person = hrnet_annotations_get(a, i);
            assert_int_equal(hrnet_annotations_image(a, person.image).id, person.image_id);
            assert_int_equal(hrnet_annotations_find_image(a, person.image_id), person.image);
            assert_int_equal((int)person.keypoints[0], (int)person.image_id);
            n_found[person.image_id]++;
            hr_text_add(&results, "%s{\"image_id\": %d, \"category_id\": 1, \"score\": 0.5, \"keypoints\": [%d, 5, 1]}",
                        i > 0 ? ", " : "[", (int)person.image_id, (int)person.image_id);
        }
        n_persons += hrnet_annotations_n(a);
        hr_text_add(&results, "]");
        MUST(hr_coco_results_parse(&found, results.data, strlen(results.data), 1));
        MUST(hrnet_coco_evaluate(&score, a, &found, NULL));
        assert_near(score.numbers[HRNET_COCO_AP], 1, 1e-12);
        hrnet_coco_score_free(&score);
        hrnet_coco_results_free(&found);
        hrnet_annotations_free(a);
        hr_text_free(&results);
    }
    assert_int_equal(n_persons, N);
    for (int id = 1; id <= N; id++) assert_int_equal(n_found[id], 1);
    hr_text_free(&text);
}

static void test_memory(void **state)
{
    (void)state;
    fail_each_allocation(attempt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_without_keypoints),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_images_listed_twice),
        cmocka_unit_test(test_person_without_keypoints),
        cmocka_unit_test(test_broken_entries),
        cmocka_unit_test(test_nobody_left),
        cmocka_unit_test(test_categories),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_description),
        cmocka_unit_test(test_known_names),
        cmocka_unit_test(test_contradictions),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
