/*
 * trainer_validate.c - the end of an epoch and of a run. Validation makes a model of the current weights (or of their
 * moving average) and runs it with hrnet_evaluation, the same code as `hrnet eval`; the best weights are kept in memory
 * and in model_best.pth. All of it is rank 0's; the others wait at the barrier of hr_trainer_end_epoch.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "eval/evaluation.h"
#include "session/detector.h"
#include "trainer/trainer.h"

/* ---------------------------------------------------------------------------------------------- saving */

/* checkpoint.pth, which as a model says what its joints are. */
static hrnet_status save_state(hrnet_trainer *t, const char *path)
{
    hr_train_state *const state = &t->learner->state;
    hr_entry entries[HR_SKELETON_ENTRIES];
    size_t n = 0;
    if (!hr_config_detects(&t->config)) HR_TRY(hr_skeleton_entries(&hr_train_set_info(t->set)->skeleton, entries, &n));
    state->entries = entries;
    state->n_entries = n;
    const hrnet_status status =
        hr_train_state_save(state, t->learner->params, &t->config, &t->learner->optimizer, path);
    state->entries = NULL;
    state->n_entries = 0;
    hr_skeleton_entries_free(entries, n);
    return status;
}

hrnet_status hr_trainer_save(hrnet_trainer *t)
{
    char *path;
    const double start = hr_clock_now();
    if (!t->is_first) return HRNET_OK;
    HR_TRY(hr_learner_check(t->learner));
    HR_TRY(hr_trainer_path(&path, t, "checkpoint.pth"));
    t->learner->state.end_epoch = t->config.train.end_epoch;
    hrnet_status status = hr_trainer_keep_previous(t, path);
    if (status == HRNET_OK) status = save_state(t, path);
    hr_free(path);
    t->is_saved |= status == HRNET_OK;
    t->saved_at = hr_clock_now();
    t->seconds_saving += t->saved_at - start;
    return status;
}

static hrnet_status save_weights(const hrnet_trainer *t, const float *block, const char *name)
{
    char *path;
    HR_TRY(hr_trainer_path(&path, t, name));
    const hrnet_status status = hr_train_state_save_weights(t->learner->params, block, path);
    hr_free(path);
    return status;
}

/* ---------------------------------------------------------------------------------------------- validation */

/* The result of a validation. */
typedef struct validation {
    double perf;           /* the number that is compared: AP, of poses or boxes, or MPII's mean */
    double loss, accuracy; /* if has_loss: with ground-truth boxes */
    int has_loss, n;       /* n: numbers of the published table */
    const char *const *names;
    double numbers[HRNET_BOX_NUMBERS + HRNET_COCO_NUMBERS + HRNET_MPII_NUMBERS];
} validation;

static hrnet_status score_boxes(hrnet_trainer *t, validation *v)
{
    hrnet_box_score boxes;
    HR_TRY(hrnet_evaluation_boxes(t->valid, &boxes));
    v->names = hrnet_box_number_names();
    v->n = HRNET_BOX_NUMBERS;
    v->perf = boxes.numbers[HRNET_BOX_AP];
    memcpy(v->numbers, boxes.numbers, sizeof boxes.numbers);
    return HRNET_OK;
}

static hrnet_status score(hrnet_trainer *t, validation *v)
{
    hrnet_mpii_score mpii;
    hrnet_coco_score coco = {0};
    if (hrnet_evaluation_get_info(t->valid).is_mpii) {
        HR_TRY(hrnet_evaluation_mpii(t->valid, &mpii));
        v->names = hrnet_mpii_number_names();
        v->n = HRNET_MPII_NUMBERS;
        v->perf = mpii.numbers[HRNET_MPII_MEAN];
        memcpy(v->numbers, mpii.numbers, sizeof mpii.numbers);
        return HRNET_OK;
    }
    HR_TRY(hrnet_evaluation_coco(t->valid, &coco));
    v->names = hrnet_coco_number_names();
    v->n = HRNET_COCO_NUMBERS;
    v->perf = coco.numbers[HRNET_COCO_AP];
    memcpy(v->numbers, coco.numbers, sizeof coco.numbers);
    hrnet_coco_score_free(&coco);
    return HRNET_OK;
}

/* Results do not depend on the batch; a large one only takes memory beside that of training. */
static int batch_of(const hrnet_trainer *t)
{
    enum { MOST = 16 };
    return t->config.test.batch_size_per_gpu < MOST ? t->config.test.batch_size_per_gpu : MOST;
}

/* The longest side of the input in validation, a multiple of 32. */
static int detector_size(const hr_config *config)
{
    const int *const input = config->model.image_size, wanted = config->dataset.picture_size;
    const int side = wanted > 0 ? wanted : input[0] > input[1] ? input[0] : input[1];
    return (side + 31) / 32 * 32;
}

/* The same for a detector. */
static hrnet_status evaluate_detector(hrnet_trainer *t, const hr_weights *weights, validation *v)
{
    const hrnet_detector_session_options session_options = {
        .threads = t->learner->options.threads, .size = detector_size(&t->config), .memory_limit = UINT64_MAX};
    hrnet_evaluation_options how = {.workers = t->learner->options.workers, .skip_broken = t->options.skip_broken};
    hrnet_model *model = NULL;
    hrnet_detector *detector = NULL;
    HR_TRY(hr_model_create(&model, &t->config, weights, NULL, NULL, batch_of(t)));
    hrnet_status status = hr_detector_of_model(&detector, model);
    if (status != HRNET_OK) {
        hrnet_model_free(model);
        return status;
    }
    status = hrnet_detector_session_create(&how.detector, detector, &session_options);
    if (status == HRNET_OK) status = hrnet_evaluation_run(t->valid, NULL, &how);
    if (status == HRNET_OK) status = score_boxes(t, v);
    hrnet_detector_session_free(how.detector);
    hrnet_detector_free(detector);
    return status;
}

/* Run the validation set through a model of the weights, then score. */
static hrnet_status evaluate(hrnet_trainer *t, validation *v)
{
    const hr_params_block block = {t->learner->params, hr_learner_weights(t->learner)};
    const hr_weights weights = hr_params_weights(&block);
    const int batch = batch_of(t);
    const hrnet_session_options session_options = {.threads = t->learner->options.threads,
                                                   .max_batch = batch,
                                                   .memory_limit = UINT64_MAX /* training it takes more */};
    const hrnet_evaluation_options how = {.workers = t->learner->options.workers,
                                          .skip_broken = t->options.skip_broken};
    hrnet_model *model = NULL;
    hrnet_session *session = NULL;
    hr_debug_images *images = NULL;
    if (hr_config_detects(&t->config)) return evaluate_detector(t, &weights, v);
    HR_TRY(hr_model_create(&model, &t->config, &weights, hr_codec_of(&t->config), &hr_train_set_info(t->set)->skeleton,
                           batch));
    hrnet_status status = hrnet_session_create(&session, model, &session_options);
    if (status == HRNET_OK) status = hr_debug_images_begin(&images, t, &model->info);
    if (status == HRNET_OK) status = hrnet_evaluation_run(t->valid, session, &how);
    const hrnet_status drawn = hr_debug_images_end(images);
    if (status == HRNET_OK) status = drawn;
    if (status == HRNET_OK) status = score(t, v);
    v->has_loss = status == HRNET_OK && hrnet_evaluation_loss(t->valid, &v->loss, &v->accuracy) == HRNET_OK;
    hrnet_session_free(session);
    hrnet_model_free(model);
    return status;
}

/* Upstream's "Test:" line and its table (_print_name_value). */
static void log_validation(hrnet_trainer *t, const validation *v, double seconds)
{
    hr_text head = {0}, row = {0}, line = {0};
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(t->valid);
    const size_t n = about.detects ? about.n_images : about.n_persons;
    if (v->has_loss)
        hr_trainer_log(t, "Test: %zu persons\tTime %.3f\tLoss %.4f\tAccuracy %.3f", n, seconds, v->loss, v->accuracy);
    else
        hr_trainer_log(t, "Test: %zu %s\tTime %.3f", n, about.detects ? "pictures" : "persons", seconds);
    hr_text_add(&head, "| Arch |");
    hr_text_add(&line, "|---|");
    hr_text_add(&row, "| %s |", t->config.model.name);
    for (int i = 0; i < v->n; i++) {
        hr_text_add(&head, " %s |", v->names[i]);
        hr_text_add(&line, "---|");
        hr_text_add(&row, " %.3f |", v->numbers[i]);
    }
    if (!head.failed && !line.failed && !row.failed) {
        hr_trainer_log_message(t, head.data);
        hr_trainer_log_message(t, line.data);
        hr_trainer_log_message(t, row.data);
    }
    hr_text_free(&head);
    hr_text_free(&line);
    hr_text_free(&row);
}

static hrnet_status record(hrnet_trainer *t, const validation *v)
{
    const hr_train_state *const s = &t->learner->state;
    hr_record_value values[HRNET_BOX_NUMBERS + HRNET_COCO_NUMBERS + HRNET_MPII_NUMBERS + 2];
    size_t n = 0;
    if (v->has_loss) {
        values[n++] = (hr_record_value){"valid_loss", v->loss};
        values[n++] = (hr_record_value){"valid_acc", v->accuracy};
    }
    for (int i = 0; i < v->n; i++) values[n++] = (hr_record_value){v->names[i], v->numbers[i]};
    return hr_record_add(t->record, s->step - 1, s->epoch, values, n);
}

/* Keep the weights if they are the best; as in upstream a score that equals the best replaces it. */
static hrnet_status keep_best(hrnet_trainer *t, const validation *v)
{
    hr_train_state *const s = &t->learner->state;
    s->last_perf = v->perf;
    s->n_worse = v->perf > s->best_perf ? 0 : s->n_worse + 1;
    if (v->perf < s->best_perf) return HRNET_OK;
    s->best_perf = v->perf;
    s->best_epoch = s->epoch;
    memcpy(s->best, hr_learner_weights(t->learner), t->learner->params->n_floats * sizeof(float));
    HR_TRY(save_weights(t, s->best, "model_best.pth"));
    hr_trainer_log(t, "best so far: %.4f, epoch %lld; %s/model_best.pth", v->perf, (long long)s->epoch, t->folder);
    return HRNET_OK;
}

static hrnet_status validate(hrnet_trainer *t)
{
    validation v = {0};
    const double start = hr_clock_now();
    HR_TRY(evaluate(t, &v));
    const double seconds = hr_clock_now() - start;
    t->seconds_validating += seconds;
    log_validation(t, &v, seconds);
    HR_TRY(record(t, &v));
    return keep_best(t, &v);
}

/* ---------------------------------------------------------------------------------------------- ends */

/* Rank 0 alone validates; all ranks must stop in the same epoch. */
static hrnet_status share_patience(hrnet_trainer *t)
{
    int64_t *const n_worse = &t->learner->state.n_worse;
    const int patience = t->config.train.patience;
    if (patience == 0) return HRNET_OK;
    HR_TRY(hr_collective_broadcast(t->collective, n_worse, sizeof *n_worse));
    if (*n_worse >= patience)
        hr_trainer_log(t, "ends early: no improvement in %lld validations (TRAIN.PATIENCE %d)", (long long)*n_worse,
                       patience);
    return HRNET_OK;
}

hrnet_status hr_trainer_end_epoch(hrnet_trainer *t)
{
    const int64_t epoch = t->learner->state.epoch;
    const int is_last = epoch + 1 >= t->config.train.end_epoch;
    if (t->valid != NULL) {
        HR_TRY(hr_learner_check(t->learner)); /* a network of NaN would be scored, for minutes */
        if (is_last || (epoch + 1) % t->options.validate_every == 0) HR_TRY(validate(t));
    }
    HR_TRY(share_patience(t));
    hr_learner_next_epoch(t->learner);
    t->meters = (hr_trainer_meters){0};
    if (t->is_first) {
        HR_TRY(hr_trainer_save(t));
        hr_trainer_log(t, "=> saved checkpoint to %s", t->folder);
        HR_TRY(hr_trainer_log_check(t));
    }
    return hr_collective_barrier(t->collective); /* the others must not run into rank 0's validation */
}

/* The same for a detector, which is used on pictures of the size that it was validated with. */
static hrnet_status save_detector(const hrnet_trainer *t, const char *from, const char *to)
{
    hrnet_checkpoint *checkpoint = NULL;
    hr_config *const config = hr_alloc(1, sizeof *config);
    if (config == NULL) return hr_fail_memory(sizeof *config);
    *config = t->config;
    config->model.image_size[0] = config->model.image_size[1] = detector_size(config);
    config->dataset.picture_size = 0;
    const hrnet_save_options options = {.format = HRNET_SAFETENSORS, .half = 1, .config = config};
    hrnet_status status = hrnet_checkpoint_load(&checkpoint, from);
    if (status == HRNET_OK) status = hr_checkpoint_save(checkpoint, to, &options, NULL, 0);
    hrnet_checkpoint_free(checkpoint);
    hr_free(config);
    return status;
}

/* Convert a .pth to the single file that `hrnet pose` needs: weights in half precision, configuration, codec, skeleton.
 */
static hrnet_status save_model(hrnet_trainer *t, const char *from, const char *to)
{
    hr_entry entries[HR_SKELETON_ENTRIES + 1];
    char codec[16];
    size_t n = 0;
    hrnet_checkpoint *checkpoint = NULL;
    const hrnet_save_options options = {.format = HRNET_SAFETENSORS, .half = 1, .config = &t->config};
    if (hr_config_detects(&t->config)) return save_detector(t, from, to);
    HR_TRY(hrnet_checkpoint_load(&checkpoint, from));
    hrnet_skeleton skeleton = hr_train_set_info(t->set)->skeleton;
    if (skeleton.sigmas == NULL && t->valid != NULL) skeleton.sigmas = t->valid->sigmas; /* those it was scored with */
    hrnet_status status = hr_skeleton_entries(&skeleton, entries, &n);
    snprintf(codec, sizeof codec, "%s", hr_codec_of(&t->config));
    entries[n] = (hr_entry){"hrnet.codec", codec};
    if (status == HRNET_OK) status = hr_checkpoint_save(checkpoint, to, &options, entries, n + 1);
    hr_skeleton_entries_free(entries, n);
    hrnet_checkpoint_free(checkpoint);
    return status;
}

hrnet_status hr_trainer_finish(hrnet_trainer *t)
{
    char *from, *to;
    if (!t->is_first || t->is_finished) return HRNET_OK;
    HR_TRY(hr_learner_check(t->learner));
    HR_TRY(save_weights(t, hr_learner_weights(t->learner), "final_state.pth"));
    const int has_best = t->learner->state.best_perf >= 0;
    HR_TRY(hr_trainer_path(&from, t, has_best ? "model_best.pth" : "final_state.pth"));
    hrnet_status status = hr_trainer_path(&to, t, has_best ? "model_best.safetensors" : "final_state.safetensors");
    /* written again: a run that was resumed elsewhere has the best weights in its state, but perhaps not the file */
    if (status == HRNET_OK && has_best) status = save_weights(t, t->learner->state.best, "model_best.pth");
    if (status == HRNET_OK) status = save_model(t, from, to);
    if (status == HRNET_OK)
        hr_trainer_log(t, "done: %s/final_state.pth, %s (for hrnet pose %s)", t->folder, to,
                       hr_config_detects(&t->config) ? "--detector" : "--model");
    t->is_finished = status == HRNET_OK;
    hr_free(from);
    hr_free(to);
    return status;
}
