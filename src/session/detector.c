/* detector.c - hrnet_detector: a model that finds boxes, and what its family's programs do before and after it. */
#include "session/detector.h"

#include <string.h>

#include "base/mem.h"
#include "config/normalize.h"
#include "detect/coco_categories.h"
#include "detect/input_pixels.h"
#include "weights/checkpoint.h"

typedef struct family {
    const char *name; /* MODEL.NAME */
    hr_head_kind head;
    hr_letterbox_rule rule;
    float threshold, nms_iou, eval_nms_iou;
    float vote_iou; /* of hr_box_nms_voted; 0: no votes */
} family;

/* Thresholds: YOLOX's demo.py and eval.py; mmpose's --bbox-thr and --nms-thr, mmdetection's test_cfg for RTMDet; ours
 * were measured (models/detector.md). */
static const family families[] = {
    {"yolox", HR_HEAD_YOLOX, HR_LETTERBOX_TRUNCATED, 0.3f, 0.3f, 0.65f, 0},
    {"rtmdet", HR_HEAD_RTMDET, HR_LETTERBOX_ROUNDED, 0.3f, 0.3f, 0.65f, 0},
    {"detect_hrnet", HR_HEAD_YOLOX, HR_LETTERBOX_TRUNCATED, 0.35f, 0.5f, 0.55f, 0.6f},
};

/* NULL for a pose network. */
static const family *find_family(const char *name)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i].name, name) == 0) return &families[i];
    return NULL;
}

/* Whether neither the file nor a configuration asks for other pixels than the family's published ones. */
static int has_published_pixels(const hrnet_model *model)
{
    const hr_normalization *const published = hr_normalization_of(&model->config);
    const hrnet_model_info *const info = &model->info;
    return !info->color_rgb && memcmp(info->mean, published->mean, sizeof info->mean) == 0 &&
           memcmp(info->std, published->std, sizeof info->std) == 0;
}

/* Published programs compute on pixels of 0..255, which model->pixels, on 0..1, equals up to rounding only. */
static void choose_pixels(hrnet_detector *detector, int legacy)
{
    const int published = has_published_pixels(detector->model);
    if (legacy)
        hr_yolox_legacy_pixels(&detector->pixels);
    else if (published && strcmp(detector->info.name, "yolox") == 0)
        hr_yolox_pixels(&detector->pixels);
    else if (published && strcmp(detector->info.name, "rtmdet") == 0)
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
    HR_TRY(hr_model_check_task(model, HRNET_TASK_DETECT));
    const family *const is = find_family(model->info.name);
    if (is == NULL) return hr_fail(HRNET_ERR_UNSUPPORTED, "%s: a detector that is not known here", model->info.name);
    if (legacy && strcmp(is->name, "yolox") != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "legacy: expected a YOLOX, which alone has such weights, found %s",
                       is->name);
    detector->head = is->head;
    detector->rule = is->rule;
    detector->vote_iou = is->vote_iou;
    detector->exp_distances = model->config.model.exp_distances;
    detector->info = (hrnet_detector_info){.name = is->name,
                                           .input_width = model->info.input_width,
                                           .input_height = model->info.input_height,
                                           .threshold = is->threshold,
                                           .nms_iou = is->nms_iou,
                                           .eval_nms_iou = is->eval_nms_iou,
                                           .n_tensors = model->info.n_tensors,
                                           .n_parameters = model->info.n_parameters,
                                           .n_macs = model->info.n_macs};
    fill_categories(&detector->info, model->info.n_classes);
    choose_pixels(detector, legacy);
    return HRNET_OK;
}

/* The detector that ships. */
static hrnet_status load_shipped(hrnet_model **out, const hrnet_model_options *options)
{
    hrnet_checkpoint *checkpoint = NULL;
    HR_TRY(hr_checkpoint_load_detector(&checkpoint));
    const hrnet_status status = hr_model_load_checkpoint(out, checkpoint, options);
    hrnet_checkpoint_free(checkpoint);
    return status;
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
    const int is_shipped = path == NULL && options->config == NULL;
    HR_TRY(is_shipped ? load_shipped(&detector->model, &model_options)
                      : hrnet_model_load(&detector->model, path, &model_options));
    return describe(detector, options->legacy);
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
