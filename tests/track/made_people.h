/*
 * made_people.h - people of a test's own making: boxes, and poses of 17 keypoints that swing their legs. The first
 * persons of a picture have memory of their own in a made_picture.
 */
#ifndef MADE_PEOPLE_H
#define MADE_PEOPLE_H

#include <math.h>
#include <string.h>

#include <hrnet_track.h>

#include "base/rng.h"

enum { MADE_MOST = 24, MADE_KEYPOINTS = 17 };

typedef struct made_picture {
    hrnet_people people;
    hrnet_pose persons[MADE_MOST];
    hrnet_keypoint keypoints[MADE_MOST][MADE_KEYPOINTS];
} made_picture;

/* An empty picture of people with poses, or of boxes alone. */
static inline void made_begin(made_picture *picture, int with_poses)
{
    memset(picture, 0, sizeof *picture);
    picture->people.name = "picture";
    picture->people.persons = picture->persons;
    picture->people.n_keypoints = with_poses ? MADE_KEYPOINTS : 0;
}

/* A pose that fills a box, at a phase of its step (radians). score: of every keypoint. */
static inline void made_pose(hrnet_keypoint *keypoints, hrnet_box box, double phase, float score)
{
    static const float places[MADE_KEYPOINTS][2] = {
        {0.5f, 0.08f}, {0.47f, 0.06f}, {0.53f, 0.06f}, {0.44f, 0.07f}, {0.56f, 0.07f}, {0.3f, 0.2f},
        {0.7f, 0.2f},  {0.25f, 0.35f}, {0.75f, 0.35f}, {0.25f, 0.5f},  {0.75f, 0.5f},  {0.4f, 0.52f},
        {0.6f, 0.52f}, {0.4f, 0.75f},  {0.6f, 0.75f},  {0.4f, 0.96f},  {0.6f, 0.96f}};
    for (int k = 0; k < MADE_KEYPOINTS; k++) {
        const int is_left = k % 2;
        const double swing = k >= 13 ? 0.2 * sin(phase) * (is_left ? 1 : -1) * (k >= 15 ? 1 : 0.5) : 0;
        keypoints[k] =
            (hrnet_keypoint){box.x + (places[k][0] + (float)swing) * box.w, box.y + places[k][1] * box.h, score};
    }
}

/* Add a person; returns its index. */
static inline int made_add(made_picture *picture, hrnet_box box, float box_score, double phase)
{
    const int i = picture->people.n_persons++;
    picture->persons[i] = (hrnet_pose){.box = box, .box_score = box_score, .score = box_score};
    if (picture->people.n_keypoints > 0) {
        picture->persons[i].keypoints = picture->keypoints[i];
        made_pose(picture->keypoints[i], box, phase, 0.7f);
    }
    return i;
}

/* A box with errors of a detector: normal, of `error` heights. */
static inline hrnet_box made_error(hrnet_box box, float error, uint64_t stream, uint64_t index)
{
    const float scale = error * box.h;
    return (hrnet_box){box.x + scale * hr_random_normal(stream, 4 * index),
                       box.y + scale * hr_random_normal(stream, 4 * index + 1),
                       fmaxf(1, box.w + scale * hr_random_normal(stream, 4 * index + 2)),
                       fmaxf(1, box.h + scale * hr_random_normal(stream, 4 * index + 3))};
}

static inline hrnet_tracker *made_tracker(const hrnet_tracker_options *options)
{
    hrnet_tracker *tracker = NULL;
    assert_int_equal(hrnet_tracker_create(&tracker, options), HRNET_OK);
    return tracker;
}

#endif
