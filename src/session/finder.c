/*
 * finder.c - hrnet_finder: a detector and a pose network on one pool; persons of several pictures through the pose
 * network together, and hrnet_people_pose, where their boxes are given.
 */
#include "session/finder.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "pose/oks.h"
#include "pose/people.h"
#include "pose/skeleton.h"

enum { DEFAULT_PERSONS = 1000, MOST_PERSONS = 29999 };

/* ---------------------------------------------------------------------------------------------- life */

static hrnet_status check_options(const hrnet_finder_options *o)
{
    HR_TRY(HR_CHECK_RESERVED(o, "hrnet_finder_options"));
    if (o->max_persons < 0 || o->max_persons > MOST_PERSONS)
        return hr_fail(HRNET_ERR_ARGUMENT, "max_persons: expected 1..%d, found %d", MOST_PERSONS, o->max_persons);
    if (!(o->oks_threshold >= 0 && o->oks_threshold <= 1))
        return hr_fail(HRNET_ERR_ARGUMENT, "oks_threshold: expected 0..1, found %g", (double)o->oks_threshold);
    if (o->max_batch < 0 || o->max_batch > 64)
        return hr_fail(HRNET_ERR_ARGUMENT, "max_batch: expected 1..64, found %d", o->max_batch);
    if (o->pool != NULL && o->threads != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "threads: expected 0 beside a pool, which has its own, found %d",
                       o->threads);
    return HRNET_OK;
}

static hrnet_status set_sigmas(hrnet_finder *finder, const hrnet_skeleton *skeleton)
{
    HR_TRY(hr_skeleton_check(skeleton));
    HR_TRY(hr_skeleton_check_joints(skeleton, finder->info.n_joints));
    if (finder->options.flip_test) HR_TRY(hr_skeleton_check_flip(skeleton));
    HR_NEW(finder->sigmas, (size_t)skeleton->n_keypoints);
    for (int k = 0; k < skeleton->n_keypoints; k++)
        finder->sigmas[k] = skeleton->sigmas != NULL ? skeleton->sigmas[k] : (float)HR_DEFAULT_SIGMA;
    return HRNET_OK;
}

/* The detector must know which of its classes is a person. */
static hrnet_status check_detector(const hrnet_detector *detector)
{
    const hrnet_detector_info info = hrnet_detector_get_info(detector);
    if (info.person >= 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_MISMATCH,
                   "%s: expected a detector of people, found one of %d classes, none of which is "
                   "known to be person",
                   info.name, info.n_categories);
}

/* Larger passes keep more threads busy. Few threads gain nothing by them, and memory that is used for the first time
 * costs a single picture 1 ms for each 2 to 10 MB. */
static int default_batch(const hrnet_pool *pool)
{
    return hr_pool_threads(pool) > 4 ? 8 : 4;
}

static hrnet_status create(hrnet_finder *finder, const hrnet_detector *detector, const hrnet_model *model)
{
    hrnet_finder_options *const o = &finder->options;
    if (o->pool != NULL) {
        HR_TRY(hr_pool_check(o->pool));
        finder->pool = hr_pool_share(o->pool);
    } else {
        HR_TRY(hrnet_pool_create(&finder->pool, o->threads));
    }
    if (o->max_batch == 0) o->max_batch = default_batch(finder->pool);
    if (detector != NULL) {
        HR_TRY(check_detector(detector));
        const hrnet_detector_session_options how = {
            .pool = finder->pool, .size = o->detector_size, .max_batch = o->max_batch, .memory_limit = o->memory_limit};
        HR_TRY(hrnet_detector_session_create(&finder->detector, detector, &how));
    }
    if (model == NULL) return HRNET_OK;
    const hrnet_session_options how = {
        .pool = finder->pool, .max_batch = o->max_batch, .memory_limit = o->memory_limit};
    finder->info = hrnet_model_get_info(model);
    if (finder->info.task != HRNET_TASK_POSE)
        return hr_fail(HRNET_ERR_MISMATCH,
                       "hrnet_finder_create: expected a pose network (pose_hrnet, pose_resnet), "
                       "found the detector %s",
                       finder->info.name);
    HR_TRY(hrnet_session_create(&finder->session, model, &how));
    return set_sigmas(finder, o->skeleton != NULL ? o->skeleton : hrnet_model_skeleton(model));
}

hrnet_status hrnet_finder_create(hrnet_finder **out, const hrnet_detector *detector, const hrnet_model *model,
                                 const hrnet_finder_options *options)
{
    const hrnet_finder_options defaults = {0};
    hrnet_finder *finder;
    if (options == NULL) options = &defaults;
    if (out == NULL || (detector == NULL && model == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_finder_create: out, or both detector and model are NULL");
    HR_TRY(check_options(options));
    HR_NEW(finder, 1);
    finder->options = *options;
    if (finder->options.max_persons == 0) finder->options.max_persons = DEFAULT_PERSONS;
    if (finder->options.oks_threshold == 0) finder->options.oks_threshold = 0.9f; /* TEST.OKS_THRE as published */
    const hrnet_status status = create(finder, detector, model);
    if (status != HRNET_OK) {
        hrnet_finder_free(finder);
        return status;
    }
    *out = finder;
    return HRNET_OK;
}

void hrnet_finder_free(hrnet_finder *finder)
{
    if (finder == NULL) return;
    hrnet_session_free(finder->session);
    hrnet_detector_session_free(finder->detector);
    hrnet_pool_free(finder->pool);
    hr_free(finder->sigmas);
    hr_free(finder);
}

size_t hr_finder_map_floats(const hrnet_finder *finder)
{
    const hrnet_model_info *const info = &finder->info;
    return (size_t)info->n_joints * (size_t)info->heatmap_width * (size_t)info->heatmap_height;
}

size_t hr_finder_heatmap_bytes(const hrnet_finder *finder, int n)
{
    return finder->options.heatmaps && finder->session != NULL
               ? (size_t)n * hr_finder_map_floats(finder) * sizeof(float)
               : 0;
}

int hr_finder_threads(const hrnet_finder *finder)
{
    return hr_pool_threads(finder->pool);
}

/* ---------------------------------------------------------------------------------------------- poses */

hrnet_status hr_person_pass_open(hr_person_pass *pass, const hrnet_finder *finder, int n)
{
    *pass = (hr_person_pass){.finder = finder, .n = n};
    HR_NEW(pass->persons, (size_t)n);
    HR_NEW(pass->statuses, (size_t)n);
    HR_NEW(pass->keypoints, (size_t)n * (size_t)finder->info.n_joints);
    if (finder->options.heatmaps) HR_NEW(pass->heatmaps, (size_t)n * hr_finder_map_floats(finder));
    return HRNET_OK;
}

void hr_person_pass_close(hr_person_pass *pass)
{
    hr_free(pass->persons);
    hr_free(pass->statuses);
    hr_free(pass->keypoints);
    hr_free(pass->heatmaps);
}

/* A person that cannot be looked at: note it. Only persons with given boxes are refused. */
static void note_refused(void *context, int person, hrnet_status status, const char *reason)
{
    const hr_person_pass *const pass = context;
    hrnet_people *people = pass->people;
    if (people == NULL) return;
    while (person >= people->n_persons) person -= (people++)->n_persons;
    hrnet_people_fail(people, person, status, reason);
}

static int ask_cancelled(void *context)
{
    const hrnet_finder_options *const o = &((const hr_person_pass *)context)->finder->options;
    return o->cancelled != NULL && o->cancelled(o->context);
}

hrnet_status hr_person_pass_run(hr_person_pass *pass)
{
    const hrnet_finder *const finder = pass->finder;
    const hrnet_finder_options *const o = &finder->options;
    const hrnet_pose_options how = {.flip_test = o->flip_test,
                                    .no_shift = o->no_shift,
                                    .decoder = o->decoder,
                                    .sampler = o->sampler,
                                    .statuses = pass->statuses,
                                    .on_refused = note_refused,
                                    .cancelled = ask_cancelled,
                                    .context = pass,
                                    .skeleton = o->skeleton};
    if (pass->n == 0) return HRNET_OK;
    return hrnet_session_pose(finder->session, pass->persons, pass->n, &how, pass->keypoints, pass->heatmaps);
}

/* ---------------------------------------------------------------------------------------------- boxes that are given
 */

static hrnet_status check_people(const hrnet_finder *finder, const hrnet_people *people, int *n_persons)
{
    if (people->n_persons < 0 || (people->n_persons > 0 && people->persons == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_pose: people without persons");
    if (people->n_persons > 0 && people->n_keypoints != finder->info.n_joints)
        return hr_fail(HRNET_ERR_MISMATCH, "hrnet_people_pose: expected %d keypoints a person, found %d",
                       finder->info.n_joints, people->n_keypoints);
    if (people->n_persons > INT_MAX - *n_persons)
        return hr_fail(HRNET_ERR_LIMIT, "hrnet_people_pose: more than %d persons", INT_MAX);
    *n_persons += people->n_persons;
    return HRNET_OK;
}

hrnet_status hr_finder_add_heatmaps(const hrnet_finder *finder, hrnet_people *people)
{
    const size_t n = (size_t)people->n_persons * hr_finder_map_floats(finder);
    if (!finder->options.heatmaps) return HRNET_OK;
    people->heatmaps = hr_people_alloc(people, n * sizeof *people->heatmaps);
    return people->heatmaps != NULL ? HRNET_OK : hr_fail_memory(n * sizeof *people->heatmaps);
}

/* What the pass found to its persons, whose order is that of the pass. */
static void share_out(const hr_person_pass *pass, int n_people)
{
    const size_t n_joints = (size_t)pass->finder->info.n_joints, maps = hr_finder_map_floats(pass->finder);
    size_t at = 0;
    for (int i = 0; i < n_people; i++) {
        hrnet_people *const people = &pass->people[i];
        for (int p = 0; p < people->n_persons; p++, at++) {
            hrnet_pose *const who = &people->persons[p];
            memcpy(who->keypoints, pass->keypoints + at * n_joints, n_joints * sizeof *who->keypoints);
            who->score = hrnet_pose_score(who->keypoints, people->n_keypoints, who->box_score);
            if (pass->heatmaps == NULL) continue;
            memcpy(people->heatmaps + (size_t)p * maps, pass->heatmaps + at * maps, maps * sizeof *pass->heatmaps);
        }
    }
}

static hrnet_status pose_given(hr_person_pass *pass, const hrnet_pixels *pictures, int n)
{
    hrnet_people *const people = pass->people;
    int at = 0;
    for (int i = 0; i < n; i++) {
        HR_TRY(hr_finder_add_heatmaps(pass->finder, &people[i]));
        for (int p = 0; p < people[i].n_persons; p++)
            pass->persons[at++] = (hrnet_person){.pixels = pictures[i], .box = people[i].persons[p].box};
    }
    HR_TRY(hr_person_pass_run(pass));
    share_out(pass, n);
    return HRNET_OK;
}

hrnet_status hrnet_people_pose(hrnet_finder *finder, const hrnet_pixels *pictures, int n, hrnet_people *people)
{
    hr_person_pass pass;
    int n_persons = 0;
    if (finder == NULL || n < 0 || (n > 0 && (pictures == NULL || people == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_pose: a missing argument, or n < 0");
    if (finder->session == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_pose: the finder has no pose network");
    for (int i = 0; i < n; i++) HR_TRY(check_people(finder, &people[i], &n_persons));
    hrnet_status status = hr_person_pass_open(&pass, finder, n_persons);
    pass.people = people;
    if (status == HRNET_OK) status = pose_given(&pass, pictures, n);
    hr_person_pass_close(&pass);
    return status;
}
