/* smoother.c - One-Euro filters for every keypoint of every track. */
#include <math.h>
#include <string.h>

#include <hrnet_track.h>

#include "base/mem.h"
#include "base/status.h"
#include "pose/skeleton.h"
#include "track/box_kalman.h"
#include "track/one_euro.h"

enum { MOST_ABSENT = 256 }; /* tracks that are remembered besides those of the last picture */

/* The filters of one keypoint. */
typedef struct smooth_joint {
    hr_one_euro x, y;
    double seconds, frequency; /* of the last sample; Hz, 0: not known yet */
} smooth_joint;

typedef struct smooth_track {
    uint32_t track;
    uint64_t update;       /* the last one that had it */
    double seconds;        /* of it */
    smooth_joint joints[]; /* [n_keypoints] */
} smooth_track;

struct hrnet_smoother {
    hr_one_euro_settings filter;
    double beta_of_rate; /* times the pictures a second is beta, where the caller gives none; else 0 */
    double joint, gap;
    int pixels;
    int n_keypoints;
    smooth_track **tracks; /* [n], by number */
    size_t n, capacity;
    uint64_t update; /* the current one, from 1 */
    double seconds;  /* of the last one */
    int has_begun;
};

/* ---------------------------------------------------------------------------------------------- making */

/* An option in place of its default: 0 is the default, below 0 means 0 where that is allowed. */
static hrnet_status take(double *setting, float option, int may_be_zero, double most, const char *name)
{
    if (!(option <= most) || (option < 0 && !may_be_zero)) /* or NaN */
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_smoother_options: %s: expected %s to %g, found %g", name,
                       may_be_zero ? "0" : "above 0", most, (double)option);
    if (option != 0) *setting = fmax(0, (double)option);
    return HRNET_OK;
}

static hrnet_status take_options(hrnet_smoother *s, const hrnet_smoother_options *options)
{
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_smoother_options"));
    HR_TRY(take(&s->filter.min_cutoff, options->min_cutoff, 0, 1e6, "min_cutoff"));
    HR_TRY(take(&s->filter.beta, options->beta, 1, 1e6, "beta"));
    if (options->beta != 0) s->beta_of_rate = 0;
    HR_TRY(take(&s->filter.d_cutoff, options->d_cutoff, 0, 1e6, "d_cutoff"));
    HR_TRY(take(&s->gap, options->gap, 0, 3600, "gap"));
    s->pixels = options->pixels != 0;
    if (isnan(options->joint)) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_smoother_options: joint is NaN");
    if (options->joint != 0) s->joint = options->joint < 0 ? -INFINITY : (double)options->joint;
    return HRNET_OK;
}

hrnet_status hrnet_smoother_create(hrnet_smoother **out, int n_keypoints, const hrnet_smoother_options *options)
{
    /* MODEL.md has what these were chosen for: a joint at rest, and a person who walks or turns round, at 10, 25 and 60
     * pictures a second. A fixed beta that is calm at 10 is more than a picture late at 60. */
    hrnet_smoother s = {.filter = {.min_cutoff = 0.1, .d_cutoff = 0.4},
                        .beta_of_rate = 0.4,
                        .joint = 0.2, /* IN_VIS_THRE of the published evaluation */
                        .gap = 0.5,   /* longer than a step or a wave of the hand takes */
                        .n_keypoints = n_keypoints};
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_smoother_create: out is NULL");
    if (n_keypoints < 1 || n_keypoints > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_smoother_create: %d keypoints, expected 1 to %d", n_keypoints,
                       HR_MAX_KEYPOINTS);
    if (options != NULL) HR_TRY(take_options(&s, options));
    hrnet_smoother *made;
    HR_NEW(made, 1);
    *made = s;
    *out = made;
    return HRNET_OK;
}

void hrnet_smoother_reset(hrnet_smoother *smoother)
{
    if (smoother == NULL) return;
    for (size_t i = 0; i < smoother->n; i++) hr_free(smoother->tracks[i]);
    smoother->n = 0;
    smoother->has_begun = 0;
}

void hrnet_smoother_free(hrnet_smoother *smoother)
{
    if (smoother == NULL) return;
    hrnet_smoother_reset(smoother);
    hr_free(smoother->tracks);
    hr_free(smoother);
}

/* ---------------------------------------------------------------------------------------------- tracks */

/* The index of a track in the list, or of the first with a larger number. */
static size_t position_of(const hrnet_smoother *s, uint32_t track)
{
    size_t low = 0, high = s->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (s->tracks[middle]->track < track)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int is_smoothed(const hrnet_pose *person)
{
    return person->track != 0 && person->status == HRNET_OK && person->keypoints != NULL;
}

/* Filters for a person's track. HRNET_ERR_ARGUMENT if this update has given them to another person. */
static hrnet_status find_track(hrnet_smoother *s, uint32_t track, double seconds)
{
    const size_t at = position_of(s, track),
                 n_bytes = sizeof(smooth_track) + (size_t)s->n_keypoints * sizeof(smooth_joint);
    if (at == s->n || s->tracks[at]->track != track) {
        HR_GROW(s->tracks, s->n, s->capacity);
        smooth_track *const made = hr_calloc(1, n_bytes);
        if (made == NULL) return hr_fail_memory(n_bytes);
        made->track = track;
        made->seconds = seconds;
        memmove(s->tracks + at + 1, s->tracks + at, (s->n - at) * sizeof(smooth_track *));
        s->tracks[at] = made;
        s->n++;
    }
    if (s->tracks[at]->update == s->update)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_smoother_update: two persons have track %u", (unsigned)track);
    s->tracks[at]->update = s->update;
    return HRNET_OK;
}

/* Drop tracks whose joints would begin anew, and of too many absent ones those with the lowest numbers, which are the
 * oldest. */
static void forget(hrnet_smoother *s, double seconds)
{
    size_t n = 0, n_absent = 0;
    for (size_t i = 0; i < s->n; i++) n_absent += s->tracks[i]->update != s->update;
    for (size_t i = 0; i < s->n; i++) {
        smooth_track *const one = s->tracks[i];
        const int is_absent = one->update != s->update;
        if (is_absent && (n_absent > MOST_ABSENT || seconds - one->seconds > s->gap)) {
            n_absent--;
            hr_free(one);
        } else {
            s->tracks[n++] = one;
        }
    }
    s->n = n;
}

/* ---------------------------------------------------------------------------------------------- smoothing */

/* length: the unit of speeds in pixels. */
static void smooth_keypoint(const hrnet_smoother *s, double length, smooth_joint *joint, hrnet_keypoint *point,
                            double seconds)
{
    /* Samples closer than this come at one time, as frames with a broken timestamp do. The author's filter then goes on
     * at the frequency that it had; the speed would not be finite. */
    const double shortest = 1e-6;
    const double passed = seconds - joint->seconds;
    if (!(point->score >= s->joint) || !isfinite(point->x) || !isfinite(point->y)) return;
    if (joint->x.has_begun && passed >= shortest) joint->frequency = 1 / passed;
    if (passed > s->gap || joint->frequency == 0) *joint = (smooth_joint){0}; /* begins anew */
    joint->seconds = seconds;
    hr_one_euro_settings filter = s->filter;
    filter.beta = (filter.beta + s->beta_of_rate * joint->frequency) / length;
    point->x = (float)hr_one_euro_filter(&joint->x, &filter, point->x, joint->frequency);
    point->y = (float)hr_one_euro_filter(&joint->y, &filter, point->y, joint->frequency);
}

static void smooth_person(hrnet_smoother *s, hrnet_pose *person, double seconds)
{
    smooth_track *const track = s->tracks[position_of(s, person->track)];
    track->seconds = seconds;
    if (!s->pixels && !hr_box_is_good(person->box)) return;
    const double length = s->pixels ? 1 : (double)person->box.h;
    for (int k = 0; k < s->n_keypoints; k++)
        smooth_keypoint(s, length, &track->joints[k], &person->keypoints[k], seconds);
}

static hrnet_status check_update(const hrnet_smoother *s, const hrnet_people *people, double seconds)
{
    if (s == NULL || people == NULL || people->n_persons < 0 || (people->n_persons > 0 && people->persons == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "hrnet_smoother_update: an argument is NULL, or people has no list of persons");
    if (!isfinite(seconds) || (s->has_begun && seconds < s->seconds))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_smoother_update: time %g s, expected %g s or later", seconds,
                       s->has_begun ? s->seconds : 0);
    HR_TRY(HR_CHECK_RESERVED(people, "hrnet_people"));
    if (people->n_persons > 0 && people->n_keypoints != s->n_keypoints)
        return hr_fail(HRNET_ERR_MISMATCH, "hrnet_smoother_update: expected %d keypoints a person, found %d",
                       s->n_keypoints, people->n_keypoints);
    return HRNET_OK;
}

hrnet_status hrnet_smoother_update(hrnet_smoother *smoother, hrnet_people *people, double seconds)
{
    HR_TRY(check_update(smoother, people, seconds));
    smoother->update++;
    for (int i = 0; i < people->n_persons; i++)
        if (is_smoothed(&people->persons[i])) HR_TRY(find_track(smoother, people->persons[i].track, seconds));
    for (int i = 0; i < people->n_persons; i++)
        if (is_smoothed(&people->persons[i])) smooth_person(smoother, &people->persons[i], seconds);
    forget(smoother, seconds);
    smoother->seconds = seconds;
    smoother->has_begun = 1;
    return HRNET_OK;
}
