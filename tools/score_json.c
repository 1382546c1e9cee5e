/* score_json.c - all numbers of a score of poses or boxes as JSON. */
#include "score_json.h"

#include "tool.h"

/* null for -1, which says that there is no number. */
static void put_value(hrnet_json_writer *json, double value)
{
    if (value < 0)
        hrnet_json_null(json);
    else
        hrnet_json_double(json, value);
}

static void put_number(hrnet_json_writer *json, const char *key, double value)
{
    hrnet_json_key(json, key);
    put_value(json, value);
}

static void put_count(hrnet_json_writer *json, const char *key, size_t value)
{
    hrnet_json_key(json, key);
    hrnet_json_integer(json, (long long)value);
}

/* A list of numbers for each of n areas. */
static void put_curves(hrnet_json_writer *json, const char *key, const char *const *areas, int n,
                       const double (*values)[HRNET_OKS_THRESHOLDS])
{
    hrnet_json_key(json, key);
    hrnet_json_object(json);
    for (int a = 0; a < n; a++) {
        hrnet_json_key(json, areas[a]);
        hrnet_json_array(json);
        for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) put_value(json, values[a][t]);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
}

static void put_coco(hrnet_json_writer *json, const hrnet_coco_score *score, const hrnet_skeleton *skeleton)
{
    static const char *const areas[HRNET_COCO_AREAS] = {"all", "medium", "large"};
    for (int i = 0; i < HRNET_COCO_NUMBERS; i++) put_number(json, hrnet_coco_number_names()[i], score->numbers[i]);
    put_count(json, "images", score->n_images);
    put_count(json, "persons", score->n_persons);
    put_count(json, "ignored", score->n_ignored);
    put_count(json, "results", score->n_results);
    put_curves(json, "precision", areas, HRNET_COCO_AREAS, score->precision);
    put_curves(json, "recall", areas, HRNET_COCO_AREAS, score->recall);
    hrnet_json_key(json, "joints");
    hrnet_json_array(json);
    for (int i = 0; i < score->n_keypoints; i++) {
        hrnet_json_object(json);
        hrnet_json_key(json, "name");
        hrnet_json_text(json, skeleton->keypoint_names[i]);
        put_count(json, "labelled", score->joints[i].n_labelled);
        put_count(json, "found", score->joints[i].n_found);
        put_number(json, "oks", score->joints[i].oks);
        put_number(json, "distance", score->joints[i].distance);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
}

static void put_boxes(hrnet_json_writer *json, const hrnet_box_score *score)
{
    static const char *const areas[HRNET_BOX_AREAS] = {"all", "small", "medium", "large"};
    for (int i = 0; i < HRNET_BOX_NUMBERS; i++) put_number(json, hrnet_box_number_names()[i], score->numbers[i]);
    put_count(json, "images", score->n_images);
    put_count(json, "categories", score->n_categories);
    put_count(json, "boxes", score->n_boxes);
    put_count(json, "ignored", score->n_ignored);
    put_count(json, "results", score->n_results);
    put_curves(json, "precision", areas, HRNET_BOX_AREAS, score->precision);
    put_curves(json, "recall", areas, HRNET_BOX_AREAS, score->recall);
}

static void put_mpii(hrnet_json_writer *json, const hrnet_mpii_score *score)
{
    for (int i = 0; i < HRNET_MPII_NUMBERS; i++) put_number(json, hrnet_mpii_number_names()[i], score->numbers[i]);
    hrnet_json_key(json, "joints");
    hrnet_json_array(json);
    for (int i = 0; i < HRNET_MPII_JOINTS; i++) {
        hrnet_json_object(json);
        hrnet_json_key(json, "name");
        hrnet_json_text(json, hrnet_skeleton_mpii()->keypoint_names[i]);
        put_count(json, "labelled", score->n_labelled[i]);
        put_number(json, "PCKh@0.5", score->joints[i]);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
}

int score_json_write(const char *path, const hrnet_coco_score *coco, const hrnet_skeleton *skeleton,
                     const hrnet_box_score *boxes, const hrnet_mpii_score *mpii)
{
    hrnet_json_writer *const json = tool_json_begin();
    hrnet_json_object(json);
    if (coco != NULL) put_coco(json, coco, skeleton);
    if (boxes != NULL) put_boxes(json, boxes);
    if (mpii != NULL) put_mpii(json, mpii);
    hrnet_json_close(json);
    const int status = hrnet_json_save(json, path) == HRNET_OK ? STATUS_DONE : tool_failed();
    hrnet_json_free(json);
    return status;
}
