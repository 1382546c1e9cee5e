/* write_json.c - formats json (one document) and jsonl (one line a picture): everything that is known, with names. */
#include "json_write.h"
#include "writer.h"

static void write_keypoints(yajl_gen json, const hrnet_skeleton *skeleton, const hrnet_keypoint *keypoints)
{
    yajl_gen_array_open(json);
    for (int i = 0; i < skeleton->n_keypoints; i++) {
        yajl_gen_map_open(json);
        json_text(json, "name");
        json_text(json, skeleton->keypoint_names[i]);
        json_text(json, "x");
        json_number(json, keypoints[i].x);
        json_text(json, "y");
        json_number(json, keypoints[i].y);
        json_text(json, "score");
        json_number(json, keypoints[i].score);
        yajl_gen_map_close(json);
    }
    yajl_gen_array_close(json);
}

static void write_person(yajl_gen json, const hrnet_skeleton *skeleton, const person *one)
{
    yajl_gen_map_open(json);
    json_text(json, "box");
    json_box(json, one->box);
    json_text(json, "box_score");
    json_number(json, one->box_score);
    json_text(json, "score");
    json_number(json, one->score);
    json_text(json, "keypoints");
    write_keypoints(json, skeleton, one->keypoints);
    yajl_gen_map_close(json);
}

static void write_picture(yajl_gen json, const hrnet_skeleton *skeleton, const picture *one)
{
    yajl_gen_map_open(json);
    json_text(json, "file");
    json_text(json, one->path);
    if (one->error != NULL) {
        json_text(json, "error");
        json_text(json, one->error);
        yajl_gen_map_close(json);
        return;
    }
    json_text(json, "width");
    yajl_gen_integer(json, one->width);
    json_text(json, "height");
    yajl_gen_integer(json, one->height);
    json_text(json, "persons");
    yajl_gen_array_open(json);
    for (int i = 0; i < one->n_persons; i++) write_person(json, skeleton, &one->persons[i]);
    yajl_gen_array_close(json);
    yajl_gen_map_close(json);
}

static void begin_document(writer *w)
{
    const hrnet_model_info *info = &w->subject->info;
    w->json = json_open(w->stream, 1);
    yajl_gen_map_open(w->json);
    json_text(w->json, "network");
    yajl_gen_map_open(w->json);
    json_text(w->json, "name");
    json_text(w->json, info->name);
    json_text(w->json, "input_width");
    yajl_gen_integer(w->json, info->input_width);
    json_text(w->json, "input_height");
    yajl_gen_integer(w->json, info->input_height);
    json_text(w->json, "skeleton");
    json_text(w->json, w->subject->skeleton->name);
    yajl_gen_map_close(w->json);
    json_text(w->json, "images");
    yajl_gen_array_open(w->json);
}

static void add_to_document(writer *w, const picture *one)
{
    write_picture(w->json, w->subject->skeleton, one);
}

static void end_document(writer *w)
{
    yajl_gen_array_close(w->json);
    yajl_gen_map_close(w->json);
    json_close(w->json, w->stream);
}

static void write_line(writer *w, const picture *one)
{
    const yajl_gen json = json_open(w->stream, 0);
    write_picture(json, w->subject->skeleton, one);
    json_close(json, w->stream);
}

const writer_format writer_json = {"json", "_pose.json", 0, begin_document, add_to_document, end_document};
const writer_format writer_jsonl = {"jsonl", "_pose.jsonl", 0, NULL, write_line, NULL};
