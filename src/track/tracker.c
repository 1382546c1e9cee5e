/* tracker.c - the life of tracks: they begin, are confirmed, are seen, get lost, are found again, end. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "pose/skeleton.h"
#include "track/similarity.h"
#include "track/tracker_internal.h"

/* ---------------------------------------------------------------------------------------------- making */

static hrnet_status take_skeleton(hrnet_tracker *t, const hrnet_skeleton *skeleton)
{
    t->n_sigmas = -1;
    if (skeleton == NULL) return HRNET_OK;
    HR_TRY(HR_CHECK_RESERVED(skeleton, "hrnet_skeleton"));
    if (skeleton->n_keypoints < 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_options: skeleton: expected no negative number of keypoints");
    t->n_sigmas = skeleton->n_keypoints;
    if (skeleton->sigmas == NULL) return HRNET_OK;
    HR_NEW(t->sigmas, (size_t)t->n_sigmas);
    memcpy(t->sigmas, skeleton->sigmas, (size_t)t->n_sigmas * sizeof *t->sigmas);
    return HRNET_OK;
}

hrnet_status hrnet_tracker_create(hrnet_tracker **out, const hrnet_tracker_options *options)
{
    const hrnet_tracker_options defaults = {0};
    hr_track_settings settings;
    hrnet_tracker *t;
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_create: out is NULL");
    if (options == NULL) options = &defaults;
    HR_TRY(hr_track_settings_make(&settings, options));
    HR_NEW(t, 1);
    t->settings = settings;
    t->n_keypoints = -1;
    const hrnet_status status = take_skeleton(t, options->skeleton);
    if (status != HRNET_OK) {
        hrnet_tracker_free(t);
        return status;
    }
    *out = t;
    return HRNET_OK;
}

void hrnet_tracker_reset(hrnet_tracker *tracker)
{
    if (tracker == NULL) return;
    for (size_t i = 0; i < tracker->n_tracks; i++) hr_free(tracker->tracks[i]);
    tracker->n_tracks = 0;
    tracker->n_keypoints = -1;
    tracker->has_begun = 0;
}

void hrnet_tracker_free(hrnet_tracker *tracker)
{
    if (tracker == NULL) return;
    hrnet_tracker_reset(tracker);
    hr_free(tracker->tracks);
    hr_free(tracker->sigmas);
    hr_free(tracker);
}

uint32_t hrnet_tracker_n_tracks(const hrnet_tracker *tracker)
{
    return tracker != NULL ? tracker->last_number : 0;
}

/* ---------------------------------------------------------------------------------------------- new tracks */

static int is_greedy(const hrnet_tracker *t)
{
    return t->settings.method == HRNET_TRACK_IOU;
}

/* Whether a person who has no track begins one. mmpose: not without 3 keypoints whose y is not 0. */
static int begins_track(const hrnet_tracker *t, const hr_pairing *p, int person)
{
    const hrnet_pose *const found = &p->people->persons[person];
    if (p->kinds[person] != HR_PERSON_HIGH || p->track_of[person] >= 0) return 0;
    if (!is_greedy(t)) return found->box_score >= t->settings.start;
    if (p->n_keypoints == 0 || found->keypoints == NULL) return 1;
    int n = 0;
    for (int k = 0; k < p->n_keypoints; k++) n += found->keypoints[k].y != 0;
    return n >= 3;
}

/* Memory for the tracks that begin, as many as there is space for, behind those that there are. */
static hrnet_status reserve(hrnet_tracker *t, const hr_pairing *p, size_t *n_new)
{
    const size_t n_keypoints = (size_t)p->n_keypoints;
    const size_t n_bytes = sizeof(hr_track) + 2 * n_keypoints * sizeof(hrnet_keypoint);
    for (int j = 0; j < p->people->n_persons && t->n_tracks + *n_new < HR_MOST_TRACKS; j++) {
        if (!begins_track(t, p, j)) continue;
        HR_GROW(t->tracks, t->n_tracks + *n_new, t->capacity);
        hr_track *const track = hr_calloc(1, n_bytes);
        if (track == NULL) return hr_fail_memory(n_bytes);
        track->last.pose = track->poses;
        track->detected.pose = track->poses + n_keypoints;
        t->tracks[t->n_tracks + (*n_new)++] = track;
    }
    return HRNET_OK;
}

/* Give a track its number. A tracker that has given all numbers there are confirms nobody. */
static void confirm(hrnet_tracker *t, hr_track *track)
{
    if (t->last_number == HR_FIRST_MARK - 1) return;
    track->name = ++t->last_number;
    track->state = HR_TRACK_SEEN;
}

/* ---------------------------------------------------------------------------------------------- seen */

static void note_sighting(hr_sighting *out, const hr_pairing *p, int person, hrnet_box box)
{
    const hrnet_pose *const found = &p->people->persons[person];
    out->seconds = p->seconds;
    out->box = box;
    out->has_pose = p->n_keypoints > 0 && found->keypoints != NULL;
    if (out->has_pose) memcpy(out->pose, found->keypoints, (size_t)p->n_keypoints * sizeof *out->pose);
}

static void note_sightings(const hrnet_tracker *t, hr_track *track, const hr_pairing *p, int person)
{
    const hrnet_box box = is_greedy(t) ? p->boxes[person] : hr_box_kalman_box(&track->motion);
    const hrnet_pose *const found = &p->people->persons[person];
    note_sighting(&track->last, p, person, box);
    if (p->kinds[person] == HR_PERSON_FOLLOWED) {
        track->evidence += hr_mean_score(found->keypoints, p->n_keypoints);
        return;
    }
    note_sighting(&track->detected, p, person, box);
    track->score = found->box_score;
    track->evidence += found->box_score;
}

static void begin_track(hrnet_tracker *t, hr_track *track, const hr_pairing *p, int person)
{
    track->name = HR_FIRST_MARK | (t->n_begun++ & (HR_FIRST_MARK - 1));
    track->state = HR_TRACK_NEW;
    track->born = p->seconds;
    hr_box_kalman_begin(&track->motion, p->boxes[person]);
    note_sightings(t, track, p, person);
    if (!t->has_begun || is_greedy(t) || track->evidence >= t->settings.confirm) confirm(t, track);
}

static void see_track(hrnet_tracker *t, hr_track *track, const hr_pairing *p, int person)
{
    hr_box_kalman_correct(&track->motion, p->boxes[person]);
    note_sightings(t, track, p, person);
    if (track->state == HR_TRACK_LOST) track->state = HR_TRACK_SEEN;
    if (track->state == HR_TRACK_NEW && track->evidence >= t->settings.confirm) confirm(t, track);
}

/* ---------------------------------------------------------------------------------------------- lost */

/* Whether a track that this picture did not see lives on. */
static int outlives(const hrnet_tracker *t, hr_track *track, double seconds)
{
    if (is_greedy(t) || track->state == HR_TRACK_NEW) return 0;
    track->state = HR_TRACK_LOST;
    return hr_track_lives(t, track, seconds);
}

/* The seen track that is a lost one found again under a new number: at the same place, and begun after the lost one was
 * seen last (two tracks that were seen together are two people, one of whom stands before the other). Returns its
 * index, which is above that of the lost one, or 0: none. */
static size_t found_again(const hrnet_tracker *t, const hr_track *lost)
{
    const hrnet_box box = hr_box_kalman_box(&lost->motion);
    if (!hr_box_is_good(box)) return 0;
    for (size_t i = 1; i < t->n_tracks; i++) {
        const hr_track *const seen = t->tracks[i];
        if (seen->state != HR_TRACK_SEEN || seen->born <= lost->last.seconds) continue;
        if (hr_box_iou(hr_box_kalman_box(&seen->motion), box) > t->settings.twice) return i;
    }
    return 0;
}

/* ByteTrack drops the younger of two tracks with an IoU above 0.85 (remove_duplicate_stracks). Here the younger one
 * takes the place and the number of the older one, which comes to the same a picture earlier. */
static void unite_duplicates(hrnet_tracker *t)
{
    for (size_t i = 0; i < t->n_tracks; i++) {
        hr_track *const lost = t->tracks[i];
        const size_t k = lost->state == HR_TRACK_LOST ? found_again(t, lost) : 0;
        if (k == 0) continue;
        t->tracks[k]->name = lost->name;
        t->tracks[k]->born = lost->born;
        t->tracks[i] = t->tracks[k];
        memmove(t->tracks + k, t->tracks + k + 1, (t->n_tracks - k - 1) * sizeof *t->tracks);
        t->n_tracks--;
        hr_free(lost);
    }
}

/* ---------------------------------------------------------------------------------------------- an update */

/* Carry a pairing out; the n_new tracks that begin stand behind the others. */
static void carry_out(hrnet_tracker *t, const hr_pairing *p, size_t n_new)
{
    size_t n = 0, next = t->n_tracks;
    const size_t n_all = t->n_tracks + n_new;
    for (size_t i = 0; i < t->n_tracks; i++) {
        hr_track *const track = t->tracks[i];
        track->person = p->person_of[i];
        track->motion = p->motion[i];
        if (track->person >= 0) see_track(t, track, p, track->person);
        if (track->person >= 0 || outlives(t, track, p->seconds))
            t->tracks[n++] = track;
        else
            hr_free(track);
    }
    for (int j = 0; j < p->people->n_persons && next < n_all; j++) {
        if (!begins_track(t, p, j)) continue;
        hr_track *const track = t->tracks[next++];
        track->person = j;
        begin_track(t, track, p, j);
        t->tracks[n++] = track;
    }
    t->n_tracks = n;
    if (!is_greedy(t)) unite_duplicates(t);
}

/* Tell the persons who they are. */
static void name_persons(const hrnet_tracker *t, const hr_pairing *p, hrnet_people *people)
{
    for (int j = 0; j < people->n_persons; j++) {
        hrnet_pose *const person = &people->persons[j];
        const int is_followed = p->kinds[j] == HR_PERSON_FOLLOWED && p->track_of[j] >= 0;
        person->track = 0;
        if (is_followed) person->box = p->boxes[j];
    }
    for (size_t i = 0; i < t->n_tracks; i++) {
        const hr_track *const track = t->tracks[i];
        if (track->person >= 0 && track->state == HR_TRACK_SEEN) people->persons[track->person].track = track->name;
    }
}

hrnet_status hr_tracker_check_seconds(const hrnet_tracker *t, double seconds, const char *function)
{
    if (!isfinite(seconds) || (t->has_begun && seconds < t->seconds))
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: time %g s, expected %g s or later", function, seconds,
                       t->has_begun ? t->seconds : 0);
    return HRNET_OK;
}

static hrnet_status check_people(const hrnet_tracker *t, const hrnet_people *people)
{
    const int expected = t->n_keypoints >= 0 ? t->n_keypoints : t->n_sigmas;
    if (people->n_persons < 0 || (people->n_persons > 0 && people->persons == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_update: people has %d persons, but no list of them",
                       people->n_persons);
    HR_TRY(HR_CHECK_RESERVED(people, "hrnet_people"));
    for (int i = 0; i < people->n_persons; i++) HR_TRY(HR_CHECK_RESERVED(&people->persons[i], "hrnet_pose"));
    if (people->n_persons == 0) return HRNET_OK;
    if (people->n_keypoints < 0 || people->n_keypoints > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_update: %d keypoints a person, expected 0 to %d",
                       people->n_keypoints, HR_MAX_KEYPOINTS);
    if (expected >= 0 && people->n_keypoints != expected && (t->n_keypoints >= 0 || people->n_keypoints > 0))
        return hr_fail(HRNET_ERR_MISMATCH, "hrnet_tracker_update: expected %d keypoints a person, as %s, found %d",
                       expected, t->n_keypoints >= 0 ? "before" : "the skeleton has", people->n_keypoints);
    if (t->settings.method == HRNET_TRACK_OKS && people->n_keypoints == 0)
        return hr_fail(HRNET_ERR_MISMATCH, "hrnet_tracker_update: tracking by OKS needs poses, found boxes alone");
    return HRNET_OK;
}

hrnet_status hrnet_tracker_update(hrnet_tracker *tracker, hrnet_people *people, double seconds)
{
    hr_pairing pairing = {0};
    size_t n_new = 0;
    if (tracker == NULL || people == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_update: an argument is NULL");
    HR_TRY(hr_tracker_check_seconds(tracker, seconds, "hrnet_tracker_update"));
    HR_TRY(check_people(tracker, people));
    hrnet_status status = hr_pairing_solve(&pairing, tracker, people, seconds);
    if (status == HRNET_OK) status = reserve(tracker, &pairing, &n_new);
    if (status == HRNET_OK) {
        carry_out(tracker, &pairing, n_new);
        name_persons(tracker, &pairing, people);
        if (people->n_persons > 0) tracker->n_keypoints = people->n_keypoints;
        tracker->seconds = seconds;
        tracker->has_begun = 1;
    } else {
        for (size_t k = 0; k < n_new; k++) hr_free(tracker->tracks[tracker->n_tracks + k]);
    }
    hr_pairing_free(&pairing);
    return status;
}
