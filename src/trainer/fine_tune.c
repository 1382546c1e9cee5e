/*
 * fine_tune.c - a configuration for fine-tuning a model on somebody's own pictures: the network and the augmentation
 * are the model's, sets and joints the data's, and the schedule is made for their number. What was chosen is told, and
 * any key that the caller gives comes last.
 */
#include <math.h>
#include <string.h>

#include <hrnet_train.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/set_files.h"
#include "trainer/trainer.h"

/* Examples that a fine-tuning sees: 2,500 bring a small set (32 drawn arrows) from AP 0 to 1 with room to spare; larger
 * sets are gone through ten times. */
enum { EXAMPLES = 2500, LEAST_EPOCHS = 10, MOST_EPOCHS = 200 };
static const double valid_part = 0.2; /* of a set that comes without a part to validate with */

typedef struct fine_tuning {
    hr_config *config;
    const hrnet_fine_tune_options *o;
    const char *wanted_train, *wanted_valid; /* TRAIN_SET and TEST_SET among the caller's keys, or "" */
} fine_tuning;

static void say(const fine_tuning *f, hr_text *line)
{
    if (!line->failed && line->data != NULL && f->o->on_message != NULL) f->o->on_message(f->o->context, line->data);
    hr_text_free(line);
}

/* The value of the last override of a key, or "". */
static const char *find_override(const hrnet_fine_tune_options *o, const char *key)
{
    const char *value = "";
    for (const char *const *pair = o->overrides; pair != NULL && pair[0] != NULL && pair[1] != NULL; pair += 2)
        if (strcmp(pair[0], key) == 0) value = pair[1];
    return value;
}

/* ---------------------------------------------------------------------------------------------- model */

/* The configuration that the weights carry, or that their shapes show. Keys of the run that made them, and of its data,
 * get their defaults. */
static hrnet_status take_model(fine_tuning *f)
{
    const hrnet_fine_tune_options *const o = f->o;
    const int is_shipped = o->init == NULL || strcmp(o->init, "shipped") == 0;
    hr_config *const c = f->config;
    hrnet_checkpoint *checkpoint = NULL;
    HR_TRY(hrnet_checkpoint_load(&checkpoint, is_shipped ? NULL : o->init));
    const hrnet_status status = hr_checkpoint_config(checkpoint, c, o->overrides, o->on_message, o->context);
    hrnet_checkpoint_free(checkpoint);
    HR_TRY(status);
    hr_config *plain;
    HR_NEW(plain, 1);
    hr_config_defaults(plain);
    memcpy(c->output_dir, plain->output_dir, sizeof c->output_dir);
    memcpy(c->log_dir, plain->log_dir, sizeof c->log_dir);
    memcpy(c->data_dir, plain->data_dir, sizeof c->data_dir);
    memcpy(c->model.pretrained, plain->model.pretrained, sizeof c->model.pretrained);
    memcpy(c->dataset.exclude, plain->dataset.exclude, sizeof c->dataset.exclude);
    memcpy(c->test.coco_bbox_file, plain->test.coco_bbox_file, sizeof c->test.coco_bbox_file);
    memcpy(c->test.model_file, plain->test.model_file, sizeof c->test.model_file);
    c->dataset.n_more_sets = 0;
    memset(c->dataset.more_sets, 0, sizeof c->dataset.more_sets);
    c->train = plain->train;
    c->debug = plain->debug;
    hr_free(plain);
    return hr_config_set(c, "TRAIN.INIT", is_shipped ? "shipped" : o->init, NULL, NULL);
}

/* ---------------------------------------------------------------------------------------------- data */

/* Where sets are: below options->data, or the annotations that the caller names. */
static hrnet_status take_sets(fine_tuning *f)
{
    hr_dataset_config *const d = &f->config->dataset;
    hr_found_sets found = {0};
    hr_text line = {0};
    HR_TRY(hr_config_set(f->config, "DATASET.DATASET", "coco", NULL, NULL));
    HR_TRY(hr_config_set(f->config, "DATASET.DATA_FORMAT", "jpg", NULL, NULL));
    if (f->o->data != NULL) {
        HR_TRY(hr_sets_find(&found, f->o->data, f->wanted_train, f->wanted_valid));
        HR_TRY(hr_config_set(f->config, "DATASET.ROOT", found.root, NULL, NULL));
        HR_TRY(hr_config_set(f->config, "DATASET.TRAIN_SET", found.train, NULL, NULL));
        HR_TRY(hr_config_set(f->config, "DATASET.TEST_SET", found.valid[0] != '\0' ? found.valid : found.train, NULL,
                             NULL));
    }
    /* persons are known: a detector's boxes, as published experiments have them, would be of other pictures */
    f->config->test.use_gt_bbox = 1;
    d->valid_part = found.valid[0] != '\0' || f->o->valid_annotations != NULL ? 0 : valid_part;
    if (f->o->data == NULL) return HRNET_OK;
    hr_text_add(&line, "data: %s: trains on \"%s\", validates with %s%s%s", found.root, found.train,
                found.valid[0] != '\0' ? "\"" : "a fifth of its pictures", found.valid,
                found.valid[0] != '\0' ? "\"" : "");
    if (found.others[0] != '\0') hr_text_add(&line, "; not used: %s", found.others);
    say(f, &line);
    return HRNET_OK;
}

/* Load annotations, which must say what keypoints are; for a detector boxes are enough. */
static hrnet_status load_described(hrnet_annotations **out, const fine_tuning *f, const char *path)
{
    /* what is read and left out is told when the trainer reads the file */
    const hrnet_annotations_options options = {.category = f->o->category};
    HR_TRY(hrnet_annotations_open(out, path, &options));
    if (hr_config_detects(f->config)) return HRNET_OK;
    if (f->o->info != NULL || hrnet_annotations_info(*out)->skeleton.n_keypoints > 0) return HRNET_OK;
    hrnet_annotations_free(*out);
    *out = NULL;
    return hr_fail(HRNET_ERR_FORMAT,
                   "%s: categories: expected one with keypoints (a list of their names), found none; nothing can be "
                   "learned from boxes alone",
                   path);
}

/* The annotations that are trained on. */
static hrnet_status load_annotations(hrnet_annotations **out, const fine_tuning *f)
{
    const hr_dataset_config *const d = &f->config->dataset;
    const hr_set_files files = {.data_dir = f->config->data_dir, .root = d->root, .set = d->train_set};
    char *path;
    if (f->o->annotations != NULL) return load_described(out, f, f->o->annotations);
    if (f->o->data == NULL && find_override(f->o, "DATASET.ROOT")[0] == '\0')
        return hr_fail(HRNET_ERR_CONFIG,
                       "nothing to train on: give --data DIR, or --annotations FILE and --images DIR");
    HR_TRY(hr_set_annotations_path(&path, &files));
    const hrnet_status status = load_described(out, f, path);
    hr_free(path);
    return status;
}

/* Mirroring needs to know which keypoints are left and right of each other. */
static hrnet_status take_pairs(fine_tuning *f, const hrnet_skeleton *s)
{
    hr_text line = {0};
    if (s->n_flip_pairs > 0) {
        hr_text_add(&line, "flip pairs:");
        for (int i = 0; i < s->n_flip_pairs; i++)
            hr_text_add(&line, "%s %s and %s", i > 0 ? "," : "", s->keypoint_names[s->flip_pairs[i][0]],
                        s->keypoint_names[s->flip_pairs[i][1]]);
    } else if (s->n_keypoints > 1 && f->o->config == NULL) {
        f->config->dataset.flip = f->config->test.flip_test = 0;
        hr_text_add(&line,
                    "flip pairs: no left and right keypoints are known by their names, so that pictures are not "
                    "mirrored (a --description with \"flip_pairs: [[name, name], ...]\" tells them; DATASET.FLIP "
                    "true and TEST.FLIP_TEST true mirror without)");
    }
    say(f, &line);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- schedule */

/* Batch and epochs for n persons: small batches make enough steps of few persons. */
static void take_schedule(fine_tuning *f, size_t n)
{
    hr_train_config *const t = &f->config->train;
    const double epochs = ceil(EXAMPLES / (double)(n > 0 ? n : 1));
    t->batch_size_per_gpu = n < 100 ? 8 : n < 1000 ? 16 : 32;
    t->end_epoch = epochs < LEAST_EPOCHS ? LEAST_EPOCHS : epochs > MOST_EPOCHS ? MOST_EPOCHS : (int)epochs;
    memset(t->optimizer, 0, sizeof t->optimizer);
    memset(t->schedule, 0, sizeof t->schedule);
    strcpy(t->optimizer, "adamw");
    strcpy(t->schedule, "cosine");
    t->lr = 0.001;
    t->wd = 0.01;
    t->warmup_steps = 20;
    t->ema = 0.99;
    t->save_minutes = 5;
    f->config->n_gpus = 1;
    memset(f->config->gpus, 0, sizeof f->config->gpus);
    f->config->auto_resume = 1;
    f->config->print_freq = 10;
    f->config->test.image_thre = 0;
    f->config->test.in_vis_thre = 0;
}

/* A detector learns one category; how its pictures are placed, unless the model says it. */
static void take_detector(fine_tuning *f)
{
    hr_dataset_config *const d = &f->config->dataset;
    const hr_model_config *const m = &f->config->model;
    hr_text line = {0};
    if (m->n_classes != 1)
        hr_text_add(&line, "classes: 1 is learned in place of the model's %d, whose predictors get initial values",
                    m->n_classes);
    f->config->model.n_classes = 1;
    say(f, &line);
    if (f->o->config != NULL) return;
    d->flip = 1;
    d->scale_factor = 0.5;
    d->aspect_jitter = 0.1;
    d->mosaic = 0.3;
}

/* ---------------------------------------------------------------------------------------------- all */

static hrnet_status take_data(fine_tuning *f)
{
    hrnet_annotations *annotations = NULL;
    HR_TRY(take_sets(f));
    /* root and sets that the caller names decide which file it is */
    hr_config *const named = hr_calloc(1, sizeof *named);
    if (named == NULL) return hr_fail_memory(sizeof *named);
    *named = *f->config;
    hrnet_status status = hr_config_override(named, f->o->overrides, NULL, NULL);
    if (status == HRNET_OK) {
        f->config->dataset = named->dataset;
        memcpy(f->config->data_dir, named->data_dir, sizeof named->data_dir);
        status = load_annotations(&annotations, f);
    }
    hr_free(named);
    HR_TRY(status);
    const hrnet_dataset_info *const info = f->o->info != NULL ? f->o->info : hrnet_annotations_info(annotations);
    const int detects = hr_config_detects(f->config);
    if (f->o->config == NULL)
        take_schedule(f, detects ? hrnet_annotations_n_images(annotations) : hrnet_annotations_n(annotations));
    if (detects) {
        take_detector(f);
    } else {
        f->config->model.n_joints = info->skeleton.n_keypoints;
        status = take_pairs(f, &info->skeleton);
    }
    hrnet_annotations_free(annotations);
    return status;
}

static hrnet_status make(fine_tuning *f)
{
    if (f->o->config != NULL)
        *f->config = *f->o->config;
    else
        HR_TRY(take_model(f));
    if (f->o->config != NULL && f->o->init != NULL)
        HR_TRY(hr_config_set(f->config, "TRAIN.INIT", f->o->init, NULL, NULL));
    f->wanted_train = find_override(f->o, "DATASET.TRAIN_SET");
    f->wanted_valid = find_override(f->o, "DATASET.TEST_SET");
    if (f->o->config == NULL || f->o->data != NULL) HR_TRY(take_data(f));
    return hr_config_override(f->config, f->o->overrides, f->o->on_message, f->o->context);
}

hrnet_status hrnet_fine_tune_config(hrnet_config **out, const hrnet_fine_tune_options *options)
{
    static const hrnet_fine_tune_options standard = {0};
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_fine_tune_config: out is NULL");
    fine_tuning f = {.o = options != NULL ? options : &standard};
    HR_TRY(HR_CHECK_RESERVED(f.o, "hrnet_fine_tune_options"));
    HR_NEW(f.config, 1);
    const hrnet_status status = make(&f);
    if (status == HRNET_OK)
        *out = f.config;
    else
        hr_free(f.config);
    return status;
}
