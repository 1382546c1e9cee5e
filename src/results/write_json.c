/* write_json.c - formats json (one document) and jsonl (one line a picture): everything that is known, with names. */
#include "results/writer.h"

static void write_keypoints(hrnet_json_writer *json, const hrnet_skeleton *skeleton, const hrnet_keypoint *keypoints)
{
    hrnet_json_array(json);
    for (int i = 0; i < skeleton->n_keypoints; i++) {
        hrnet_json_object(json);
        hrnet_json_key(json, "name");
        hrnet_json_text(json, skeleton->keypoint_names[i]);
        hrnet_json_key(json, "x");
        hrnet_json_float(json, keypoints[i].x);
        hrnet_json_key(json, "y");
        hrnet_json_float(json, keypoints[i].y);
        hrnet_json_key(json, "score");
        hrnet_json_float(json, keypoints[i].score);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
}

/* skeleton NULL: boxes alone. */
static void write_person(hrnet_json_writer *json, const hrnet_skeleton *skeleton, const hrnet_pose *one)
{
    hrnet_json_object(json);
    hrnet_json_key(json, "box");
    hr_json_floats(json, (float[]){one->box.x, one->box.y, one->box.w, one->box.h}, 4);
    hrnet_json_key(json, "box_score");
    hrnet_json_float(json, one->box_score);
    if (one->track != 0) {
        hrnet_json_key(json, "track");
        hrnet_json_integer(json, one->track);
    }
    if (hr_pose_is_good(one) && skeleton != NULL) {
        hrnet_json_key(json, "score");
        hrnet_json_float(json, one->score);
        hrnet_json_key(json, "keypoints");
        write_keypoints(json, skeleton, one->keypoints);
    } else if (!hr_pose_is_good(one)) {
        hrnet_json_key(json, "error");
        hrnet_json_text(json, hr_results_reason(one->status, one->message));
    }
    hrnet_json_close(json);
}

static void write_picture(hrnet_json_writer *json, const hrnet_skeleton *skeleton, const hrnet_people *people)
{
    hrnet_json_object(json);
    hrnet_json_key(json, "file");
    hrnet_json_text(json, people->name);
    if (people->frame > 0) {
        hrnet_json_key(json, "frame");
        hrnet_json_integer(json, people->frame);
        hrnet_json_key(json, "seconds");
        hrnet_json_double(json, people->seconds);
    }
    if (people->status != HRNET_OK) {
        hrnet_json_key(json, "error");
        hrnet_json_text(json, hr_results_reason(people->status, people->message));
        hrnet_json_close(json);
        return;
    }
    hrnet_json_key(json, "width");
    hrnet_json_integer(json, people->width);
    hrnet_json_key(json, "height");
    hrnet_json_integer(json, people->height);
    hrnet_json_key(json, "persons");
    hrnet_json_array(json);
    for (int i = 0; i < people->n_persons; i++) write_person(json, skeleton, &people->persons[i]);
    hrnet_json_close(json);
    hrnet_json_close(json);
}

/* Begin what found the people: its name and the size of its input. */
static void begin_finder(hrnet_json_writer *json, const char *key, const char *name, int width, int height)
{
    hrnet_json_key(json, key);
    hrnet_json_object(json);
    hrnet_json_key(json, "name");
    hrnet_json_text(json, name);
    hrnet_json_key(json, "input_width");
    hrnet_json_integer(json, width);
    hrnet_json_key(json, "input_height");
    hrnet_json_integer(json, height);
}

static void write_network(hrnet_json_writer *json, const hrnet_model_info *info, const hrnet_skeleton *skeleton)
{
    begin_finder(json, "network", info->name, info->input_width, info->input_height);
    hrnet_json_key(json, "skeleton");
    hrnet_json_text(json, skeleton->name);
    hrnet_json_close(json);
}

static void write_detector(hrnet_json_writer *json, const hrnet_detector_info *info)
{
    begin_finder(json, "detector", info->name, info->input_width, info->input_height);
    hrnet_json_key(json, "threshold");
    hrnet_json_float(json, info->threshold);
    hrnet_json_key(json, "nms_iou");
    hrnet_json_float(json, info->nms_iou);
    hrnet_json_close(json);
}

/* The skeleton to name keypoints by; NULL: there are boxes alone. */
static const hrnet_skeleton *named_by(const hrnet_results_writer *w)
{
    return w->options.boxes ? NULL : w->options.skeleton;
}

static void begin_document(hrnet_results_writer *w)
{
    hr_json_begin(&w->json, 1);
    hrnet_json_object(&w->json);
    if (w->options.network != NULL) write_network(&w->json, w->options.network, w->options.skeleton);
    if (w->options.detector != NULL) write_detector(&w->json, w->options.detector);
    hrnet_json_key(&w->json, "images");
    hrnet_json_array(&w->json);
}

static void add_to_document(hrnet_results_writer *w, const hrnet_people *people)
{
    write_picture(&w->json, named_by(w), people);
}

static void end_document(hrnet_results_writer *w)
{
    hrnet_json_close(&w->json);
    hrnet_json_close(&w->json);
    hr_text_add(&w->json.text, "\n");
}

static void write_line(hrnet_results_writer *w, const hrnet_people *people)
{
    hr_json_begin(&w->json, 0);
    write_picture(&w->json, named_by(w), people);
    hr_text_add(&w->json.text, "\n");
}

const hr_results_writing hr_write_json = {.info = {.name = "json", .ending = "_pose.json"},
                                          .begin = begin_document,
                                          .add = add_to_document,
                                          .end = end_document};
const hr_results_writing hr_write_jsonl = {.info = {.name = "jsonl", .ending = "_pose.jsonl"}, .add = write_line};
