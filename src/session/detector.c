/* detector.c - hrnet_detector: a model that finds boxes, and what its family's programs do before and after it. */
#include "session/detector.h"

#include <string.h>

#include "base/mem.h"
#include "detect/coco_categories.h"
#include "detect/input_pixels.h"

typedef struct family {
    const char *name; /* MODEL.NAME */
    hr_head_kind head;
    int box_channels; /* of a map, before the classes */
    hr_letterbox_rule rule;
    float threshold, nms_iou;
} family;

/* Thresholds: YOLOX's demo.py; mmpose's --bbox-thr and --nms-thr for RTMDet. */
static const family families[] = {
    {"yolox", HR_HEAD_YOLOX, 5, HR_LETTERBOX_TRUNCATED, 0.3f, 0.3f},
    {"rtmdet", HR_HEAD_RTMDET, 4, HR_LETTERBOX_ROUNDED, 0.3f, 0.3f},
    {"detect_hrnet", HR_HEAD_YOLOX, 5, HR_LETTERBOX_TRUNCATED, 0.3f, 0.3f},
};

static hrnet_status find_family(const family **out, const hrnet_model *model)
{
    const char *const name = model->info.name;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (strcmp(families[i].name, name) != 0) continue;
        *out = &families[i];
        return HRNET_OK;
    }
    return hr_fail(HRNET_ERR_MISMATCH, "expected a detector (yolox, rtmdet, detect_hrnet), found the pose network %s",
                   name);
}

static void choose_pixels(hrnet_detector *detector, int legacy)
{
    if (legacy)
        hr_yolox_legacy_pixels(&detector->pixels);
    else if (strcmp(detector->info.name, "yolox") == 0)
        hr_yolox_pixels(&detector->pixels);
    else if (strcmp(detector->info.name, "rtmdet") == 0)
        hr_rtmdet_pixels(&detector->pixels);
    else
        detector->pixels = detector->model->pixels;
}

static void fill_categories(hrnet_detector_info *info, int n)
{
    info->n_categories = n;
    info->category_names = n == HR_N_COCO_CATEGORIES ? hr_coco_categories : NULL;
    info->person = n == 1 || n == HR_N_COCO_CATEGORIES ? 0 : -1; /* COCO's first class */
}

static hrnet_status describe(hrnet_detector *detector, int legacy)
{
    const hrnet_model *const model = detector->model;
    const family *is;
    HR_TRY(find_family(&is, model));
    if (legacy && strcmp(is->name, "yolox") != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "legacy: expected a YOLOX, which alone has such weights, found %s",
                       is->name);
    const hr_graph *const graph = model->backend->graph(model->network);
    detector->head = is->head;
    detector->rule = is->rule;
    detector->info = (hrnet_detector_info){.name = is->name,
                                           .input_width = model->info.input_width,
                                           .input_height = model->info.input_height,
                                           .threshold = is->threshold,
                                           .nms_iou = is->nms_iou,
                                           .n_tensors = model->info.n_tensors,
                                           .n_parameters = model->info.n_parameters,
                                           .n_macs = model->info.n_macs};
    fill_categories(&detector->info, graph->nodes[graph->outputs[0].node].c - is->box_channels);
    choose_pixels(detector, legacy);
    return HRNET_OK;
}

static hrnet_status load(hrnet_detector *detector, const char *path, const hrnet_detector_options *options)
{
    const hrnet_model_options model_options = {.config = options->config,
                                               .overrides = options->overrides,
                                               .on_message = options->on_message,
                                               .context = options->context,
                                               .precision = options->precision,
                                               .batch = options->batch,
                                               .backend = options->backend,
                                               .memory_limit = options->memory_limit,
                                               .weights_key = options->weights_key};
    if (path == NULL && options->config == NULL)
        return hr_fail(
            HRNET_ERR_UNSUPPORTED,
            "no weights: expected a file, since this hrnet was built without a detector that ships; name one "
            "(of the command: --detector FILE)");
    HR_TRY(hrnet_model_load(&detector->model, path, &model_options));
    const hrnet_status status = describe(detector, options->legacy);
    return status == HRNET_OK ? status : hr_fail_in(status, path != NULL ? path : detector->model->config.source);
}

hrnet_status hrnet_detector_load(hrnet_detector **out, const char *path, const hrnet_detector_options *options)
{
    const hrnet_detector_options defaults = {0};
    if (options == NULL) options = &defaults;
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_detector_load: out is NULL");
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_detector_options"));
    hrnet_detector *detector;
    HR_NEW(detector, 1);
    const hrnet_status status = load(detector, path, options);
    if (status != HRNET_OK) {
        hrnet_detector_free(detector);
        return status;
    }
    *out = detector;
    return HRNET_OK;
}

hrnet_status hr_detector_of_model(hrnet_detector **out, hrnet_model *model)
{
    hrnet_detector *detector;
    HR_NEW(detector, 1);
    detector->model = model;
    const hrnet_status status = describe(detector, 0);
    if (status == HRNET_OK)
        *out = detector;
    else
        hr_free(detector);
    return status;
}

hrnet_detector_info hrnet_detector_get_info(const hrnet_detector *detector)
{
    return detector->info;
}

const hrnet_model *hrnet_detector_model(const hrnet_detector *detector)
{
    return detector->model;
}

void hrnet_detector_free(hrnet_detector *detector)
{
    if (detector == NULL) return;
    hrnet_model_free(detector->model);
    hr_free(detector);
}
