/*
 * write_coco.c - format coco: the results array that upstream's evaluate writes and pycocotools reads, its keys in
 * upstream's (sorted) order, with the box and its score beside them. image_id is the picture's own id where it is
 * known; else the number that the file's name is in COCO's manner ("000000000785.jpg"), or the name without ending when
 * it is no number.
 */
#include <stdlib.h>
#include <string.h>

#include "results/writer.h"

/* The picture's name without folder and ending; "stdin" for "-". Returns its length. */
static size_t find_stem(const char *name, const char **stem)
{
    const char *const slash = strrchr(name, '/');
    *stem = strcmp(name, "-") == 0 ? "stdin" : slash != NULL ? slash + 1 : name;
    const char *const dot = strrchr(*stem, '.');
    return dot != NULL && dot != *stem ? (size_t)(dot - *stem) : strlen(*stem);
}

static void write_image_id(hrnet_json_writer *json, const hrnet_people *people)
{
    const char *stem, *const name = people->name;
    if (people->has_image_id) {
        hrnet_json_integer(json, people->image_id);
        return;
    }
    if (people->image_text != NULL) {
        hrnet_json_text(json, people->image_text);
        return;
    }
    const size_t length = find_stem(name, &stem);
    if (length > 0 && length <= 18 && strspn(stem, "0123456789") >= length)
        hrnet_json_integer(json, strtoll(stem, NULL, 10));
    else
        hr_json_text_n(json, stem, length);
}

static void write_box(hrnet_json_writer *json, const char *key, const hrnet_box *box)
{
    hrnet_json_key(json, key);
    hr_json_floats(json, (float[]){box->x, box->y, box->w, box->h}, 4);
}

static void write_category(hrnet_json_writer *json, const hrnet_pose *one)
{
    hrnet_json_key(json, "category_id");
    hrnet_json_integer(json, one->has_category ? one->category_id : 1);
}

/* As PoseTrack's results have it, in persons who have a track. */
static void write_track(hrnet_json_writer *json, const hrnet_pose *one)
{
    if (one->track == 0) return;
    hrnet_json_key(json, "track_id");
    hrnet_json_integer(json, one->track);
}

/* The results of a detector. */
static void write_detection(hrnet_results_writer *w, const hrnet_people *people, const hrnet_pose *one)
{
    hrnet_json_writer *const json = &w->json;
    hrnet_json_object(json);
    write_box(json, "bbox", &one->box);
    write_category(json, one);
    hrnet_json_key(json, "image_id");
    write_image_id(json, people);
    hrnet_json_key(json, "score");
    hrnet_json_float(json, one->box_score);
    write_track(json, one);
    hrnet_json_close(json);
}

static void write_person(hrnet_results_writer *w, const hrnet_people *people, const hrnet_pose *one)
{
    hrnet_json_writer *const json = &w->json;
    const hrnet_model_info *const info = w->options.network;
    hrnet_crop crop = {0};
    if (info != NULL) crop = hrnet_crop_from_box(one->box, (float)info->input_width / (float)info->input_height);
    hrnet_json_object(json);
    write_box(json, "box", &one->box);
    hrnet_json_key(json, "box_score");
    hrnet_json_float(json, one->box_score);
    write_category(json, one);
    if (info != NULL) {
        hrnet_json_key(json, "center");
        hr_json_floats(json, crop.center, 2);
    }
    hrnet_json_key(json, "image_id");
    write_image_id(json, people);
    hrnet_json_key(json, "keypoints");
    hrnet_json_array(json);
    for (int k = 0; k < w->options.skeleton->n_keypoints; k++) {
        hrnet_json_float(json, one->keypoints[k].x);
        hrnet_json_float(json, one->keypoints[k].y);
        hrnet_json_float(json, one->keypoints[k].score);
    }
    hrnet_json_close(json);
    if (info != NULL) {
        hrnet_json_key(json, "scale");
        hr_json_floats(json, crop.scale, 2);
    }
    hrnet_json_key(json, "score");
    hrnet_json_float(json, one->score);
    write_track(json, one);
    hrnet_json_close(json);
}

static void begin(hrnet_results_writer *w)
{
    hr_json_begin(&w->json, 0);
    hrnet_json_array(&w->json);
}

static void add(hrnet_results_writer *w, const hrnet_people *people)
{
    for (int i = 0; i < people->n_persons; i++)
        if (hr_pose_is_good(&people->persons[i]))
            (w->options.boxes ? write_detection : write_person)(w, people, &people->persons[i]);
}

static void end(hrnet_results_writer *w)
{
    hrnet_json_close(&w->json);
    hr_text_add(&w->json.text, "\n");
}

const hr_results_writing hr_write_coco = {
    .info = {.name = "coco", .ending = "_pose.json"}, .begin = begin, .add = add, .end = end};
