/* command.h - the sub-commands of hrnet, one file each, and the words they share. */
#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

#include "options.h"

extern const command command_pose, command_detect, command_forward, command_decode, command_crop, command_info,
    command_convert, command_export, command_bench, command_score, command_eval, command_train, command_fetch;

/* Words of hrnet_decoder and hrnet_sampler, in the order of their values. */
#define DECODER_NAMES "auto|argmax|shift|dark|udp"
#define SAMPLER_NAMES "opencv|float"

#endif
