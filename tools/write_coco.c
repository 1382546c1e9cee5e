/*
 * write_coco.c - format coco: the results array that upstream's evaluate writes and pycocotools reads, its keys in
 * upstream's (sorted) order. image_id is the number that the file's name ends in COCO's manner ("000000000785.jpg"),
 * or the name without ending when it is no number.
 */
#include <stdlib.h>
#include <string.h>

#include "json_write.h"
#include "tool.h"
#include "writer.h"

static void write_image_id(yajl_gen json, const char *path)
{
    char *stem = tool_stem(path);
    const size_t length = strlen(stem);
    if (length > 0 && length <= 18 && strspn(stem, "0123456789") == length)
        yajl_gen_integer(json, strtoll(stem, NULL, 10));
    else
        json_text(json, stem);
    free(stem);
}

static void write_person(writer *w, const char *path, const person *one)
{
    const hrnet_model_info *info = &w->subject->info;
    const hrnet_crop crop = hrnet_crop_from_box(one->box, (float)info->input_width / (float)info->input_height);
    yajl_gen_map_open(w->json);
    json_text(w->json, "category_id");
    yajl_gen_integer(w->json, 1);
    json_text(w->json, "center");
    json_numbers(w->json, crop.center, 2);
    json_text(w->json, "image_id");
    write_image_id(w->json, path);
    json_text(w->json, "keypoints");
    yajl_gen_array_open(w->json);
    for (int k = 0; k < w->subject->skeleton->n_keypoints; k++) {
        json_number(w->json, one->keypoints[k].x);
        json_number(w->json, one->keypoints[k].y);
        json_number(w->json, one->keypoints[k].score);
    }
    yajl_gen_array_close(w->json);
    json_text(w->json, "scale");
    json_numbers(w->json, crop.scale, 2);
    json_text(w->json, "score");
    json_number(w->json, one->score);
    yajl_gen_map_close(w->json);
}

static void begin(writer *w)
{
    w->json = json_open(w->stream, 0);
    yajl_gen_array_open(w->json);
}

static void add(writer *w, const picture *one)
{
    for (int i = 0; i < one->n_persons; i++) write_person(w, one->path, &one->persons[i]);
}

static void end(writer *w)
{
    yajl_gen_array_close(w->json);
    json_close(w->json, w->stream);
}

const writer_format writer_coco = {"coco", "_pose.json", 0, begin, add, end};
