/* detector_options.c - loads the detector that the command line names. */
#include "detector_options.h"

#include <stdlib.h>
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

static int is_ours(const detector_settings *s)
{
    return s->detector == NULL || strcmp(s->detector, "ours") == 0;
}

static void keep_message(void *context, const char *line)
{
    detector_load *const load = context;
    if (load->asked->quiet && !network_is_warning(line)) return;
    load->messages = tool_grow(load->messages, load->n_messages, sizeof *load->messages);
    load->messages[load->n_messages++] = tool_text("%s", line);
}

static void *load_detector(void *context)
{
    detector_load *const load = context;
    const detector_settings *const s = load->settings;
    const hrnet_detector_options options = {.legacy = s->legacy,
                                            .precision = (hrnet_precision)load->asked->precision,
                                            .batch = load->asked->batch,
                                            .memory_limit = (uint64_t)load->asked->memory_limit << 20,
                                            .on_message = keep_message,
                                            .context = load};
    if (hrnet_detector_load(&load->detector, is_ours(s) ? NULL : s->detector, &options) != HRNET_OK)
        load->failure = tool_text("%s", hrnet_last_error());
    return NULL;
}

static int prepare(detector_load *load, const detector_settings *settings, const network_settings *asked)
{
    if (settings->size % 32 != 0) return tool_usage("--det-size %d: expected a multiple of 32", settings->size);
    *load = (detector_load){.settings = settings, .asked = asked};
    return 0;
}

int detector_load_begin(detector_load *load, const detector_settings *settings, const network_settings *asked)
{
    const int status = prepare(load, settings, asked);
    if (status == 0 && asked->threads != 1)
        load->has_thread = pthread_create(&load->thread, NULL, load_detector, load) == 0;
    return status;
}

static void wait_for(detector_load *load)
{
    if (load->has_thread)
        pthread_join(load->thread, NULL);
    else
        load_detector(load);
}

static void free_messages(detector_load *load)
{
    for (size_t i = 0; i < load->n_messages; i++) free(load->messages[i]);
    free(load->messages);
    free(load->failure);
    *load = (detector_load){0};
}

/* With the thresholds and the size that the settings give. */
static hrnet_detector_info used_info(const hrnet_detector *detector, const detector_settings *s)
{
    hrnet_detector_info used = hrnet_detector_get_info(detector);
    if (s->threshold >= 0) used.threshold = s->threshold;
    if (s->is_scored) used.nms_iou = used.eval_nms_iou;
    if (s->nms >= 0) used.nms_iou = s->nms;
    if (s->size != 0) used.input_width = used.input_height = s->size;
    return used;
}

int detector_load_end(detector_load *load, hrnet_detector **out, hrnet_detector_info *info)
{
    const detector_settings *const s = load->settings;
    wait_for(load);
    for (size_t i = 0; i < load->n_messages; i++) tool_error("%s", load->messages[i]);
    if (load->failure != NULL) tool_error("%s", load->failure);
    const int status = load->failure != NULL ? STATUS_FAILED : 0;
    if (status == 0) {
        const hrnet_detector_info used = used_info(load->detector, s);
        if (!load->asked->quiet)
            tool_error("%s: finds people by %s at %d pixels, from a score of %g, NMS at an IoU of %g",
                       is_ours(s) ? "the detector that ships" : s->detector, used.name, used.input_width,
                       (double)used.threshold, (double)used.nms_iou);
        if (info != NULL) *info = used;
        *out = load->detector;
    }
    free_messages(load);
    return status;
}

void detector_load_drop(detector_load *load)
{
    if (load->has_thread) pthread_join(load->thread, NULL);
    hrnet_detector_free(load->detector);
    free_messages(load);
}

int detector_open(hrnet_detector **out, const detector_settings *s, const network_settings *asked,
                  hrnet_detector_info *info)
{
    detector_load load;
    const int status = prepare(&load, s, asked);
    return status == 0 ? detector_load_end(&load, out, info) : status;
}
