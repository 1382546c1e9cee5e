/*
 * detector_session.c - hrnet_detector_session: pictures whose letterboxes have one size go through the network in
 * passes of max_batch. A pass writes the inputs, runs the network, and makes each picture's maps into boxes, each part
 * on all threads. Plans of recent sizes are kept by the backend.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "detect/box_nms.h"
#include "session/detector.h"

/* A picture's input is written in bands of rows, so that threads share it. */
enum { INPUT_LD = 4, BANDS = 4, MAX_PASS = 64, MAX_SIZE = 4096, DEFAULT_OBJECTS = 300, MAX_OBJECTS = 10000 };

#define VOTE_FROM .01f /* lowest score of boxes that vote */

/* A picture of a pass. */
typedef struct pass_picture {
    hr_letterbox box;
    hr_candidates candidates; /* its memory stays from pass to pass */
    hrnet_status status;
} pass_picture;

struct hrnet_detector_session {
    const hrnet_detector *detector;
    hrnet_pool *pool; /* a reference */
    void *runner;     /* of the model's backend */
    int size, square;
    pass_picture pass[MAX_PASS];
};

/* One call of hrnet_detector_session_detect. */
typedef struct detecting {
    hrnet_detector_session *session;
    const hrnet_pixels *pictures;
    const hrnet_detect_options *options;
    hr_class_rule rule;
    float nms_iou, vote_iou;
    float threshold; /* of what is handed out; with votes rule.threshold is lower */
    size_t most;
    int person;             /* what rule.categories points to by default */
    struct request *queue;  /* [n_queued] pictures that can be looked at, those of one input size together */
    int n_queued, next;     /* the first that no pass has taken */
    int n;                  /* pictures of this pass: queue[next], ... */
    hrnet_objects *found;   /* [pictures] */
    unsigned char *is_done; /* [pictures] */
} detecting;

struct request {
    int picture, width, height; /* of the input */
};

/* ---------------------------------------------------------------------------------------------- a pass */

static void fit(const hrnet_detector_session *s, int width, int height, hr_letterbox *box)
{
    hr_letterbox_fit(box, width, height, s->size, s->size, s->detector->rule);
    if (!s->square) hr_letterbox_trim(box, HR_INPUT_MULTIPLE);
}

static void fill_task(void *context, int task)
{
    const detecting *const d = context;
    const hrnet_detector_session *const s = d->session;
    const int slot = task / BANDS, band = task % BANDS;
    const hr_letterbox *const box = &s->pass[slot].box;
    const int y0 = box->height * band / BANDS, y1 = box->height * (band + 1) / BANDS;
    float *const input = s->detector->model->backend->input(s->runner, slot);
    hr_letterbox_rows_input(box, &s->detector->pixels, y0, y1, input + (size_t)y0 * (size_t)box->width * INPUT_LD,
                            INPUT_LD);
}

static void read_maps(const hrnet_detector_session *s, int slot, hr_head_map maps[HR_HEAD_MAPS])
{
    const hr_letterbox *const box = &s->pass[slot].box;
    for (int i = 0; i < HR_HEAD_MAPS; i++) {
        const hr_backend_tensor t = s->detector->model->backend->output(s->runner, i, slot);
        maps[i] = (hr_head_map){t.data, t.h, t.w, box->height / t.h, 1, t.ld};
    }
}

static hrnet_status find_boxes(const detecting *d, int slot)
{
    const hrnet_detector *const detector = d->session->detector;
    const int n_classes = detector->info.n_categories;
    pass_picture *const p = &d->session->pass[slot];
    const hr_letterbox *const box = &p->box;
    hr_head_map maps[HR_HEAD_MAPS];
    read_maps(d->session, slot, maps);
    hr_candidates_clear(&p->candidates);
    if (detector->head == HR_HEAD_YOLOX) return hr_yolox_boxes(&p->candidates, maps, HR_HEAD_MAPS, n_classes, &d->rule);
    const hr_rtmdet_geometry geometry = {.exp_distances = detector->exp_distances,
                                         .clip_width = (float)box->width,
                                         .clip_height = (float)box->height,
                                         .scale_width = (float)((double)box->content_width / box->picture_width),
                                         .scale_height = (float)((double)box->content_height / box->picture_height)};
    return hr_rtmdet_boxes(&p->candidates, maps, HR_HEAD_MAPS, n_classes, &d->rule, &geometry);
}

/* YOLOX's boxes are in pixels of the input up to here. */
static hrnet_status hand_over(const detecting *d, int slot, hrnet_objects *out)
{
    const pass_picture *const p = &d->session->pass[slot];
    const hr_candidates *const list = &p->candidates;
    const float ratio = d->session->detector->head == HR_HEAD_YOLOX ? (float)p->box.ratio : 1.0f;
    *out = (hrnet_objects){.n_over_limit = list->n_over_limit, .n_not_finite = list->n_not_finite};
    if (list->n == 0) return HRNET_OK;
    HR_NEW(out->objects, list->n);
    out->n = (int)list->n;
    for (size_t i = 0; i < list->n; i++) {
        const hr_box_candidate *const c = &list->items[i];
        const float x = c->x1 / ratio, y = c->y1 / ratio;
        out->objects[i] = (hrnet_object){{x, y, c->x2 / ratio - x, c->y2 / ratio - y}, c->score, c->category};
    }
    return HRNET_OK;
}

static void boxes_task(void *context, int slot)
{
    const detecting *const d = context;
    pass_picture *const p = &d->session->pass[slot];
    p->status = find_boxes(d, slot);
    if (p->status != HRNET_OK) return;
    if (d->vote_iou > 0)
        p->status = hr_box_nms_voted(&p->candidates, d->nms_iou, d->vote_iou, d->threshold, d->most);
    else
        hr_box_nms(&p->candidates, d->nms_iou, 0, d->most);
    if (p->status == HRNET_OK) p->status = hand_over(d, slot, &d->found[d->queue[d->next + slot].picture]);
}

static hrnet_status run_pass(detecting *d)
{
    hrnet_detector_session *const s = d->session;
    for (int i = 0; i < d->n; i++) {
        const hrnet_pixels *const pixels = &d->pictures[d->queue[d->next + i].picture];
        fit(s, pixels->width, pixels->height, &s->pass[i].box);
        HR_TRY(hr_letterbox_pixels(&s->pass[i].box, pixels));
    }
    hr_parallel(s->pool, d->n * BANDS, fill_task, d);
    s->detector->model->backend->run(s->runner, d->n);
    hr_parallel(s->pool, d->n, boxes_task, d);
    for (int i = 0; i < d->n; i++) {
        if (s->pass[i].status != HRNET_OK) return hr_fail_memory(0); /* said on another thread */
        d->is_done[d->queue[d->next + i].picture] = 1;
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- the queue */

static int by_input(const void *left, const void *right)
{
    const struct request *a = left, *b = right;
    if (a->height != b->height) return a->height < b->height ? -1 : 1;
    if (a->width != b->width) return a->width < b->width ? -1 : 1;
    return (a->picture > b->picture) - (a->picture < b->picture);
}

/* Leave a picture out, or fail. */
static hrnet_status refuse(const detecting *d, int picture, hrnet_status status)
{
    const hrnet_detect_options *const o = d->options;
    if (o->statuses == NULL) {
        char which[32];
        snprintf(which, sizeof which, "picture %d", picture);
        return hr_fail_in(status, which);
    }
    o->statuses[picture] = status;
    if (o->on_refused != NULL) o->on_refused(o->context, picture, status, hrnet_last_error());
    return HRNET_OK;
}

static hrnet_status make_queue(detecting *d, int n)
{
    for (int i = 0; i < n; i++) {
        hrnet_pixels checked;
        const hrnet_status status = hr_pixels_check(&d->pictures[i], &checked);
        if (status != HRNET_OK) {
            HR_TRY(refuse(d, i, status));
            continue;
        }
        hr_letterbox box;
        fit(d->session, checked.width, checked.height, &box);
        d->queue[d->n_queued++] = (struct request){i, box.width, box.height};
        if (d->options->statuses != NULL) d->options->statuses[i] = HRNET_ERR_CANCELLED;
    }
    if (d->n_queued > 1) qsort(d->queue, (size_t)d->n_queued, sizeof *d->queue, by_input);
    return HRNET_OK;
}

static int n_alike(const detecting *d)
{
    const struct request *const first = &d->queue[d->next];
    int n = 1;
    while (d->next + n < d->n_queued && first[n].width == first->width && first[n].height == first->height) n++;
    return n;
}

static hrnet_status detect(detecting *d)
{
    const hr_backend *const backend = d->session->detector->model->backend;
    const hrnet_detect_options *const o = d->options;
    for (; d->next < d->n_queued; d->next += d->n) {
        const struct request *const first = &d->queue[d->next];
        if (o->cancelled != NULL && o->cancelled(o->context))
            return hr_fail(HRNET_ERR_CANCELLED, "hrnet_detector_session_detect: cancelled after %d of %d pictures",
                           d->next, d->n_queued);
        d->n = n_alike(d);
        const hrnet_status status = backend->reshape(d->session->runner, first->height, first->width);
        if (status == HRNET_ERR_LIMIT) {
            for (int i = 0; i < d->n; i++) HR_TRY(refuse(d, first[i].picture, status));
            continue;
        }
        HR_TRY(status);
        const int most = backend->max_batch(d->session->runner);
        if (d->n > most) d->n = most;
        HR_TRY(run_pass(d));
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- options */

static hrnet_status check_categories(const hrnet_detector *detector, const hrnet_detect_options *o)
{
    const int n = detector->info.n_categories;
    if (o->all_categories && o->categories != NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_detect_options: categories beside all_categories");
    if (o->n_categories < 0 || o->n_categories > n || (o->categories == NULL) != (o->n_categories == 0))
        return hr_fail(HRNET_ERR_ARGUMENT, "n_categories: expected 1..%d beside categories, found %d", n,
                       o->n_categories);
    for (int i = 0; i < o->n_categories; i++)
        if (o->categories[i] < 0 || o->categories[i] >= n)
            return hr_fail(HRNET_ERR_ARGUMENT, "categories: expected 0..%d, found %d", n - 1, o->categories[i]);
    if (o->all_categories || o->categories != NULL || detector->info.person >= 0) return HRNET_OK;
    return hr_fail(
        HRNET_ERR_MISMATCH,
        "%s: expected a class \"person\" (one class, or COCO's 80), found %d classes without names; name the "
        "class (categories)",
        detector->model->config.source, n);
}

static hrnet_status check_detect_options(const hrnet_detector *detector, const hrnet_detect_options *o)
{
    if (!(o->threshold < 1))
        return hr_fail(HRNET_ERR_ARGUMENT, "threshold: expected a score below 1, found %g", (double)o->threshold);
    if (!(o->nms_iou >= 0 && o->nms_iou <= 1))
        return hr_fail(HRNET_ERR_ARGUMENT, "nms_iou: expected 0..1, found %g", (double)o->nms_iou);
    if (o->max_detections < 0 || o->max_detections > MAX_OBJECTS)
        return hr_fail(HRNET_ERR_ARGUMENT, "max_detections: expected 1..%d, found %d", MAX_OBJECTS, o->max_detections);
    HR_TRY(check_categories(detector, o));
    return HR_CHECK_RESERVED(o, "hrnet_detect_options");
}

static void choose_rules(detecting *d)
{
    const hrnet_detect_options *const o = d->options;
    const hrnet_detector_info *const info = &d->session->detector->info;
    d->person = info->person;
    d->threshold = o->threshold != 0 ? o->threshold : info->threshold;
    d->nms_iou = o->nms_iou != 0 ? o->nms_iou : info->nms_iou;
    d->vote_iou = d->nms_iou < 1 ? d->session->detector->vote_iou : 0;
    d->rule = (hr_class_rule){.threshold = d->vote_iou > 0 && d->threshold > VOTE_FROM ? VOTE_FROM : d->threshold,
                              .categories = o->all_categories       ? NULL
                                            : o->categories != NULL ? o->categories
                                                                    : &d->person,
                              .n_categories = o->categories != NULL ? o->n_categories : 1};
    d->most = (size_t)(o->max_detections != 0 ? o->max_detections : DEFAULT_OBJECTS);
}

/* ---------------------------------------------------------------------------------------------- the call */

/* Hand out what is finished, or throw it away. */
static void finish(detecting *d, int n, int failed, hrnet_objects *out)
{
    for (int i = 0; i < n && d->found != NULL && d->is_done != NULL; i++) {
        if (failed) {
            hrnet_objects_free(&d->found[i]);
        } else if (d->is_done[i]) {
            out[i] = d->found[i];
            if (d->options->statuses != NULL) d->options->statuses[i] = HRNET_OK;
        }
    }
    hr_free(d->queue);
    hr_free(d->found);
    hr_free(d->is_done);
}

hrnet_status hrnet_detector_session_detect(hrnet_detector_session *session, const hrnet_pixels *pictures, int n,
                                           const hrnet_detect_options *options, hrnet_objects *out)
{
    const hrnet_detect_options defaults = {0};
    if (options == NULL) options = &defaults;
    if (session == NULL || n < 0 || (n > 0 && (pictures == NULL || out == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_detector_session_detect: a missing argument, or n < 0");
    HR_TRY(check_detect_options(session->detector, options));
    HR_TRY(hr_pool_check(session->pool));
    if (n == 0) return HRNET_OK;
    detecting d = {.session = session, .pictures = pictures, .options = options};
    choose_rules(&d);
    d.queue = hr_calloc((size_t)n, sizeof *d.queue);
    d.found = hr_calloc((size_t)n, sizeof *d.found);
    d.is_done = hr_calloc((size_t)n, sizeof *d.is_done);
    hrnet_status status = HRNET_OK;
    if (d.queue == NULL || d.found == NULL || d.is_done == NULL) status = hr_fail_memory((size_t)n * sizeof *d.found);
    if (status == HRNET_OK) status = make_queue(&d, n);
    if (status == HRNET_OK) status = detect(&d);
    finish(&d, n, status != HRNET_OK && status != HRNET_ERR_CANCELLED, out);
    return status;
}

void hrnet_objects_free(hrnet_objects *objects)
{
    if (objects == NULL) return;
    hr_free(objects->objects);
    *objects = (hrnet_objects){0};
}

/* ---------------------------------------------------------------------------------------------- life */

static hrnet_status check_session_options(const hrnet_detector_session_options *o)
{
    HR_TRY(HR_CHECK_RESERVED(o, "hrnet_detector_session_options"));
    if (o->pool != NULL && o->threads != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads: expected 0 beside a pool, which has its own, found %d",
                       o->threads);
    if (o->max_batch < 0 || o->max_batch > MAX_PASS)
        return hr_fail(HRNET_ERR_ARGUMENT, "max_batch: expected 1..%d, found %d", MAX_PASS, o->max_batch);
    if (o->size < 0 || o->size > MAX_SIZE || o->size % HR_INPUT_MULTIPLE != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "size: expected a multiple of %d up to %d, found %d", HR_INPUT_MULTIPLE,
                       MAX_SIZE, o->size);
    return o->pool != NULL ? hr_pool_check(o->pool) : HRNET_OK;
}

static int longest_side(const hrnet_detector_info *info)
{
    const int side = info->input_width > info->input_height ? info->input_width : info->input_height;
    return side < MAX_SIZE ? side : MAX_SIZE;
}

static hrnet_status open_session(hrnet_detector_session *s, const hrnet_detector_session_options *options)
{
    const hrnet_model *const model = s->detector->model;
    s->size = options->size != 0 ? options->size : longest_side(&s->detector->info);
    s->square = options->square;
    if (options->pool != NULL)
        s->pool = hr_pool_share(options->pool);
    else
        HR_TRY(hrnet_pool_create(&s->pool, options->threads));
    return model->backend->open(&s->runner, model->network, s->pool, options->max_batch != 0 ? options->max_batch : 1,
                                hr_memory_limit(options->memory_limit));
}

hrnet_status hrnet_detector_session_create(hrnet_detector_session **out, const hrnet_detector *detector,
                                           const hrnet_detector_session_options *options)
{
    const hrnet_detector_session_options defaults = {0};
    hrnet_detector_session *session;
    if (options == NULL) options = &defaults;
    if (out == NULL || detector == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_detector_session_create: an argument is NULL");
    HR_TRY(check_session_options(options));
    HR_NEW(session, 1);
    session->detector = detector;
    const hrnet_status status = open_session(session, options);
    if (status != HRNET_OK) {
        hrnet_detector_session_free(session);
        return status;
    }
    *out = session;
    return HRNET_OK;
}

void hrnet_detector_session_input(const hrnet_detector_session *session, int width, int height, int input[2])
{
    hr_letterbox box;
    fit(session, width > 1 ? width : 1, height > 1 ? height : 1, &box);
    input[0] = box.width;
    input[1] = box.height;
}

const hrnet_detector *hrnet_detector_session_detector(const hrnet_detector_session *session)
{
    return session->detector;
}

size_t hrnet_detector_session_bytes(const hrnet_detector_session *session)
{
    size_t bytes = sizeof *session + session->detector->model->backend->runner_bytes(session->runner);
    for (int i = 0; i < MAX_PASS; i++)
        bytes += session->pass[i].candidates.capacity * sizeof *session->pass[i].candidates.items;
    return bytes;
}

void hrnet_detector_session_free(hrnet_detector_session *session)
{
    if (session == NULL) return;
    session->detector->model->backend->close(session->runner);
    hrnet_pool_free(session->pool);
    for (int i = 0; i < MAX_PASS; i++) hr_candidates_free(&session->pass[i].candidates);
    hr_free(session);
}
