/*
 * pairing.c - who is whom in one picture: ByteTrack's stages (yolox/tracker/byte_tracker.py, BYTETracker.update) on
 * boxes or on poses, mmpose's greedy rule (apis/inference_tracking.py), and followed persons.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assign.h"
#include "base/mem.h"
#include "pose/oks.h"
#include "track/similarity.h"
#include "track/tracker_internal.h"

/* ---------------------------------------------------------------------------------------------- before */

hrnet_box hr_track_expect(const hrnet_tracker *tracker, const hr_track *track, double seconds, hr_box_kalman *motion)
{
    *motion = track->motion;
    if (tracker->settings.method == HRNET_TRACK_IOU) return track->last.box;
    hr_box_kalman_predict(motion, (seconds - tracker->seconds) * HR_FRAMES_A_SECOND, track->state != HR_TRACK_LOST);
    return hr_box_kalman_box(motion);
}

double hr_track_iou(const hrnet_tracker *tracker, const hr_track *track, hrnet_box expected, hrnet_box found,
                    double seconds)
{
    const hr_track_settings *const s = &tracker->settings;
    const double part = fmin(1, s->widen * fmax(0, seconds - track->last.seconds - s->certain));
    return hr_box_iou(hr_box_widen(expected, part), hr_box_widen(found, part));
}

static int has_pose(const hr_pairing *p, int person)
{
    return p->n_keypoints > 0 && p->people->persons[person].keypoints != NULL;
}

/* The living track that a person was looked for in, -1: none. */
static int followed_track(const hr_pairing *p, const hrnet_pose *person)
{
    for (int i = 0; person->track != 0 && i < p->n_tracks; i++) {
        const hr_track *const track = p->tracker->tracks[i];
        if (track->name == person->track) return hr_track_lives(p->tracker, track, p->seconds) ? i : -1;
    }
    return -1;
}

static hr_person_kind kind_of(const hr_pairing *p, const hrnet_pose *person)
{
    const hr_track_settings *const s = &p->tracker->settings;
    if (person->status != HRNET_OK || !hr_box_is_good(person->box)) return HR_PERSON_NONE;
    if (followed_track(p, person) >= 0) return HR_PERSON_FOLLOWED;
    if (s->method == HRNET_TRACK_IOU || person->box_score >= s->high) return HR_PERSON_HIGH;
    return person->box_score >= s->low ? HR_PERSON_LOW : HR_PERSON_NONE;
}

typedef struct scored_person {
    float score;
    int person;
} scored_person;

static int best_first(const void *left, const void *right)
{
    const scored_person *const a = left, *const b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->person < b->person ? -1 : 1;
}

/* Leave out all but the HR_MOST_TRACKED_PERSONS with the best box scores. */
static hrnet_status keep_best(hr_pairing *p)
{
    scored_person *list;
    int n = 0;
    if (p->people->n_persons <= HR_MOST_TRACKED_PERSONS) return HRNET_OK;
    HR_NEW(list, (size_t)p->people->n_persons);
    for (int j = 0; j < p->people->n_persons; j++) {
        const float score = p->people->persons[j].box_score;
        if (p->kinds[j] != HR_PERSON_NONE) list[n++] = (scored_person){isnan(score) ? 0 : score, j};
    }
    qsort(list, (size_t)n, sizeof *list, best_first);
    for (int k = HR_MOST_TRACKED_PERSONS; k < n; k++) p->kinds[list[k].person] = HR_PERSON_NONE;
    hr_free(list);
    return HRNET_OK;
}

static hrnet_status fill_sigmas(hr_pairing *p)
{
    const size_t n = (size_t)p->n_keypoints;
    HR_NEW(p->sigmas, n);
    for (size_t k = 0; k < n; k++)
        p->sigmas[k] = p->tracker->sigmas != NULL ? p->tracker->sigmas[k] : (float)HR_DEFAULT_SIGMA;
    return HRNET_OK;
}

/* The last poses, where the tracks are expected now. */
static hrnet_status move_poses(hr_pairing *p)
{
    const size_t n_keypoints = (size_t)p->n_keypoints;
    if (p->tracker->settings.method != HRNET_TRACK_OKS) return HRNET_OK;
    HR_NEW(p->poses, (size_t)p->n_tracks * n_keypoints);
    for (int i = 0; i < p->n_tracks; i++) {
        const hr_sighting *const last = &p->tracker->tracks[i]->last;
        for (size_t k = 0; last->has_pose && k < n_keypoints; k++)
            p->poses[(size_t)i * n_keypoints + k] = hr_keypoint_carry(last->pose[k], last->box, p->expected[i]);
    }
    return HRNET_OK;
}

static hrnet_status prepare(hr_pairing *p)
{
    const size_t n_tracks = (size_t)p->n_tracks, n_persons = (size_t)p->people->n_persons;
    const size_t n_taken = n_persons < HR_MOST_TRACKED_PERSONS ? n_persons : HR_MOST_TRACKED_PERSONS;
    HR_NEW(p->person_of, n_tracks);
    HR_NEW(p->track_of, n_persons);
    HR_NEW(p->kinds, n_persons);
    HR_NEW(p->boxes, n_persons);
    HR_NEW(p->motion, n_tracks);
    HR_NEW(p->expected, n_tracks);
    HR_NEW(p->rows, n_tracks);
    HR_NEW(p->columns, n_persons);
    HR_NEW(p->column_of, n_tracks);
    HR_NEW(p->cost, n_tracks * n_taken);
    for (int i = 0; i < p->n_tracks; i++) {
        p->person_of[i] = -1;
        p->expected[i] = hr_track_expect(p->tracker, p->tracker->tracks[i], p->seconds, &p->motion[i]);
    }
    for (int j = 0; j < p->people->n_persons; j++) {
        p->track_of[j] = -1;
        p->kinds[j] = kind_of(p, &p->people->persons[j]);
        p->boxes[j] = p->people->persons[j].box;
    }
    HR_TRY(fill_sigmas(p));
    HR_TRY(move_poses(p));
    return keep_best(p);
}

/* ---------------------------------------------------------------------------------------------- ByteTrack's stages */

static double similarity(const hr_pairing *p, int track, int person)
{
    const hrnet_pose *const found = &p->people->persons[person];
    const int n = p->n_keypoints;
    if (!hr_box_is_good(p->expected[track])) return 0;
    if (p->tracker->settings.method == HRNET_TRACK_BYTE)
        return hr_track_iou(p->tracker, p->tracker->tracks[track], p->expected[track], found->box, p->seconds);
    if (!p->tracker->tracks[track]->last.has_pose || !has_pose(p, person)) return 0;
    return hr_pose_similarity(p->poses + (ptrdiff_t)track * n, p->expected[track], found->keypoints, found->box,
                              p->sigmas, n, p->tracker->settings.joint);
}

static void join(hr_pairing *p, int track, int person)
{
    p->person_of[track] = person;
    p->track_of[person] = track;
}

/* List the persons of a kind who have no track yet. */
static int list_persons(hr_pairing *p, hr_person_kind kind)
{
    int n = 0;
    for (int j = 0; j < p->people->n_persons; j++)
        if (p->kinds[j] == kind && p->track_of[j] < 0) p->columns[n++] = j;
    return n;
}

/* Pair the listed tracks and persons, at the best sum of similarities of at least `least` each. A lost track must do
 * with less than one that was just seen: `lost` is added to its costs, and to the limit, so that this decides between
 * tracks alone and not whether a pair is good enough. */
static hrnet_status pair_listed(hr_pairing *p, int n_rows, int n_columns, double least, int fuse_scores)
{
    const double handicap = p->tracker->settings.lost;
    double *cost = p->cost;
    for (int row = 0; row < n_rows; row++) {
        const int i = p->rows[row], is_lost = p->tracker->tracks[i]->state == HR_TRACK_LOST;
        for (int column = 0; column < n_columns; column++) {
            const int j = p->columns[column];
            double alike = similarity(p, i, j);
            if (fuse_scores) alike *= fmin(1, fmax(0, (double)p->people->persons[j].box_score));
            *cost++ = alike > 0 && alike >= least ? 1 - alike + (is_lost ? handicap : 0) : NAN;
        }
    }
    HR_TRY(hr_assign(p->cost, n_rows, n_columns, 1 - least + handicap, p->column_of, NULL));
    for (int row = 0; row < n_rows; row++)
        if (p->column_of[row] >= 0) join(p, p->rows[row], p->columns[p->column_of[row]]);
    return HRNET_OK;
}

static hrnet_status first_stage(hr_pairing *p)
{
    const hr_track_settings *const s = &p->tracker->settings;
    int n = 0;
    for (int i = 0; i < p->n_tracks; i++) {
        const hr_track *const track = p->tracker->tracks[i];
        if (track->state != HR_TRACK_NEW && hr_track_lives(p->tracker, track, p->seconds)) p->rows[n++] = i;
    }
    return pair_listed(p, n, list_persons(p, HR_PERSON_HIGH), s->match, s->fuse_scores);
}

/* Low boxes are taken for those alone who were there a moment ago. */
static hrnet_status second_stage(hr_pairing *p)
{
    const hr_track_settings *const s = &p->tracker->settings;
    int n = 0;
    for (int i = 0; i < p->n_tracks; i++) {
        const hr_track *const track = p->tracker->tracks[i];
        const int was_there = track->state == HR_TRACK_SEEN || p->tracker->seconds - track->last.seconds <= s->recent;
        if (track->state == HR_TRACK_NEW || !was_there || p->person_of[i] >= 0) continue;
        if (hr_track_lives(p->tracker, track, p->seconds)) p->rows[n++] = i;
    }
    return pair_listed(p, n, list_persons(p, HR_PERSON_LOW), s->match_low, 0);
}

static hrnet_status third_stage(hr_pairing *p)
{
    const hr_track_settings *const s = &p->tracker->settings;
    int n = 0;
    for (int i = 0; i < p->n_tracks; i++) {
        const hr_track *const track = p->tracker->tracks[i];
        if (track->state == HR_TRACK_NEW && hr_track_lives(p->tracker, track, p->seconds)) p->rows[n++] = i;
    }
    return pair_listed(p, n, list_persons(p, HR_PERSON_HIGH), s->match_new, s->fuse_scores);
}

/* ---------------------------------------------------------------------------------------------- mmpose's rule */

/* Each person in order takes the track of the last picture that it overlaps most. */
static void pair_greedily(hr_pairing *p)
{
    for (int j = 0; j < p->people->n_persons; j++) {
        double most = p->tracker->settings.match;
        int best = -1;
        if (p->kinds[j] != HR_PERSON_HIGH) continue;
        for (int i = 0; i < p->n_tracks; i++) {
            if (p->person_of[i] >= 0 || !hr_track_lives(p->tracker, p->tracker->tracks[i], p->seconds)) continue;
            const double iou = hr_box_iou(p->expected[i], p->people->persons[j].box);
            if (iou > most) {
                most = iou;
                best = i;
            }
        }
        if (best >= 0) join(p, best, j);
    }
}

/* ---------------------------------------------------------------------------------------------- followed persons */

/* Whether somebody else who has a track has this pose. */
static int is_somebody_else(const hr_pairing *p, int person, hrnet_box box)
{
    const hrnet_pose *const persons = p->people->persons;
    const hr_track_settings *const s = &p->tracker->settings;
    for (int j = 0; j < p->people->n_persons; j++) {
        if (p->track_of[j] < 0 || j == person || !has_pose(p, j)) continue;
        if (hr_pose_similarity(persons[person].keypoints, box, persons[j].keypoints, p->boxes[j], p->sigmas,
                               p->n_keypoints, s->joint) >= s->followed_same)
            return 1;
    }
    return 0;
}

/* Pair a followed person with its track if its pose says that the track's person is there. */
static void follow(hr_pairing *p, int person)
{
    const hrnet_pose *const found = &p->people->persons[person];
    const hr_track_settings *const s = &p->tracker->settings;
    const int i = followed_track(p, found), n = p->n_keypoints;
    hrnet_box box;
    if (i < 0 || p->person_of[i] >= 0 || !has_pose(p, person)) return;
    const hr_sighting *const detected = &p->tracker->tracks[i]->detected;
    if (!detected->has_pose || p->seconds - detected->seconds > s->follow) return;
    if (hr_mean_score(found->keypoints, n) < s->followed_score) return;
    if (!hr_box_along(&box, detected->box, detected->pose, found->keypoints, n, s->joint)) return;
    if (!hr_box_is_good(box) || hr_box_iou(box, p->expected[i]) < s->expected) return;
    if (is_somebody_else(p, person, box)) return;
    join(p, i, person);
    p->boxes[person] = box;
}

/* ---------------------------------------------------------------------------------------------- all */

hrnet_status hr_pairing_solve(hr_pairing *out, const hrnet_tracker *tracker, const hrnet_people *people, double seconds)
{
    out->tracker = tracker;
    out->people = people;
    out->seconds = seconds;
    out->n_tracks = (int)tracker->n_tracks;
    out->n_keypoints = people->n_persons > 0 ? people->n_keypoints : 0; /* nobody may have any number of them */
    HR_TRY(prepare(out));
    if (tracker->settings.method == HRNET_TRACK_IOU) {
        pair_greedily(out);
    } else {
        HR_TRY(first_stage(out));
        HR_TRY(second_stage(out));
        HR_TRY(third_stage(out));
    }
    for (int j = 0; j < people->n_persons; j++)
        if (out->kinds[j] == HR_PERSON_FOLLOWED) follow(out, j);
    return HRNET_OK;
}

void hr_pairing_free(hr_pairing *pairing)
{
    hr_free(pairing->person_of);
    hr_free(pairing->track_of);
    hr_free(pairing->kinds);
    hr_free(pairing->boxes);
    hr_free(pairing->motion);
    hr_free(pairing->expected);
    hr_free(pairing->sigmas);
    hr_free(pairing->poses);
    hr_free(pairing->rows);
    hr_free(pairing->columns);
    hr_free(pairing->column_of);
    hr_free(pairing->cost);
    *pairing = (hr_pairing){0};
}
