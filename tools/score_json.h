/* score_json.h - the scores of poses and boxes that `hrnet score` writes with --json. */
#ifndef TOOLS_SCORE_JSON_H
#define TOOLS_SCORE_JSON_H

#include <hrnet_eval.h>

/* Write one of the three scores, the others NULL, to the file path ("-": standard output). skeleton: with coco. Returns
 * the exit status. */
int score_json_write(const char *path, const hrnet_coco_score *coco, const hrnet_skeleton *skeleton,
                     const hrnet_box_score *boxes, const hrnet_mpii_score *mpii);

#endif
