/*
 * lib_train_watch.c - pictures of training: the debug sheets of a pass and of a validation batch, and a look at the
 * examples before it begins.
 */
#include <string.h>

#include "base/mem.h"
#include "lib_eval.h"
#include "lib_train.h"
#include "pose/crop.h"

static hr_sheet_options sheet_options(const hr_config *c)
{
    return (hr_sheet_options){.width = c->model.image_size[0],
                              .height = c->model.image_size[1],
                              .map_width = c->model.heatmap_size[0],
                              .map_height = c->model.heatmap_size[1],
                              .n_joints = c->model.n_joints,
                              .color_rgb = c->dataset.color_rgb};
}

static size_t map_floats(const hr_config *c)
{
    return (size_t)c->model.n_joints * (size_t)c->model.heatmap_size[0] * (size_t)c->model.heatmap_size[1];
}

static hrnet_status write_sheets(const char *prefix, const hr_example *examples, const float *maps, size_t n_floats,
                                 int n, const hr_sheet_options *options)
{
    hr_sheet_item *items;
    HR_NEW(items, (size_t)n);
    for (int i = 0; i < n; i++)
        items[i] = (hr_sheet_item){.input = examples[i].input,
                                   .truth = examples[i].joints,
                                   .targets = examples[i].targets,
                                   .maps = maps != NULL ? maps + (size_t)i * n_floats : NULL};
    const hrnet_status status = hr_sheets_write(prefix, items, n, options);
    hr_free(items);
    return status;
}

/* FOLDER/KIND_NUMBER_*.jpg, those that DEBUG wants. */
static hrnet_status write_wanted(const hrnet_trainer *t, const char *kind, int64_t number, const hr_example *examples,
                                 const float *maps, int n)
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
    const hrnet_status status = write_sheets(prefix, examples, maps, map_floats(&t->config), n, &options);
    hr_free(prefix);
    return status;
}

hrnet_status hr_train_sheets(hrnet_trainer *t, const hr_step *step)
{
    if (!t->config.debug.debug || t->core->n_examples == 0) return HRNET_OK;
    return write_wanted(t, "train", step->position, t->core->examples, t->core->maps, t->core->n_examples);
}

/* ---------------------------------------------------------------------------------------------- validation */

/* Persons of a validation batch that is to be drawn, collected one by one. */
struct hr_train_watch {
    hrnet_trainer *t;
    hr_pixel_table pixels;
    size_t n_batch, batch; /* persons of a batch, number of the one that is being collected */
    hr_example *examples;  /* [n_batch] */
    float *maps;
    int n;
    hrnet_status status;
};

static void write_collected(hr_train_watch *w)
{
    if (w->n > 0 && w->status == HRNET_OK)
        w->status = write_wanted(w->t, "val", (int64_t)w->batch, w->examples, w->maps, w->n);
    for (int i = 0; i < w->n; i++) hr_example_free(&w->examples[i]);
    w->n = 0;
}

static hrnet_status copy_floats(float **out, const float *from, size_t n)
{
    HR_NEW(*out, n);
    memcpy(*out, from, n * sizeof *from);
    return HRNET_OK;
}

static hrnet_status collect(hr_train_watch *w, size_t sample, const double to_crop[6], const double *joints,
                            const float *targets, const float *maps)
{
    const hr_config *const c = &w->t->config;
    const size_t n_joints = (size_t)c->model.n_joints, n_floats = map_floats(c);
    const int width = c->model.image_size[0], height = c->model.image_size[1];
    hr_example *const example = &w->examples[w->n];
    hrnet_image image = {0};
    hr_warp warp;
    memcpy(w->maps + (size_t)w->n++ * n_floats, maps, n_floats * sizeof *maps);
    HR_TRY(copy_floats(&example->targets, targets, n_floats));
    HR_NEW(example->joints, 3 * n_joints);
    memcpy(example->joints, joints, 3 * n_joints * sizeof *joints);
    HR_NEW(example->input, 4 * (size_t)width * (size_t)height);
    HR_TRY(hrnet_evaluation_image(w->t->valid, w->t->valid->samples.list[sample].image, &image));
    hr_warp_init(&warp, &image, to_crop, width, height, HRNET_SAMPLE_OPENCV);
    hr_warp_rows_input(&warp, &w->pixels, 0, height, example->input, 4);
    hrnet_image_free(&image);
    return HRNET_OK;
}

static void on_maps(void *context, size_t sample, const double to_crop[6], const double *joints, const float *targets,
                    const float *maps)
{
    hr_train_watch *const w = context;
    const size_t batch = sample / w->n_batch;
    if (batch != w->batch) write_collected(w);
    w->batch = batch;
    if (batch % (size_t)w->t->config.print_freq == 0 && w->status == HRNET_OK)
        w->status = collect(w, sample, to_crop, joints, targets, maps);
}

hrnet_status hr_train_watch_begin(hr_train_watch **out, hrnet_trainer *t, const hrnet_model_info *about)
{
    hr_train_watch *w;
    if (!t->config.debug.debug) return HRNET_OK;
    HR_NEW(w, 1);
    *out = w;
    w->t = t;
    w->n_batch = (size_t)t->config.test.batch_size_per_gpu * (size_t)(t->config.n_gpus > 0 ? t->config.n_gpus : 1);
    hr_pixel_table_init(&w->pixels, about->mean, about->std, about->color_rgb);
    HR_NEW(w->examples, w->n_batch);
    HR_NEW(w->maps, w->n_batch * map_floats(&t->config));
    t->valid->on_maps = on_maps;
    t->valid->maps_context = w;
    return HRNET_OK;
}

hrnet_status hr_train_watch_end(hr_train_watch *w)
{
    if (w == NULL) return HRNET_OK;
    write_collected(w);
    const hrnet_status status = w->status;
    w->t->valid->on_maps = NULL;
    hr_free(w->examples);
    hr_free(w->maps);
    hr_free(w);
    return status;
}

/* ---------------------------------------------------------------------------------------------- preview */

static hrnet_status preview(const hr_config *config, const hr_train_set *set, const char *prefix, hr_example *examples,
                            int n)
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
    if (status == HRNET_OK) status = write_sheets(prefix, examples, NULL, 0, n_found, &options);
    for (int i = 0; i < n_found; i++) hr_example_free(&examples[i]);
    hr_batches_free(batches);
    return status;
}

hrnet_status hrnet_train_preview(const hrnet_config *config, const hrnet_trainer_options *options, const char *prefix,
                                 int n)
{
    static const hrnet_trainer_options standard = {0};
    hr_train_set *set = NULL;
    hr_example *examples;
    if (config == NULL || prefix == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_train_preview: an argument is NULL");
    if (n < 1 || n > HR_MAX_PASS)
        return hr_fail(HRNET_ERR_ARGUMENT, "preview: expected 1..%d examples, found %d", HR_MAX_PASS, n);
    if (options == NULL) options = &standard;
    const hr_train_set_files files = {.annotations = options->annotations,
                                      .images = options->images,
                                      .info = options->info,
                                      .on_message = options->on_message,
                                      .context = options->context};
    HR_TRY(hr_config_check(config));
    HR_NEW(examples, (size_t)n);
    hrnet_status status = hr_train_set_open(&set, config, &files);
    if (status == HRNET_OK) status = preview(config, set, prefix, examples, n);
    hr_train_set_free(set);
    hr_free(examples);
    return status;
}
