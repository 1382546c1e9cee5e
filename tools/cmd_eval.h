/* cmd_eval.h - what `hrnet eval` draws about its failures. */
#ifndef TOOLS_CMD_EVAL_H
#define TOOLS_CMD_EVAL_H

#include <hrnet_eval.h>

/* Into the folder: the n persons with the lowest OKS as worst_001_oks0.012_NAME.jpg, truth on the left, prediction on
 * the right; and joint_errors.png (eval_histogram). Returns 0, or an exit status after a message. */
int eval_draw_worst(hrnet_evaluation *evaluation, const hrnet_skeleton *skeleton, int n, const char *folder);

/* Write a panel a joint: how many labelled joints were how far off, in units of the person's size (the root of its
 * area), 0 to 0.5 and beyond; and the share below 0.1. Returns 0, or an exit status after a message. */
int eval_draw_histogram(const hrnet_person_error *errors, size_t n, const hrnet_skeleton *skeleton, const char *path);

#endif
