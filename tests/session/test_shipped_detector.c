/*
 * test_shipped_detector.c - the detector that is part of the library: it is the file in models/, small, and finds our
 * mannequins, and nobody on a plain picture. With HRNET_DATA the card's AP is measured again: of its boxes, and of the
 * poses that the shipped network finds in them.
 */
#include "persons.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <hrnet_eval.h>

static const char model_path[] = TEST_DATA "/../models/detect_hrnet.safetensors";

/* models/detector.md: coco_small valid. Other instruction sets round otherwise: a box in a thousand. */
static const double card_ap = 0.245, card_ap50 = 0.517, card_keypoint_ap = 0.444, ap_tolerance = 0.003;

static int open_shipped(void **state)
{
    hrnet_detector *detector = NULL;
    MUST(hrnet_detector_load(&detector, NULL, NULL));
    *state = detector;
    return 0;
}

static int close_shipped(void **state)
{
    hrnet_detector_free(*state);
    return 0;
}

static void it_says_what_it_is(void **state)
{
    const hrnet_detector_info info = hrnet_detector_get_info(*state);
    hrnet_detector *file = NULL;
    assert_string_equal(info.name, "detect_hrnet");
    assert_int_equal(info.n_categories, 1);
    assert_int_equal(info.person, 0);
    assert_int_equal(info.input_width, 384);
    assert_true(2 * info.n_parameters <= 12000000); /* bytes in half precision */
    MUST(hrnet_detector_load(&file, model_path, NULL));
    assert_int_equal(hrnet_detector_get_info(file).n_parameters, info.n_parameters);
    hrnet_detector_free(file);
}

static hrnet_objects find(const hrnet_detector *detector, const hrnet_image *image, float threshold)
{
    hrnet_detector_session *session = NULL;
    hrnet_objects found = {0};
    const hrnet_pixels pixels = hrnet_image_pixels(image);
    MUST(hrnet_detector_session_create(&session, detector, NULL));
    MUST(hrnet_detector_session_detect(session, &pixels, 1, &(hrnet_detect_options){.threshold = threshold}, &found));
    hrnet_detector_session_free(session);
    return found;
}

static double iou(hrnet_box a, hrnet_box b)
{
    const double w = fmin(a.x + a.w, b.x + b.w) - fmax(a.x, b.x), h = fmin(a.y + a.h, b.y + b.h) - fmax(a.y, b.y);
    const double both = w > 0 && h > 0 ? w * h : 0;
    return both / (a.w * a.h + b.w * b.h - both);
}

/* Our mannequin three times, 300 pixels from each other: plain, under heatmaps, under a skeleton. */
static void it_finds_mannequins(void **state)
{
    hrnet_image picture = {0};
    MUST(hrnet_image_load(&picture, TEST_DATA "/../docs/figure.png", 0));
    hrnet_objects found = find(*state, &picture, 0);
    assert_int_equal(found.n, 3);
    for (int k = 0; k < 3; k++) {
        const hrnet_box mannequin = {40 + 300.0f * (float)k, 45, 203, 302};
        double best = 0;
        for (int i = 0; i < found.n; i++) best = fmax(best, iou(found.objects[i].box, mannequin));
        assert_true(best > 0.5);
    }
    hrnet_objects_free(&found);
    hrnet_image_free(&picture);
}

static void nobody_on_plain_pictures(void **state)
{
    enum { W = 320, H = 240 };
    static uint8_t rgb[W * H * 3];
    for (int grey = 0; grey < 256; grey += 51) {
        hrnet_image image = {W, H, rgb};
        memset(rgb, grey, sizeof rgb);
        hrnet_objects found = find(*state, &image, 0);
        assert_int_equal(found.n, 0);
        hrnet_objects_free(&found);
    }
}

static const char *data_folder(void)
{
    const char *const data = getenv("HRNET_DATA");
    if (data != NULL && data[0] != '\0') return data;
    print_message("[  SKIPPED ] HRNET_DATA names no folder with coco_small\n");
    skip();
    return NULL;
}

static void the_card_tells_the_truth(void **state)
{
    const char *const data = data_folder();
    char annotations[600], images[600];
    /* boxes that score less are no people: to look into them all takes four times as long, for 0.002 of AP */
    const char *const overrides[] = {"TEST.IMAGE_THRE", "0.05", NULL};
    hrnet_model *model = NULL;
    hrnet_evaluation *evaluation = NULL;
    hrnet_coco_score poses = {0};
    hrnet_box_score boxes;
    hrnet_evaluation_options how = {.workers = 2};
    MUST(hrnet_model_load(&model, NULL, &(hrnet_model_options){.overrides = overrides}));
    hrnet_session *session = open_session(model, 2, 8);
    MUST(hrnet_detector_session_create(&how.detector, *state, &(hrnet_detector_session_options){.threads = 2}));
    snprintf(annotations, sizeof annotations, "%s/coco_small/annotations/person_keypoints_valid.json", data);
    snprintf(images, sizeof images, "%s/coco_small/images/valid", data);
    const hrnet_evaluation_files files = {.annotations = annotations, .images = images, .detect = 1};
    MUST(hrnet_evaluation_open(&evaluation, hrnet_model_config(model), &files));
    MUST(hrnet_evaluation_run(evaluation, session, &how));
    MUST(hrnet_evaluation_boxes(evaluation, &boxes));
    MUST(hrnet_evaluation_coco(evaluation, &poses));
    print_message("boxes: AP %.4f, AP .5 %.4f; keypoints: AP %.4f\n", boxes.numbers[HRNET_BOX_AP],
                  boxes.numbers[HRNET_BOX_AP50], poses.numbers[HRNET_COCO_AP]);
    assert_true(fabs(boxes.numbers[HRNET_BOX_AP] - card_ap) <= ap_tolerance);
    assert_true(fabs(boxes.numbers[HRNET_BOX_AP50] - card_ap50) <= ap_tolerance);
    assert_true(fabs(poses.numbers[HRNET_COCO_AP] - card_keypoint_ap) <= ap_tolerance);
    hrnet_coco_score_free(&poses);
    hrnet_evaluation_free(evaluation);
    hrnet_detector_session_free(how.detector);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_it_is),
        cmocka_unit_test(it_finds_mannequins),
        cmocka_unit_test(nobody_on_plain_pictures),
        cmocka_unit_test(the_card_tells_the_truth),
    };
    return cmocka_run_group_tests(tests, open_shipped, close_shipped);
}
