/*
 * trainer_open.c - from a configuration to a trainer that is ready for its next step (open_trainer): process, folders,
 * data, memory, network, and the weights or the state of an earlier run. What can be wrong with data and weights is
 * found before memory is measured and a step is timed: that takes seconds, whatever the network.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cpu.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "eval/evaluation.h"
#include "networks/registry.h"
#include "train/freeze.h"
#include "trainer/trainer.h"

/* ---------------------------------------------------------------------------------------------- names */

hrnet_status hr_trainer_path(char **out, const hrnet_trainer *t, const char *name)
{
    hr_text text = {0};
    hr_text_add(&text, "%s/%s", t->folder, name);
    return hr_text_take(&text, out);
}

/* The configuration's file name up to its first point. */
static hrnet_status choose_name(char **out, const hr_config *c, const char *name)
{
    const char *const slash = strrchr(c->source, '/'), *const file = slash != NULL ? slash + 1 : c->source;
    *out = name != NULL ? hr_strdup(name) : hr_strndup(file, strcspn(file, "."));
    return *out != NULL ? HRNET_OK : hr_fail_memory(strlen(file));
}

/* Append ROOT/dataset/model/name, upstream's create_logger; `standard` is the root if the configuration has none. */
static void add_experiment_path(hr_text *text, const hr_config *c, const char *root, const char *standard,
                                const char *name)
{
    hr_text_add(text, "%s/%s%s%s/%s/%s", root[0] != '\0' ? root : standard, c->dataset.dataset,
                c->dataset.hybrid_joints_type[0] != '\0' ? "_" : "", c->dataset.hybrid_joints_type, c->model.name,
                name);
}

hrnet_status hrnet_experiment_folder(const hrnet_config *config, const char *name, char **out)
{
    hr_text text = {0};
    char *chosen;
    if (config == NULL || out == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_experiment_folder: an argument is NULL");
    HR_TRY(choose_name(&chosen, config, name));
    add_experiment_path(&text, config, config->output_dir, "output", chosen);
    hr_free(chosen);
    return hr_text_take(&text, out);
}

static int is_either(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* Where TensorBoard's files go: LOG_DIR/dataset/model/name_STAMP as published; below the run's folder when that was
 * chosen (by --output or OUTPUT_DIR) and LOG_DIR was not, so that nothing lands outside of the chosen folder. The
 * published files spell the standard values out, so these count as not chosen. */
static void add_event_folder(hr_text *text, const hrnet_trainer *t)
{
    const hr_config *const c = &t->config;
    const int output_chosen = t->options.output != NULL || !is_either(c->output_dir, "", "output");
    if (output_chosen && is_either(c->log_dir, "", "log")) {
        hr_text_add(text, "%s/tensorboard", t->folder);
    } else {
        add_experiment_path(text, c, c->log_dir, "log", t->name);
        hr_text_add(text, "_%s", t->stamp);
    }
}

/* Names and paths: all below options.output, or as published. */
static hrnet_status choose_names(hrnet_trainer *t)
{
    const hr_config *const c = &t->config;
    const time_t now = time(NULL);
    struct tm day;
    hr_text folder = {0}, events = {0};
    localtime_r(&now, &day);
    strftime(t->stamp, sizeof t->stamp, "%Y-%m-%d-%H-%M", &day);
    HR_TRY(choose_name(&t->name, c, t->options.name));
    if (t->options.output != NULL)
        hr_text_add(&folder, "%s", t->options.output);
    else
        add_experiment_path(&folder, c, c->output_dir, "output", t->name);
    hrnet_status status = hr_text_take(&folder, &t->folder);
    if (status == HRNET_OK) add_event_folder(&events, t);
    if (status == HRNET_OK) status = hr_text_take(&events, &t->event_folder);
    hr_text_free(&events);
    return status == HRNET_OK ? hr_trainer_path(&t->log_path, t, "train.jsonl") : status;
}

/* ---------------------------------------------------------------------------------------------- data */

/* Switch off what mirrors pictures if it is unknown which keypoints a mirror exchanges: a mirrored left hand would be
 * learned as a left hand. */
static void settle_flips(hrnet_trainer *t)
{
    const hrnet_skeleton *const skeleton = &hr_train_set_info(t->set)->skeleton;
    int *const flips[] = {&t->config.dataset.flip, &t->config.test.flip_test};
    if (hr_config_detects(&t->config)) return; /* a mirror changes no box but its place */
    if (skeleton->pairs_from != HRNET_PAIRS_UNKNOWN || (!*flips[0] && !*flips[1])) return;
    hr_trainer_log(t,
                   "warning: which of the %d keypoints are left and right is not known (%.64s, ...): DATASET.FLIP and "
                   "TEST.FLIP_TEST are switched off; --description FILE with names or flip_pairs says it",
                   skeleton->n_keypoints, skeleton->keypoint_names[0]);
    for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) *flips[i] = 0;
}

/* The joints of the validation set must be those that are trained, in their order. names: of the set's annotations. */
static hrnet_status check_joints(const hrnet_trainer *t, const hrnet_evaluation_info *about,
                                 const hrnet_skeleton *theirs)
{
    const hrnet_skeleton *const ours = &hr_train_set_info(t->set)->skeleton;
    if (about->n_joints != ours->n_keypoints)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected %d keypoints as in the training set, found %d",
                       about->annotations, ours->n_keypoints, about->n_joints);
    for (int i = 0; theirs != NULL && theirs->n_keypoints == ours->n_keypoints && i < ours->n_keypoints; i++)
        for (int j = 0; j < ours->n_keypoints; j++)
            if (i != j && strcmp(theirs->keypoint_names[i], ours->keypoint_names[j]) == 0)
                return hr_fail(HRNET_ERR_MISMATCH,
                               "%s: keypoint %d: expected %s as in the training set, found %s: the same keypoints in "
                               "another order",
                               about->annotations, i, ours->keypoint_names[i], theirs->keypoint_names[i]);
    return HRNET_OK;
}

/* With DATASET.VALID_PART both sets are parts of the same annotations, wherever those are. */
static hrnet_status open_validation(hrnet_trainer *t)
{
    hrnet_evaluation_files valid = t->options.valid != NULL ? *t->options.valid : (hrnet_evaluation_files){0};
    const int with_part = t->config.dataset.valid_part > 0 && valid.annotations == NULL;
    if (with_part) valid.annotations = t->options.annotations;
    if (with_part && valid.images == NULL) valid.images = t->options.images;
    if (valid.info == NULL) valid.info = t->options.info;
    if (valid.category == NULL) valid.category = t->options.category;
    valid.detect = hr_config_detects(&t->config);
    valid.on_message = hr_trainer_log_message;
    valid.context = t;
    HR_TRY(hr_evaluation_open(&t->valid, &t->config, &valid, with_part));
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(t->valid);
    if (!about.has_truth)
        return hr_fail(HRNET_ERR_CONFIG, "DATASET.TEST_SET: %s: no ground truth to validate with (%s)", about.set,
                       about.annotations);
    if (valid.detect) return hr_evaluation_check_pictures(t->valid, t->options.skip_broken, hr_trainer_log_message, t);
    const int has_names = t->options.info == NULL && t->valid->annotations != NULL;
    HR_TRY(check_joints(t, &about, has_names ? &hrnet_annotations_info(t->valid->annotations)->skeleton : NULL));
    return hr_evaluation_check_pictures(t->valid, t->options.skip_broken, hr_trainer_log_message, t);
}

/* The training set, and for rank 0 the validation set, which must have ground truth. */
static hrnet_status open_data(hrnet_trainer *t)
{
    const hr_train_set_files files = {.annotations = t->options.annotations,
                                      .images = t->options.images,
                                      .info = t->options.info,
                                      .on_message = hr_trainer_log_message,
                                      .context = t,
                                      .category = t->options.category,
                                      .check_pictures = 1,
                                      .skip_broken = t->options.skip_broken};
    HR_TRY(hr_train_set_open(&t->set, &t->config, &files));
    settle_flips(t);
    if (t->options.validate_every < 0 && t->config.train.patience > 0)
        return hr_fail(HRNET_ERR_CONFIG, "TRAIN.PATIENCE: %d: it counts validations, and there are none",
                       t->config.train.patience);
    return t->is_first && t->options.validate_every >= 0 ? open_validation(t) : HRNET_OK;
}

/* What the network must have: the parts that TRAIN.FREEZE names, and for a new run the weights of TRAIN.INIT. */
static hrnet_status check_network(hrnet_trainer *t)
{
    hr_graph graph = {0};
    unsigned char *frozen = NULL;
    HR_TRY(hr_network_build(&graph, &t->config.model));
    hrnet_status status = hr_freeze_choose(&frozen, &graph, &t->config.train);
    if (status == HRNET_OK && t->is_first && !t->resumes) status = hr_trainer_check_init(t, &graph);
    hr_free(frozen);
    hr_graph_free(&graph);
    return status;
}

/* ---------------------------------------------------------------------------------------------- memory */

static size_t total(const hr_learner_bytes *b)
{
    return b->network.params + b->network.gradients + b->network.activations + b->network.work + b->optimizer +
           b->examples;
}

/* The largest batch whose estimate fits into `available` bytes, by bisection below too_many; 0: not even one picture.
 */
static int largest_batch(const hrnet_trainer *t, const hr_learner_options *options, int too_many, uint64_t available)
{
    int fits = 0;
    hr_learner_bytes bytes;
    while (too_many - fits > 1) {
        const int n = fits + (too_many - fits) / 2;
        if (hr_learner_estimate(&bytes, &t->config, options, n) == HRNET_OK && total(&bytes) <= available)
            fits = n;
        else
            too_many = n;
    }
    return fits;
}

/* Fail with HRNET_ERR_LIMIT before anything is allocated, naming the batch that would fit. Ranks of one machine share
 * its memory evenly. */
static hrnet_status check_memory(const hrnet_trainer *t, const hr_learner_options *options, hr_learner_bytes *bytes)
{
    const int batch = hr_learner_batch(&t->config);
    const uint64_t available = hr_memory_available() / (uint64_t)hr_collective_local_size(t->collective);
    const double mega = 1e6;
    /* a batch above HR_MAX_PASS is refused by hr_learner_create; here it is only kept within the estimate's range */
    HR_TRY(hr_learner_estimate(bytes, &t->config, options, batch < HR_MAX_PASS ? batch : HR_MAX_PASS));
    if (total(bytes) <= available) return HRNET_OK;
    const int fits = largest_batch(t, options, batch, available);
    if (fits == 0)
        return hr_fail(HRNET_ERR_LIMIT, "memory: %.0f MB are free, and one picture at a time would not fit%s",
                       (double)available / mega, options->recompute ? "" : " (--recompute needs less)");
    return hr_fail(HRNET_ERR_LIMIT,
                   "TRAIN.BATCH_SIZE_PER_GPU %d x %d GPUS: %.0f MB, %.0f MB are free: %d examples a pass fit%s; "
                   "TRAIN.ACCUMULATE makes a larger step of several passes",
                   t->config.train.batch_size_per_gpu, t->config.n_gpus > 0 ? t->config.n_gpus : 1,
                   (double)total(bytes) / mega, (double)available / mega, fits,
                   options->recompute ? "" : " (more with --recompute)");
}

/* Cores for this process: those that it may run on, but no more than its share of the machine. mpirun may bind every
 * process to cores of its own, or let all of them run everywhere. */
static int n_cores(const hrnet_trainer *t)
{
    const int allowed = hr_cpu_count(), here = hr_collective_local_size(t->collective);
    const int part = (int)(sysconf(_SC_NPROCESSORS_ONLN) / here);
    if (here == 1 || part >= allowed) return allowed;
    return part > 1 ? part : 1;
}

static hr_learner_options learner_options(const hrnet_trainer *t)
{
    const int count = n_cores(t), wanted = t->options.threads > 0 ? t->options.threads : count;
    const int workers = t->config.workers < count ? t->config.workers : count;
    return (hr_learner_options){.threads = wanted < HR_MAX_THREADS ? wanted : HR_MAX_THREADS,
                                .workers = workers > 0 ? workers : 1,
                                .recompute = t->options.recompute,
                                .features = hr_cpu_features()};
}

/* ---------------------------------------------------------------------------------------------- state */

/* Fill the state from checkpoint.pth if the run resumes, else begin a new one. Rank 0 does this alone;
 * hr_learner_broadcast copies its state to the others. The fingerprint is put back afterwards, since beginning or
 * loading may replace it. */
static hrnet_status begin_state(hrnet_trainer *t)
{
    HR_TRY(hr_trainer_identify(t)); /* sets the fingerprint that hr_trainer_resume expects of the file */
    char fingerprint[sizeof t->learner->state.fingerprint];
    memcpy(fingerprint, t->learner->state.fingerprint, sizeof fingerprint);
    const hrnet_status status = t->resumes ? hr_trainer_resume(t) : hr_trainer_initial(t);
    memcpy(t->learner->state.fingerprint, fingerprint, sizeof fingerprint);
    hrnet_checkpoint_free(t->init);
    t->init = NULL;
    return status;
}

/* ---------------------------------------------------------------------------------------------- all */

/* The folder, which from here on is this process's alone, and the log. */
static hrnet_status open_files(hrnet_trainer *t)
{
    char *path;
    HR_TRY(hr_file_make_folders(t->folder));
    HR_TRY(hr_trainer_path(&path, t, "run.lock"));
    const hrnet_status status = hr_lock_take(&t->lock, path);
    hr_free(path);
    HR_TRY(status);
    HR_TRY(hr_trainer_log_open(t));
    return hr_trainer_find_checkpoint(t);
}

static hrnet_status open_record(hrnet_trainer *t)
{
    const hr_train_state *const s = &t->learner->state;
    HR_TRY(hr_trainer_save_identity(t));
    return hr_record_open(&t->record, t->log_path, t->event_folder, s->step);
}

static hrnet_status open_trainer(hrnet_trainer *t)
{
    hr_learner_bytes bytes;
    HR_TRY(hr_config_check(&t->config));
    HR_TRY(hr_collective_open(&t->collective));
    t->is_first = hr_collective_rank(t->collective) == 0;
    HR_TRY(choose_names(t));
    if (t->is_first) HR_TRY(open_files(t));
    const hr_learner_options options = learner_options(t);

    HR_TRY(open_data(t));
    HR_TRY(check_network(t));
    HR_TRY(check_memory(t, &options, &bytes));
    HR_TRY(hr_learner_create(&t->learner, &t->config, t->set, t->collective, &options));
    if (t->is_first) HR_TRY(begin_state(t));
    HR_TRY(hr_learner_broadcast(t->learner));
    if (t->is_first) HR_TRY(open_record(t)); /* after the state: it trims the log to the step that is resumed */
    HR_TRY(hr_trainer_log_run(t, &bytes));
    t->saved_at = hr_clock_now();
    return HRNET_OK;
}

static hrnet_status check_options(const hrnet_trainer_options *o)
{
    HR_TRY(HR_CHECK_RESERVED(o, "hrnet_trainer_options"));
    if (o->info != NULL) HR_TRY(HR_CHECK_RESERVED(o->info, "hrnet_dataset_info"));
    if (o->threads < 0 || o->threads > HR_MAX_THREADS)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads: expected 0..%d, found %d", HR_MAX_THREADS, o->threads);
    if (o->resume < HRNET_RESUME_AUTO || o->resume > HRNET_RESUME_NEVER)
        return hr_fail(HRNET_ERR_ARGUMENT, "resume: expected one of hrnet_resume, found %d", (int)o->resume);
    return HRNET_OK;
}

hrnet_status hrnet_trainer_create(hrnet_trainer **out, const hrnet_config *config, const hrnet_trainer_options *options)
{
    static const hrnet_trainer_options standard = {0};
    hrnet_trainer *t;
    if (out == NULL || config == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_trainer_create: an argument is NULL");
    if (options == NULL) options = &standard;
    HR_TRY(check_options(options));
    HR_NEW(t, 1);
    t->config = *config;
    t->options = *options;
    t->process = getpid();
    if (t->options.validate_every == 0) t->options.validate_every = 1;
    const hrnet_status status = open_trainer(t);
    if (status != HRNET_OK) {
        hr_collective_leave(t->collective);
        hrnet_trainer_free(t);
        return status;
    }
    *out = t;
    return HRNET_OK;
}
