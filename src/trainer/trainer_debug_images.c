/*
 * trainer_debug_images.c - contact sheets of training (report/sheets.h): of a training pass, of a validation batch, and
 * of the first examples before a run begins (hrnet_train_preview).
 */
#include <string.h>

#include "base/mem.h"
#include "eval/evaluation.h"
#include "report/sheets.h"
#include "trainer/trainer.h"
#include "pose/crop.h"

static hr_sheet_options sheet_options(const hr_config *c)
{
    return (hr_sheet_options){.width = c->model.image_size[0],
                              .height = c->model.image_size[1],
                              .map_width = c->model.heatmap_size[0],
                              .map_height = c->model.heatmap_size[1],
                              .n_joints = hr_config_detects(c) ? 0 : c->model.n_joints,
                              .color_rgb = c->dataset.color_rgb};
}

static size_t map_floats(const hr_config *c)
{
    return (size_t)c->model.n_joints * (size_t)c->model.heatmap_size[0] * (size_t)c->model.heatmap_size[1];
}

/* The example as a sheet shows it. A detector's boxes are copied, and freed with free_item. */
static hrnet_status make_item(hr_sheet_item *item, const hr_example *example, const float *maps)
{
    const size_t n = (size_t)example->n_boxes;
    hrnet_box *boxes;
    unsigned char *is_ignored;
    *item =
        (hr_sheet_item){.input = example->input, .truth = example->joints, .targets = example->targets, .maps = maps};
    if (n == 0) return HRNET_OK;
    HR_NEW(boxes, n);
    item->boxes = boxes;
    HR_NEW(is_ignored, n);
    item->is_ignored = is_ignored;
    item->n_boxes = example->n_boxes;
    for (size_t i = 0; i < n; i++) {
        const hr_box_truth *const box = &example->boxes[i];
        boxes[i] = (hrnet_box){box->x - box->w / 2, box->y - box->h / 2, box->w, box->h};
        is_ignored[i] = box->is_ignored != 0;
    }
    return HRNET_OK;
}

static void free_item(hr_sheet_item *item)
{
    hr_free((void *)item->boxes);
    hr_free((void *)item->is_ignored);
}

/* Write FOLDER/KIND_NUMBER_*.jpg, those sheets that DEBUG asks for: "train_100_gt.jpg", "val_0_hm_pred.jpg". */
static hrnet_status write_wanted(const hrnet_trainer *t, const char *kind, int64_t number, const hr_sheet_item *items,
                                 int n)
{
    const hr_debug_config *const debug = &t->config.debug;
    hr_sheet_options options = sheet_options(&t->config);
    hr_text name = {0};
    char *prefix;
    options.gt = debug->save_batch_images_gt;
    options.pred = debug->save_batch_images_pred;
    options.heatmaps_gt = debug->save_heatmaps_gt;
    options.heatmaps_pred = debug->save_heatmaps_pred;
    hr_text_add(&name, "%s/%s_%lld", t->folder, kind, (long long)number);
    HR_TRY(hr_text_take(&name, &prefix));
    const hrnet_status status = hr_sheets_write(prefix, items, n, &options);
    hr_free(prefix);
    return status;
}

hrnet_status hr_trainer_debug_images(hrnet_trainer *t, const hr_step_report *step)
{
    const int n = t->learner->n_examples;
    hr_sheet_item *items;
    if (!t->config.debug.debug || n == 0) return HRNET_OK;
    HR_NEW(items, (size_t)n);
    const float *const maps = hr_objective_maps(t->learner->objective);
    hrnet_status status = HRNET_OK;
    for (int i = 0; i < n && status == HRNET_OK; i++)
        status = make_item(&items[i], &t->learner->examples[i],
                           maps != NULL ? maps + (size_t)i * map_floats(&t->config) : NULL);
    if (status == HRNET_OK) status = write_wanted(t, "train", step->position, items, n);
    for (int i = 0; i < n; i++) free_item(&items[i]);
    hr_free(items);
    return status;
}

/* ---------------------------------------------------------------------------------------------- validation */

/* The evaluation shows persons one by one (on_maps); those of a batch that is to be drawn are copied here, and drawn
 * when the next batch begins. */
struct hr_debug_images {
    hrnet_trainer *t;
    hr_pixel_table pixels;
    size_t n_batch, batch; /* persons of a batch; number of the current one */
    hr_sheet_item *items;  /* [n_batch], of which n are filled */
    float **floats;        /* [n_batch]: one block for an item's input, targets and maps */
    double **joints;       /* [n_batch]: an item's true joints */
    int n;
    hrnet_status status; /* of the first failure; on_maps cannot return one */
};

static void write_collected(hr_debug_images *d)
{
    if (d->n > 0 && d->status == HRNET_OK) d->status = write_wanted(d->t, "val", (int64_t)d->batch, d->items, d->n);
    for (int i = 0; i < d->n; i++) {
        hr_free(d->floats[i]);
        hr_free(d->joints[i]);
        d->floats[i] = NULL;
        d->joints[i] = NULL;
    }
    d->n = 0;
}

/* Copy a person; its input is made again from the picture, since the session keeps none. */
static hrnet_status collect(hr_debug_images *d, size_t sample, const double to_crop[6], const double *joints,
                            const float *targets, const float *maps)
{
    const hr_config *const c = &d->t->config;
    const int width = c->model.image_size[0], height = c->model.image_size[1];
    const size_t n_joints = (size_t)c->model.n_joints, n_maps = map_floats(c);
    const size_t n_input = 4 * (size_t)width * (size_t)height;
    const int i = d->n++;
    hrnet_image image = {0};
    hr_warp warp;
    HR_NEW(d->floats[i], n_input + 2 * n_maps);
    HR_NEW(d->joints[i], 3 * n_joints);
    float *const input = d->floats[i];
    d->items[i] = (hr_sheet_item){
        .input = input, .truth = d->joints[i], .targets = input + n_input, .maps = input + n_input + n_maps};
    memcpy(input + n_input, targets, n_maps * sizeof *targets);
    memcpy(input + n_input + n_maps, maps, n_maps * sizeof *maps);
    memcpy(d->joints[i], joints, 3 * n_joints * sizeof *joints);
    HR_TRY(hrnet_evaluation_image(d->t->valid, d->t->valid->samples.list[sample].image, &image));
    const hrnet_pixels pixels = hrnet_image_pixels(&image);
    const hrnet_status status = hr_warp_init(&warp, &pixels, to_crop, width, height, HRNET_SAMPLE_OPENCV);
    if (status == HRNET_OK) hr_warp_rows_input(&warp, &d->pixels, 0, height, input, 4);
    hrnet_image_free(&image);
    return status;
}

/* hrnet_evaluation.on_maps */
static void on_maps(void *context, size_t sample, const double to_crop[6], const double *joints, const float *targets,
                    const float *maps)
{
    hr_debug_images *const d = context;
    const size_t batch = sample / d->n_batch;
    if (batch != d->batch) write_collected(d); /* samples come in order: the batch before is complete */
    d->batch = batch;
    if (batch % (size_t)d->t->config.print_freq == 0 && d->status == HRNET_OK)
        d->status = collect(d, sample, to_crop, joints, targets, maps);
}

hrnet_status hr_debug_images_begin(hr_debug_images **out, hrnet_trainer *t, const hrnet_model_info *about)
{
    hr_debug_images *d;
    if (!t->config.debug.debug) return HRNET_OK;
    HR_NEW(d, 1);
    *out = d;
    d->t = t;
    d->n_batch = (size_t)t->config.test.batch_size_per_gpu * (size_t)(t->config.n_gpus > 0 ? t->config.n_gpus : 1);
    hr_pixel_table_init(&d->pixels, about->mean, about->std, about->color_rgb);
    HR_NEW(d->items, d->n_batch);
    HR_NEW(d->floats, d->n_batch);
    HR_NEW(d->joints, d->n_batch);
    t->valid->on_maps = on_maps;
    t->valid->maps_context = d;
    return HRNET_OK;
}

hrnet_status hr_debug_images_end(hr_debug_images *d)
{
    if (d == NULL) return HRNET_OK;
    write_collected(d);
    const hrnet_status status = d->status;
    d->t->valid->on_maps = NULL;
    hr_free(d->items);
    hr_free(d->floats);
    hr_free(d->joints);
    hr_free(d);
    return status;
}

/* ---------------------------------------------------------------------------------------------- preview */

static hrnet_status preview(const hr_config *config, const hr_train_set *set, const char *prefix, hr_example *examples,
                            hr_sheet_item *items, int n)
{
    const hr_batches_options how = {.seed = (uint64_t)config->train.seed,
                                    .epoch = config->train.begin_epoch,
                                    .batch = n,
                                    .n_ranks = 1,
                                    .workers = 1,
                                    .shuffle = config->train.shuffle,
                                    .augment = 1};
    hr_sheet_options options = sheet_options(config);
    hr_batches *batches;
    int n_found = 0, is_end;
    options.gt = options.heatmaps_gt = 1;
    HR_TRY(hr_batches_create(&batches, set, &how));
    hrnet_status status = hr_batches_next(batches, examples, &n_found, &is_end);
    for (int i = 0; i < n_found && status == HRNET_OK; i++) status = make_item(&items[i], &examples[i], NULL);
    if (status == HRNET_OK) status = hr_sheets_write(prefix, items, n_found, &options);
    for (int i = 0; i < n_found; i++) {
        free_item(&items[i]);
        hr_example_free(&examples[i]);
    }
    hr_batches_free(batches);
    return status;
}

hrnet_status hrnet_train_preview(const hrnet_config *config, const hrnet_trainer_options *options, const char *prefix,
                                 int n)
{
    static const hrnet_trainer_options standard = {0};
    hr_train_set *set = NULL;
    hr_example *examples;
    hr_sheet_item *items;
    if (config == NULL || prefix == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_train_preview: an argument is NULL");
    if (n < 1 || n > HR_MAX_PASS)
        return hr_fail(HRNET_ERR_ARGUMENT, "preview: expected 1..%d examples, found %d", HR_MAX_PASS, n);
    if (options == NULL) options = &standard;
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_trainer_options"));
    const hr_train_set_files files = {.annotations = options->annotations,
                                      .images = options->images,
                                      .info = options->info,
                                      .on_message = options->on_message,
                                      .context = options->context,
                                      .category = options->category,
                                      .check_pictures = 1,
                                      .skip_broken = options->skip_broken};
    HR_TRY(hr_config_check(config));
    examples = hr_calloc((size_t)n, sizeof *examples);
    items = hr_calloc((size_t)n, sizeof *items);
    hrnet_status status = examples != NULL && items != NULL ? HRNET_OK : hr_fail_memory((size_t)n * sizeof *examples);
    if (status == HRNET_OK) status = hr_train_set_open(&set, config, &files);
    if (status == HRNET_OK) status = preview(config, set, prefix, examples, items, n);
    hr_train_set_free(set);
    hr_free(examples);
    hr_free(items);
    return status;
}
