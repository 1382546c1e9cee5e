/* track_settings.c - the tracker's defaults, all in one table, and checks of the caller's options. */
#include "track/track_settings.h"

#include <math.h>

#include "base/status.h"

/* Defaults of all methods. Published ones (ByteTrack: high 0.6, low 0.1, start 0.7) are for a large detector that was
 * trained on the very kind of pictures and gives people 0.6 and more. Ours are for small ones, which give many people
 * 0.2 to 0.5. "Made up" in the reasons: chosen on made-up walks with such scores at 5, 10 and 25 pictures a second
 * (MODEL.md). */
static const hr_track_settings defaults = {
    .high = 0.3,      /* made up: recall is worth more here than precision, as tracks must be confirmed */
    .low = 0.1,       /* as published */
    .start = 0.4,     /* a little above high, as published */
    .fuse_scores = 1, /* as published; made up: a box of a low score is false more often, and must fit better */
    .lost = 0.1,   /* 0 as published. Made up: who passes a lost track keeps their own, which a filter may lag behind */
    .confirm = 1,  /* made up: two boxes of 0.5 or more, which is the published second match, but three of 0.4 */
    .recent = 0.5, /* seconds; 0 as published. Made up: scores move around `high`, and after a missed picture or two a
                       low box where the track is expected is still that person */
    .certain = 0.1, /* this and the next on pedestrians at 1 to 10 pictures a second (MODEL.md): who walks on behind */
    .widen = 0.75,  /* something, or between two pictures, is seen beside where they were expected */
    .buffer = 2,    /* seconds; published: 30 frames at 30 a second. Made up: weak detectors miss people for longer */
    .follow = 3,    /* seconds. A pose network finds joints in any box: a detector must agree now and then */
    .joint = 0.2,   /* IN_VIS_THRE of the published evaluation of poses */
    .followed_score = 0.25, /* of all keypoints together, so below what a half-hidden person needs to be drawn */
    .followed_same = 0.7,   /* below the 0.9 of the published suppression, as poses of two crops differ more */
    .expected = 0.3,        /* mmpose's tracking_thr: who overlaps that much is the same person */
    .covered = 0.2,         /* behind somebody the pose network finds the one in front */
    .twice = 0.85,          /* as published */
};

/* Least similarities of the three stages. ByteTrack's are 1 - 0.8 (its demonstration), 1 - 0.5, 1 - 0.7. OKS falls
 * faster than IoU: of a person 0.2 heights away, IoU is about 0.3 and OKS 0.1. mmpose's rule has one, its tracking_thr.
 */
static const struct {
    double match, low, new;
} least[] = {
    [HRNET_TRACK_BYTE] = {0.2, 0.5, 0.3}, [HRNET_TRACK_OKS] = {0.1, 0.3, 0.2}, [HRNET_TRACK_IOU] = {.match = 0.3}};

/* Put an option in the place of a default: 0 leaves it, below 0 means 0. */
static hrnet_status take(double *setting, float option, double most, const char *name)
{
    if (!(option <= most)) /* or NaN */
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_options: %s: expected at most %g, found %g", name, most,
                       (double)option);
    if (option != 0) *setting = fmax(0, (double)option);
    return HRNET_OK;
}

static hrnet_status take_all(hr_track_settings *s, const hrnet_tracker_options *options)
{
    HR_TRY(take(&s->high, options->high, 1, "high"));
    HR_TRY(take(&s->low, options->low, 1, "low"));
    HR_TRY(take(&s->start, options->start, 1, "start"));
    HR_TRY(take(&s->match, options->match, 1, "match"));
    HR_TRY(take(&s->match_low, options->match_low, 1, "match_low"));
    HR_TRY(take(&s->match_new, options->match_new, 1, "match_new"));
    HR_TRY(take(&s->confirm, options->confirm, 1e6, "confirm"));
    HR_TRY(take(&s->buffer, options->buffer, 3600, "buffer"));
    HR_TRY(take(&s->follow, options->follow, 3600, "follow"));
    HR_TRY(take(&s->joint, options->joint, 1e6, "joint"));
    if (options->no_fuse) s->fuse_scores = 0;
    if (s->low > s->high)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_options: low is %g, expected at most high, which is %g",
                       s->low, s->high);
    return HRNET_OK;
}

hrnet_status hr_track_settings_make(hr_track_settings *out, const hrnet_tracker_options *options)
{
    if ((unsigned)options->method >= sizeof least / sizeof *least)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_tracker_options: unknown method %d", (int)options->method);
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_tracker_options"));
    hr_track_settings s = defaults;
    s.method = options->method;
    s.match = least[s.method].match;
    s.match_low = least[s.method].low;
    s.match_new = least[s.method].new;
    HR_TRY(take_all(&s, options));
    *out = s;
    return HRNET_OK;
}
