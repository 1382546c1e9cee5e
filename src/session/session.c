/*
 * session/session.c - hrnet_session: pictures go through the network in passes of max_batch; with the flip test a pass
 * holds every picture and its mirror image, so that both share the weights that are read.
 */
#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/pool.h"
#include "session/model.h"
#include "cpu/engine/exec.h"
#include "pose/affine.h"
#include "pose/decode.h"
#include "pose/flip.h"

enum { INPUT_LD = 4, BANDS = 4 }; /* a picture's input is written in bands of rows, so that threads share it */

typedef struct job job;
/* What differs between a forward pass on arrays and poses from pictures. */
struct job {
    hrnet_session *session;
    int flip, shift;
    void (*prepare)(job *job); /* before each pass; may be NULL */
    /* Write rows [y0, y1) of picture `slot` of this pass into out [y1 - y0][input_width][INPUT_LD]. */
    void (*fill)(const job *job, int slot, int y0, int y1, float *out);
    /* Use the finished maps of picture `slot`. */
    void (*finish)(const job *job, int slot, const float *maps);
    int first, count; /* pictures of this pass, in slots 0..count-1; mirrored ones follow in count..2*count-1, ... */
    int second;       /* ... or, where there is no room for them, take the same slots in a second run: 1 in that */
    /* forward */
    const float *input;
    float *heatmaps;
    /* pose */
    const hrnet_person *persons;
    hrnet_crop *crops;
    hrnet_decoder decoder;
    hrnet_sampler sampler;
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
    const hrnet_model_info *info = &j->session->model->info;
    const int slot = task / BANDS, band = task % BANDS, height = info->input_height;
    const int y0 = height * band / BANDS, y1 = height * (band + 1) / BANDS;
    float *out = hr_exec_input(j->session->exec, slot) + (size_t)y0 * (size_t)info->input_width * INPUT_LD;
    j->fill(j, slot % j->count, y0, y1, out);
    if (slot >= j->count || j->second) mirror_rows(out, y1 - y0, info->input_width);
}

/* Heatmaps of executor slot `slot`, [ld] innermost there, to [n_joints][height][width]. */
static void read_maps(const hrnet_session *session, int slot, float *maps)
{
    const size_t cells = session->map_floats / (size_t)session->model->info.n_joints;
    const size_t ld = (size_t)hr_exec_output_ld(session->exec);
    const float *output = hr_exec_output(session->exec, slot);
    for (int j = 0; j < session->model->info.n_joints; j++)
        for (size_t i = 0; i < cells; i++) maps[(size_t)j * cells + i] = output[i * ld + (size_t)j];
}

static void finish_task(void *context, int slot)
{
    const job *j = context;
    const hrnet_session *s = j->session;
    const hrnet_model_info *info = &s->model->info;
    const hrnet_skeleton *skeleton = s->model->skeleton;
    float *maps = s->maps + (size_t)slot * s->map_floats, *mirrored = s->mirrored + (size_t)slot * s->map_floats;
    if (!j->second) read_maps(s, slot, maps);
    if (j->flip) {
        read_maps(s, j->second ? slot : j->count + slot, mirrored);
        hr_flip_average(maps, mirrored, info->n_joints, info->heatmap_height, info->heatmap_width, skeleton->flip_pairs,
                        skeleton->n_flip_pairs, j->shift);
    }
    j->finish(j, slot, maps);
}

static void run_pass(job *j, int together)
{
    hr_exec *exec = j->session->exec;
    const int n_slots = together ? 2 * j->count : j->count;
    j->second = 0;
    hr_exec_parallel(exec, n_slots * BANDS, fill_task, j);
    hr_exec_run(exec, n_slots);
    if (j->flip && !together) {
        read_maps(j->session, 0, j->session->maps);
        j->second = 1;
        hr_exec_parallel(exec, BANDS, fill_task, j);
        hr_exec_run(exec, 1);
    }
    hr_exec_parallel(exec, j->count, finish_task, j);
}

static void run_job(job *j, int n)
{
    const int max_batch = hr_exec_max_batch(j->session->exec), together = j->flip && max_batch >= 2;
    const int step = together ? max_batch / 2 : j->flip ? 1 : max_batch;
    for (j->first = 0; j->first < n; j->first += j->count) {
        j->count = n - j->first < step ? n - j->first : step;
        if (j->prepare != NULL) j->prepare(j);
        run_pass(j, together);
    }
}

/* ---------------------------------------------------------------------------------------------- forward */

static void fill_from_array(const job *j, int slot, int y0, int y1, float *out)
{
    const hrnet_model_info *info = &j->session->model->info;
    const size_t width = (size_t)info->input_width, plane = width * (size_t)info->input_height;
    const float *picture = j->input + (size_t)(j->first + slot) * 3 * plane;
    for (size_t i = 0; i < (size_t)(y1 - y0) * width; i++)
        for (size_t c = 0; c < 3; c++) out[i * INPUT_LD + c] = picture[c * plane + (size_t)y0 * width + i];
}

static void copy_maps(const job *j, int slot, const float *maps)
{
    const size_t n = j->session->map_floats;
    memcpy(j->heatmaps + (size_t)(j->first + slot) * n, maps, n * sizeof *maps);
}

static hrnet_status forward(hrnet_session *session, const float *input, int n, int flip, int shift, float *heatmaps)
{
    if (session == NULL || (n > 0 && (input == NULL || heatmaps == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward: an argument is NULL");
    if (n < 0) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward: expected n >= 0, found %d", n);
    job j = {.session = session,
             .flip = flip,
             .shift = shift,
             .fill = fill_from_array,
             .finish = copy_maps,
             .input = input,
             .heatmaps = heatmaps};
    run_job(&j, n);
    return HRNET_OK;
}

hrnet_status hrnet_session_forward(hrnet_session *session, const float *input, int n, float *heatmaps)
{
    return forward(session, input, n, 0, 0, heatmaps);
}

hrnet_status hrnet_session_forward_flip(hrnet_session *session, const float *input, int n, int shift, float *heatmaps)
{
    return forward(session, input, n, 1, shift, heatmaps);
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
    const int person = j->first + slot;
    if (j->heatmaps != NULL) copy_maps(j, slot, maps);
    hr_decode_pose(maps, info->n_joints, info->heatmap_height, info->heatmap_width, &j->crops[slot], j->decoder,
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
    return (hrnet_box){0, 0, (float)person->image->width, (float)person->image->height};
}

static hrnet_status check_crop(const hrnet_crop *crop, int index)
{
    const float *c = crop->center, *s = crop->scale;
    if (!isfinite(c[0]) || !isfinite(c[1]) || !(s[0] > 0) || !(s[1] > 0) || !isfinite(s[0]) || !isfinite(s[1]) ||
        !isfinite(crop->rotation))
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "person %d: crop: expected finite numbers and a scale above 0, found center %g,%g scale %g,%g",
                       index, (double)c[0], (double)c[1], (double)s[0], (double)s[1]);
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

static hrnet_status check_person(const hrnet_person *person, int index)
{
    if (person->image == NULL || person->image->rgb == NULL || person->image->width < 1 || person->image->height < 1)
        return hr_fail(HRNET_ERR_ARGUMENT, "person %d: expected a picture, found none", index);
    if (person->crop != NULL) return check_crop(person->crop, index);
    const hrnet_box b = box_of(person);
    if (!isfinite(b.x) || !isfinite(b.y) || !(b.w > 0) || !(b.h > 0) || !isfinite(b.w) || !isfinite(b.h) ||
        !isfinite(person->rotation))
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "person %d: box: expected finite numbers and a size above 0, found %g,%g,%g,%g", index,
                       (double)b.x, (double)b.y, (double)b.w, (double)b.h);
    return HRNET_OK;
}

static void aim(job *j)
{
    hrnet_session *s = j->session;
    const hrnet_model_info *info = &s->model->info;
    for (int i = 0; i < j->count; i++) {
        const hrnet_person *person = &j->persons[j->first + i];
        double matrix[6];
        j->crops[i] = crop_of(person, (float)info->input_width / (float)info->input_height);
        if (j->decoder == HRNET_DECODE_UDP)
            hr_crop_matrix_udp(&j->crops[i], info->input_width, info->input_height, 0, matrix);
        else
            hrnet_crop_matrix(&j->crops[i], info->input_width, info->input_height, 0, matrix);
        hr_warp_init(&s->warps[i], person->image, matrix, info->input_width, info->input_height, j->sampler);
    }
}

hrnet_status hrnet_session_pose(hrnet_session *session, const hrnet_person *persons, int n,
                                const hrnet_pose_options *options, hrnet_keypoint *keypoints, float *heatmaps)
{
    const hrnet_pose_options defaults = {0};
    hrnet_crop crops[64];
    if (options == NULL) options = &defaults;
    if (session == NULL || n < 0 || (n > 0 && (persons == NULL || keypoints == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_pose: a missing argument, or n < 0");
    if (options->decoder < HRNET_DECODE_AUTO || options->decoder > HRNET_DECODE_UDP ||
        options->sampler < HRNET_SAMPLE_OPENCV || options->sampler > HRNET_SAMPLE_FLOAT)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_pose: unknown decoder %d or sampler %d",
                       (int)options->decoder, (int)options->sampler);
    for (int i = 0; i < n; i++) HR_TRY(check_person(&persons[i], i));
    job j = {.session = session,
             .flip = options->flip_test,
             .prepare = aim,
             .fill = fill_from_picture,
             .finish = decode_maps,
             .heatmaps = heatmaps,
             .persons = persons,
             .crops = crops,
             .sampler = options->sampler,
             .keypoints = keypoints,
             .decoder = decoder_of(session->model, options->decoder)};
    j.shift = !options->no_shift && j.decoder != HRNET_DECODE_UDP;
    run_job(&j, n);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- life */

static hrnet_status create(hrnet_session *session, int threads, int max_batch)
{
    const hrnet_model_info *info = &session->model->info;
    const int h = info->heatmap_height, w = info->heatmap_width;
    session->map_floats = (size_t)info->n_joints * (size_t)h * (size_t)w;
    for (int d = HRNET_DECODE_ARGMAX; d <= HRNET_DECODE_UDP; d++) {
        const size_t floats = hr_decode_scratch((hrnet_decoder)d, (float)session->model->config.model.sigma, h, w);
        if (floats > session->scratch_floats) session->scratch_floats = floats;
    }
    HR_TRY(hr_exec_create(&session->exec, session->model->engine, threads, max_batch));
    const size_t n_slots = (size_t)hr_exec_max_batch(session->exec); /* may be fewer than were asked for */
    HR_NEW(session->maps, n_slots * session->map_floats);
    HR_NEW(session->mirrored, n_slots * session->map_floats);
    HR_NEW(session->scratch, n_slots * session->scratch_floats);
    return HRNET_OK;
}

hrnet_status hrnet_session_create(hrnet_session **out, const hrnet_model *model, const hrnet_session_options *options)
{
    const hrnet_session_options defaults = {0};
    hrnet_session *session;
    if (options == NULL) options = &defaults;
    if (out == NULL || model == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_create: an argument is NULL");
    if (options->threads < 0 || options->threads > HR_MAX_THREADS)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads: expected 0..%d, found %d", HR_MAX_THREADS, options->threads);
    int threads = options->threads != 0 ? options->threads : hr_cpu_count();
    if (threads > HR_MAX_THREADS) threads = HR_MAX_THREADS;
    HR_NEW(session, 1);
    session->model = model;
    const hrnet_status status = create(session, threads, options->max_batch != 0 ? options->max_batch : 1);
    if (status != HRNET_OK) {
        hrnet_session_free(session);
        return status;
    }
    *out = session;
    return HRNET_OK;
}

const hrnet_model *hrnet_session_model(const hrnet_session *session)
{
    return session->model;
}

size_t hrnet_session_bytes(const hrnet_session *session)
{
    const size_t floats =
        (size_t)hr_exec_max_batch(session->exec) * (2 * session->map_floats + session->scratch_floats);
    return sizeof *session + hr_exec_bytes(session->exec) + floats * sizeof(float);
}

void hrnet_session_free(hrnet_session *session)
{
    if (session == NULL) return;
    hr_exec_free(session->exec);
    hr_free(session->maps);
    hr_free(session->mirrored);
    hr_free(session->scratch);
    hr_free(session);
}
