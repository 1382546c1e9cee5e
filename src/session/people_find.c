/*
 * people_find.c - hrnet_finder: from pictures to people. The detector gives boxes; the persons of all pictures go
 * through the pose network together; each picture's poses are then suppressed and ordered for themselves, so that a
 * picture's people do not depend on the others.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "pose/oks.h"
#include "pose/people.h"
#include "pose/skeleton.h"
#include "session/people_find.h"

enum { DEFAULT_BATCH = 8, DEFAULT_PERSONS = 1000, MOST_PERSONS = 29999 };

struct hrnet_finder {
    hrnet_pool *pool;                 /* a reference */
    hrnet_detector_session *detector; /* NULL: boxes are given */
    hrnet_session *session;           /* NULL: boxes alone */
    hrnet_finder_options options;     /* with the defaults filled in */
    hrnet_model_info info;            /* of the session's model */
    float *sigmas;                    /* [n_joints], for OKS */
};

/* Persons of several pictures on their way through the pose network. */
typedef struct person_pass {
    const hrnet_finder *finder;
    hrnet_people *people; /* whose persons with given boxes are noted if they are refused; NULL: they were found */
    int n;
    hrnet_person *persons;     /* [n] */
    hrnet_keypoint *keypoints; /* [n][n_joints] */
    float *heatmaps;           /* [n][map_floats], or NULL */
    hrnet_status *statuses;    /* [n] */
} person_pass;

static size_t map_floats(const hrnet_finder *finder)
{
    const hrnet_model_info *const info = &finder->info;
    return (size_t)info->n_joints * (size_t)info->heatmap_width * (size_t)info->heatmap_height;
}

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

static hrnet_status create(hrnet_finder *finder, const hrnet_detector *detector, const hrnet_model *model)
{
    const hrnet_finder_options *const o = &finder->options;
    if (o->pool != NULL) {
        HR_TRY(hr_pool_check(o->pool));
        finder->pool = hr_pool_share(o->pool);
    } else {
        HR_TRY(hrnet_pool_create(&finder->pool, o->threads));
    }
    if (detector != NULL) {
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
    if (finder->options.max_batch == 0) finder->options.max_batch = DEFAULT_BATCH;
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

int hr_finder_threads(const hrnet_finder *finder)
{
    return hr_pool_threads(finder->pool);
}

/* ---------------------------------------------------------------------------------------------- poses */

static hrnet_status open_pass(person_pass *pass, const hrnet_finder *finder, int n)
{
    *pass = (person_pass){.finder = finder, .n = n};
    HR_NEW(pass->persons, (size_t)n);
    HR_NEW(pass->statuses, (size_t)n);
    HR_NEW(pass->keypoints, (size_t)n * (size_t)finder->info.n_joints);
    if (finder->options.heatmaps) HR_NEW(pass->heatmaps, (size_t)n * map_floats(finder));
    return HRNET_OK;
}

static void close_pass(person_pass *pass)
{
    hr_free(pass->persons);
    hr_free(pass->statuses);
    hr_free(pass->keypoints);
    hr_free(pass->heatmaps);
}

/* A person that cannot be looked at: note it. Only persons with given boxes are refused. */
static void note_refused(void *context, int person, hrnet_status status, const char *reason)
{
    const person_pass *const pass = context;
    hrnet_people *people = pass->people;
    if (people == NULL) return;
    while (person >= people->n_persons) person -= (people++)->n_persons;
    hrnet_people_fail(people, person, status, reason);
}

static int ask_cancelled(void *context)
{
    const hrnet_finder_options *const o = &((const person_pass *)context)->finder->options;
    return o->cancelled != NULL && o->cancelled(o->context);
}

static hrnet_status run_pass(person_pass *pass)
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

/* Memory for the heatmaps of everybody, before anything is changed. */
static hrnet_status add_heatmaps(const hrnet_finder *finder, hrnet_people *people)
{
    const size_t n = (size_t)people->n_persons * map_floats(finder);
    if (!finder->options.heatmaps) return HRNET_OK;
    people->heatmaps = hr_people_alloc(people, n * sizeof *people->heatmaps);
    return people->heatmaps != NULL ? HRNET_OK : hr_fail_memory(n * sizeof *people->heatmaps);
}

/* What the pass found to its persons, whose order is that of the pass. */
static void share_out(const person_pass *pass, int n_people)
{
    const size_t n_joints = (size_t)pass->finder->info.n_joints, maps = map_floats(pass->finder);
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

static hrnet_status pose_given(person_pass *pass, const hrnet_pixels *pictures, int n)
{
    hrnet_people *const people = pass->people;
    int at = 0;
    for (int i = 0; i < n; i++) {
        HR_TRY(add_heatmaps(pass->finder, &people[i]));
        for (int p = 0; p < people[i].n_persons; p++)
            pass->persons[at++] = (hrnet_person){.pixels = pictures[i], .box = people[i].persons[p].box};
    }
    HR_TRY(run_pass(pass));
    share_out(pass, n);
    return HRNET_OK;
}

hrnet_status hrnet_people_pose(hrnet_finder *finder, const hrnet_pixels *pictures, int n, hrnet_people *people)
{
    person_pass pass;
    int n_persons = 0;
    if (finder == NULL || n < 0 || (n > 0 && (pictures == NULL || people == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_pose: a missing argument, or n < 0");
    if (finder->session == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_pose: the finder has no pose network");
    for (int i = 0; i < n; i++) HR_TRY(check_people(finder, &people[i], &n_persons));
    hrnet_status status = open_pass(&pass, finder, n_persons);
    pass.people = people;
    if (status == HRNET_OK) status = pose_given(&pass, pictures, n);
    close_pass(&pass);
    return status;
}

/* ---------------------------------------------------------------------------------------------- people that are found
 */

/* The pictures of a call with what is known of them so far. */
typedef struct search {
    hrnet_finder *finder;
    const hrnet_pixels *pictures;
    int n;
    hrnet_people *people;      /* [n] */
    hrnet_objects *detections; /* [n] */
    hrnet_status *statuses;    /* [n] */
} search;

static void note_picture(void *context, int picture, hrnet_status status, const char *reason)
{
    hrnet_people_fail(&((const search *)context)->people[picture], -1, status, reason);
}

static int ask_search_cancelled(void *context)
{
    const hrnet_finder_options *const o = &((const search *)context)->finder->options;
    return o->cancelled != NULL && o->cancelled(o->context);
}

/* Leave the boxes that a person can be looked for in, and of these the best max_persons. */
static void choose_boxes(const hrnet_finder *finder, hrnet_objects *found, hrnet_people *people)
{
    int n = 0;
    for (int i = 0; i < found->n; i++) {
        const hrnet_box b = found->objects[i].box;
        if (isfinite(b.x) && isfinite(b.y) && b.w > 0 && b.h > 0 && isfinite(b.w) && isfinite(b.h))
            found->objects[n++] = found->objects[i];
    }
    people->n_not_finite = found->n - n + found->n_not_finite;
    people->n_over_limit = found->n_over_limit;
    people->is_cut = n > finder->options.max_persons;
    found->n = people->is_cut ? finder->options.max_persons : n;
}

static hrnet_status detect(search *s)
{
    const hrnet_finder_options *const o = &s->finder->options;
    const hrnet_detect_options how = {.threshold = o->threshold,
                                      .nms_iou = o->nms_iou,
                                      .max_detections = o->max_persons + 1, /* one more: whether there are more */
                                      .statuses = s->statuses,
                                      .on_refused = note_picture,
                                      .cancelled = ask_search_cancelled,
                                      .context = s};
    HR_TRY(hrnet_detector_session_detect(s->finder->detector, s->pictures, s->n, &how, s->detections));
    for (int i = 0; i < s->n; i++) choose_boxes(s->finder, &s->detections[i], &s->people[i]);
    return HRNET_OK;
}

static void set_person(hrnet_pose *who, const hrnet_object *from)
{
    who->box = from->box;
    who->box_score = from->score;
}

/* Boxes alone, in the detector's order. */
static hrnet_status take_boxes(search *s)
{
    for (int i = 0; i < s->n; i++) {
        const hrnet_objects *const found = &s->detections[i];
        HR_TRY(hrnet_people_add(&s->people[i], found->n, 0));
        for (int p = 0; p < found->n; p++) set_person(&s->people[i].persons[p], &found->objects[p]);
    }
    return HRNET_OK;
}

/* Suppress n poses of one picture: kept [n] receives the indices of those that stay, best first. areas and scores [n]
 * are scratch. The area is that of the padded crop, as upstream's evaluate has it. */
static hrnet_status suppress(const hrnet_finder *finder, const hrnet_keypoint *keypoints, const hrnet_objects *found,
                             float *areas, float *scores, int *kept, int *n_kept)
{
    const hrnet_model_info *const info = &finder->info;
    const hrnet_finder_options *const o = &finder->options;
    for (int p = 0; p < found->n; p++) {
        const hrnet_crop crop =
            hrnet_crop_from_box(found->objects[p].box, (float)info->input_width / (float)info->input_height);
        areas[p] = crop.scale[0] * 200 * (crop.scale[1] * 200);
        scores[p] =
            hrnet_pose_score(keypoints + (size_t)p * (size_t)info->n_joints, info->n_joints, found->objects[p].score);
    }
    return (o->soft_oks ? hrnet_oks_nms_soft : hrnet_oks_nms)(keypoints, areas, scores, found->n, info->n_joints,
                                                              finder->sigmas, o->oks_threshold, kept, n_kept);
}

/* Make persons of the poses of one picture, which begin at number `first` of the pass. */
static hrnet_status take_poses(const person_pass *pass, size_t first, const hrnet_objects *found, hrnet_people *people)
{
    const hrnet_finder *const finder = pass->finder;
    const size_t n = (size_t)found->n, n_joints = (size_t)finder->info.n_joints, maps = map_floats(finder);
    const hrnet_keypoint *const keypoints = pass->keypoints + first * n_joints;
    int n_kept = 0;
    float *const numbers = hr_alloc(2 * n, sizeof *numbers);
    int *const kept = hr_alloc(n, sizeof *kept);
    hrnet_status status = numbers != NULL && kept != NULL ? HRNET_OK : hr_fail_memory(n * sizeof *numbers);
    if (status == HRNET_OK) status = suppress(finder, keypoints, found, numbers, numbers + n, kept, &n_kept);
    if (status == HRNET_OK) status = hrnet_people_add(people, n_kept, (int)n_joints);
    if (status == HRNET_OK) status = add_heatmaps(finder, people);
    for (int p = 0; status == HRNET_OK && p < n_kept; p++) {
        hrnet_pose *const who = &people->persons[p];
        const size_t from = (size_t)kept[p];
        set_person(who, &found->objects[from]);
        memcpy(who->keypoints, keypoints + from * n_joints, n_joints * sizeof *keypoints);
        who->score = numbers[n + from];
        if (pass->heatmaps != NULL)
            memcpy(people->heatmaps + (size_t)p * maps, pass->heatmaps + (first + from) * maps, maps * sizeof(float));
    }
    people->n_suppressed = found->n - n_kept;
    hr_free(numbers);
    hr_free(kept);
    return status;
}

static hrnet_status find_poses(search *s)
{
    person_pass pass;
    size_t n = 0;
    for (int i = 0; i < s->n; i++) n += (size_t)s->detections[i].n;
    if (n > INT_MAX) return hr_fail(HRNET_ERR_LIMIT, "hrnet_people_find: more than %d persons", INT_MAX);
    hrnet_status status = open_pass(&pass, s->finder, (int)n);
    n = 0;
    for (int i = 0; status == HRNET_OK && i < s->n; i++)
        for (int p = 0; p < s->detections[i].n; p++)
            pass.persons[n++] = (hrnet_person){.pixels = s->pictures[i], .box = s->detections[i].objects[p].box};
    if (status == HRNET_OK) status = run_pass(&pass);
    n = 0;
    for (int i = 0; status == HRNET_OK && i < s->n; i++) {
        status = take_poses(&pass, n, &s->detections[i], &s->people[i]);
        n += (size_t)s->detections[i].n;
    }
    close_pass(&pass);
    return status;
}

hrnet_status hr_people_find(hrnet_finder *finder, const hrnet_pixels *pictures, int n, hrnet_people *people)
{
    search s = {.finder = finder, .pictures = pictures, .n = n, .people = people};
    if (finder->detector == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_find: the finder has no detector");
    s.detections = hr_calloc((size_t)n, sizeof *s.detections);
    s.statuses = hr_calloc((size_t)n, sizeof *s.statuses);
    const int failed = s.detections == NULL || s.statuses == NULL;
    hrnet_status status = failed ? hr_fail_memory((size_t)n * sizeof *s.detections) : detect(&s);
    if (status == HRNET_OK) status = finder->session != NULL ? find_poses(&s) : take_boxes(&s);
    for (int i = 0; s.detections != NULL && i < n; i++) hrnet_objects_free(&s.detections[i]);
    hr_free(s.detections);
    hr_free(s.statuses);
    return status;
}

static hrnet_status create_people(const hrnet_pixels *pictures, int n, const char *const *names, hrnet_people *people)
{
    for (int i = 0; i < n; i++) {
        HR_TRY(hrnet_people_create(&people[i], names != NULL ? names[i] : "picture", 0, 0));
        people[i].width = pictures[i].width;
        people[i].height = pictures[i].height;
    }
    return HRNET_OK;
}

hrnet_status hrnet_people_find(hrnet_finder *finder, const hrnet_pixels *pictures, int n, const char *const *names,
                               hrnet_people *people)
{
    hrnet_people *found;
    if (finder == NULL || n < 0 || (n > 0 && (pictures == NULL || people == NULL)))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_find: a missing argument, or n < 0");
    for (int i = 0; names != NULL && i < n; i++)
        if (names[i] == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_find: name %d is NULL", i);
    HR_NEW(found, (size_t)n);
    hrnet_status status = create_people(pictures, n, names, found);
    if (status == HRNET_OK) status = hr_people_find(finder, pictures, n, found);
    if (status == HRNET_OK && n > 0) memcpy(people, found, (size_t)n * sizeof *people);
    for (int i = 0; status != HRNET_OK && i < n; i++) hrnet_people_free(&found[i]);
    hr_free(found);
    return status;
}

size_t hr_finder_heatmap_bytes(const hrnet_finder *finder, int n)
{
    return finder->options.heatmaps && finder->session != NULL ? (size_t)n * map_floats(finder) * sizeof(float) : 0;
}
