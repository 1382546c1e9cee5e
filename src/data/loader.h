/*
 * loader.h - worker threads that produce items ahead of a consumer, which gets them in order.
 *
 *   hr_loader_create(&loader, &(hr_loader_options){.n_items = n, .item_size = sizeof item, .n_workers = 4,
 *                                                  .make = decode, .dispose = release, .context = &set});
 *   while (hr_loader_next(loader, &item) == HRNET_OK) ...      item 0, 1, 2, ...
 *
 * The loader does not know what an item is. Determinism: item i is a function of i and the context, so which worker
 * makes it, and when, changes nothing. Bounded memory: workers run at most `ahead` items in front of the consumer, and
 * fewer while those have `most_bytes`.
 */
#ifndef HR_DATA_LOADER_H
#define HR_DATA_LOADER_H

#include "base/status.h"

typedef struct hr_loader hr_loader;

enum { HR_MAX_WORKERS = 64 };

typedef struct hr_loader_options {
    size_t n_items, item_size;
    int n_workers; /* 1..HR_MAX_WORKERS */
    int ahead;     /* most items finished or in progress that the consumer has not taken; 0: 4 a worker */
    /* Producer: fill the zeroed item number `index`. Called on the thread of `worker`, 0..n_workers-1, so that scratch
     * memory can be kept for each worker. On failure the item must own nothing. */
    hrnet_status (*make)(void *context, int worker, size_t index, void *item);
    /* Release what an item owns. Called by hr_loader_free only, for items that were made and never taken. */
    void (*dispose)(void *item);
    void *context;
    /* Bytes that an item owns; NULL: they do not matter. While finished items that were not taken have most_bytes or
     * more, no further one is begun. */
    size_t (*size)(const void *item);
    size_t most_bytes;
} hr_loader_options;

/* Start the workers. The options are copied; the context must outlive the loader. */
hrnet_status hr_loader_create(hr_loader **out, const hr_loader_options *options);

/* Wait for the next item and move it to `item` (item_size bytes), which then belongs to the caller. If make failed for
 * it, its status and message are returned, and the next call goes on with the item after it. HRNET_ERR_ARGUMENT after
 * the last item. One thread at a time. */
hrnet_status hr_loader_next(hr_loader *loader, void *item);

/* Stop the workers, wait for those that are making an item, and dispose of the items that were not taken. Accepts
 * NULL. */
void hr_loader_free(hr_loader *loader);

#endif
