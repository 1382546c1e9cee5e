/*
 * infer.h - a configuration from the names and shapes of a checkpoint's tensors: everything that the weights show, and
 * published practice for what they cannot show (the input size, the order of colours).
 */
#ifndef HR_WEIGHTS_INFER_H
#define HR_WEIGHTS_INFER_H

#include "config/config.h"
#include "weights/naming.h"

/* on_message (may be NULL) is told which values are assumed. *out is overwritten and has passed hr_config_check.
 * HRNET_ERR_UNSUPPORTED for heads and bodies that these networks do not have. */
hrnet_status hr_infer_config(hr_config *out, const hr_layout *layout, const char *path, hrnet_message_fn *on_message,
                             void *context);

#endif
