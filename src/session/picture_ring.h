/*
 * picture_ring.h - the inside of hrnet_pictures_run: a ring of slots behind one mutex. Picture i lives in slot
 * i % n_slots. Counters move through the pictures, each in order; between two of them pictures are in one stage:
 *
 *   next_done    next_write     next_draw       next_find        next_load
 *       |  being      |  being drawn |  found, to     |  being read or |
 *       v  written    v  or drawn    v  be drawn      v  read          v
 *   --[ 5 ][ 6 ]    [ 7 ]          [ 8 ][ 9 ]       [ 10 ][ 11 ]     12 ...         next_load - next_done <= n_slots
 *
 * Workers (picture_threads.c) read pictures and draw them; a thread of its own reads instead if they must be read in
 * order, and another one writes. The caller's thread (picture_run.c) finds the people of those that are read, as many
 * as are ready and at most a group, and hands out those that are finished. It never waits for a group to be full, so
 * that people are found while a large picture is still being read, and so that a run whose memory is taken up by a few
 * large pictures goes on. Whoever holds a picture in a stage (the state of its slot) is the only one to touch it.
 */
#ifndef HR_SESSION_PICTURE_RING_H
#define HR_SESSION_PICTURE_RING_H

#include <pthread.h>

#include "base/status.h"

typedef enum hr_slot_state {
    HR_SLOT_FREE,
    HR_SLOT_LOADING,
    HR_SLOT_LOADED,
    HR_SLOT_FINDING,
    HR_SLOT_FOUND, /* to be drawn */
    HR_SLOT_DRAWING,
    HR_SLOT_DRAWN, /* to be written */
    HR_SLOT_WRITING,
    HR_SLOT_FINISHED
} hr_slot_state;

typedef struct hr_picture_slot {
    hr_slot_state state;
    hrnet_picture picture;
    uint64_t n_bytes; /* of its pixels and heatmaps, as they are counted in the run's n_bytes */
} hr_picture_slot;

typedef struct hr_picture_run {
    hrnet_finder *finder;
    hrnet_pictures_options options;     /* with the defaults filled in */
    pthread_mutex_t lock;               /* guards all below */
    pthread_cond_t new_work, new_state; /* threads wait for the first, the caller for the second */
    hr_picture_slot *slots;             /* [n_slots] */
    size_t n_slots;
    size_t end; /* pictures that there are: n, or what load said */
    size_t next_load, next_find, next_draw, next_write, next_done;
    int n_loading;
    uint64_t n_bytes, largest; /* bytes on their way; of the pixels of the largest picture so far */
    uint64_t n_dropped;        /* newest: pictures dropped since the last one that has a slot */
    int is_stopping;           /* no picture is read any more, and none is looked at */
    int is_closing;            /* threads end */
    hrnet_status writing;      /* of the first write that failed; nothing is written after it */
    char writing_reason[1024];
    pthread_t *threads; /* [options.workers + 2], n_started of which run */
    int n_started;
    hrnet_people *people; /* [group] and [group]: scratch of the caller's thread */
    hrnet_pixels *pixels;
} hr_picture_run;

static inline hr_picture_slot *hr_picture_slot_of(const hr_picture_run *run, size_t index)
{
    return &run->slots[index % run->n_slots];
}

/* Pictures on their way at most, of options without their defaults. */
size_t hr_pictures_most(const hrnet_finder *finder, const hrnet_pictures_options *options);

/* Count the bytes of a slot anew, with the lock. heatmaps: bytes of them. */
void hr_picture_count(hr_picture_run *run, hr_picture_slot *slot, size_t heatmaps);

/* Free what a picture owns. */
void hr_picture_free(hrnet_picture *picture);

/* Start the threads that read, draw and write. After a failure too, hr_picture_threads_stop ends those that run, and
 * waits for the functions that they are in. */
hrnet_status hr_picture_threads_start(hr_picture_run *run);
void hr_picture_threads_stop(hr_picture_run *run);

#endif
