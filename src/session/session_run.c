/* session_run.c - passes over the network, and those on arrays: hrnet_session_forward and its kin. */
#include "session/session_run.h"

#include <string.h>

#include "base/parallel.h"
#include "pose/decode.h"
#include "pose/skeleton.h"

/* A picture's input is written in bands of rows, so that threads share it. */
enum { BANDS = 4 };

static void mirror_rows(float *rows, int n_rows, int width)
{
    for (int y = 0; y < n_rows; y++) {
        float *row = rows + (size_t)y * (size_t)width * HR_INPUT_LD;
        for (int a = 0, b = width - 1; a < b; a++, b--) {
            float pixel[HR_INPUT_LD];
            memcpy(pixel, row + (size_t)a * HR_INPUT_LD, sizeof pixel);
            memcpy(row + (size_t)a * HR_INPUT_LD, row + (size_t)b * HR_INPUT_LD, sizeof pixel);
            memcpy(row + (size_t)b * HR_INPUT_LD, pixel, sizeof pixel);
        }
    }
}

static void fill_task(void *context, int task)
{
    const hr_session_job *j = context;
    const hrnet_session *s = j->session;
    const int slot = task / BANDS, band = task % BANDS, height = s->input_height;
    const int y0 = height * band / BANDS, y1 = height * (band + 1) / BANDS;
    float *out = s->model->backend->input(s->runner, slot) + (size_t)y0 * (size_t)s->input_width * HR_INPUT_LD;
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

static void store_outputs(const hr_session_job *j, int slot)
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
    const hr_session_job *j = context;
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

static void run_pass(hr_session_job *j, int together)
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

hrnet_status hr_session_run(hr_session_job *j, int n)
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

static void fill_from_array(const hr_session_job *j, int slot, int y0, int y1, float *out)
{
    const size_t width = (size_t)j->session->input_width, plane = width * (size_t)j->session->input_height;
    const float *picture = j->input + (size_t)(j->first + slot) * 3 * plane;
    for (size_t i = 0; i < (size_t)(y1 - y0) * width; i++)
        for (size_t c = 0; c < 3; c++) out[i * HR_INPUT_LD + c] = picture[c * plane + (size_t)y0 * width + i];
}

void hr_session_store_maps(const hr_session_job *j, int picture, const float *maps)
{
    const size_t n = j->session->map_floats;
    memcpy(j->heatmaps + (size_t)picture * n, maps, n * sizeof *maps);
}

static void copy_maps(const hr_session_job *j, int slot, const float *maps)
{
    hr_session_store_maps(j, j->first + slot, maps);
}

static hrnet_status forward(hrnet_session *session, const float *input, int n, int flip, int shift, float *heatmaps)
{
    if (session == NULL || (n > 0 && (input == NULL || heatmaps == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward: an argument is NULL");
    if (n < 0) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_session_forward: expected n >= 0, found %d", n);
    HR_TRY(hr_model_check_task(session->model, HRNET_TASK_POSE));
    HR_TRY(hr_pool_check(session->pool));
    if (flip) HR_TRY(hr_skeleton_check_flip(session->model->skeleton));
    hr_session_job j = {.session = session,
                        .flip = flip,
                        .shift = shift,
                        .skeleton = session->model->skeleton,
                        .fill = fill_from_array,
                        .finish = copy_maps,
                        .input = input,
                        .heatmaps = heatmaps};
    return hr_session_run(&j, n);
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
    hr_session_job j = {.session = session, .fill = fill_from_array, .input = input, .outputs = outputs};
    return hr_session_run(&j, n);
}
