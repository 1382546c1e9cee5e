/* session_pose.c - hrnet_session_pose: persons are checked, cropped, run in passes, and decoded. */
#include "session/session_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pose/affine.h"
#include "pose/decode.h"
#include "pose/skeleton.h"

static void fill_from_picture(const hr_session_job *j, int slot, int y0, int y1, float *out)
{
    const hr_warp *warp = &j->session->warps[slot];
    hr_warp_rows_input(warp, &j->session->model->pixels, y0, y1, out, HR_INPUT_LD);
}

static void decode_maps(const hr_session_job *j, int slot, const float *maps)
{
    const hrnet_session *s = j->session;
    const hrnet_model_info *info = &s->model->info;
    const int person = j->taken[slot];
    if (j->heatmaps != NULL) hr_session_store_maps(j, person, maps);
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
static int take_person(hr_session_job *j)
{
    hrnet_status *const statuses = j->options->statuses;
    while (statuses != NULL && statuses[j->next] != HRNET_ERR_CANCELLED) j->next++;
    if (statuses != NULL) statuses[j->next] = HRNET_OK;
    return j->next++;
}

/* Choose the persons of a pass and where they are looked at. */
static hrnet_status aim(hr_session_job *j)
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
    hr_session_job j = {.session = session,
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
    return hr_session_run(&j, n_good);
}
