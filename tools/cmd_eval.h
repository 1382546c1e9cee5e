/* cmd_eval.h - parts of `hrnet eval`: its detector, and what it draws about its failures. */
#ifndef TOOLS_CMD_EVAL_H
#define TOOLS_CMD_EVAL_H

#include <hrnet_eval.h>

#include "detector_options.h"

/* Into the folder: the n persons with the lowest OKS as worst_001_oks0.012_NAME.jpg, truth on the left, prediction on
 * the right; and joint_errors.svg (hrnet_person_errors_plot). Returns 0, or an exit status after a message. */
int eval_draw_worst(hrnet_evaluation *evaluation, const hrnet_skeleton *skeleton, int n, const char *folder);

/* What finds the boxes with --detect. */
typedef struct eval_detector {
    detector_settings settings; /* with the thresholds of an evaluation where none were given */
    hrnet_detector *detector;
    hrnet_detector_session *session;
    hrnet_detector_info info;
} eval_detector;

/* Returns 0, or an exit status after a message; close it in both cases. */
int eval_detector_open(eval_detector *out, const detector_settings *settings, const network_settings *asked);
void eval_detector_close(eval_detector *d); /* accepts a zeroed one */
/* Set the members that the detector decides. */
void eval_detector_options(const eval_detector *d, hrnet_evaluation_options *options);
/* Print which detector it is and how it is used; image_thre: score of boxes that get poses. Returns 0, or an exit
 * status after a message. */
int eval_detector_print(const eval_detector *d, double image_thre);
/* Print the score of its boxes, above that of the poses. Returns 0, or an exit status after a message. */
int eval_detector_score(const eval_detector *d, const hrnet_evaluation *evaluation);

#endif
