/*
 * picture_run.c - hrnet_pictures_run: a ring of slots behind one mutex. Picture i lives in slot i % n_slots. Four
 * counters move through the pictures, each in order; between two of them pictures are in one stage:
 *
 *   next_done       next_draw        next_find        next_load
 *       |  being drawn  |  found, to     |  being read or |
 *       v  or drawn     v  be drawn      v  read          v
 *   --[ 5 ][ 6 ][ 7 ] [ 8 ][ 9 ]      [ 10 ][ 11 ]      12 ...         next_load - next_done <= n_slots
 *
 * Workers claim pictures to read and to draw; the caller's thread finds the people of those that are read, as many as
 * are ready and at most a group, and hands out those that are drawn. It never waits for a group to be full, so that
 * people are found while a large picture is still being read, and so that a run whose memory is taken up by a few large
 * pictures goes on. Whoever holds a picture in a stage (the state of its slot) is the only one to touch it.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "pose/people.h"
#include "session/finder.h"

enum { MOST_WORKERS = 64, MOST_GROUP = 64, DEFAULT_GROUP = 8, DEFAULT_MOST_WORKERS = 8, ASK_EVERY_MS = 100 };

#define DEFAULT_BYTES ((uint64_t)512 << 20)

typedef enum slot_state { SLOT_FREE, SLOT_LOADING, SLOT_LOADED, SLOT_FOUND, SLOT_DRAWING, SLOT_DRAWN } slot_state;

typedef struct picture_slot {
    slot_state state;
    hrnet_picture picture;
    uint64_t n_bytes; /* of its pixels and heatmaps */
} picture_slot;

typedef struct picture_run {
    hrnet_finder *finder;
    hrnet_pictures_options options;     /* with the defaults filled in */
    pthread_mutex_t lock;               /* guards all below */
    pthread_cond_t new_work, new_state; /* workers wait for the first, the caller for the second */
    picture_slot *slots;                /* [n_slots] */
    size_t n_slots;
    size_t end; /* pictures that there are: n, or what load said */
    size_t next_load, next_find, next_draw, next_done;
    int n_loading;
    uint64_t n_bytes, largest; /* bytes on their way; of the largest picture so far */
    int is_stopping;           /* no picture is read any more, and none is looked at */
    int is_closing;            /* workers end */
    pthread_t *workers;        /* [options.workers], n_started of which run */
    int n_started;
    hrnet_people *people; /* [group] and [group]: scratch of the caller's thread */
    hrnet_pixels *pixels;
} picture_run;

static picture_slot *slot_of(const picture_run *run, size_t index)
{
    return &run->slots[index % run->n_slots];
}

static void free_picture(picture_slot *slot)
{
    hrnet_image_free(&slot->picture.image);
    hrnet_people_free(&slot->picture.people);
    *slot = (picture_slot){.state = SLOT_FREE};
}

/* ---------------------------------------------------------------------------------------------- reading */

hrnet_status hrnet_picture_load(hrnet_picture *out, const char *path, const char *name, unsigned flags)
{
    hrnet_people people = {0};
    hrnet_image image = {0};
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_picture_load: out or path is NULL");
    HR_TRY(hrnet_people_create(&people, name != NULL ? name : path, 0, 0));
    const hrnet_status status = hrnet_image_load(&image, path, flags);
    if (status != HRNET_OK) {
        hrnet_people_fail(&people, -1, status, hrnet_last_error());
    } else {
        people.width = image.width;
        people.height = image.height;
        out->warning = hrnet_image_warning()[0] != '\0' ? hr_people_text(&people, hrnet_image_warning()) : NULL;
    }
    out->image = image;
    out->people = people;
    return HRNET_OK;
}

/* Note that load failed. Without memory the picture has its path for a name, and no reason. */
static void note_failure(const picture_run *run, hrnet_picture *picture, hrnet_status status)
{
    const char *const name = run->options.paths != NULL ? run->options.paths[picture->index] : "picture";
    hrnet_image_free(&picture->image);
    if (picture->people.name == NULL) picture->people.name = name;
    hrnet_people_fail(&picture->people, -1, status, hrnet_last_error());
    picture->people.status = status;
}

/* Without the lock. */
static void load_picture(const picture_run *run, hrnet_picture *picture)
{
    const hrnet_pictures_options *const o = &run->options;
    const hrnet_status status = o->load != NULL
                                    ? o->load(o->context, picture->index, picture)
                                    : hrnet_picture_load(picture, o->paths[picture->index], NULL, o->image_flags);
    if (status != HRNET_OK) note_failure(run, picture, status);
}

/* Whether the memory that pictures may take leaves room for one more. Its size is not known before it is read. */
static int has_room(const picture_run *run)
{
    if (run->next_load == run->next_done) return 1;
    const uint64_t expected = ((uint64_t)run->n_loading + 1) * run->largest;
    return run->largest > 0 && run->n_bytes + expected <= run->options.memory_limit;
}

static int can_load(const picture_run *run)
{
    return !run->is_stopping && run->next_load < run->end && run->next_load - run->next_done < run->n_slots &&
           has_room(run);
}

static void load_next(picture_run *run)
{
    const size_t index = run->next_load++;
    picture_slot *const slot = slot_of(run, index);
    slot->state = SLOT_LOADING;
    slot->picture = (hrnet_picture){.index = index};
    run->n_loading++;
    pthread_mutex_unlock(&run->lock);
    load_picture(run, &slot->picture);
    const hrnet_image *const image = &slot->picture.image;
    slot->n_bytes = image->rgb != NULL ? (uint64_t)image->width * (uint64_t)image->height * 3 : 0;
    pthread_mutex_lock(&run->lock);
    run->n_loading--;
    run->n_bytes += slot->n_bytes;
    if (slot->n_bytes > run->largest) run->largest = slot->n_bytes;
    slot->state = SLOT_LOADED;
    if (image->rgb == NULL && slot->picture.people.name == NULL && index < run->end) run->end = index;
}

/* ---------------------------------------------------------------------------------------------- drawing */

static int can_draw(const picture_run *run)
{
    return run->next_draw < run->next_find && slot_of(run, run->next_draw)->state == SLOT_FOUND;
}

static void draw_next(picture_run *run)
{
    picture_slot *const slot = slot_of(run, run->next_draw++);
    hrnet_picture *const picture = &slot->picture;
    slot->state = SLOT_DRAWING;
    pthread_mutex_unlock(&run->lock);
    picture->drawing = run->options.draw(run->options.context, picture);
    if (picture->drawing != HRNET_OK) picture->drawing_message = hr_people_text(&picture->people, hrnet_last_error());
    pthread_mutex_lock(&run->lock);
    slot->state = SLOT_DRAWN;
}

/* A worker's thread. Drawing comes first, because it frees memory, unless the finder has too few pictures ahead. */
static void *work(void *context)
{
    picture_run *const run = context;
    pthread_mutex_lock(&run->lock);
    while (!run->is_closing) {
        const int is_behind = run->next_load - run->next_find < (size_t)run->options.group;
        if (can_load(run) && (is_behind || !can_draw(run))) {
            load_next(run);
        } else if (can_draw(run)) {
            draw_next(run);
        } else {
            pthread_cond_wait(&run->new_work, &run->lock);
            continue;
        }
        pthread_cond_signal(&run->new_state);
        pthread_cond_broadcast(&run->new_work);
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

/* ---------------------------------------------------------------------------------------------- finding people */

/* Pictures that are read and follow each other, at most a group. */
static int count_ready(const picture_run *run)
{
    int n = 0;
    while (n < run->options.group && run->next_find + (size_t)n < run->next_load &&
           run->next_find + (size_t)n < run->end && slot_of(run, run->next_find + (size_t)n)->state == SLOT_LOADED)
        n++;
    return n;
}

/* Those of n pictures, from next_find on, whose boxes are given (or are not) through the finder together. */
static hrnet_status find_some(picture_run *run, int n, int has_boxes)
{
    int chosen[MOST_GROUP], m = 0;
    for (int i = 0; i < n; i++) {
        const hrnet_picture *const picture = &slot_of(run, run->next_find + (size_t)i)->picture;
        if (picture->people.status != HRNET_OK || (picture->has_boxes != 0) != has_boxes) continue;
        run->people[m] = picture->people;
        run->pixels[m] = hrnet_image_pixels(&picture->image);
        chosen[m++] = i;
    }
    if (m == 0) return HRNET_OK;
    const hrnet_status status = has_boxes ? hrnet_people_pose(run->finder, run->pixels, m, run->people)
                                          : hr_people_find(run->finder, run->pixels, m, run->people);
    for (int i = 0; i < m; i++) /* after a failure too: they may have new memory */
        slot_of(run, run->next_find + (size_t)chosen[i])->picture.people = run->people[i];
    return status;
}

/* With the lock, which it lets go meanwhile. */
static hrnet_status find_group(picture_run *run, int n)
{
    pthread_mutex_unlock(&run->lock);
    hrnet_status status = find_some(run, n, 1);
    if (status == HRNET_OK) status = find_some(run, n, 0);
    pthread_mutex_lock(&run->lock);
    if (status != HRNET_OK) return status;
    for (int i = 0; i < n; i++) {
        picture_slot *const slot = slot_of(run, run->next_find++);
        const hrnet_people *const people = &slot->picture.people;
        const size_t more = people->heatmaps != NULL ? hr_finder_heatmap_bytes(run->finder, people->n_persons) : 0;
        slot->n_bytes += more;
        run->n_bytes += more;
        slot->state = run->options.draw != NULL ? SLOT_FOUND : SLOT_DRAWN;
    }
    if (run->options.draw == NULL) run->next_draw = run->next_find;
    pthread_cond_broadcast(&run->new_work);
    return HRNET_OK;
}

/* Hand out what is drawn. With the lock, which it lets go meanwhile. */
static hrnet_status hand_out(picture_run *run)
{
    while (run->next_done < run->next_draw && slot_of(run, run->next_done)->state == SLOT_DRAWN) {
        picture_slot *const slot = slot_of(run, run->next_done);
        const uint64_t n_bytes = slot->n_bytes;
        pthread_mutex_unlock(&run->lock);
        const hrnet_status status =
            run->options.done != NULL ? run->options.done(run->options.context, &slot->picture) : HRNET_OK;
        free_picture(slot);
        pthread_mutex_lock(&run->lock);
        run->n_bytes -= n_bytes;
        run->next_done++;
        pthread_cond_broadcast(&run->new_work);
        HR_TRY(status);
    }
    return HRNET_OK;
}

/* Wait until a picture is read or drawn; a caller that may cancel is asked meanwhile. */
static void wait_for_workers(picture_run *run)
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

static int is_cancelled(const picture_run *run)
{
    return run->options.cancelled != NULL && run->options.cancelled(run->options.context);
}

/* The caller's part, with the lock. After a failure of the finder or a cancellation, what was found is still handed
 * out. */
static hrnet_status direct(picture_run *run)
{
    hrnet_status status = HRNET_OK;
    char reason[1024] = "";
    for (;;) {
        HR_TRY(hand_out(run));
        if (run->next_done >= run->end || (run->is_stopping && run->next_done == run->next_find)) break;
        const int n = run->is_stopping ? 0 : count_ready(run);
        if (!run->is_stopping && is_cancelled(run))
            status = hr_fail(HRNET_ERR_CANCELLED, "hrnet_pictures_run: cancelled before picture %zu", run->next_find);
        else if (n > 0)
            status = find_group(run, n);
        else
            wait_for_workers(run);
        if (status == HRNET_OK || run->is_stopping) continue;
        run->is_stopping = 1;
        snprintf(reason, sizeof reason, "%s", hrnet_last_error()); /* done may fail, too, before this is told */
    }
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
    return HRNET_OK;
}

static void fill_in_defaults(picture_run *run)
{
    hrnet_pictures_options *const o = &run->options;
    const int half = hr_finder_threads(run->finder) / 2;
    if (o->workers == 0) o->workers = half < 1 ? 1 : half > DEFAULT_MOST_WORKERS ? DEFAULT_MOST_WORKERS : half;
    if (o->group == 0) o->group = DEFAULT_GROUP;
    if (o->memory_limit == 0) o->memory_limit = DEFAULT_BYTES;
    run->end = o->n;
    run->n_slots = 2 * (size_t)o->group + 2 * (size_t)o->workers;
}

static hrnet_status start(picture_run *run)
{
    HR_NEW(run->slots, run->n_slots);
    HR_NEW(run->people, (size_t)run->options.group);
    HR_NEW(run->pixels, (size_t)run->options.group);
    HR_NEW(run->workers, (size_t)run->options.workers);
    for (int i = 0; i < run->options.workers; i++) {
        const int code = pthread_create(&run->workers[i], NULL, work, run);
        if (code != 0) return hr_fail(HRNET_ERR_MEMORY, "cannot start a thread: %s", strerror(code));
        run->n_started++;
    }
    return HRNET_OK;
}

static void stop(picture_run *run)
{
    pthread_mutex_lock(&run->lock);
    run->is_closing = 1;
    pthread_cond_broadcast(&run->new_work);
    pthread_mutex_unlock(&run->lock);
    for (int i = 0; i < run->n_started; i++) pthread_join(run->workers[i], NULL);
    for (size_t i = 0; run->slots != NULL && i < run->n_slots; i++) free_picture(&run->slots[i]);
    hr_free(run->workers);
    hr_free(run->pixels);
    hr_free(run->people);
    hr_free(run->slots);
    pthread_cond_destroy(&run->new_state);
    pthread_cond_destroy(&run->new_work);
    pthread_mutex_destroy(&run->lock);
}

hrnet_status hrnet_pictures_run(hrnet_finder *finder, const hrnet_pictures_options *options)
{
    picture_run run = {.finder = finder};
    pthread_condattr_t monotonic;
    if (finder == NULL || options == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_pictures_run: finder or options is NULL");
    HR_TRY(check_options(options));
    run.options = *options;
    fill_in_defaults(&run);
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
