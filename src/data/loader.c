/*
 * loader.c - a ring of slots behind one mutex. Item i lives in slot i % n_slots. Two counters move through the items:
 *
 *   next_taken              next_made
 *       |   finished or being   |
 *       v   made by workers     v
 *   ----[ 5 ][ 6 ][ 7 ][ 8 ][ 9 ]  10 ...         next_made - next_taken <= n_slots
 *
 * A worker claims item next_made as soon as its slot is free, and makes it without the lock. The consumer waits until
 * slot next_taken is ready, moves the item out, and frees the slot. Items finish in any order and leave in order. An
 * item (a decoded picture) costs milliseconds, so contention for the one lock does not matter.
 */
#include "data/loader.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

typedef struct slot {
    int ready;      /* 1: made or failed, and not yet taken; guarded by the lock */
    size_t n_bytes; /* of the item */
    hrnet_status status;
    char *message; /* of a failure; NULL: none, or no memory to keep it */
} slot;

typedef struct worker {
    hr_loader *loader;
    pthread_t thread;
    int number;
} worker;

struct hr_loader {
    hr_loader_options options;
    pthread_mutex_t lock;
    pthread_cond_t slot_freed, item_ready; /* workers wait for the first, the consumer for the second */
    slot *slots;                           /* [n_slots] */
    unsigned char *items;                  /* [n_slots][item_size] */
    size_t n_slots;
    size_t next_made, next_taken; /* the next item that a worker, the consumer takes */
    size_t n_bytes;               /* of the items that are ready */
    int stopping, n_started;      /* n_started: threads that run, for a failed create */
    worker *workers;              /* [n_workers] */
    pid_t process;                /* whose threads they are */
};

/* Without the lock: nobody else touches the slot of an item that was claimed and is not ready. The message is copied
 * because hrnet_last_error belongs to this thread and the consumer is another. */
static void make_item(hr_loader *loader, int number, size_t index)
{
    slot *const s = &loader->slots[index % loader->n_slots];
    unsigned char *const item = loader->items + index % loader->n_slots * loader->options.item_size;
    memset(item, 0, loader->options.item_size);
    s->status = loader->options.make(loader->options.context, number, index, item);
    s->n_bytes = s->status == HRNET_OK && loader->options.size != NULL ? loader->options.size(item) : 0;
    s->message = s->status != HRNET_OK ? hr_strdup(hrnet_last_error()) : NULL;
}

/* Whether a worker must wait with the next item. Bytes never stop the item that the consumer waits for, because ready
 * ones before it are taken first. */
static int is_far_enough(const hr_loader *loader)
{
    return loader->next_made - loader->next_taken >= loader->n_slots ||
           (loader->options.size != NULL && loader->n_bytes >= loader->options.most_bytes && loader->n_bytes > 0);
}

/* A worker's thread: claim, make, publish, until all items are claimed or the loader is freed. */
static void *work(void *context)
{
    const worker *const self = context;
    hr_loader *const loader = self->loader;
    pthread_mutex_lock(&loader->lock);
    for (;;) {
        while (!loader->stopping && loader->next_made < loader->options.n_items && is_far_enough(loader))
            pthread_cond_wait(&loader->slot_freed, &loader->lock);
        if (loader->stopping || loader->next_made >= loader->options.n_items) break;
        const size_t index = loader->next_made++;
        pthread_mutex_unlock(&loader->lock);
        make_item(loader, self->number, index);
        pthread_mutex_lock(&loader->lock);
        loader->slots[index % loader->n_slots].ready = 1;
        loader->n_bytes += loader->slots[index % loader->n_slots].n_bytes;
        pthread_cond_signal(&loader->item_ready);
    }
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

static hrnet_status start(hr_loader *loader)
{
    HR_NEW(loader->slots, loader->n_slots);
    HR_NEW(loader->workers, (size_t)loader->options.n_workers);
    loader->items = hr_calloc(loader->n_slots, loader->options.item_size);
    if (loader->items == NULL) return hr_fail_memory(loader->n_slots * loader->options.item_size);
    for (int i = 0; i < loader->options.n_workers; i++) {
        worker *const w = &loader->workers[i];
        *w = (worker){.loader = loader, .number = i};
        const int code = pthread_create(&w->thread, NULL, work, w);
        if (code != 0) return hr_fail(HRNET_ERR_MEMORY, "cannot start a thread: %s", strerror(code));
        loader->n_started++;
    }
    return HRNET_OK;
}

hrnet_status hr_loader_create(hr_loader **out, const hr_loader_options *options)
{
    hr_loader *loader;
    if (options->n_workers < 1 || options->n_workers > HR_MAX_WORKERS || options->item_size == 0 || options->ahead < 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "workers: expected 1..%d, found %d", HR_MAX_WORKERS, options->n_workers);
    HR_NEW(loader, 1);
    loader->options = *options;
    loader->process = getpid();
    loader->n_slots = (size_t)(options->ahead > 0 ? options->ahead : 4 * options->n_workers);
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->slot_freed, NULL);
    pthread_cond_init(&loader->item_ready, NULL);
    const hrnet_status status = start(loader);
    if (status != HRNET_OK) {
        hr_loader_free(loader);
        return status;
    }
    *out = loader;
    return HRNET_OK;
}

hrnet_status hr_loader_next(hr_loader *loader, void *item)
{
    if (loader->next_taken >= loader->options.n_items)
        return hr_fail(HRNET_ERR_ARGUMENT, "no item after the last of %zu", loader->options.n_items);
    if (loader->process != getpid())
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "expected the process that began to read (%ld), found a fork of it (%ld), where no worker runs",
                       (long)loader->process, (long)getpid());
    const size_t index = loader->next_taken % loader->n_slots, size = loader->options.item_size;
    slot *const s = &loader->slots[index];
    pthread_mutex_lock(&loader->lock);
    while (!s->ready) pthread_cond_wait(&loader->item_ready, &loader->lock);
    pthread_mutex_unlock(&loader->lock);

    /* without the lock: until next_taken moves, no worker can claim an item of this slot */
    hrnet_status status = s->status;
    if (status == HRNET_OK)
        memcpy(item, loader->items + index * size, size);
    else
        status = hr_fail(status, "%s", s->message != NULL ? s->message : hrnet_status_text(status));
    const size_t n_bytes = s->n_bytes;
    hr_free(s->message);
    *s = (slot){0};

    pthread_mutex_lock(&loader->lock);
    loader->next_taken++;
    loader->n_bytes -= n_bytes;
    pthread_cond_broadcast(&loader->slot_freed); /* several may go on when the bytes of a large one are gone */
    pthread_mutex_unlock(&loader->lock);
    return status;
}

/* In a fork the workers are gone, and one may have held the lock. */
static void stop_workers(hr_loader *loader)
{
    if (loader->process != getpid()) return;
    pthread_mutex_lock(&loader->lock);
    loader->stopping = 1;
    pthread_cond_broadcast(&loader->slot_freed);
    pthread_mutex_unlock(&loader->lock);
    for (int i = 0; i < loader->n_started; i++) pthread_join(loader->workers[i].thread, NULL);
    pthread_cond_destroy(&loader->item_ready);
    pthread_cond_destroy(&loader->slot_freed);
    pthread_mutex_destroy(&loader->lock);
}

void hr_loader_free(hr_loader *loader)
{
    if (loader == NULL) return;
    stop_workers(loader);
    for (size_t i = 0; loader->slots != NULL && i < loader->n_slots; i++) {
        if (loader->slots[i].ready && loader->slots[i].status == HRNET_OK)
            loader->options.dispose(loader->items + i * loader->options.item_size);
        hr_free(loader->slots[i].message);
    }
    hr_free(loader->workers);
    hr_free(loader->items);
    hr_free(loader->slots);
    hr_free(loader);
}
