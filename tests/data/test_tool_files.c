/*
 * test_tool_files.c - every reader of COCO's JSON takes what annotation tools write. One table of variations of one
 * small file goes through all four: annotations to train on, ground truth to score by, results, boxes. What is counted
 * and scored must be that of the plain file, unless the row says what else.
 */
#include "../score/score_files.h"

#include "data/coco_json.h"
#include "data/samples.h"
#include "score/coco_score.h"

enum { MOST = 1 << 13 };

/* Three persons in two pictures; the results are the persons, the boxes are theirs. */
static const char truth[] =
    "{\"info\": {}, \"licenses\": [], \"images\": [{\"id\": 1, \"width\": 96, \"height\": 96, \"file_name\": "
    "\"a.jpg\"},"
    " {\"id\": 2, \"width\": 96, \"height\": 96, \"file_name\": \"b.jpg\"}], \"annotations\": ["
    "{\"id\": 11, \"image_id\": 1, \"category_id\": 7, \"iscrowd\": 0, \"area\": 2500, \"bbox\": [10, 20, 50, 50],"
    " \"keypoints\": [10, 20, 2, 60, 70, 2, 30, 30, 1], \"num_keypoints\": 3},"
    "{\"id\": 12, \"image_id\": 1, \"category_id\": 7, \"iscrowd\": 0, \"area\": 1600, \"bbox\": [40, 30, 40, 40],"
    " \"keypoints\": [40, 30, 2, 80, 70, 2, 50, 50, 1], \"num_keypoints\": 3},"
    "{\"id\": 13, \"image_id\": 2, \"category_id\": 7, \"iscrowd\": 0, \"area\": 2500, \"bbox\": [20, 30, 50, 50],"
    " \"keypoints\": [20, 30, 2, 70, 80, 2, 30, 40, 1], \"num_keypoints\": 3}],"
    " \"categories\": [{\"id\": 7, \"name\": \"arrow\", \"supercategory\": \"\", \"keypoints\": [\"tip\", \"left\", "
    "\"right\"],"
    " \"skeleton\": [[1, 2], [1, 3]], \"sigmas\": [0.05, 0.05, 0.05]}]}";
static const char results[] = "[{\"image_id\": 1, \"category_id\": 7, \"score\": 0.9, \"bbox\": [10, 20, 50, 50],"
                              " \"keypoints\": [10, 20, 2, 60, 70, 2, 30, 30, 1]},"
                              "{\"image_id\": 1, \"category_id\": 7, \"score\": 0.8, \"bbox\": [40, 30, 40, 40],"
                              " \"keypoints\": [40, 30, 2, 80, 70, 2, 50, 50, 1]},"
                              "{\"image_id\": 2, \"category_id\": 7, \"score\": 0.7, \"bbox\": [20, 30, 50, 50],"
                              " \"keypoints\": [20, 30, 2, 70, 80, 2, 30, 40, 1]}]";

/* Copy text with every `from` replaced by `to`; both NULL: a copy with a byte order mark in front. */
static void vary(char out[MOST], const char *text, const char *from, const char *to)
{
    size_t n = 0;
    if (from == NULL) n += (size_t)snprintf(out, MOST, "\xEF\xBB\xBF");
    while (*text != '\0') {
        assert_true(n + 256 < MOST);
        if (from == NULL || strncmp(text, from, strlen(from)) != 0) {
            out[n++] = *text++;
            continue;
        }
        n += (size_t)snprintf(out + n, 256, "%s", to);
        text += strlen(from);
    }
    out[n] = '\0';
}

/* n_persons: that are trained on and scored; n_boxes, n_results: that are read of the same change of these files, 0: as
 * in the plain file. told: a part of what the annotations' reader says; NULL: nothing. */
typedef struct variation {
    const char *name, *from, *to;
    size_t n_persons, n_boxes, n_results;
    const char *told;
} variation;

static const variation variations[] = {
    {"plain", "\"info\"", "\"info\"", 3, 0, 0, NULL},
    {"byte order mark", NULL, NULL, 3, 0, 0, NULL},
    {"ids as 1.0", "\"image_id\": 1", "\"image_id\": 1.0", 3, 0, 0, NULL},
    {"image ids as 1.0", "{\"id\": 1,", "{\"id\": 1.0,", 3, 0, 0, NULL},
    {"category ids as 7.0", "\"category_id\": 7", "\"category_id\": 7.0", 3, 0, 0, NULL},
    {"category 7.0", "[{\"id\": 7", "[{\"id\": 7.0", 3, 0, 0, NULL},
    {"large ids", "id\": 2,", "id\": 9007199254740993,", 3, 0, 0, NULL},
    {"no ids of annotations", "\"id\": 13, ", "", 3, 0, 0, NULL},
    {"iscrowd false", "\"iscrowd\": 0", "\"iscrowd\": false", 3, 0, 0, NULL},
    {"iscrowd 0.0", "\"iscrowd\": 0", "\"iscrowd\": 0.0", 3, 0, 0, NULL},
    {"iscrowd null", "\"iscrowd\": 0", "\"iscrowd\": null", 3, 0, 0, NULL},
    {"no iscrowd", "\"iscrowd\": 0, ", "", 3, 0, 0, NULL},
    {"no box", ", \"bbox\": [10, 20, 50, 50]", "", 3, 0, 0, "1 annotations have no box"},
    {"box null", "[10, 20, 50, 50]", "null", 3, 0, 0, "1 annotations have no box"},
    {"box []", "[10, 20, 50, 50]", "[]", 3, 0, 0, "1 annotations have no box"},
    {"box of zeros", "[10, 20, 50, 50]", "[0, 0, 0, 0]", 3, 0, 0, "1 annotations have no box"},
    {"box of zeros, area 0", "2500, \"bbox\": [10, 20, 50, 50]", "0, \"bbox\": [0.0, 0.0, 0.0, 0.0]", 3, 0, 0,
     "1 annotations have no box"},
    {"area 0", "\"area\": 2500", "\"area\": 0", 3, 0, 0, "2 annotations have no area or one of 0"},
    {"area null", "\"area\": 2500", "\"area\": null", 3, 0, 0, "2 annotations have no area or one of 0"},
    {"no area", "\"area\": 2500, ", "", 3, 0, 0, "2 annotations have no area or one of 0"},
    {"no num_keypoints", ", \"num_keypoints\": 3", "", 3, 0, 0, NULL},
    {"num_keypoints null", "\"num_keypoints\": 3", "\"num_keypoints\": null", 3, 0, 0, NULL},
    {"no keypoints", "[40, 30, 2, 80, 70, 2, 50, 50, 1], \"num_keypoints\": 3", "[], \"num_keypoints\": 0", 2, 0, 0,
     NULL},
    {"keypoints null", "[40, 30, 2, 80, 70, 2, 50, 50, 1], \"num_keypoints\": 3", "null", 2, 0, 0, NULL},
    {"keypoints missing", "\"keypoints\": [40, 30, 2, 80, 70, 2, 50, 50, 1], \"num_keypoints\": 3", "\"x\": 0", 2, 0, 0,
     NULL},
    {"a keypoint that is NaN", "80, 70", "NaN, 70", 2, 0, 2,
     "annotations[1]: keypoints[3]: expected a number, found NaN"},
    {"a coordinate that is Infinity", "40, 40]", "40, Infinity]", 2, 2, 2,
     "annotations[1]: bbox[3]: expected a number, found Infinity"},
    {"a text for a number", "80, 70", "\"80\", 70", 2, 0, 2,
     "annotations[1]: keypoints[3]: expected a number, found a string"},
    {"an image id as text", "\"image_id\": 2", "\"image_id\": \"2\"", 2, 0, 2, "\"image_id\", found a string"},
    {"an image that is not listed", "\"id\": 2,", "\"id\": 3,", 2, 0, 0, "1 of 3 annotations are of images"},
    {"skeleton from 0", "[[1, 2], [1, 3]]", "[[0, 1], [0, 2]]", 3, 0, 0, "count from 0"},
    {"skeleton null", "[[1, 2], [1, 3]]", "null", 3, 0, 0, NULL},
    {"skeleton broken", "[[1, 2], [1, 3]]", "[[1, 9], [-1, 3], 7]", 3, 0, 0, "3 of 3 links are no pair"},
    {"skeleton of a tool's own", "[[1, 2], [1, 3]]", "{\"1\": 2}", 3, 0, 0, "expected a list of pairs"},
    {"sigmas empty", "\"sigmas\": [0.05, 0.05, 0.05]", "\"sigmas\": [], \"flip_pairs\": null", 3, 0, 0, NULL},
    {"a label without keypoints", "\"categories\": [",
     "\"categories\": [{\"id\": 1, \"name\": \"box\", \"keypoints\": []}, ", 3, 0, 0, NULL},
    {"a label with null", "\"categories\": [",
     "\"categories\": [{\"id\": 1, \"keypoints\": null, \"skeleton\": null}, ", 3, 0, 0, NULL},
    {"a label without name", "\"categories\": [", "\"categories\": [{\"id\": 1, \"supercategory\": null}, ", 3, 0, 0,
     NULL},
    {"null members", "\"licenses\": []", "\"licenses\": null, \"videos\": null", 3, 0, 0, NULL},
    {"tools' members", "\"iscrowd\": 0",
     "\"iscrowd\": 0, \"attributes\": {\"occluded\": false}, \"segmentation\": null", 3, 0, 0, NULL},
    {"sizes as text", "\"width\": 96", "\"width\": \"96\"", 3, 0, 0, NULL},
    {"sizes null", "\"width\": 96", "\"width\": null", 3, 0, 0, NULL},
    {"a crowd", "\"id\": 12, \"image_id\": 1, \"category_id\": 7, \"iscrowd\": 0",
     "\"id\": 12, \"image_id\": 1, \"category_id\": 7, \"iscrowd\": 1", 2, 2, 0, NULL},
};

static void expect_told(const variation *v, const char *told)
{
    if (v->told != NULL ? told == NULL || strstr(told, v->told) == NULL : told != NULL)
        fail_msg("%s: expected '%s', found '%s'", v->name, v->told != NULL ? v->told : "nothing",
                 told != NULL ? told : "nothing");
}

/* Annotations: the persons to train on, and their own poses as results, which must score 1. */
static void check_truth(const variation *v)
{
    char text[MOST];
    hrnet_annotations *a = NULL;
    hr_samples samples = {0};
    hrnet_coco_results found = {0};
    hrnet_coco_score score = {0};
    vary(text, truth, v->from, v->to);
    if (hr_annotations_parse(&a, text, strlen(text), NULL) != HRNET_OK) fail_msg("%s: %s", v->name, hrnet_last_error());
    MUST(hr_coco_set_truth(&samples, a, 1));
    if (samples.n != v->n_persons) fail_msg("%s: expected %zu persons, found %zu", v->name, v->n_persons, samples.n);
    /* whoever is missing is counted somewhere */
    const hr_annotation_counts *const t = hr_annotations_counts(a);
    assert_int_equal(t->n, samples.n + t->broken.n + t->n_no_image + t->n_other_category + samples.left_out.n_crowds +
                               samples.left_out.n_unlabelled + samples.left_out.n_no_box + samples.left_out.n_outside);
    expect_told(v, hr_annotations_notes(a)->data);
    if (hrnet_annotations_find_image(a, 2) != SIZE_MAX) {
        MUST(hr_coco_results_parse(&found, results, sizeof results - 1, 0));
        MUST(hrnet_coco_evaluate(&score, a, &found, &(hrnet_coco_options){.sigmas = (const double[]){.05, .05, .05}}));
        assert_int_equal(score.n_persons, v->n_persons);
        for (size_t i = 0; i < score.n_matches; i++)
            if (score.matches[i].counts) assert_near(score.matches[i].oks, 1, 1e-12);
        hrnet_coco_score_free(&score);
        hrnet_coco_results_free(&found);
    }
    hr_samples_free(&samples);
    hrnet_annotations_free(a);
}

static void check_boxes(const variation *v, const char *plain)
{
    char text[MOST];
    hrnet_detection *d = NULL;
    size_t n = 0;
    hr_text notes = {0};
    vary(text, plain, v->from, v->to);
    if (hr_detections_parse(&d, &n, text, strlen(text), NULL, &notes) != HRNET_OK)
        fail_msg("%s: %s", v->name, hrnet_last_error());
    const int is_changed = v->from == NULL || strstr(plain, v->from) != NULL;
    const size_t expected = v->n_boxes != 0 && is_changed ? v->n_boxes : 3;
    /* keypoints do not matter where there is a box, nor do ids that are text */
    if (n != expected) fail_msg("%s: expected %zu boxes, found %zu (%s)", v->name, expected, n, notes.data);
    hrnet_detections_free(d, n);
    hr_text_free(&notes);
}

static void check_results(const variation *v)
{
    char text[MOST];
    hrnet_coco_results found = {0};
    vary(text, results, v->from, v->to);
    if (hr_coco_results_parse(&found, text, strlen(text), 3) != HRNET_OK)
        fail_msg("%s: %s", v->name, hrnet_last_error());
    const size_t expected = v->n_results != 0 ? v->n_results : 3;
    if (found.n != expected) fail_msg("%s: expected %zu results, found %zu", v->name, expected, found.n);
    assert_int_equal(found.n + found.n_broken, 3);
    assert_int_equal(found.n_broken > 0, found.first_broken[0] != '\0');
    hrnet_coco_results_free(&found);
}

static void test_variations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variations / sizeof *variations; i++) {
        check_truth(&variations[i]);
        check_boxes(&variations[i], truth);
        check_boxes(&variations[i], results);
        check_results(&variations[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_variations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
