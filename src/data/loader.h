/*
 * loader.h - items made by worker threads and handed out in order. It knows nothing of what an item is: the producer
 * fills one, the owner disposes of it. Which thread made an item and when changes nothing: item i is a function of i,
 * and the caller sees 0, 1, 2, ...
 *
 * The workers run ahead of the caller by a fixed number of items, so that memory stays bounded.
 */
#ifndef HR_DATA_LOADER_H
#define HR_DATA_LOADER_H

#include "base/status.h"

typedef struct hr_loader hr_loader;

enum { HR_MAX_WORKERS = 64 };

typedef struct hr_loader_options {
    size_t n_items, item_size;
    int n_workers; /* 1..HR_MAX_WORKERS */
    int ahead;     /* items that may be finished or under way before they are asked for; 0: 4 a worker */
    /* Fill the zeroed item; called on a worker's thread, worker 0..n_workers-1, by that thread only. On failure the
     * item must hold nothing. */
    hrnet_status (*make)(void *context, int worker, size_t index, void *item);
    /* Release what an item holds; only for items that were made and never handed out. */
    void (*dispose)(void *item);
    void *context;
} hr_loader_options;

hrnet_status hr_loader_create(hr_loader **out, const hr_loader_options *options);

/* Wait for the next item and move it to `item`, of item_size bytes. When making it failed: that status and message, and
 * the next call goes on behind it. HRNET_ERR_ARGUMENT after the last item. */
hrnet_status hr_loader_next(hr_loader *loader, void *item);

/* Stop the workers and dispose of what was not handed out. */
void hr_loader_free(hr_loader *loader);

#endif
