/* session.c - hrnet_session: what it holds, for which size, and for how long. Its work is in session_run.c and
 * session_pose.c. */
#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "pose/decode.h"
#include "session/model.h"

enum { MAX_SIDE = 16384 };

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
