/*
 * write_mot.c - format mot: MOTChallenge's rows frame,id,left,top,width,height,confidence,-1,-1,-1. The frame is the
 * number of the picture in the document, from 1; the confidence is the box's score. Who has no track has no row.
 */
#include "results/writer.h"

static void add_number(hr_text *text, float value, int digits)
{
    char number[HR_NUMBER_TEXT];
    hr_number_digits((double)value, digits, number);
    hr_text_add(text, ",%s", number);
}

static void add(hrnet_results_writer *w, const hrnet_people *people)
{
    hr_text *const text = &w->json.text;
    for (int i = 0; i < people->n_persons; i++) {
        const hrnet_pose *const one = &people->persons[i];
        if (!hr_pose_is_good(one) || one->track == 0) continue;
        hr_text_add(text, "%zu,%u", w->n_pictures + 1, (unsigned)one->track);
        add_number(text, one->box.x, 7);
        add_number(text, one->box.y, 7);
        add_number(text, one->box.w, 7);
        add_number(text, one->box.h, 7);
        add_number(text, one->box_score, 6);
        hr_text_add(text, ",-1,-1,-1\n");
    }
}

const hr_results_writing hr_write_mot = {.info = {.name = "mot", .ending = "_tracks.txt"}, .add = add};
