/* score_mot.h - `hrnet score mot`: tracks against ground truth, of one sequence or of a folder of them. */
#ifndef TOOLS_SCORE_MOT_H
#define TOOLS_SCORE_MOT_H

#include <hrnet_eval.h>

typedef struct mot_settings {
    const char *truth, *results; /* files, or folders of sequences */
    const char *json;            /* NULL: none; "-": standard output, in place of the table */
    hrnet_mot_benchmark benchmark;
} mot_settings;

/* Score, print and write. Returns the exit status. */
int score_mot_run(const mot_settings *set);

#endif
