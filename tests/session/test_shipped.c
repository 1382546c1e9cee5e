/*
 * test_shipped.c - the model that is part of the library: it is the file in models/, small, described, and computed by
 * the engine as by the reference in double: keypoints within 0.01 px, on our mannequin and, with HRNET_DATA, on
 * photographs. With HRNET_DATA its card's AP is measured again too.
 */
#include "persons.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <hrnet_eval.h>

#include "graph/reference_forward.h"
#include "networks/registry.h"

static const char model_path[] = TEST_DATA "/../models/pose_hrnet_w16.safetensors";

/* models/README.md: ground-truth boxes, flip test. Other instruction sets round otherwise: a person in a thousand. */
static const double card_ap = 0.519, ap_tolerance = 0.003;

typedef struct shipped {
    hrnet_model *model;
    hrnet_model_info info;
    hrnet_checkpoint *checkpoint;
    hr_graph graph;
    hr_binding binding;
    hr_weights weights;
} shipped;

static int open_shipped(void **state)
{
    static shipped s;
    MUST(hrnet_model_load(&s.model, NULL, NULL));
    s.info = hrnet_model_get_info(s.model);
    MUST(hr_network_build(&s.graph, &hrnet_model_config(s.model)->model));
    MUST(hrnet_checkpoint_load(&s.checkpoint, NULL));
    MUST(hr_bind(&s.binding, &s.graph, &s.checkpoint->tensors, &s.checkpoint->layout, &(hr_bind_options){.path = ""}));
    s.weights = hr_bound(&s.binding);
    *state = &s;
    return 0;
}

static int close_shipped(void **state)
{
    shipped *const s = *state;
    hr_binding_free(&s->binding);
    hr_graph_free(&s->graph);
    hrnet_checkpoint_free(s->checkpoint);
    hrnet_model_free(s->model);
    return 0;
}

static void it_is_the_file(void **state)
{
    const shipped *const s = *state;
    char inside[65], file[65];
    hrnet_checkpoint *checkpoint = NULL;
    MUST(hrnet_file_sha256(NULL, inside));
    MUST(hrnet_file_sha256(model_path, file));
    assert_string_equal(inside, file);
    MUST(hrnet_checkpoint_load(&checkpoint, model_path));
    assert_int_equal(hrnet_checkpoint_n_tensors(checkpoint), hrnet_checkpoint_n_tensors(s->checkpoint));
    size_t n_bytes = 0;
    for (size_t i = 0; i < hrnet_checkpoint_n_tensors(checkpoint); i++) {
        const hrnet_tensor_info tensor = hrnet_checkpoint_tensor(checkpoint, i);
        size_t n = 1;
        for (int d = 0; d < tensor.n_dims; d++) n *= (size_t)tensor.shape[d];
        if (strcmp(tensor.dtype, "float16") == 0) n_bytes += 2 * n;
        if (tensor.n_dims == 4) assert_string_equal(tensor.dtype, "float16");
    }
    assert_true(n_bytes > 1000000 && n_bytes <= 12000000);
    hrnet_checkpoint_free(checkpoint);
}

static void it_says_what_it_is(void **state)
{
    const shipped *const s = *state;
    const hrnet_skeleton *const skeleton = hrnet_model_skeleton(s->model), *const coco = hrnet_skeleton_coco();
    assert_int_equal(s->info.n_joints, 17);
    assert_int_equal(s->info.color_rgb, 1);
    for (int j = 0; j < 17; j++) assert_string_equal(skeleton->keypoint_names[j], coco->keypoint_names[j]);
    assert_int_equal(skeleton->n_flip_pairs, coco->n_flip_pairs);
}

/* ---------------------------------------------------------------------------------------------- against double */

/* Largest distance in pixels of the picture between a person's keypoints from the engine's heatmaps and from the
 * reference's, both decoded alike. */
static double distance(const shipped *s, const hrnet_image *image, hrnet_box box)
{
    const int w = s->info.input_width, h = s->info.input_height, n_pixels = w * h;
    const int map_w = s->info.heatmap_width, map_h = s->info.heatmap_height;
    const hrnet_crop where = hrnet_crop_from_box(box, (float)w / (float)h);
    const float sigma = (float)hrnet_model_config(s->model)->model.sigma;
    hrnet_image crop = {0};
    hrnet_keypoint ours[17], exact[17];
    float *const input = test_malloc(input_floats(s->model) * sizeof *input);
    double *const reference = test_malloc(map_floats(s->model) * sizeof *reference);
    float *const rounded = test_malloc(map_floats(s->model) * sizeof *rounded);
    const hrnet_pixels pixels = hrnet_image_pixels(image);
    MUST(hrnet_crop_image(&crop, &pixels, &where, w, h, HRNET_SAMPLE_OPENCV));
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < n_pixels; i++)
            input[c * n_pixels + i] = ((float)crop.rgb[3 * i + c] / 255.0f - s->info.mean[c]) / s->info.std[c];
    float *const heatmaps = run_model(s->model, input, 1, 0, 2, 1);
    MUST(hr_reference_forward(&s->graph, &s->weights, input, 1, &reference, NULL, NULL));
    for (size_t i = 0; i < map_floats(s->model); i++) rounded[i] = (float)reference[i];
    MUST(hrnet_decode_heatmaps(heatmaps, 1, 17, map_h, map_w, &where, HRNET_DECODE_UDP, sigma, ours));
    MUST(hrnet_decode_heatmaps(rounded, 1, 17, map_h, map_w, &where, HRNET_DECODE_UDP, sigma, exact));
    double most = 0;
    for (int j = 0; j < 17; j++)
        most = fmax(most, hypot((double)(ours[j].x - exact[j].x), (double)(ours[j].y - exact[j].y)));
    test_free(heatmaps);
    test_free(rounded);
    test_free(reference);
    test_free(input);
    hrnet_image_free(&crop);
    return most;
}

static void keypoints_are_those_of_double_precision(void **state)
{
    hrnet_image picture = {0};
    MUST(hrnet_image_load(&picture, TEST_DATA "/../docs/figure.png", 0));
    const double most = distance(*state, &picture, (hrnet_box){40, 40, 205, 310});
    print_message("mannequin: %.5f px\n", most);
    assert_true(most < 0.01);
    hrnet_image_free(&picture);
}

static void keypoints_on_photographs_too(void **state)
{
    enum { N = 20 };
    const char *const data = data_folder();
    char path[600];
    hrnet_annotations *truth = NULL;
    double most = 0;
    int n = 0;
    snprintf(path, sizeof path, "%s/coco_small/annotations/person_keypoints_valid.json", data);
    MUST(hrnet_annotations_load(&truth, path));
    for (size_t i = 0; i < hrnet_annotations_n(truth) && n < N; i += 7) {
        const hrnet_annotation person = hrnet_annotations_get(truth, i);
        const double *const b = person.bbox;
        hrnet_image image = {0};
        if (person.n_labelled < 5 || person.is_crowd) continue;
        snprintf(path, sizeof path, "%s/coco_small/images/valid/%s", data,
                 hrnet_annotations_image(truth, person.image).file_name);
        MUST(hrnet_image_load(&image, path, HRNET_IMAGE_IGNORE_ORIENTATION));
        most = fmax(most, distance(*state, &image, (hrnet_box){(float)b[0], (float)b[1], (float)b[2], (float)b[3]}));
        hrnet_image_free(&image);
        n++;
    }
    print_message("%d photographs: %.5f px\n", n, most);
    assert_int_equal(n, N);
    assert_true(most < 0.01);
    hrnet_annotations_free(truth);
}

static void the_card_tells_the_truth(void **state)
{
    const shipped *const s = *state;
    const char *const data = data_folder();
    char annotations[600], images[600];
    hrnet_evaluation *evaluation = NULL;
    hrnet_coco_score score = {0};
    hrnet_session *session = open_session(s->model, 2, 8);
    snprintf(annotations, sizeof annotations, "%s/coco_small/annotations/person_keypoints_valid.json", data);
    snprintf(images, sizeof images, "%s/coco_small/images/valid", data);
    MUST(hrnet_evaluation_open(&evaluation, hrnet_model_config(s->model),
                               &(hrnet_evaluation_files){.annotations = annotations, .images = images}));
    MUST(hrnet_evaluation_run(evaluation, session, NULL));
    MUST(hrnet_evaluation_coco(evaluation, &score));
    print_message("AP %.4f\n", score.numbers[HRNET_COCO_AP]);
    assert_true(fabs(score.numbers[HRNET_COCO_AP] - card_ap) <= ap_tolerance);
    hrnet_coco_score_free(&score);
    hrnet_evaluation_free(evaluation);
    hrnet_session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_file),
        cmocka_unit_test(it_says_what_it_is),
        cmocka_unit_test(keypoints_are_those_of_double_precision),
        cmocka_unit_test(keypoints_on_photographs_too),
        cmocka_unit_test(the_card_tells_the_truth),
    };
    return cmocka_run_group_tests(tests, open_shipped, close_shipped);
}
