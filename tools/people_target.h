/*
 * people_target.h - where the results of `hrnet pose` and `hrnet detect` go, decided by the name that -o gives:
 *   nothing, or "-"               data on standard output
 *   an ending of data             one data file (.json .jsonl .csv)
 *   an ending of a picture        the drawing of the one input (.png .jpg .webp)
 *   a folder, or no ending        STEM_pose.jpg and STEM_pose.json (.jsonl, .csv) for every input, STEM_boxes.jpg and
 *                                 STEM_boxes.json of boxes alone; made when missing. STEM is the picture's name in the
 *                                 folder that was named, with the folders between: "walk/001" of walk/001.jpg. Two
 *                                 pictures of one folder and one stem (001.jpg, 001.png) keep their endings in it
 *   anything else with --format   one data file
 */
#ifndef TOOLS_PEOPLE_TARGET_H
#define TOOLS_PEOPLE_TARGET_H

#include <hrnet_results.h>

#include "inputs.h"

/* The formats for an option, in the order of hrnet_results_format. */
#define RESULTS_NAMES "json|jsonl|csv|coco|openpose|openpose-18|mot|openpose-raw|trc"

/* Those that boxes alone can have. */
#define BOXES_NAMES "json|jsonl|csv|coco"

typedef enum target_kind { TARGET_DATA, TARGET_DRAWING, TARGET_FOLDER } target_kind;

typedef struct target {
    target_kind kind;
    const hrnet_results_format_info *format;
    char ending[32];      /* of a data file of one picture behind its stem: "_pose.json" */
    const char *drawn;    /* of a drawing: "_pose.jpg" */
    const char *path;     /* NULL: standard output */
    const char *heatmaps; /* folder for heatmaps, or NULL */
    hrnet_results_options data;
    hrnet_draw_options drawing;
    hrnet_results_writer *document; /* TARGET_DATA: the one document; NULL after it failed */
    char **stems;                   /* [n_stems], of every input; NULL where none is needed */
    size_t n_stems;
} target;

/* Decide and check what can be known before a network runs: also that no two inputs have one output, and that no output
 * is a file that is read. format < 0: by the ending, else json. boxes: there will be boxes alone. Returns 0, or an exit
 * status after a message. */
int target_choose(target *to, const char *out, const char *heatmaps, int format, int boxes, const inputs *in);

/* Begin: check to->data, of which the caller has set skeleton, network, detector and threshold, make the folders that
 * outputs need, and open the one document. Returns 0, or an exit status after a message. */
int target_begin(target *to);

/* Write the files that a picture has for itself: drawing, data in a folder, heatmaps. Draws on its image. Several
 * threads may call it at once, each with its own picture. Returns the library's status and leaves its message. */
hrnet_status target_draw(const target *to, hrnet_picture *picture);

/* Add a picture's people to the one document, if there is one, in the order of the calls. Returns 0, or -1 after a
 * message. */
int target_write(target *to, const hrnet_people *people);

/* Finish. Returns 0, or -1 after a message. Harmless on a target that has ended. */
int target_end(target *to);

#endif
