/*
 * trainer_resume.c - going on from a checkpoint. Two are kept: checkpoint.pth, the last, and checkpoint.previous.pth,
 * the one before it. A checkpoint becomes the previous one only if this run has written or read it, so that a damaged
 * last one never takes the place of the good one behind it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "trainer/trainer.h"

static const char last_name[] = "checkpoint.pth", previous_name[] = "checkpoint.previous.pth";

/* Whether FOLDER/NAME is there; sets *path to it, to be freed with hr_free. */
static hrnet_status find(char **path, int *is_there, const hrnet_trainer *t, const char *name)
{
    HR_TRY(hr_trainer_path(path, t, name));
    *is_there = access(*path, F_OK) == 0;
    return HRNET_OK;
}

hrnet_status hr_trainer_find_checkpoint(hrnet_trainer *t)
{
    char *path, *previous;
    int is_there, has_previous;
    HR_TRY(find(&previous, &has_previous, t, previous_name));
    hr_free(previous);
    HR_TRY(find(&path, &is_there, t, last_name));
    const int always = t->options.resume == HRNET_RESUME_ALWAYS;
    t->resumes = always || (t->options.resume == HRNET_RESUME_AUTO && t->config.auto_resume && is_there);
    const hrnet_status status = always && !is_there && !has_previous
                                    ? hr_fail(HRNET_ERR_IO, "%s: no checkpoint to go on from", path)
                                    : HRNET_OK;
    if (is_there && !t->resumes)
        hr_trainer_log(t, "%s is there but not used (%s): it will be replaced", path,
                       t->options.resume == HRNET_RESUME_NEVER ? "--no-resume" : "AUTO_RESUME is off");
    hr_free(path);
    return status;
}

static void log_state(hrnet_trainer *t, const char *path)
{
    const hr_train_state *const s = &t->learner->state;
    hr_trainer_log(t, "resumed: %s: epoch %lld, %lld of %lld passes done, step %lld", path, (long long)s->epoch,
                   (long long)s->position, (long long)t->learner->n_passes, (long long)s->step);
    if (s->best_perf >= 0)
        hr_trainer_log(t, "resumed: best so far %.4f, of epoch %lld", s->best_perf, (long long)s->best_epoch);
}

/* A cosine ends at END_EPOCH: with another one the rate does not go on where it was, and the result is that of neither
 * run alone. */
static void warn_schedule(hrnet_trainer *t)
{
    const hr_train_state *const s = &t->learner->state;
    const int now = t->config.train.end_epoch;
    if (!t->learner->learning_rate.is_cosine || s->end_epoch <= 0 || s->end_epoch == now) return;
    hr_learning_rate before = t->learner->learning_rate;
    before.end_epoch = (int)s->end_epoch;
    const int64_t n_steps = t->learner->n_steps;
    hr_trainer_log(
        t,
        "warning: TRAIN.END_EPOCH was %lld and is %d: the cosine now ends there, so that the learning rate goes "
        "from %.3g to %.3g in epoch %lld and then falls to 0 at epoch %d; a run with %d from its beginning "
        "would have had other rates until now",
        (long long)s->end_epoch, now, hr_learning_rate_at(&before, (int)s->epoch, s->step, n_steps),
        hr_learning_rate_at(&t->learner->learning_rate, (int)s->epoch, s->step, n_steps), (long long)s->epoch, now,
        now);
}

static hrnet_status load(hrnet_trainer *t, const char *path)
{
    return hr_train_state_load(&t->learner->state, t->learner->params, &t->config, &t->learner->optimizer, path);
}

/* A file that another run has written, or no memory, is no damage. */
static int is_damage(hrnet_status status)
{
    return status == HRNET_ERR_IO || status == HRNET_ERR_FORMAT || status == HRNET_ERR_UNSUPPORTED ||
           status == HRNET_ERR_LIMIT;
}

/* After `status` of checkpoint.pth, whose message is the last error. */
static hrnet_status load_previous(hrnet_trainer *t, hrnet_status status)
{
    char *previous;
    int is_there;
    char why[512];
    snprintf(why, sizeof why, "%s", hrnet_last_error());
    HR_TRY(find(&previous, &is_there, t, previous_name));
    if (!is_there) {
        hr_free(previous);
        return hr_fail(status, "%s (there is no %s to go on from; --no-resume begins anew)", why, previous_name);
    }
    hr_trainer_log(t, "warning: %s: the checkpoint before it is taken, %s", why, previous);
    status = load(t, previous);
    if (status == HRNET_OK) log_state(t, previous);
    hr_free(previous);
    return status;
}

hrnet_status hr_trainer_resume(hrnet_trainer *t)
{
    char *path;
    HR_TRY(hr_trainer_check_identity(t));
    HR_TRY(hr_trainer_path(&path, t, last_name));
    hrnet_status status = load(t, path);
    t->is_saved = status == HRNET_OK;
    if (t->is_saved)
        log_state(t, path);
    else if (is_damage(status))
        status = load_previous(t, status);
    hr_free(path);
    if (status == HRNET_OK) warn_schedule(t);
    return status;
}

/* A link, so that at no moment both names are without a good file. Where links are not supported nothing is kept. */
hrnet_status hr_trainer_keep_previous(const hrnet_trainer *t, const char *path)
{
    char *previous;
    HR_TRY(hr_trainer_path(&previous, t, previous_name));
    if (t->is_saved) {
        unlink(previous);
        if (link(path, previous) != 0) errno = 0;
    } else if (!t->resumes) {
        unlink(previous); /* of an earlier run, which this one replaces */
    }
    hr_free(previous);
    return HRNET_OK;
}
