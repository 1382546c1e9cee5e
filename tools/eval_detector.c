/* eval_detector.c - the detector of `hrnet eval --detect`. */
#include "cmd_eval.h"

#include <stdio.h>
#include <string.h>

#include "score_table.h"
#include "tool.h"

/* What the published evaluations take; a demonstration takes more, to show few boxes that are wrong. */
#define THRESHOLD .01f

int eval_detector_open(eval_detector *out, const detector_settings *settings, const network_settings *asked)
{
    hrnet_detector_session_options how = {.threads = asked->threads,
                                          .size = settings->size,
                                          .max_batch = asked->batch != 0 ? asked->batch : 8,
                                          .memory_limit = (uint64_t)asked->memory_limit << 20};
    *out = (eval_detector){.settings = *settings};
    out->settings.is_scored = 1;
    if (out->settings.threshold < 0) out->settings.threshold = THRESHOLD;
    int status = detector_open(&out->detector, &out->settings, asked, &out->info);
    out->settings.nms = out->info.nms_iou;
    if (status == 0 && hrnet_detector_session_create(&out->session, out->detector, &how) != HRNET_OK)
        status = tool_failed();
    return status;
}

void eval_detector_close(eval_detector *d)
{
    hrnet_detector_session_free(d->session);
    hrnet_detector_free(d->detector);
    *d = (eval_detector){0};
}

void eval_detector_options(const eval_detector *d, hrnet_evaluation_options *options)
{
    options->detector = d->session;
    options->det_threshold = d->settings.threshold == 0 ? -1 : d->settings.threshold; /* 0 is the library's default */
    options->det_nms = d->settings.nms;
    options->max_detections = d->settings.max_persons;
}

int eval_detector_print(const eval_detector *d, double image_thre)
{
    const char *const path = d->settings.detector;
    char digest[65];
    if (path == NULL || strcmp(path, "ours") == 0) {
        printf("detector:  the one that ships with hrnet\n");
    } else {
        if (hrnet_file_sha256(path, digest) != HRNET_OK) return tool_failed();
        printf("detector:  %s, sha256 %s\n", path, digest);
    }
    printf("boxes:     found by %s at %d pixels, score %g or more, NMS at an IoU of %g\n", d->info.name,
           d->info.input_width, (double)d->settings.threshold, (double)d->settings.nms);
    printf("           poses of those with %g or more (TEST.IMAGE_THRE)\n", image_thre);
    return 0;
}

int eval_detector_score(const eval_detector *d, const hrnet_evaluation *evaluation)
{
    hrnet_box_score score;
    if (hrnet_evaluation_boxes(evaluation, &score) != HRNET_OK) return tool_failed();
    printf("boxes of %s, then poses:\n", d->info.name);
    score_table_print(d->info.name, hrnet_box_number_names(), score.numbers, HRNET_BOX_NUMBERS);
    return 0;
}
