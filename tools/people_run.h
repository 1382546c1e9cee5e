/*
 * people_run.h - the pictures of a command line through a hrnet_finder to where their results go (hrnet_pictures_run),
 * with what there is to tell about them on standard error.
 */
#ifndef TOOLS_PEOPLE_RUN_H
#define TOOLS_PEOPLE_RUN_H

#include "people_target.h"
#include "person_boxes.h"

typedef struct people_run {
    hrnet_finder *finder;
    const inputs *in;
    const boxes *where; /* the boxes of persons; NULL: people are found */
    target *to;
    int n_keypoints; /* of persons whose boxes are given */
    unsigned image_flags;
    int quiet;    /* do not tell how many people were found */
    int progress; /* show it even when standard error is no terminal */
} people_run;

/* Run all inputs until the end or a signal. Pictures and persons that fail are reported, and the rest goes on. Returns
 * how many things failed. */
int people_run_all(const people_run *run);

#endif
