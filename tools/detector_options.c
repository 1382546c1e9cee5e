/* detector_options.c - loads the detector that the command line names. */
#include "detector_options.h"

#include <string.h>

#include "tool.h"

const char *detector_option_given(const detector_settings *s)
{
    return s->detector != NULL   ? "--detector"
           : s->legacy           ? "--legacy"
           : s->threshold >= 0   ? "--det-threshold"
           : s->nms >= 0         ? "--det-nms"
           : s->size != 0        ? "--det-size"
           : s->max_persons != 0 ? "--max-persons"
                                 : NULL;
}

void detector_finder_options(const detector_settings *s, hrnet_finder_options *options)
{
    /* in the library 0 is the detector's default, and a threshold below 0 is none */
    options->threshold = s->threshold < 0 ? 0 : s->threshold == 0 ? -1 : s->threshold;
    options->nms_iou = s->nms < 0 ? 0 : s->nms;
    options->detector_size = s->size;
    options->max_persons = s->max_persons;
}

int detector_open(hrnet_detector **out, const detector_settings *s, const network_settings *asked,
                  hrnet_detector_info *info)
{
    const int is_ours = s->detector == NULL || strcmp(s->detector, "ours") == 0;
    int quiet = asked->quiet;
    const hrnet_detector_options options = {.legacy = s->legacy,
                                            .precision = (hrnet_precision)asked->precision,
                                            .batch = asked->batch,
                                            .memory_limit = (uint64_t)asked->memory_limit << 20,
                                            .on_message = network_message,
                                            .context = &quiet};
    if (s->size % 32 != 0) return tool_usage("--det-size %d: expected a multiple of 32", s->size);
    if (hrnet_detector_load(out, is_ours ? NULL : s->detector, &options) != HRNET_OK) return tool_failed();
    hrnet_detector_info used = hrnet_detector_get_info(*out);
    if (s->threshold >= 0) used.threshold = s->threshold;
    if (s->is_scored) used.nms_iou = used.eval_nms_iou;
    if (s->nms >= 0) used.nms_iou = s->nms;
    if (s->size != 0) used.input_width = used.input_height = s->size;
    if (!quiet)
        tool_error("%s: finds people by %s at %d pixels, from a score of %g, NMS at an IoU of %g",
                   is_ours ? "the detector that ships" : s->detector, used.name, used.input_width,
                   (double)used.threshold, (double)used.nms_iou);
    if (info != NULL) *info = used;
    return 0;
}
