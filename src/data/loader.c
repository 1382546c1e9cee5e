/*
 * loader.c - a ring of slots behind one mutex: workers take the next index whose slot is free, the caller empties slots
 * in order. An item costs milliseconds, so one lock is enough.
 */
#include "data/loader.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

typedef struct slot {
    int ready;
    hrnet_status status;
    char *message; /* of a failure; NULL also when there was no memory for it */
} slot;

typedef struct worker {
    hr_loader *loader;
    pthread_t thread;
    int number;
} worker;

struct hr_loader {
    hr_loader_options options;
    pthread_mutex_t lock;
    pthread_cond_t room, ready;
    slot *slots;          /* [n_slots] */
    unsigned char *items; /* [n_slots][item_size] */
    size_t n_slots;
    size_t next_made, next_taken; /* indices of items */
    int stopping, n_started;
    worker *workers;
};

static void make_item(hr_loader *loader, int number, size_t index)
{
    slot *const s = &loader->slots[index % loader->n_slots];
    unsigned char *const item = loader->items + index % loader->n_slots * loader->options.item_size;
    memset(item, 0, loader->options.item_size);
    s->status = loader->options.make(loader->options.context, number, index, item);
    s->message = s->status != HRNET_OK ? hr_strdup(hrnet_last_error()) : NULL;
}

static void *work(void *context)
{
    const worker *const self = context;
    hr_loader *const loader = self->loader;
    pthread_mutex_lock(&loader->lock);
    for (;;) {
        while (!loader->stopping && loader->next_made < loader->options.n_items &&
               loader->next_made - loader->next_taken >= loader->n_slots)
            pthread_cond_wait(&loader->room, &loader->lock);
        if (loader->stopping || loader->next_made >= loader->options.n_items) break;
        const size_t index = loader->next_made++;
        pthread_mutex_unlock(&loader->lock);
        make_item(loader, self->number, index);
        pthread_mutex_lock(&loader->lock);
        loader->slots[index % loader->n_slots].ready = 1;
        pthread_cond_signal(&loader->ready);
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
    loader->n_slots = (size_t)(options->ahead > 0 ? options->ahead : 4 * options->n_workers);
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->room, NULL);
    pthread_cond_init(&loader->ready, NULL);
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
    const size_t index = loader->next_taken % loader->n_slots, size = loader->options.item_size;
    slot *const s = &loader->slots[index];
    pthread_mutex_lock(&loader->lock);
    while (!s->ready) pthread_cond_wait(&loader->ready, &loader->lock);
    pthread_mutex_unlock(&loader->lock);

    /* until next_taken moves, no worker touches this slot */
    hrnet_status status = s->status;
    if (status == HRNET_OK)
        memcpy(item, loader->items + index * size, size);
    else
        status = hr_fail(status, "%s", s->message != NULL ? s->message : hrnet_status_text(status));
    hr_free(s->message);
    *s = (slot){0};

    pthread_mutex_lock(&loader->lock);
    loader->next_taken++;
    pthread_cond_signal(&loader->room);
    pthread_mutex_unlock(&loader->lock);
    return status;
}

void hr_loader_free(hr_loader *loader)
{
    if (loader == NULL) return;
    pthread_mutex_lock(&loader->lock);
    loader->stopping = 1;
    pthread_cond_broadcast(&loader->room);
    pthread_mutex_unlock(&loader->lock);
    for (int i = 0; i < loader->n_started; i++) pthread_join(loader->workers[i].thread, NULL);
    for (size_t i = 0; loader->slots != NULL && i < loader->n_slots; i++) {
        if (loader->slots[i].ready && loader->slots[i].status == HRNET_OK)
            loader->options.dispose(loader->items + i * loader->options.item_size);
        hr_free(loader->slots[i].message);
    }
    pthread_cond_destroy(&loader->ready);
    pthread_cond_destroy(&loader->room);
    pthread_mutex_destroy(&loader->lock);
    hr_free(loader->workers);
    hr_free(loader->items);
    hr_free(loader->slots);
    hr_free(loader);
}
