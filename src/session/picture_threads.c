/* picture_threads.c - the threads of hrnet_pictures_run (picture_ring.h): what reads, draws and writes pictures. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pose/people.h"
#include "session/picture_ring.h"

/* ---------------------------------------------------------------------------------------------- slots */

static uint64_t bytes_of(int width, int height)
{
    return (uint64_t)width * (uint64_t)height * 3;
}

/* Of an image and of a borrowed view, which holds memory of the caller's: 3 bytes a pixel each. */
static uint64_t pixel_bytes(const hrnet_picture *picture)
{
    const hrnet_image *const image = &picture->image;
    return (image->rgb != NULL ? bytes_of(image->width, image->height) : 0) +
           bytes_of(picture->pixels.width, picture->pixels.height);
}

void hr_picture_count(hr_picture_run *run, hr_picture_slot *slot, size_t heatmaps)
{
    const uint64_t pixels = pixel_bytes(&slot->picture);
    run->n_bytes += pixels + heatmaps - slot->n_bytes;
    slot->n_bytes = pixels + heatmaps;
    if (pixels > run->largest) run->largest = pixels;
}

void hr_picture_free(hrnet_picture *picture)
{
    hrnet_image_free(&picture->image);
    hrnet_people_free(&picture->people);
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
static void note_failure(const hr_picture_run *run, hrnet_picture *picture, hrnet_status status)
{
    const char *const name = run->options.paths != NULL ? run->options.paths[picture->index] : "picture";
    hrnet_image_free(&picture->image);
    picture->pixels = (hrnet_pixels){0};
    if (picture->people.name == NULL) picture->people.name = name;
    hrnet_people_fail(&picture->people, -1, status, hrnet_last_error());
    picture->people.status = status;
}

/* Without the lock. */
static void load_picture(const hr_picture_run *run, hrnet_picture *picture)
{
    const hrnet_pictures_options *const o = &run->options;
    const hrnet_status status = o->load != NULL
                                    ? o->load(o->context, picture->index, picture)
                                    : hrnet_picture_load(picture, o->paths[picture->index], NULL, o->image_flags);
    picture->loaded = hr_clock_now();
    if (status != HRNET_OK) note_failure(run, picture, status);
}

/* load has left nothing: there are no more pictures. */
static int is_end(const hrnet_picture *picture)
{
    return picture->image.rgb == NULL && picture->pixels.width == 0 && picture->people.name == NULL;
}

/* Whether the memory that pictures may take leaves room for one more. Its size is not known before it is read. */
static int has_room(const hr_picture_run *run)
{
    if (run->next_load == run->next_done) return 1;
    const uint64_t expected = ((uint64_t)run->n_loading + 1) * run->largest;
    return run->largest > 0 && run->n_bytes + expected <= run->options.memory_limit;
}

static int can_load(const hr_picture_run *run)
{
    return !run->is_stopping && run->next_load < run->end && run->next_load - run->next_done < run->n_slots &&
           has_room(run);
}

static void load_next(hr_picture_run *run)
{
    const size_t index = run->next_load++;
    hr_picture_slot *const slot = hr_picture_slot_of(run, index);
    slot->state = HR_SLOT_LOADING;
    slot->picture = (hrnet_picture){.index = index};
    run->n_loading++;
    pthread_mutex_unlock(&run->lock);
    load_picture(run, &slot->picture);
    pthread_mutex_lock(&run->lock);
    run->n_loading--;
    hr_picture_count(run, slot, 0);
    slot->state = HR_SLOT_LOADED;
    if (is_end(&slot->picture) && index < run->end) run->end = index;
}

/* Put a picture into the slot of the one that still waits for the finder, which is dropped, or into the next one. If
 * all are taken, it is dropped itself. */
static void place_newest(hr_picture_run *run, hrnet_picture *fresh)
{
    const int waits =
        run->next_load > run->next_find && hr_picture_slot_of(run, run->next_load - 1)->state == HR_SLOT_LOADED;
    if (!waits && !can_load(run)) {
        run->n_dropped++;
        hr_picture_free(fresh);
        return;
    }
    const size_t index = waits ? run->next_load - 1 : run->next_load++;
    hr_picture_slot *const slot = hr_picture_slot_of(run, index);
    if (waits) {
        run->n_dropped += 1 + slot->picture.n_dropped;
        hr_picture_free(&slot->picture);
    }
    slot->state = HR_SLOT_LOADED;
    slot->picture = *fresh;
    slot->picture.index = index;
    slot->picture.n_dropped = run->n_dropped;
    run->n_dropped = 0;
    hr_picture_count(run, slot, 0);
}

/* Read a picture whether or not there is a slot for it. */
static void load_newest(hr_picture_run *run, size_t n_read)
{
    hrnet_picture fresh = {.index = n_read};
    pthread_mutex_unlock(&run->lock);
    load_picture(run, &fresh);
    pthread_mutex_lock(&run->lock);
    const int is_last = is_end(&fresh) || n_read + 1 >= run->options.n;
    if (!is_end(&fresh)) place_newest(run, &fresh);
    if (is_last) run->end = run->next_load;
}

/* The thread that reads in order. */
static void *read_in_order(void *context)
{
    hr_picture_run *const run = context;
    size_t n_read = 0;
    pthread_mutex_lock(&run->lock);
    while (!run->is_closing) {
        if (run->options.newest && !run->is_stopping && n_read < run->end) {
            load_newest(run, n_read++);
        } else if (!run->options.newest && can_load(run)) {
            load_next(run);
        } else {
            pthread_cond_wait(&run->new_work, &run->lock);
            continue;
        }
        pthread_cond_signal(&run->new_state);
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

/* ---------------------------------------------------------------------------------------------- drawing */

static int can_draw(const hr_picture_run *run)
{
    return run->next_draw < run->next_find && hr_picture_slot_of(run, run->next_draw)->state == HR_SLOT_FOUND;
}

static void draw_next(hr_picture_run *run)
{
    hr_picture_slot *const slot = hr_picture_slot_of(run, run->next_draw++);
    hrnet_picture *const picture = &slot->picture;
    const size_t heatmaps = (size_t)(slot->n_bytes - pixel_bytes(picture));
    slot->state = HR_SLOT_DRAWING;
    pthread_mutex_unlock(&run->lock);
    picture->drawing = run->options.draw(run->options.context, picture);
    if (picture->drawing != HRNET_OK) picture->drawing_message = hr_people_text(&picture->people, hrnet_last_error());
    pthread_mutex_lock(&run->lock);
    hr_picture_count(run, slot, heatmaps);
    slot->state = run->options.write != NULL ? HR_SLOT_DRAWN : HR_SLOT_FINISHED;
}

/* A worker's thread. Drawing comes first, because it frees memory, unless the finder has too few pictures ahead. */
static void *work(void *context)
{
    hr_picture_run *const run = context;
    pthread_mutex_lock(&run->lock);
    while (!run->is_closing) {
        const int is_behind = run->next_load - run->next_find < (size_t)run->options.group;
        if (!run->options.in_order && can_load(run) && (is_behind || !can_draw(run))) {
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

/* ---------------------------------------------------------------------------------------------- writing */

static int can_write(const hr_picture_run *run)
{
    return run->next_write < run->next_find && hr_picture_slot_of(run, run->next_write)->state == HR_SLOT_DRAWN;
}

static void write_next(hr_picture_run *run)
{
    hr_picture_slot *const slot = hr_picture_slot_of(run, run->next_write++);
    slot->state = HR_SLOT_WRITING;
    if (run->writing == HRNET_OK) {
        pthread_mutex_unlock(&run->lock);
        const hrnet_status status = run->options.write(run->options.context, &slot->picture);
        pthread_mutex_lock(&run->lock);
        run->writing = status;
        if (status != HRNET_OK) snprintf(run->writing_reason, sizeof run->writing_reason, "%s", hrnet_last_error());
    }
    slot->state = HR_SLOT_FINISHED;
}

/* The thread that writes. */
static void *write_in_order(void *context)
{
    hr_picture_run *const run = context;
    pthread_mutex_lock(&run->lock);
    while (!run->is_closing) {
        if (!can_write(run)) {
            pthread_cond_wait(&run->new_work, &run->lock);
            continue;
        }
        write_next(run);
        pthread_cond_signal(&run->new_state);
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

/* ---------------------------------------------------------------------------------------------- life */

static hrnet_status start(hr_picture_run *run, void *(*function)(void *))
{
    const int code = pthread_create(&run->threads[run->n_started], NULL, function, run);
    if (code != 0) return hr_fail(HRNET_ERR_MEMORY, "cannot start a thread: %s", strerror(code));
    run->n_started++;
    return HRNET_OK;
}

hrnet_status hr_picture_threads_start(hr_picture_run *run)
{
    const hrnet_pictures_options *const o = &run->options;
    const int n_workers = o->in_order && o->draw == NULL ? 0 : o->workers;
    HR_NEW(run->threads, (size_t)n_workers + 2);
    if (o->in_order) HR_TRY(start(run, read_in_order));
    if (o->write != NULL) HR_TRY(start(run, write_in_order));
    for (int i = 0; i < n_workers; i++) HR_TRY(start(run, work));
    return HRNET_OK;
}

void hr_picture_threads_stop(hr_picture_run *run)
{
    pthread_mutex_lock(&run->lock);
    run->is_closing = 1;
    pthread_cond_broadcast(&run->new_work);
    pthread_mutex_unlock(&run->lock);
    for (int i = 0; i < run->n_started; i++) pthread_join(run->threads[i], NULL);
    hr_free(run->threads);
}
