/*
 * trainer.c - hrnet_trainer: a run as a loop of steps. After a step, in this order:
 *   every PRINT_FREQ steps           progress line, record (train.jsonl, TensorBoard), debug images
 *   a request to stop                checkpoint, end of the loop
 *   the last step of an epoch        validation, best weights, checkpoint (hr_trainer_end_epoch)
 *   every SAVE_MINUTES               checkpoint
 * Failures make this process leave the collective run, so that freeing the trainer does not wait for the others.
 */
#include "trainer/trainer.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* ---------------------------------------------------------------------------------------------- a step */

static hrnet_status record_step(hrnet_trainer *t, const hr_step_report *step, double seconds)
{
    const hr_record_value values[] = {{"train_loss", step->loss},
                                      {"train_acc", step->accuracy},
                                      {"learning_rate", step->rate},
                                      {"samples_per_second", (double)step->n_examples / seconds}};
    return hr_record_add(t->record, step->index, step->epoch, values, sizeof values / sizeof *values);
}

/* Progress line, record and debug images. A disk that is full ends the run here and not hours later. */
static hrnet_status report(hrnet_trainer *t, const hr_step_report *step, double seconds)
{
    if (!t->is_first || step->position % t->config.print_freq != 0) return HRNET_OK;
    hr_trainer_log_step(t, step, seconds);
    HR_TRY(record_step(t, step, seconds));
    HR_TRY(hr_trainer_debug_images(t, step));
    return hr_trainer_log_check(t);
}

static int is_time_to_save(const hrnet_trainer *t)
{
    const double minutes = t->config.train.save_minutes;
    return minutes > 0 && hr_clock_now() - t->saved_at >= 60 * minutes;
}

int hr_trainer_is_over(const hrnet_trainer *t)
{
    const hr_train_config *const c = &t->config.train;
    const hr_train_state *const s = &t->learner->state;
    return s->epoch >= c->end_epoch || (c->patience > 0 && s->n_worse >= c->patience);
}

/* Tell of pictures that could not be read (skip_broken). */
static hrnet_status tell_broken(hrnet_trainer *t)
{
    char *lines, *rest, *line;
    size_t n_all;
    if (!t->options.skip_broken) return HRNET_OK;
    HR_TRY(hr_train_set_take_broken(t->set, &lines, &n_all));
    line = lines != NULL ? strtok_r(lines, "\n", &rest) : NULL;
    for (; line != NULL; line = strtok_r(NULL, "\n", &rest))
        hr_trainer_log(t, "warning: %s: other examples take the place of its own (%zu pictures so far)", line, n_all);
    hr_free(lines);
    return HRNET_OK;
}

/* One step. A run that was stopped after the last step of an epoch resumes with that epoch's end. */
static hrnet_status step(hrnet_trainer *t)
{
    hr_step_report found;
    if (hr_learner_epoch_done(t->learner)) return hr_trainer_end_epoch(t);
    const double start = hr_clock_now();
    t->learner->wants_stop = atomic_load(&t->wants_stop); /* the learner tells all ranks, so that all stop together */
    HR_TRY(hr_learner_step(t->learner, &found));
    const double seconds = hr_clock_now() - start;
    t->meters.seconds += seconds;
    t->meters.waited += found.waited;
    t->meters.n++;
    HR_TRY(report(t, &found, seconds));
    HR_TRY(tell_broken(t));
    t->is_stopped = found.stop;
    if (found.stop) return hr_trainer_save(t);
    if (hr_learner_epoch_done(t->learner)) return hr_trainer_end_epoch(t);
    return is_time_to_save(t) ? hr_trainer_save(t) : HRNET_OK;
}

/* Leave the collective run after a failure; returns status. */
static hrnet_status leave_if_failed(hrnet_trainer *t, hrnet_status status)
{
    if (status != HRNET_OK) hr_collective_leave(t->collective);
    return status;
}

/* A fork has none of the threads, but all of the files. */
static hrnet_status check_process(const hrnet_trainer *t)
{
    if (t->process == getpid()) return HRNET_OK;
    return hr_fail(HRNET_ERR_UNSUPPORTED, "expected the process that made the trainer (%ld), found a fork of it (%ld)",
                   (long)t->process, (long)getpid());
}

hrnet_status hrnet_trainer_step(hrnet_trainer *t)
{
    if (t == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_trainer_step: no trainer");
    HR_TRY(check_process(t));
    return hr_trainer_is_over(t) ? HRNET_OK : leave_if_failed(t, step(t));
}

/* ---------------------------------------------------------------------------------------------- a run */

static hrnet_status run(hrnet_trainer *t)
{
    t->is_stopped = 0;
    while (!hr_trainer_is_over(t) && !t->is_stopped) HR_TRY(step(t));
    if (t->options.log_times) hr_trainer_log_times(t);
    if (!t->is_stopped) return hr_trainer_finish(t);
    const int same =
        t->options.resume == HRNET_RESUME_ALWAYS || (t->options.resume == HRNET_RESUME_AUTO && t->config.auto_resume);
    hr_trainer_log(t, "stopped in epoch %lld after %lld steps; %s goes on from %s/checkpoint.pth",
                   (long long)t->learner->state.epoch, (long long)t->learner->state.step,
                   same ? "the same command" : "--resume", t->folder);
    return HRNET_OK;
}

hrnet_status hrnet_trainer_run(hrnet_trainer *t)
{
    if (t == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_trainer_run: no trainer");
    HR_TRY(check_process(t));
    const hrnet_status status = run(t);
    if (status != HRNET_OK) hr_trainer_log_file(t, hrnet_last_error());
    return leave_if_failed(t, status);
}

void hrnet_trainer_stop(hrnet_trainer *t)
{
    atomic_store(&t->wants_stop, 1);
}

hrnet_trainer_info hrnet_trainer_get_info(const hrnet_trainer *t)
{
    const hr_train_state *const s = &t->learner->state;
    return (hrnet_trainer_info){.output = t->folder,
                                .is_first = t->is_first,
                                .is_done = hr_trainer_is_over(t),
                                .is_stopped = t->is_stopped,
                                .epoch = s->epoch,
                                .step = s->step,
                                .steps_per_epoch = t->learner->n_steps,
                                .n_persons = hr_train_set_n_persons(t->set),
                                .n_examples = hr_train_set_n_examples(t->set),
                                .loss = s->n_loss > 0 ? s->loss_sum / (double)s->n_loss : 0,
                                .accuracy = s->n_accuracy > 0 ? s->accuracy_sum / (double)s->n_accuracy : 0,
                                .perf = s->last_perf,
                                .best_perf = s->best_perf};
}

void hrnet_trainer_free(hrnet_trainer *t)
{
    if (t == NULL) return;
    hr_record_close(t->record);
    hrnet_evaluation_free(t->valid);
    hr_learner_free(t->learner);
    hr_train_set_free(t->set);
    hr_collective_close(t->collective);
    if (t->log != NULL) fclose(t->log);
    hrnet_checkpoint_free(t->init);
    hr_lock_release(&t->lock);
    hr_text_free(&t->identity);
    hr_free(t->name);
    hr_free(t->folder);
    hr_free(t->event_folder);
    hr_free(t->log_path);
    hr_free(t);
}

hrnet_status hrnet_train_plot(const char *log_path, const char *svg_path)
{
    if (log_path == NULL || svg_path == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_train_plot: an argument is NULL");
    return hr_record_plot(log_path, svg_path);
}

hrnet_status hrnet_train_table(const char *log_path, const char *csv_path)
{
    if (log_path == NULL || csv_path == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_train_table: an argument is NULL");
    return hr_record_table(log_path, csv_path);
}
