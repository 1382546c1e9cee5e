/*
 * session.c - hrnet_session: pictures go through the network in passes of max_batch; with the flip test a pass
 * holds every picture and its mirror image, so that both share the weights that are read.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "pose/affine.h"
#include "pose/decode.h"
#include "pose/skeleton.h"
#include "session/model.h"

/* A picture's input is written in bands of rows, so that threads share it. */
enum { INPUT_LD = 4, BANDS = 4, MOST_SLOTS = 64, MAX_SIDE = 16384 };

typedef struct job job;
/* What differs between a forward pass on arrays and poses from pictures. */
struct job {
    hrnet_session *session;
    int flip, shift;
    const hrnet_skeleton *skeleton;    /* whose pairs the flip test exchanges */
    hrnet_status (*prepare)(job *job); /* before each pass, which a failure ends; may be NULL */
    /* Write rows [y0, y1) of picture `slot` of this pass into out [y1 - y0][input_width][INPUT_LD]. */
    void (*fill)(const job *job, int slot, int y0, int y1, float *out);
    /* Use the finished maps of picture `slot`. */
    void (*finish)(const job *job, int slot, const float *maps);
    int first, count; /* pictures of this pass, in slots 0..count-1; mirrored ones follow in count..2*count-1, ... */
    int second;       /* ... or, where there is no room for them, take the same slots in a second run: 1 in that */
    /* forward */
    const float *input;
    float *const *outputs; /* not NULL: all outputs are stored here, in place of finish */
    float *heatmaps;
    /* pose */
    const hrnet_person *persons;
    const hrnet_pose_options *options;
    int next;              /* the first person whom no pass has taken */
    int taken[MOST_SLOTS]; /* persons of this pass, by slot */
    hrnet_crop crops[MOST_SLOTS];
    hrnet_decoder decoder;
    hrnet_keypoint *keypoints;
};

static void mirror_rows(float *rows, int n_rows, int width)
{
    for (int y = 0; y < n_rows; y++) {
        float *row = rows + (size_t)y * (size_t)width * INPUT_LD;
        for (int a = 0, b = width - 1; a < b; a++, b--) {
            float pixel[INPUT_LD];
            memcpy(pixel, row + (size_t)a * INPUT_LD, sizeof pixel);
            memcpy(row + (size_t)a * INPUT_LD, row + (size_t)b * INPUT_LD, sizeof pixel);
            memcpy(row + (size_t)b * INPUT_LD, pixel, sizeof pixel);
        }
    }
}

static void fill_task(void *context, int task)
{
    const job *j = context;
    const hrnet_session *s = j->session;
    const int slot = task / BANDS, band = task % BANDS, height = s->input_height;
    const int y0 = height * band / BANDS, y1 = height * (band + 1) / BANDS;
    float *out = s->model->backend->input(s->runner, slot) + (size_t)y0 * (size_t)s->input_width * INPUT_LD;
    j->fill(j, slot % j->count, y0, y1, out);
    if (slot >= j->count || j->second) mirror_rows(out, y1 - y0, s->input_width);
}

/* Heatmaps of picture `slot` of the pass, channels innermost there, to [n_joints][height][width]. */
static void read_maps(const hrnet_session *session, int slot, float *maps)
{
    const size_t cells = session->map_floats / (size_t)session->model->info.n_joints;
    const hr_backend_tensor output = session->model->backend->output(session->runner, 0, slot);
    for (int j = 0; j < session->model->info.n_joints; j++)
        for (size_t i = 0; i < cells; i++) maps[(size_t)j * cells + i] = output.data[i * (size_t)output.ld + (size_t)j];
}

/* Channels innermost there, outermost here: a few cells at a time, whose lines stay in the first-level cache. */
static void store_output(const hr_backend_tensor *from, float *to)
{
    enum { CELLS = 16 };
    const size_t n_cells = (size_t)from->h * (size_t)from->w, ld = (size_t)from->ld;
    for (size_t first = 0; first < n_cells; first += CELLS) {
        const size_t end = first + CELLS < n_cells ? first + CELLS : n_cells;
        for (size_t c = 0; c < (size_t)from->c; c++)
            for (size_t i = first; i < end; i++) to[c * n_cells + i] = from->data[i * ld + c];
    }
}

static void store_outputs(const job *j, int slot)
{
    const hrnet_session *s = j->session;
    const int n_outputs = hrnet_session_n_outputs(s);
    for (int k = 0; k < n_outputs; k++) {
        const hr_backend_tensor from = s->model->backend->output(s->runner, k, slot);
        const size_t n = (size_t)from.c * (size_t)from.h * (size_t)from.w;
        store_output(&from, j->outputs[k] + (size_t)(j->first + slot) * n);
    }
}

static void finish_task(void *context, int slot)
{
    const job *j = context;
    if (j->outputs != NULL) {
        store_outputs(j, slot);
        return;
    }
    const hrnet_session *s = j->session;
    const hrnet_model_info *info = &s->model->info;
    float *maps = s->maps + (size_t)slot * s->map_floats, *mirrored = s->mirrored + (size_t)slot * s->map_floats;
    if (!j->second) read_maps(s, slot, maps);
    if (j->flip) {
        read_maps(s, j->second ? slot : j->count + slot, mirrored);
        hr_flip_average(maps, mirrored, info->n_joints, s->map_height, s->map_width, j->skeleton->flip_pairs,
                        j->skeleton->n_flip_pairs, j->shift);
    }
    j->finish(j, slot, maps);
}

static void run_pass(job *j, int together)
{
    const hrnet_session *s = j->session;
    const hr_backend *backend = s->model->backend;
    const int n_slots = together ? 2 * j->count : j->count;
    j->second = 0;
    hr_parallel(s->pool, n_slots * BANDS, fill_task, j);
    backend->run(s->runner, n_slots);
    if (j->flip && !together) {
        read_maps(j->session, 0, j->session->maps);
        j->second = 1;
        hr_parallel(s->pool, BANDS, fill_task, j);
        backend->run(s->runner, 1);
    }
    hr_parallel(s->pool, j->count, finish_task, j);
}

static hrnet_status run_job(job *j, int n)
{
    const int max_batch = (int)j->session->n_slots, together = j->flip && max_batch >= 2;
    const int step = together ? max_batch / 2 : j->flip ? 1 : max_batch;
    for (j->first = 0; j->first < n; j->first += j->count) {
        j->count = n - j->first < step ? n - j->first : step;
        if (j->prepare != NULL) HR_TRY(j->prepare(j));
        run_pass(j, together);
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- forward */

static void fill_from_array(const job *j, int slot, int y0, int y1, float *out)
{
    const size_t width = (size_t)j->session->input_width, plane = width * (size_t)j->session->input_height;
    const float *picture = j->input + (size_t)(j->first + slot) * 3 * plane;
    for (size_t i = 0; i < (size_t)(y1 - y0) * width; i++)
        for (size_t c = 0; c < 3; c++) out[i * INPUT_LD + c] = picture[c * plane + (size_t)y0 * width + i];
}

static void store_maps(const job *j, int picture, const float *maps)
{
    const size_t n = j->session->map_floats;
    memcpy(j->heatmaps + (size_t)picture * n, maps, n * sizeof *maps);
}

static void copy_maps(const job *j, int slot, const float *maps)
{
    store_maps(j, j->first + slot, maps);
}

static hrnet_status forward(hrnet_session *session, const float *input, int n, int flip, int shift, float *heatmaps)
{
    if (session == NULL || (n > 0 && (input == NULL || heatmaps == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward: an argument is NULL");
    if (n < 0) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward: expected n >= 0, found %d", n);
    HR_TRY(hr_model_check_task(session->model, HRNET_TASK_POSE));
    HR_TRY(hr_pool_check(session->pool));
    if (flip) HR_TRY(hr_skeleton_check_flip(session->model->skeleton));
    job j = {.session = session,
             .flip = flip,
             .shift = shift,
             .skeleton = session->model->skeleton,
             .fill = fill_from_array,
             .finish = copy_maps,
             .input = input,
             .heatmaps = heatmaps};
    return run_job(&j, n);
}

hrnet_status hrnet_session_forward(hrnet_session *session, const float *input, int n, float *heatmaps)
{
    return forward(session, input, n, 0, 0, heatmaps);
}

hrnet_status hrnet_session_forward_flip(hrnet_session *session, const float *input, int n, int shift, float *heatmaps)
{
    return forward(session, input, n, 1, shift, heatmaps);
}

int hrnet_session_n_outputs(const hrnet_session *session)
{
    return session->model->backend->graph(session->model->network)->n_outputs;
}

hrnet_output hrnet_session_output(const hrnet_session *session, int index)
{
    if (index < 0 || index >= hrnet_session_n_outputs(session)) return (hrnet_output){0};
    const hr_backend_tensor tensor = session->model->backend->output(session->runner, index, 0);
    const char *const name = session->model->backend->graph(session->model->network)->outputs[index].name;
    return (hrnet_output){.name = name, .channels = tensor.c, .height = tensor.h, .width = tensor.w};
}

hrnet_status hrnet_session_forward_outputs(hrnet_session *session, const float *input, int n, float *const *outputs)
{
    if (session == NULL || outputs == NULL || (n > 0 && input == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward_outputs: an argument is NULL");
    if (n < 0) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward_outputs: expected n >= 0, found %d", n);
    for (int k = 0; k < hrnet_session_n_outputs(session) && n > 0; k++)
        if (outputs[k] == NULL)
            return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward_outputs: outputs[%d] is NULL", k);
    HR_TRY(hr_pool_check(session->pool));
    job j = {.session = session, .fill = fill_from_array, .input = input, .outputs = outputs};
    return run_job(&j, n);
}

/* ---------------------------------------------------------------------------------------------- pose */

static void fill_from_picture(const job *j, int slot, int y0, int y1, float *out)
{
    const hr_warp *warp = &j->session->warps[slot];
    hr_warp_rows_input(warp, &j->session->model->pixels, y0, y1, out, INPUT_LD);
}

static void decode_maps(const job *j, int slot, const float *maps)
{
    const hrnet_session *s = j->session;
    const hrnet_model_info *info = &s->model->info;
    const int person = j->taken[slot];
    if (j->heatmaps != NULL) store_maps(j, person, maps);
    hr_decode_pose(maps, info->n_joints, s->map_height, s->map_width, &j->crops[slot], j->decoder,
                   (float)s->model->config.model.sigma, s->scratch + (size_t)slot * s->scratch_floats,
                   j->keypoints + (size_t)person * (size_t)info->n_joints);
}

static hrnet_decoder decoder_of(const hrnet_model *model, hrnet_decoder wanted)
{
    if (wanted != HRNET_DECODE_AUTO) return wanted;
    if (strcmp(model->codec, "dark") == 0) return HRNET_DECODE_DARK;
    return strcmp(model->codec, "udp") == 0 ? HRNET_DECODE_UDP : HRNET_DECODE_SHIFT;
}

/* The person's box, or the whole picture. */
static hrnet_box box_of(const hrnet_person *person)
{
    const hrnet_box *b = &person->box;
    if (b->x != 0 || b->y != 0 || b->w != 0 || b->h != 0) return *b;
    return (hrnet_box){0, 0, (float)person->pixels.width, (float)person->pixels.height};
}

static hrnet_status check_crop(const hrnet_crop *crop)
{
    const float *c = crop->center, *s = crop->scale;
    if (!isfinite(c[0]) || !isfinite(c[1]) || !(s[0] > 0) || !(s[1] > 0) || !isfinite(s[0]) || !isfinite(s[1]) ||
        !isfinite(crop->rotation))
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "crop: expected finite numbers and a scale above 0, found center %g,%g scale %g,%g",
                       (double)c[0], (double)c[1], (double)s[0], (double)s[1]);
    return HRNET_OK;
}

/* The person's own crop, or the one around the box. */
static hrnet_crop crop_of(const hrnet_person *person, float aspect)
{
    if (person->crop != NULL) return *person->crop;
    hrnet_crop crop = hrnet_crop_from_box(box_of(person), aspect);
    crop.rotation = person->rotation;
    return crop;
}

static hrnet_status check_person(const hrnet_person *person)
{
    hrnet_pixels pixels;
    HR_TRY(hr_pixels_check(&person->pixels, &pixels));
    HR_TRY(HR_CHECK_RESERVED(person, "hrnet_person"));
    if (person->crop != NULL) return check_crop(person->crop);
    const hrnet_box b = box_of(person);
    if (!isfinite(b.x) || !isfinite(b.y) || !(b.w > 0) || !(b.h > 0) || !isfinite(b.w) || !isfinite(b.h) ||
        !isfinite(person->rotation))
        return hr_fail(HRNET_ERR_ARGUMENT, "box: expected finite numbers and a size above 0, found %g,%g,%g,%g",
                       (double)b.x, (double)b.y, (double)b.w, (double)b.h);
    return HRNET_OK;
}

/* Give every person a status, and the number of those to look at. Without options->statuses the first person that
 * cannot be looked at fails. */
static hrnet_status check_persons(const hrnet_person *persons, int n, const hrnet_pose_options *options, int *n_good)
{
    *n_good = 0;
    for (int i = 0; i < n; i++) {
        const hrnet_status status = check_person(&persons[i]);
        if (status != HRNET_OK && options->statuses == NULL) {
            char who[32];
            snprintf(who, sizeof who, "person %d", i);
            return hr_fail_in(status, who);
        }
        if (status != HRNET_OK && options->on_refused != NULL)
            options->on_refused(options->context, i, status, hrnet_last_error());
        if (options->statuses != NULL) options->statuses[i] = status == HRNET_OK ? HRNET_ERR_CANCELLED : status;
        *n_good += status == HRNET_OK;
    }
    return HRNET_OK;
}

/* The next person who can be looked at. Those have HRNET_ERR_CANCELLED until a pass takes them. */
static int take_person(job *j)
{
    hrnet_status *const statuses = j->options->statuses;
    while (statuses != NULL && statuses[j->next] != HRNET_ERR_CANCELLED) j->next++;
    if (statuses != NULL) statuses[j->next] = HRNET_OK;
    return j->next++;
}

/* Choose the persons of a pass and where they are looked at. */
static hrnet_status aim(job *j)
{
    hrnet_session *s = j->session;
    if (j->options->cancelled != NULL && j->options->cancelled(j->options->context))
        return hr_fail(HRNET_ERR_CANCELLED, "hrnet_session_pose: cancelled before person %d", j->next);
    for (int i = 0; i < j->count; i++) {
        j->taken[i] = take_person(j);
        const hrnet_person *person = &j->persons[j->taken[i]];
        double matrix[6];
        j->crops[i] = crop_of(person, (float)s->input_width / (float)s->input_height);
        if (j->decoder == HRNET_DECODE_UDP)
            hr_crop_matrix_udp(&j->crops[i], s->input_width, s->input_height, 0, matrix);
        else
            hrnet_crop_matrix(&j->crops[i], s->input_width, s->input_height, 0, matrix);
        HR_TRY(
            hr_warp_init(&s->warps[i], &person->pixels, matrix, s->input_width, s->input_height, j->options->sampler));
    }
    return HRNET_OK;
}

static hrnet_status check_options(const hrnet_pose_options *options)
{
    if (options->decoder < HRNET_DECODE_AUTO || options->decoder > HRNET_DECODE_UDP ||
        options->sampler < HRNET_SAMPLE_OPENCV || options->sampler > HRNET_SAMPLE_FLOAT)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_pose: unknown decoder %d or sampler %d",
                       (int)options->decoder, (int)options->sampler);
    return HR_CHECK_RESERVED(options, "hrnet_pose_options");
}

/* The skeleton whose pairs are exchanged, which must have a keypoint for each joint, and pairs if there is a flip test.
 */
static hrnet_status choose_skeleton(const hrnet_model *model, const hrnet_pose_options *options,
                                    const hrnet_skeleton **out)
{
    const hrnet_skeleton *const skeleton = options->skeleton != NULL ? options->skeleton : model->skeleton;
    if (options->skeleton != NULL) {
        HR_TRY(hr_skeleton_check(skeleton));
        HR_TRY(hr_skeleton_check_joints(skeleton, model->info.n_joints));
    }
    if (options->flip_test) HR_TRY(hr_skeleton_check_flip(skeleton));
    *out = skeleton;
    return HRNET_OK;
}

hrnet_status hrnet_session_pose(hrnet_session *session, const hrnet_person *persons, int n,
                                const hrnet_pose_options *options, hrnet_keypoint *keypoints, float *heatmaps)
{
    const hrnet_pose_options defaults = {0};
    const hrnet_skeleton *skeleton;
    int n_good;
    if (options == NULL) options = &defaults;
    if (session == NULL || n < 0 || (n > 0 && (persons == NULL || keypoints == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_pose: a missing argument, or n < 0");
    HR_TRY(hr_model_check_task(session->model, HRNET_TASK_POSE));
    HR_TRY(check_options(options));
    HR_TRY(choose_skeleton(session->model, options, &skeleton));
    HR_TRY(hr_pool_check(session->pool));
    HR_TRY(check_persons(persons, n, options, &n_good));
    job j = {.session = session,
             .flip = options->flip_test,
             .skeleton = skeleton,
             .prepare = aim,
             .fill = fill_from_picture,
             .finish = decode_maps,
             .heatmaps = heatmaps,
             .persons = persons,
             .options = options,
             .keypoints = keypoints,
             .decoder = decoder_of(session->model, options->decoder)};
    j.shift = !options->no_shift && j.decoder != HRNET_DECODE_UDP;
    return run_job(&j, n_good);
}

/* ---------------------------------------------------------------------------------------------- life */

static size_t slot_bytes(const hrnet_session *session)
{
    return (2 * session->map_floats + session->scratch_floats) * sizeof(float);
}

/* Buffers of another size, of which the backend has the plan, in place of those that are there; or nothing changed. */
static hrnet_status resize_buffers(hrnet_session *session, int width, int height)
{
    const hr_backend *backend = session->model->backend;
    const hr_backend_tensor output = backend->output(session->runner, 0, 0);
    hrnet_session s = *session;
    s.input_width = width;
    s.input_height = height;
    s.n_slots = (size_t)backend->max_batch(session->runner);
    if (session->model->info.task != HRNET_TASK_POSE) {
        *session = s;
        return HRNET_OK;
    }
    s.map_width = output.w;
    s.map_height = output.h;
    s.map_floats = (size_t)output.c * (size_t)output.h * (size_t)output.w;
    s.scratch_floats = 0;
    for (int d = HRNET_DECODE_ARGMAX; d <= HRNET_DECODE_UDP; d++) {
        const size_t floats =
            hr_decode_scratch((hrnet_decoder)d, (float)session->model->config.model.sigma, output.h, output.w);
        if (floats > s.scratch_floats) s.scratch_floats = floats;
    }
    if (s.n_slots * slot_bytes(&s) > s.memory_limit)
        return hr_fail(
            HRNET_ERR_LIMIT,
            "heatmaps of %dx%d: expected at most %.1f MiB (memory_limit, --memory-limit), found %zu pictures "
            "of %.1f MiB",
            s.map_width, s.map_height, (double)s.memory_limit / 1048576.0, s.n_slots,
            (double)slot_bytes(&s) / 1048576.0);
    s.maps = hr_calloc(s.n_slots, s.map_floats * sizeof *s.maps);
    s.mirrored = hr_calloc(s.n_slots, s.map_floats * sizeof *s.mirrored);
    s.scratch = hr_calloc(s.n_slots, s.scratch_floats * sizeof *s.scratch);
    const int failed = s.maps == NULL || s.mirrored == NULL || s.scratch == NULL;
    hrnet_session *const leaving = failed ? &s : session;
    hr_free(leaving->maps);
    hr_free(leaving->mirrored);
    hr_free(leaving->scratch);
    if (failed) return hr_fail_memory(s.n_slots * 2 * s.map_floats * sizeof(float));
    *session = s;
    return HRNET_OK;
}

static hrnet_status resize(hrnet_session *session, int width, int height)
{
    const hr_backend *backend = session->model->backend;
    hrnet_status status = backend->reshape(session->runner, height, width);
    if (status == HRNET_ERR_LIMIT) return hr_fail_in(status, session->model->config.source);
    HR_TRY(status);
    status = resize_buffers(session, width, height);
    /* a session that is being made has no size to go back to */
    if (status == HRNET_OK || session->input_width == 0) return status;
    char reason[256];
    snprintf(reason, sizeof reason, "%s", hrnet_last_error());
    HR_TRY(backend->reshape(session->runner, session->input_height, session->input_width));
    return hr_fail(status, "%s", reason);
}

static hrnet_status create(hrnet_session *session, const hrnet_session_options *options)
{
    const hrnet_model *model = session->model;
    if (options->pool != NULL)
        session->pool = hr_pool_share(options->pool);
    else
        HR_TRY(hrnet_pool_create(&session->pool, options->threads));
    HR_TRY(model->backend->open(&session->runner, model->network, session->pool,
                                options->max_batch != 0 ? options->max_batch : 1, session->memory_limit));
    return resize(session, model->info.input_width, model->info.input_height);
}

hrnet_status hrnet_session_create(hrnet_session **out, const hrnet_model *model, const hrnet_session_options *options)
{
    const hrnet_session_options defaults = {0};
    hrnet_session *session;
    if (options == NULL) options = &defaults;
    if (out == NULL || model == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_create: an argument is NULL");
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_session_options"));
    if (options->pool != NULL && options->threads != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads: expected 0 beside a pool, which has its own, found %d",
                       options->threads);
    if (options->max_batch < 0 || options->max_batch > 64)
        return hr_fail(HRNET_ERR_ARGUMENT, "max_batch: expected 1..64, found %d", options->max_batch);
    if (options->pool != NULL) HR_TRY(hr_pool_check(options->pool));
    HR_NEW(session, 1);
    session->model = model;
    session->memory_limit = hr_memory_limit(options->memory_limit);
    const hrnet_status status = create(session, options);
    if (status != HRNET_OK) {
        hrnet_session_free(session);
        return status;
    }
    *out = session;
    return HRNET_OK;
}

hrnet_status hrnet_session_reshape(hrnet_session *session, int width, int height)
{
    if (session == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_reshape: session is NULL");
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE)
        return hr_fail(HRNET_ERR_ARGUMENT, "size: expected 1x1 to %dx%d, found %dx%d", MAX_SIDE, MAX_SIDE, width,
                       height);
    if (width == session->input_width && height == session->input_height) return HRNET_OK;
    HR_TRY(hr_pool_check(session->pool));
    return resize(session, width, height);
}

void hrnet_session_size(const hrnet_session *session, int input[2], int heatmaps[2])
{
    if (input != NULL) {
        input[0] = session->input_width;
        input[1] = session->input_height;
    }
    if (heatmaps != NULL) {
        heatmaps[0] = session->map_width;
        heatmaps[1] = session->map_height;
    }
}

const hrnet_model *hrnet_session_model(const hrnet_session *session)
{
    return session->model;
}

size_t hrnet_session_bytes(const hrnet_session *session)
{
    return sizeof *session + session->model->backend->runner_bytes(session->runner) +
           session->n_slots * slot_bytes(session);
}

void hrnet_session_free(hrnet_session *session)
{
    if (session == NULL) return;
    session->model->backend->close(session->runner);
    hrnet_pool_free(session->pool);
    hr_free(session->maps);
    hr_free(session->mirrored);
    hr_free(session->scratch);
    hr_free(session);
}
