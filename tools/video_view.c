/* video_view.c - a mailbox of one frame between the thread that writes frames and that of the window. */
#include "video_view.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet_window.h>

#include "interrupt.h"
#include "tool.h"

/* Seconds that the window's thread waits for a key before it looks for a frame again: what a frame may be late by. */
#define POLL_SECONDS 0.005

static atomic_int is_over;

typedef enum view_state { VIEW_OPENING, VIEW_OPEN, VIEW_GONE } view_state;

typedef struct shown_frame {
    hrnet_image image;
    int64_t frame;
    char status[128];
} shown_frame;

struct video_view {
    const char *title, *stem;
    int width, height;
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    view_state state;
    int is_paused, n_steps; /* n_steps: frames that may pass though it is paused */
    int is_closing, is_lost;
    int has_fresh;
    shown_frame fresh; /* the mailbox */
    shown_frame shown; /* of the window's thread alone */
};

/* ---------------------------------------------------------------------------------------------- the window's thread */

/* With the lock. */
static void end_view(video_view *view, int is_lost)
{
    if (is_lost) tool_failed();
    view->is_lost |= is_lost;
    view->state = VIEW_GONE;
    is_over = 1;
    pthread_cond_broadcast(&view->changed);
}

static void save_shown(const video_view *view)
{
    if (view->shown.image.rgb == NULL) return;
    char *const path = tool_text("%s_%06lld.png", view->stem, (long long)view->shown.frame);
    if (hrnet_image_save(&view->shown.image, path) != HRNET_OK)
        tool_failed();
    else
        tool_error("%s is saved", path);
    free(path);
}

static void obey(video_view *view, hrnet_window_event_kind kind)
{
    if (kind == HRNET_WINDOW_SAVE) save_shown(view);
    pthread_mutex_lock(&view->lock);
    if (kind == HRNET_WINDOW_QUIT) end_view(view, 0);
    if (kind == HRNET_WINDOW_PAUSE) view->is_paused = !view->is_paused;
    if (kind == HRNET_WINDOW_STEP) {
        view->is_paused = 1;
        view->n_steps = 1;
    }
    pthread_cond_broadcast(&view->changed);
    pthread_mutex_unlock(&view->lock);
}

/* Take a frame out of the mailbox. Returns whether there was one. */
static int take_fresh(video_view *view)
{
    pthread_mutex_lock(&view->lock);
    const int has_fresh = view->has_fresh;
    if (has_fresh) {
        hrnet_image_free(&view->shown.image);
        view->shown = view->fresh;
        view->fresh.image = (hrnet_image){0};
        view->has_fresh = 0;
        pthread_cond_broadcast(&view->changed);
    }
    pthread_mutex_unlock(&view->lock);
    return has_fresh;
}

static int goes_on(video_view *view)
{
    pthread_mutex_lock(&view->lock);
    if (interrupt_signal() != 0) end_view(view, 0); /* also when it is paused */
    const int is_open = view->state == VIEW_OPEN && (!view->is_closing || view->has_fresh);
    pthread_mutex_unlock(&view->lock);
    return is_open;
}

static void run_window(video_view *view, hrnet_window *window)
{
    hrnet_window_event event = {0};
    hrnet_status status = HRNET_OK;
    while (status == HRNET_OK && goes_on(view)) {
        if (take_fresh(view)) {
            const hrnet_pixels pixels = hrnet_image_pixels(&view->shown.image);
            status = hrnet_window_show(window, &pixels, view->shown.status);
        }
        if (status == HRNET_OK) status = hrnet_window_poll(window, POLL_SECONDS, &event);
        if (status == HRNET_OK && event.kind != HRNET_WINDOW_NOTHING) obey(view, event.kind);
    }
    pthread_mutex_lock(&view->lock);
    if (status != HRNET_OK) end_view(view, 1);
    pthread_mutex_unlock(&view->lock);
}

static void *show_window(void *context)
{
    video_view *const view = context;
    hrnet_window *window = NULL;
    const hrnet_status status = hrnet_window_open(&window, view->title, view->width, view->height, NULL);
    pthread_mutex_lock(&view->lock);
    if (status != HRNET_OK)
        end_view(view, 1);
    else
        view->state = VIEW_OPEN;
    pthread_cond_broadcast(&view->changed);
    pthread_mutex_unlock(&view->lock);
    if (status == HRNET_OK) run_window(view, window);
    hrnet_window_free(window);
    return NULL;
}

/* ---------------------------------------------------------------------------------------------- the others */

video_view *video_view_open(const char *title, const char *stem, int width, int height)
{
    video_view *const view = tool_alloc(1, sizeof *view);
    *view = (video_view){
        .title = title, .stem = stem, .width = width > 0 ? width : 640, .height = height > 0 ? height : 480};
    pthread_mutex_init(&view->lock, NULL);
    pthread_cond_init(&view->changed, NULL);
    is_over = 0;
    if (pthread_create(&view->thread, NULL, show_window, view) != 0) {
        tool_error("--show: cannot start a thread");
        free(view);
        return NULL;
    }
    pthread_mutex_lock(&view->lock);
    while (view->state == VIEW_OPENING) pthread_cond_wait(&view->changed, &view->lock);
    const int is_open = view->state == VIEW_OPEN;
    pthread_mutex_unlock(&view->lock);
    if (is_open) return view;
    video_view_close(view);
    return NULL;
}

/* Whether a frame has to wait: the one before is not shown yet, or the view is paused. */
static int must_wait(const video_view *view)
{
    return view->state == VIEW_OPEN && !view->is_closing &&
           (view->has_fresh || (view->is_paused && view->n_steps == 0));
}

void video_view_show(video_view *view, const hrnet_image *image, int64_t frame, const char *status)
{
    const hrnet_pixels pixels = hrnet_image_pixels(image);
    shown_frame next = {.frame = frame};
    snprintf(next.status, sizeof next.status, "%s", status);
    if (hrnet_image_copy(&next.image, &pixels) != HRNET_OK) return; /* no memory: it is not shown */
    pthread_mutex_lock(&view->lock);
    while (must_wait(view)) pthread_cond_wait(&view->changed, &view->lock);
    hrnet_image_free(&view->fresh.image);
    view->fresh = next;
    view->has_fresh = 1;
    if (view->n_steps > 0) view->n_steps--;
    pthread_mutex_unlock(&view->lock);
}

int video_view_is_over(void)
{
    return is_over;
}

int video_view_close(video_view *view)
{
    if (view == NULL) return 0;
    pthread_mutex_lock(&view->lock);
    view->is_closing = 1;
    pthread_cond_broadcast(&view->changed);
    pthread_mutex_unlock(&view->lock);
    pthread_join(view->thread, NULL);
    const int is_lost = view->is_lost;
    hrnet_image_free(&view->fresh.image);
    hrnet_image_free(&view->shown.image);
    pthread_cond_destroy(&view->changed);
    pthread_mutex_destroy(&view->lock);
    free(view);
    return is_lost ? -1 : 0;
}
