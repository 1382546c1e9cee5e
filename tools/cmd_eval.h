/* cmd_eval.h - what `hrnet eval` draws about its failures. */
#ifndef TOOLS_CMD_EVAL_H
#define TOOLS_CMD_EVAL_H

#include <hrnet_eval.h>

/* Into the folder: the n persons with the lowest OKS as worst_001_oks0.012_NAME.jpg, truth on the left, prediction on
 * the right; and joint_errors.svg (hrnet_person_errors_plot). Returns 0, or an exit status after a message. */
int eval_draw_worst(hrnet_evaluation *evaluation, const hrnet_skeleton *skeleton, int n, const char *folder);

#endif
