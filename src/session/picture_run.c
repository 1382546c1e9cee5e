/*
 * picture_run.c - hrnet_pictures_run: what its caller's thread does, finding people and handing pictures out, and the
 * life of a run. picture_ring.h has the idea, picture_threads.c the other threads.
 */
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "session/finder.h"
#include "session/picture_ring.h"

enum { MOST_WORKERS = 64, MOST_GROUP = 64, DEFAULT_GROUP = 8, DEFAULT_MOST_WORKERS = 8, ASK_EVERY_MS = 100 };

#define DEFAULT_BYTES ((uint64_t)512 << 20)

/* ---------------------------------------------------------------------------------------------- finding people */

/* Picture i of the group that is looked at. */
static hr_picture_slot *slot_ahead(const hr_picture_run *run, int i)
{
    return hr_picture_slot_of(run, run->next_find + (size_t)i);
}

/* Pictures that are read and follow each other, at most a group. */
static int count_ready(const hr_picture_run *run)
{
    int n = 0;
    while (n < run->options.group && run->next_find + (size_t)n < run->next_load &&
           run->next_find + (size_t)n < run->end && slot_ahead(run, n)->state == HR_SLOT_LOADED)
        n++;
    return n;
}

/* Let a function of the caller's have each of the n pictures, in order. */
static hrnet_status call_each(const hr_picture_run *run, int n, hrnet_status (*function)(void *, hrnet_picture *))
{
    for (int i = 0; function != NULL && i < n; i++)
        HR_TRY(function(run->options.context, &slot_ahead(run, i)->picture));
    return HRNET_OK;
}

static hrnet_pixels pixels_of(const hrnet_picture *picture)
{
    return picture->image.rgb != NULL ? hrnet_image_pixels(&picture->image) : picture->pixels;
}

/* Those of n pictures, from next_find on, whose boxes are given (or are not) through the finder together. */
static hrnet_status find_some(hr_picture_run *run, int n, int has_boxes)
{
    int chosen[MOST_GROUP], m = 0;
    for (int i = 0; i < n; i++) {
        const hrnet_picture *const picture = &slot_ahead(run, i)->picture;
        if (picture->people.status != HRNET_OK || (picture->has_boxes != 0) != has_boxes) continue;
        run->people[m] = picture->people;
        run->pixels[m] = pixels_of(picture);
        chosen[m++] = i;
    }
    if (m == 0) return HRNET_OK;
    const hrnet_status status = has_boxes ? hrnet_people_pose(run->finder, run->pixels, m, run->people)
                                          : hr_people_find(run->finder, run->pixels, m, run->people);
    for (int i = 0; i < m; i++) /* after a failure too: they may have new memory */
        slot_ahead(run, chosen[i])->picture.people = run->people[i];
    return status;
}

/* Without the lock. */
static hrnet_status find_people(hr_picture_run *run, int n)
{
    HR_TRY(call_each(run, n, run->options.aim));
    HR_TRY(find_some(run, n, 1));
    HR_TRY(find_some(run, n, 0));
    return call_each(run, n, run->options.found);
}

/* With the lock, which it lets go meanwhile. */
static hrnet_status find_group(hr_picture_run *run, int n)
{
    const hrnet_pictures_options *const o = &run->options;
    for (int i = 0; i < n; i++) slot_ahead(run, i)->state = HR_SLOT_FINDING;
    pthread_mutex_unlock(&run->lock);
    const hrnet_status status = find_people(run, n);
    pthread_mutex_lock(&run->lock);
    if (status != HRNET_OK) return status;
    for (int i = 0; i < n; i++) {
        hr_picture_slot *const slot = hr_picture_slot_of(run, run->next_find++);
        const hrnet_people *const people = &slot->picture.people;
        hr_picture_count(run, slot,
                         people->heatmaps != NULL ? hr_finder_heatmap_bytes(run->finder, people->n_persons) : 0);
        slot->state = o->draw != NULL ? HR_SLOT_FOUND : o->write != NULL ? HR_SLOT_DRAWN : HR_SLOT_FINISHED;
    }
    pthread_cond_broadcast(&run->new_work);
    return HRNET_OK;
}

/* Hand out what is finished. With the lock, which it lets go meanwhile. */
static hrnet_status hand_out(hr_picture_run *run)
{
    for (;;) {
        hr_picture_slot *const slot = hr_picture_slot_of(run, run->next_done);
        if (slot->state != HR_SLOT_FINISHED) return HRNET_OK;
        const uint64_t n_bytes = slot->n_bytes;
        pthread_mutex_unlock(&run->lock);
        const hrnet_status status =
            run->options.done != NULL ? run->options.done(run->options.context, &slot->picture) : HRNET_OK;
        hr_picture_free(&slot->picture);
        pthread_mutex_lock(&run->lock);
        *slot = (hr_picture_slot){.state = HR_SLOT_FREE};
        run->n_bytes -= n_bytes;
        run->next_done++;
        pthread_cond_broadcast(&run->new_work);
        HR_TRY(status);
    }
}

/* Wait until a picture is read, drawn or written; a caller that may cancel is asked meanwhile. */
static void wait_for_threads(hr_picture_run *run)
{
    struct timespec until;
    if (run->options.cancelled == NULL) {
        pthread_cond_wait(&run->new_state, &run->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ASK_EVERY_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&run->new_state, &run->lock, &until);
}

static int is_cancelled(const hr_picture_run *run)
{
    return run->options.cancelled != NULL && run->options.cancelled(run->options.context);
}

/* One turn of the caller's thread. Anything but HRNET_OK stops the run. */
static hrnet_status advance(hr_picture_run *run)
{
    if (run->writing != HRNET_OK) return hr_fail(run->writing, "%s", run->writing_reason);
    if (is_cancelled(run))
        return hr_fail(HRNET_ERR_CANCELLED, "hrnet_pictures_run: cancelled before picture %zu", run->next_find);
    const int n = count_ready(run);
    if (n > 0) return find_group(run, n);
    wait_for_threads(run);
    return HRNET_OK;
}

/* The caller's part, with the lock. After a failure or a cancellation, what was found is still handed out. */
static hrnet_status direct(hr_picture_run *run)
{
    hrnet_status status = HRNET_OK;
    char reason[1024] = "";
    for (;;) {
        HR_TRY(hand_out(run));
        if (run->next_done >= run->end || (run->is_stopping && run->next_done == run->next_find)) break;
        if (run->is_stopping) {
            wait_for_threads(run);
            continue;
        }
        status = advance(run);
        if (status == HRNET_OK) continue;
        run->is_stopping = 1;
        snprintf(reason, sizeof reason, "%s", hrnet_last_error()); /* done may fail, too, before this is told */
    }
    if (status == HRNET_OK && run->writing != HRNET_OK) return hr_fail(run->writing, "%s", run->writing_reason);
    return status == HRNET_OK ? status : hr_fail(status, "%s", reason);
}

/* ---------------------------------------------------------------------------------------------- life */

static hrnet_status check_options(const hrnet_pictures_options *o)
{
    HR_TRY(HR_CHECK_RESERVED(o, "hrnet_pictures_options"));
    if (o->load == NULL && o->n > 0 && o->paths == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_pictures_run: expected paths or a load function");
    if (o->workers < 0 || o->workers > MOST_WORKERS)
        return hr_fail(HRNET_ERR_ARGUMENT, "workers: expected 1..%d, found %d", MOST_WORKERS, o->workers);
    if (o->group < 0 || o->group > MOST_GROUP)
        return hr_fail(HRNET_ERR_ARGUMENT, "group: expected 1..%d, found %d", MOST_GROUP, o->group);
    if (o->ahead < 0) return hr_fail(HRNET_ERR_ARGUMENT, "ahead: expected at least 1, found %d", o->ahead);
    if (o->newest && !o->in_order)
        return hr_fail(HRNET_ERR_ARGUMENT, "newest: expected pictures that are read in order (in_order)");
    return HRNET_OK;
}

static hrnet_pictures_options with_defaults(const hrnet_finder *finder, const hrnet_pictures_options *options)
{
    hrnet_pictures_options o = *options;
    const int half = hr_finder_threads(finder) / 2;
    if (o.workers == 0) o.workers = half < 1 ? 1 : half > DEFAULT_MOST_WORKERS ? DEFAULT_MOST_WORKERS : half;
    if (o.group == 0) o.group = DEFAULT_GROUP;
    if (o.memory_limit == 0) o.memory_limit = DEFAULT_BYTES;
    return o;
}

size_t hr_pictures_most(const hrnet_finder *finder, const hrnet_pictures_options *options)
{
    const hrnet_pictures_options o = with_defaults(finder, options);
    const size_t most = 2 * (size_t)o.group + 2 * (size_t)o.workers;
    return o.ahead > 0 && (size_t)o.ahead < most ? (size_t)o.ahead : most;
}

static hrnet_status start(hr_picture_run *run)
{
    HR_NEW(run->slots, run->n_slots);
    HR_NEW(run->people, (size_t)run->options.group);
    HR_NEW(run->pixels, (size_t)run->options.group);
    return hr_picture_threads_start(run);
}

static void stop(hr_picture_run *run)
{
    hr_picture_threads_stop(run);
    for (size_t i = 0; run->slots != NULL && i < run->n_slots; i++) hr_picture_free(&run->slots[i].picture);
    hr_free(run->pixels);
    hr_free(run->people);
    hr_free(run->slots);
    pthread_cond_destroy(&run->new_state);
    pthread_cond_destroy(&run->new_work);
    pthread_mutex_destroy(&run->lock);
}

hrnet_status hrnet_pictures_run(hrnet_finder *finder, const hrnet_pictures_options *options)
{
    hr_picture_run run = {.finder = finder};
    pthread_condattr_t monotonic;
    if (finder == NULL || options == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_pictures_run: finder or options is NULL");
    HR_TRY(check_options(options));
    run.options = with_defaults(finder, options);
    run.n_slots = hr_pictures_most(finder, options);
    run.end = options->n;
    pthread_mutex_init(&run.lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&run.new_work, NULL);
    pthread_cond_init(&run.new_state, &monotonic);
    pthread_condattr_destroy(&monotonic);
    hrnet_status status = start(&run);
    if (status == HRNET_OK) {
        pthread_mutex_lock(&run.lock);
        status = direct(&run);
        pthread_mutex_unlock(&run.lock);
    }
    stop(&run);
    return status;
}
