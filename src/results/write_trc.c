/*
 * write_trc.c - format trc: the marker file of OpenSim and Sports2D, with the keypoints of one track in pixels.
 *
 *   PathFileType  4  (X/Y/Z)  walk_px.trc
 *   DataRate  CameraRate  NumFrames  NumMarkers  Units  OrigDataRate  OrigDataStartFrame  OrigNumFrames
 *   60        60          100        17          px     60            1                   100
 *   Frame#    Time        Nose                LEye ...
 *                         X1    Y1    Z1      X2 ...
 *   1         0           74.77 346.2 0       ...
 *
 * Fields are divided by tabs. x runs right and y down, as in the picture; z is 0. A keypoint that was not found, or
 * whose score is below the threshold, is three empty fields, and so are those of frames without the track. The header
 * tells the number of frames, and the track is chosen when all are known, so the document is kept in memory up to its
 * end: 8 bytes a keypoint.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "results/writer.h"

/* A person with a track in one frame. */
typedef struct sighting {
    size_t frame; /* index of the frame in the document */
    uint32_t track;
} sighting;

typedef struct marker {
    float x, y; /* NAN: not found */
} marker;

typedef struct document_frame {
    int64_t number;
    double seconds;
} document_frame;

struct hr_trc {
    sighting *sightings;
    size_t n_sightings, sightings_capacity;
    marker *points; /* of every sighting, one a keypoint */
    size_t n_points, points_capacity;
    document_frame *frames;
    size_t n_frames, frames_capacity;
};

/* ---------------------------------------------------------------------------------------------- collecting */

static hrnet_status add_points(hr_trc *trc, const hrnet_results_writer *w, const hrnet_pose *who)
{
    for (int k = 0; k < w->options.skeleton->n_keypoints; k++) {
        const hrnet_keypoint *const from = &who->keypoints[k];
        HR_GROW(trc->points, trc->n_points, trc->points_capacity);
        trc->points[trc->n_points++] = from->score >= w->options.threshold && isfinite(from->x) && isfinite(from->y)
                                           ? (marker){from->x, from->y}
                                           : (marker){NAN, NAN};
    }
    return HRNET_OK;
}

static hrnet_status collect(hr_trc *trc, const hrnet_results_writer *w, const hrnet_people *people)
{
    HR_GROW(trc->frames, trc->n_frames, trc->frames_capacity);
    const int64_t number = people->frame > 0 ? people->frame : (int64_t)trc->n_frames + 1;
    trc->frames[trc->n_frames++] = (document_frame){number, people->seconds};
    for (int i = 0; i < people->n_persons; i++) {
        const hrnet_pose *const who = &people->persons[i];
        const int is_wanted = w->options.track == 0 || w->options.track == who->track;
        if (!hr_pose_is_good(who) || who->track == 0 || !is_wanted) continue;
        HR_GROW(trc->sightings, trc->n_sightings, trc->sightings_capacity);
        trc->sightings[trc->n_sightings++] = (sighting){trc->n_frames - 1, who->track};
        HR_TRY(add_points(trc, w, who));
    }
    return HRNET_OK;
}

static void add(hrnet_results_writer *w, const hrnet_people *people)
{
    if (w->trc == NULL) w->trc = hr_calloc(1, sizeof *w->trc);
    if (w->trc == NULL || collect(w->trc, w, people) != HRNET_OK) w->json.text.failed = 1;
}

void hr_trc_free(hr_trc *trc)
{
    if (trc == NULL) return;
    hr_free(trc->sightings);
    hr_free(trc->points);
    hr_free(trc->frames);
    hr_free(trc);
}

/* ---------------------------------------------------------------------------------------------- choosing */

static int by_track(const void *a, const void *b)
{
    const uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

/* The track that was seen in most frames, the first of several; how many others there are. 0: nobody had one. */
static hrnet_status choose_track(const hr_trc *trc, uint32_t *chosen, int *n_others)
{
    const size_t n = trc->n_sightings;
    uint32_t *tracks;
    size_t most = 0;
    *chosen = 0;
    *n_others = 0;
    HR_NEW(tracks, n);
    for (size_t i = 0; i < n; i++) tracks[i] = trc->sightings[i].track;
    qsort(tracks, n, sizeof *tracks, by_track);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && tracks[end] == tracks[i]; end++) {
        }
        *n_others += i > 0;
        if (end - i <= most) continue;
        most = end - i;
        *chosen = tracks[i];
    }
    hr_free(tracks);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- writing */

static void add_number(hr_text *text, double value, int digits)
{
    char number[HR_NUMBER_TEXT];
    hr_number_digits(value, digits, number);
    hr_text_add(text, "\t%s", number);
}

/* A keypoint's name as biomechanics writes markers: left_big_toe is LBigToe. */
static void add_marker(hr_text *text, const char *name)
{
    int begins = 1;
    if (strncmp(name, "left_", 5) == 0 || strncmp(name, "right_", 6) == 0) {
        hr_text_add(text, "%c", toupper((unsigned char)*name));
        name = strchr(name, '_') + 1;
    }
    for (; *name != '\0'; name++) {
        const int is_space = *name == '_' || isspace((unsigned char)*name);
        if (!is_space) hr_text_add(text, "%c", begins ? toupper((unsigned char)*name) : *name);
        begins = is_space;
    }
}

/* Frames a second: how many intervals lie between the first and the last. */
static double rate_of(const hr_trc *trc)
{
    if (trc->n_frames < 2) return 0;
    const double seconds = trc->frames[trc->n_frames - 1].seconds - trc->frames[0].seconds;
    return seconds > 0 ? (double)(trc->n_frames - 1) / seconds : 0;
}

static void add_header(hrnet_results_writer *w, const hr_trc *trc)
{
    hr_text *const text = &w->json.text;
    const hrnet_skeleton *const skeleton = w->options.skeleton;
    const char *const slash = strrchr(w->name, '/');
    char rate[HR_NUMBER_TEXT];
    hr_number_digits(rate_of(trc), 6, rate);
    hr_text_add(text, "PathFileType\t4\t(X/Y/Z)\t%s\n", slash != NULL ? slash + 1 : w->name);
    hr_text_add(text, "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
                      "OrigNumFrames\n");
    hr_text_add(text, "%s\t%s\t%zu\t%d\tpx\t%s\t1\t%zu\nFrame#\tTime", rate, rate, trc->n_frames, skeleton->n_keypoints,
                rate, trc->n_frames);
    for (int k = 0; k < skeleton->n_keypoints; k++) {
        hr_text_add(text, k == 0 ? "\t" : "\t\t\t");
        add_marker(text, skeleton->keypoint_names[k]);
    }
    hr_text_add(text, "\t\t\n\t");
    for (int k = 1; k <= skeleton->n_keypoints; k++) hr_text_add(text, "\tX%d\tY%d\tZ%d", k, k, k);
    hr_text_add(text, "\n");
}

static void add_row(hr_text *text, const document_frame *frame, const marker *points, int n)
{
    hr_text_add(text, "%lld", (long long)frame->number);
    add_number(text, frame->seconds, 9);
    for (int k = 0; k < n; k++) {
        if (points == NULL || isnan(points[k].x)) {
            hr_text_add(text, "\t\t\t");
            continue;
        }
        add_number(text, (double)points[k].x, 7);
        add_number(text, (double)points[k].y, 7);
        hr_text_add(text, "\t0");
    }
    hr_text_add(text, "\n");
}

static void end(hrnet_results_writer *w)
{
    static const hr_trc nothing;
    const hr_trc *const trc = w->trc != NULL ? w->trc : &nothing;
    const int n = w->options.skeleton->n_keypoints;
    size_t next = 0;
    if (choose_track(trc, &w->track, &w->n_other_tracks) != HRNET_OK) w->json.text.failed = 1;
    add_header(w, trc);
    for (size_t frame = 0; frame < trc->n_frames; frame++) {
        const marker *points = NULL;
        for (; next < trc->n_sightings && trc->sightings[next].frame == frame; next++)
            if (trc->sightings[next].track == w->track) points = &trc->points[next * (size_t)n];
        add_row(&w->json.text, &trc->frames[frame], points, n);
    }
}

const hr_results_writing hr_write_trc = {
    .info = {.name = "trc", .ending = "_px.trc"}, .add = add, .end = end, .needs_keypoints = 1};
