/*
 * dataset_options.h - where the results of `hrnet pose` go, decided by the name that -o gives:
 *   nothing, or "-"               data on standard output
 *   an ending of data             one data file (.json .jsonl .csv)
 *   an ending of a picture        the drawing of the one input (.png .jpg .webp)
 *   a folder, or no ending        STEM_pose.jpg and STEM_pose.json (.jsonl, .csv) for every input; made when missing
 *   anything else with --format   one data file
 */
#ifndef TOOLS_DATASET_OPTIONS_H
#define TOOLS_DATASET_OPTIONS_H

#include "output.h"
#include "writer.h"

typedef enum target_kind { TARGET_DATA, TARGET_DRAWING, TARGET_FOLDER } target_kind;

typedef struct target {
    target_kind kind;
    const writer_format *format;
    const char *path;     /* NULL: standard output */
    const char *heatmaps; /* folder for heatmaps, or NULL */
    const subject *about;
    hrnet_draw_options drawing;
    output file; /* TARGET_DATA: the one document */
    writer document;
    char **used; /* stems given to files so far; [n_used] */
    size_t n_used;
} target;

/* Decide and check what can be known before a network runs. format < 0: by the ending, else json. n_inputs counts the
 * pictures. Returns 0, or an exit status after a message. */
int target_choose(target *to, const char *out, const char *heatmaps, int format, size_t n_inputs);

/* Begin writing for this subject. Returns 0, or an exit status after a message. */
int target_begin(target *to, const subject *about);

/* Write one picture. image is drawn on; NULL for one that could not be loaded. heatmaps is NULL, or
 * [n_persons][n_keypoints][heatmap_height][heatmap_width]. Returns 0, or -1 after a message. */
int target_add(target *to, const picture *one, hrnet_image *image, const float *heatmaps);

/* Finish. Returns 0, or -1 after a message. */
int target_end(target *to);

#endif
