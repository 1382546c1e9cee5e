/*
 * people_find.c - hrnet_people_find: the detector gives boxes; the persons of all pictures go through the pose network
 * together; each picture's poses are then suppressed and ordered for themselves, so that a picture's people do not
 * depend on the others.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/finder.h"

/* The pictures of a call, with what is known of them so far. */
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

static int ask_cancelled(void *context)
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
                                      .cancelled = ask_cancelled,
                                      .context = s};
    HR_TRY(hrnet_detector_session_detect(s->finder->detector, s->pictures, s->n, &how, s->detections));
    for (int i = 0; i < s->n; i++) {
        choose_boxes(s->finder, &s->detections[i], &s->people[i]);
        if (s->finder->choose != NULL) HR_TRY(s->finder->choose(s->finder->choose_context, &s->detections[i]));
    }
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
static hrnet_status take_poses(const hr_person_pass *pass, size_t first, const hrnet_objects *found,
                               hrnet_people *people)
{
    const hrnet_finder *const finder = pass->finder;
    const size_t n = (size_t)found->n, n_joints = (size_t)finder->info.n_joints, maps = hr_finder_map_floats(finder);
    const hrnet_keypoint *const keypoints = pass->keypoints + first * n_joints;
    int n_kept = 0;
    float *const numbers = hr_alloc(2 * n, sizeof *numbers);
    int *const kept = hr_alloc(n, sizeof *kept);
    hrnet_status status = numbers != NULL && kept != NULL ? HRNET_OK : hr_fail_memory(n * sizeof *numbers);
    if (status == HRNET_OK) status = suppress(finder, keypoints, found, numbers, numbers + n, kept, &n_kept);
    if (status == HRNET_OK) status = hrnet_people_add(people, n_kept, (int)n_joints);
    if (status == HRNET_OK) status = hr_finder_add_heatmaps(finder, people);
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
    hr_person_pass pass;
    size_t n = 0;
    for (int i = 0; i < s->n; i++) n += (size_t)s->detections[i].n;
    if (n > INT_MAX) return hr_fail(HRNET_ERR_LIMIT, "hrnet_people_find: more than %d persons", INT_MAX);
    hrnet_status status = hr_person_pass_open(&pass, s->finder, (int)n);
    n = 0;
    for (int i = 0; status == HRNET_OK && i < s->n; i++)
        for (int p = 0; p < s->detections[i].n; p++)
            pass.persons[n++] = (hrnet_person){.pixels = s->pictures[i], .box = s->detections[i].objects[p].box};
    if (status == HRNET_OK) status = hr_person_pass_run(&pass);
    n = 0;
    for (int i = 0; status == HRNET_OK && i < s->n; i++) {
        status = take_poses(&pass, n, &s->detections[i], &s->people[i]);
        n += (size_t)s->detections[i].n;
    }
    hr_person_pass_close(&pass);
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
