/*
 * write_csv.c - format csv: one row a keypoint, or a box where there are boxes alone, quoted as RFC 4180 says. What
 * failed has no rows.
 */
#include <stdio.h>
#include <string.h>

#include "results/writer.h"

/* A text, with `behind` at its end, which needs no quotes. */
static void add_field(hr_text *text, const char *field, const char *behind)
{
    if (strpbrk(field, ",\"\r\n") == NULL) {
        hr_text_add(text, "%s%s", field, behind);
        return;
    }
    hr_text_add(text, "\"");
    for (; *field != '\0'; field++) {
        if (*field == '"') hr_text_add(text, "\"");
        hr_text_add_bytes(text, field, 1);
    }
    hr_text_add(text, "%s\"", behind);
}

/* The picture's name; "walk.mp4#17" of frame 17 of a video. */
static void add_name(hr_text *text, const hrnet_people *people)
{
    char number[24] = "";
    if (people->frame > 0) snprintf(number, sizeof number, "#%lld", (long long)people->frame);
    add_field(text, people->name, number);
}

/* What stands before the number, and the number with this many digits. */
static void add_number(hr_text *text, const char *before, float value, int digits)
{
    char number[HR_NUMBER_TEXT];
    hr_number_digits((double)value, digits, number);
    hr_text_add(text, "%s%s", before, number);
}

static void begin(hrnet_results_writer *w)
{
    hr_text_add(&w->json.text,
                w->options.boxes ? "file,person,%s\n" : "file,person,person_score,keypoint,name,x,y,score,%s\n",
                "box_x,box_y,box_w,box_h,box_score,track");
}

static void add_box(hr_text *text, const hrnet_pose *one)
{
    add_number(text, ",", one->box.x, 7);
    add_number(text, ",", one->box.y, 7);
    add_number(text, ",", one->box.w, 7);
    add_number(text, ",", one->box.h, 7);
    add_number(text, ",", one->box_score, 6);
    hr_text_add(text, ",%u\n", (unsigned)one->track);
}

static void add_person(hr_text *text, const hrnet_skeleton *skeleton, const hrnet_people *people, int person)
{
    const hrnet_pose *const one = &people->persons[person];
    for (int k = 0; k < skeleton->n_keypoints; k++) {
        const hrnet_keypoint *const point = &one->keypoints[k];
        add_name(text, people);
        hr_text_add(text, ",%d", person);
        add_number(text, ",", one->score, 6);
        hr_text_add(text, ",%d,", k);
        add_field(text, skeleton->keypoint_names[k], "");
        add_number(text, ",", point->x, 7);
        add_number(text, ",", point->y, 7);
        add_number(text, ",", point->score, 6);
        add_box(text, one);
    }
}

static void add(hrnet_results_writer *w, const hrnet_people *people)
{
    hr_text *const text = &w->json.text;
    for (int i = 0; i < people->n_persons; i++) {
        const hrnet_pose *const one = &people->persons[i];
        if (!hr_pose_is_good(one)) continue;
        if (w->options.boxes) {
            add_name(text, people);
            hr_text_add(text, ",%d", i);
            add_box(text, one);
        } else {
            add_person(text, w->options.skeleton, people, i);
        }
    }
}

const hr_results_writing hr_write_csv = {.info = {.name = "csv", .ending = "_pose.csv"}, .begin = begin, .add = add};
