/*
 * trainer_log.c - the lines of a run's log, as upstream words them: to the caller's on_message, and to the log file
 * with the time of day in front, as Python's logging writes it. The file is flushed at every line.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "pose/skeleton.h"
#include "trainer/trainer.h"

/* ---------------------------------------------------------------------------------------------- lines */

void hr_trainer_log_file(hrnet_trainer *t, const char *line)
{
    struct timespec now;
    struct tm day;
    char text[32], printable[2048];
    if (t->log == NULL) return;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &day);
    snprintf(printable, sizeof printable, "%s", line);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &day);
    fprintf(t->log, "%s,%03d %s\n", text, (int)(now.tv_nsec / 1000000), hrnet_printable(printable));
    fflush(t->log);
}

void hr_trainer_log_message(void *context, const char *line)
{
    hrnet_trainer *const t = context;
    if (t->is_first && t->options.on_message != NULL) t->options.on_message(t->options.context, line);
    hr_trainer_log_file(t, line);
}

void hr_trainer_log(hrnet_trainer *t, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    hr_trainer_log_message(t, line);
}

hrnet_status hr_trainer_log_open(hrnet_trainer *t)
{
    hr_text name = {0};
    char *path;
    hr_text_add(&name, "%s/%s_%s_train.log", t->folder, t->name, t->stamp);
    HR_TRY(hr_text_take(&name, &path));
    t->log = fopen(path, "ae");
    const hrnet_status status =
        t->log != NULL ? HRNET_OK : hr_fail(HRNET_ERR_IO, "%s: cannot create: %s", path, strerror(errno));
    hr_free(path);
    return status;
}

hrnet_status hr_trainer_log_check(const hrnet_trainer *t)
{
    if (t->log == NULL || !ferror(t->log)) return HRNET_OK;
    return hr_fail(HRNET_ERR_IO, "%s: cannot write the log any more (is the disk full?)", t->folder);
}

void hr_trainer_duration(char out[32], double seconds)
{
    const double most = 1e9, s = seconds > 0 && seconds < most ? seconds : seconds > 0 ? most : 0;
    const long whole = lround(s);
    snprintf(out, 32, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
}

/* ---------------------------------------------------------------------------------------------- the beginning */

static void log_network(hrnet_trainer *t)
{
    const hr_config *const c = &t->config;
    const hr_graph *const graph = &t->learner->graph;
    if (hr_config_detects(c)) {
        hr_trainer_log(t, "network: %s, input %dx%d, %d classes; %zu parameters, %.3f GMAC a picture", c->model.name,
                       c->model.image_size[0], c->model.image_size[1], c->model.n_classes, hr_graph_n_trainable(graph),
                       (double)hr_graph_macs(graph) / 1e9);
        return;
    }
    hr_trainer_log(t, "network: %s, input %dx%d, heatmaps %dx%d, %d joints; %zu parameters, %.3f GMAC a picture",
                   c->model.name, c->model.image_size[0], c->model.image_size[1], c->model.heatmap_size[0],
                   c->model.heatmap_size[1], c->model.n_joints, hr_graph_n_trainable(graph),
                   (double)hr_graph_macs(graph) / 1e9);
}

/* Which keypoints a mirror exchanges: of flipped examples, and in the flip test. */
static void log_pairs(hrnet_trainer *t)
{
    const hrnet_skeleton *const skeleton = &hr_train_set_info(t->set)->skeleton;
    const int guesses =
        skeleton->pairs_from == HRNET_PAIRS_NONE_FOUND && (t->config.dataset.flip || t->config.test.flip_test);
    hr_text line = {0};
    hr_text_add(&line, "%sflip pairs: ", guesses ? "warning: " : "");
    hr_skeleton_pairs_text(skeleton, &line);
    if (guesses) hr_text_add(&line, "; flip_pairs in --description says which keypoints a mirror exchanges");
    if (!line.failed) hr_trainer_log_message(t, line.data);
    hr_text_free(&line);
}

static void log_data(hrnet_trainer *t)
{
    const hr_config *const c = &t->config;
    const int detects = hr_config_detects(c);
    hr_trainer_log(t, "data: %s %s, %zu %s, %zu examples an epoch", c->dataset.dataset, c->dataset.train_set,
                   hr_train_set_n_persons(t->set), detects ? "pictures" : "persons", hr_train_set_n_examples(t->set));
    if (!detects) log_pairs(t);
    hr_trainer_log(t, "step: %d examples x %d passes x %d processes = %d; %lld steps an epoch, epochs %d to %d",
                   t->learner->batch, c->train.accumulate, t->learner->n_ranks,
                   t->learner->batch * c->train.accumulate * t->learner->n_ranks, (long long)t->learner->n_steps,
                   c->train.begin_epoch, c->train.end_epoch - 1);
    if (t->valid == NULL) {
        hr_trainer_log(t, "validation: none");
        return;
    }
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(t->valid);
    hr_trainer_log(t, "validation: %s %s, %zu %s, every %d epochs", c->dataset.dataset, about.set,
                   detects ? about.n_images : about.n_persons, detects ? "pictures" : "persons",
                   t->options.validate_every);
}

static void log_loss(hrnet_trainer *t)
{
    const hr_config *const c = &t->config;
    char topk[48] = "";
    if (c->loss.use_ohkm) snprintf(topk, sizeof topk, ", the %d hardest joints", c->loss.topk);
    if (hr_config_detects(c)) {
        hr_trainer_log(t, "loss: YOLOX's: 5 (1 - IoU^2) + BCE of object and class%s, cells matched by SimOTA",
                       c->loss.use_l1 ? " + L1 of the raw box" : "");
        return;
    }
    hr_trainer_log(t, "loss: %s%s%s", c->loss.use_ohkm ? "JointsOHKMMSELoss" : "JointsMSELoss", topk,
                   c->loss.use_target_weight ? ", target weights" : "");
}

/* What TRAIN.FREEZE keeps as it is. */
static void log_frozen(hrnet_trainer *t)
{
    const hr_graph *const graph = &t->learner->graph;
    size_t n_values = 0, n_all = 0;
    int n = 0, n_norms = 0;
    if (t->learner->frozen == NULL) return;
    for (int i = 0; i < graph->n_params; i++) {
        const hr_param *const param = &graph->params[i];
        const int is_frozen = t->learner->frozen[i], learns = param->kind <= HR_PARAM_NORM_BIAS;
        n += is_frozen && learns;
        n_all += learns;
        n_values += is_frozen && learns ? param->n_elements : 0;
        n_norms += is_frozen && param->kind == HR_PARAM_NORM_MEAN;
    }
    hr_trainer_log(
        t,
        "frozen: %d of %zu tensors, %zu of %zu parameters (TRAIN.FREEZE); %d norms keep their statistics and "
        "normalise with them",
        n, n_all, n_values, hr_graph_n_trainable(graph), n_norms);
}

static void log_optimizer(hrnet_trainer *t)
{
    const hr_train_config *const c = &t->config.train;
    switch (t->learner->optimizer.kind) {
    case HR_ADAM:
        hr_trainer_log(t, "optimiser: Adam without weight decay: as upstream, TRAIN.WD %g is not used with it", c->wd);
        break;
    case HR_ADAMW: hr_trainer_log(t, "optimiser: AdamW, weight decay %g", c->wd); break;
    case HR_SGD:
        hr_trainer_log(t, "optimiser: SGD, momentum %g%s, weight decay %g", c->momentum,
                       c->nesterov ? " (Nesterov)" : "", c->wd);
        break;
    }
    log_frozen(t);
    if (c->patience > 0) hr_trainer_log(t, "patience: ends after %d validations without improvement", c->patience);
    if (c->clip_grad > 0) hr_trainer_log(t, "gradients: clipped to a norm of %g", c->clip_grad);
    if (c->ema > 0)
        hr_trainer_log(t, "average: of the weights, decay %g; it is what is validated and published", c->ema);
}

static void log_schedule(hrnet_trainer *t)
{
    const hr_train_config *const c = &t->config.train;
    hr_text text = {0};
    if (t->learner->learning_rate.is_cosine)
        hr_text_add(&text, "schedule: learning rate %g, by a cosine to 0 at epoch %d", c->lr, c->end_epoch);
    else
        hr_text_add(&text, "schedule: learning rate %g, x %g at epochs", c->lr, c->lr_factor);
    for (int i = 0; i < c->n_lr_steps && !t->learner->learning_rate.is_cosine; i++)
        hr_text_add(&text, i == 0 ? " %d" : ", %d", c->lr_steps[i]);
    if (c->warmup_steps > 0) hr_text_add(&text, "; warm-up of %d steps", c->warmup_steps);
    if (!text.failed) hr_trainer_log_message(t, text.data);
    hr_text_free(&text);
}

/* MB are 10^6 bytes, here and in check_memory. */
static void log_memory(hrnet_trainer *t, const hr_learner_bytes *b)
{
    const double mega = 1e6;
    const size_t total = b->network.params + b->network.gradients + b->network.activations + b->network.work +
                         b->optimizer + b->examples;
    hr_trainer_log(
        t,
        "memory: %.0f MB: weights and gradients %.0f, optimiser and best weights %.0f, activations %.0f, work "
        "%.0f, examples %.0f; %.0f MB are free",
        (double)total / mega, (double)(b->network.params + b->network.gradients) / mega, (double)b->optimizer / mega,
        (double)b->network.activations / mega, (double)b->network.work / mega, (double)b->examples / mega,
        (double)hr_memory_available() / mega);
}

/* The expected time, from one measured pass; examples and validation are not part of it. */
static hrnet_status log_time(hrnet_trainer *t)
{
    const hr_train_config *const c = &t->config.train;
    double pass;
    char epoch[32], rest[32];
    HR_TRY(hr_learner_time_pass(t->learner, &pass));
    const double step = pass * c->accumulate;
    const int64_t left = (c->end_epoch - t->learner->state.epoch) * t->learner->n_passes - t->learner->state.position;
    hr_trainer_duration(epoch, pass * (double)t->learner->n_passes);
    hr_trainer_duration(rest, pass * (double)(left > 0 ? left : 0));
    hr_trainer_log(
        t, "time: about %.3f s a step, %.1f samples/s with %d threads; %s an epoch, %s to the end, without validation",
        step, (double)t->learner->batch * t->learner->n_ranks / pass, t->learner->options.threads, epoch, rest);
    return HRNET_OK;
}

hrnet_status hr_trainer_log_run(hrnet_trainer *t, const hr_learner_bytes *bytes)
{
    log_network(t);
    log_data(t);
    log_loss(t);
    log_optimizer(t);
    log_schedule(t);
    log_memory(t, bytes);
    HR_TRY(log_time(t));
    hr_trainer_log(t, "output: %s", t->folder);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- on the way */

void hr_trainer_log_step(hrnet_trainer *t, const hr_step_report *step, double seconds)
{
    const hr_train_state *const s = &t->learner->state;
    const hr_trainer_meters *const m = &t->meters;
    const double mean = m->seconds / (double)m->n;
    /* "Left" counts training steps alone, at the mean speed of this epoch */
    const int64_t left = (t->config.train.end_epoch - s->epoch) * t->learner->n_steps - step->position - 1;
    char rest[32];
    hr_trainer_duration(rest, mean * (double)(left > 0 ? left : 0));
    hr_trainer_log(t,
                   "Epoch: [%lld][%lld/%lld]\tTime %.3fs (%.3fs)\tSpeed %.1f samples/s\tData %.3fs (%.3fs)\t"
                   "Loss %.5f (%.5f)\tAccuracy %.3f (%.3f)\tRate %.3g\tLeft %s",
                   (long long)step->epoch, (long long)step->position, (long long)t->learner->n_steps, seconds, mean,
                   (double)step->n_examples / seconds, step->waited, m->waited / (double)m->n, step->loss,
                   s->loss_sum / (double)s->n_loss, step->accuracy,
                   s->n_accuracy > 0 ? s->accuracy_sum / (double)s->n_accuracy : 0, step->rate, rest);
}

void hr_trainer_log_times(hrnet_trainer *t)
{
    const hr_learner_times *const s = &t->learner->times;
    const hr_backprop_times n = hr_backprop_take_times(t->learner->net);
    hr_trainer_log(t,
                   "times: data %.2f s, forward %.2f, loss %.2f, backward %.2f, other processes %.2f, update %.2f, "
                   "validation %.2f, checkpoints %.2f",
                   s->data, s->forward, s->loss, s->backward, s->collective, s->update, t->seconds_validating,
                   t->seconds_saving);
    hr_trainer_log(
        t,
        "times of the network, added over threads: convolution %.2f s, gradient of input %.2f, of weights %.2f, "
        "packing %.2f, norms and sums %.2f, their gradient %.2f, other %.2f",
        n.conv, n.input_gradient, n.weight_gradient, n.pack, n.norm_add_relu, n.norm_add_relu_gradient, n.other);
}
