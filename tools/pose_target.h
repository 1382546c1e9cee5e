/*
 * pose_target.h - where the results of `hrnet pose` go, decided by the name that -o gives:
 *   nothing, or "-"               data on standard output
 *   an ending of data             one data file (.json .jsonl .csv)
 *   an ending of a picture        the drawing of the one input (.png .jpg .webp)
 *   a folder, or no ending        STEM_pose.jpg and STEM_pose.json (.jsonl, .csv) for every input; made when missing.
 *                                 STEM is the picture's name in the folder that was named, with the folders between:
 *                                 "walk/001" of walk/001.jpg. Two pictures of one folder and one stem (001.jpg,
 * 001.png) keep their endings in it anything else with --format   one data file
 */
#ifndef TOOLS_POSE_TARGET_H
#define TOOLS_POSE_TARGET_H

#include <hrnet_results.h>

#include "inputs.h"

/* The formats for an option, in the order of hrnet_results_format. */
#define RESULTS_NAMES "json|jsonl|csv|coco|openpose|openpose-18"

typedef enum target_kind { TARGET_DATA, TARGET_DRAWING, TARGET_FOLDER } target_kind;

typedef struct target {
    target_kind kind;
    const hrnet_results_format_info *format;
    const char *path;     /* NULL: standard output */
    const char *heatmaps; /* folder for heatmaps, or NULL */
    hrnet_results_options data;
    hrnet_draw_options drawing;
    hrnet_results_writer *document; /* TARGET_DATA: the one document; NULL after it failed */
    char **stems;                   /* [n_stems], of every input; NULL where none is needed */
    size_t n_stems;
    char *folder; /* that was made last for outputs below a folder */
} target;

/* Decide and check what can be known before a network runs: also that no two inputs have one output, and that no output
 * is a file that is read. format < 0: by the ending, else json. Returns 0, or an exit status after a message. */
int target_choose(target *to, const char *out, const char *heatmaps, int format, const inputs *in);

/* Begin writing what this network finds; info and skeleton must outlive the target. threshold: keypoints with a lower
 * score are not drawn, and not found in the openpose formats. Returns 0, or an exit status after a message. */
int target_begin(target *to, const hrnet_skeleton *skeleton, const hrnet_model_info *info, float threshold);

/* Write picture number `index` of the inputs. image is drawn on; NULL for one that could not be loaded. heatmaps is
 * NULL, or [n_persons][n_keypoints][heatmap_height][heatmap_width]. Returns 0, or -1 after a message. */
int target_add(target *to, size_t index, const hrnet_people *people, hrnet_image *image, const float *heatmaps);

/* Finish. Returns 0, or -1 after a message. Harmless on a target that has ended. */
int target_end(target *to);

#endif
