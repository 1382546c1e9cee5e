/*
 * video_find.c - hrnet_video_find: the stages of hrnet_pictures_run for the frames of a video. A frame is read (load),
 * given the boxes of tracks if the detector does not look at it (aim), and after its people are found they get their
 * tracks and are smoothed (found). Tracks need the frames in order, which aim and found have.
 */
#include <stdio.h>

#include "base/mem.h"
#include "pose/people.h"
#include "session/finder.h"
#include "session/picture_ring.h"
#include "track/wanted_boxes.h"
#include "video/video_internal.h"

/* Frames that the detector and the pose network have together without tracks, which need one frame after the other;
 * most of the gain of a batch is there with 4. */
enum { GROUP = 4, FIRST_BOXES = 64 };

typedef struct video_search {
    hrnet_video *video;
    hrnet_finder *finder;
    hrnet_video_find_options options;
    hrnet_track_box *boxes; /* [capacity] scratch: where tracks are expected */
    int capacity;
    double seconds;       /* of the frame that people are looked for in */
    hrnet_status reading; /* of the call that failed */
    char reason[1024];
} video_search;

static int n_joints_of(const video_search *s)
{
    return s->finder->session != NULL ? s->finder->info.n_joints : 0;
}

static size_t map_floats_of(const video_search *s)
{
    return s->finder->session != NULL ? hr_finder_map_floats(s->finder) : 0;
}

/* ---------------------------------------------------------------------------------------------- reading */

static hrnet_status take_frame(video_search *s, const hrnet_frame *frame, hrnet_picture *picture)
{
    hrnet_people *const people = &picture->people;
    HR_TRY(hrnet_people_create(people, s->video->path, 0, 0));
    people->width = frame->pixels.width;
    people->height = frame->pixels.height;
    people->frame = people->image_id = frame->index + 1;
    people->has_image_id = 1;
    people->seconds = picture->seconds = frame->seconds;
    picture->pts = frame->pts;
    if (frame->is_damaged) picture->warning = hr_people_text(people, "parts of the frame are damaged");
    if (s->options.drop_late) return hrnet_image_copy(&picture->image, &frame->pixels);
    picture->pixels = frame->pixels;
    return HRNET_OK;
}

/* A failure ends the run as the end of the video does, so that the frames before it are finished; it is told then. */
static hrnet_status load(void *context, size_t index, hrnet_picture *picture)
{
    video_search *const s = context;
    hrnet_frame frame;
    (void)index;
    s->reading = hrnet_video_next(s->video, &frame);
    if (s->reading != HRNET_OK) snprintf(s->reason, sizeof s->reason, "%s", hrnet_last_error());
    if (s->reading != HRNET_OK || frame.pixels.width == 0) return HRNET_OK;
    return take_frame(s, &frame, picture);
}

/* ---------------------------------------------------------------------------------------------- tracks */

/* Where tracks are expected, without those whom `found` (may be NULL) has: *n of s->boxes. */
static hrnet_status expect(video_search *s, double seconds, const hrnet_people *found, int *n)
{
    HR_TRY(hrnet_tracker_boxes(s->options.tracker, seconds, found, s->boxes, s->capacity, n));
    if (*n <= s->capacity) return HRNET_OK;
    const size_t capacity = (size_t)*n > FIRST_BOXES ? (size_t)*n : FIRST_BOXES;
    hrnet_track_box *const boxes = hr_resize(s->boxes, (size_t)s->capacity, capacity, sizeof *boxes);
    if (boxes == NULL) return hr_fail_memory(capacity * sizeof *boxes);
    s->boxes = boxes;
    s->capacity = (int)capacity;
    return hrnet_tracker_boxes(s->options.tracker, seconds, found, s->boxes, s->capacity, n);
}

static void set_persons(hrnet_people *people, const hrnet_track_box *boxes)
{
    for (int i = 0; i < people->n_persons; i++) {
        hrnet_pose *const one = &people->persons[i];
        one->box = boxes[i].box;
        one->box_score = boxes[i].score;
        one->track = boxes[i].track;
    }
}

static hrnet_status aim(void *context, hrnet_picture *picture)
{
    video_search *const s = context;
    const hrnet_video_find_options *const o = &s->options;
    int n;
    s->seconds = picture->seconds;
    if (o->aim != NULL) HR_TRY(o->aim(o->context, picture));
    if (picture->people.status != HRNET_OK || picture->has_boxes) return HRNET_OK;
    if (o->detect_every <= 1 || picture->index % (size_t)o->detect_every == 0) return HRNET_OK;
    HR_TRY(expect(s, picture->seconds, NULL, &n));
    HR_TRY(hrnet_people_add(&picture->people, n, n_joints_of(s)));
    set_persons(&picture->people, s->boxes);
    picture->has_boxes = 1;
    return HRNET_OK;
}

/* Poses are looked for in those of the detector's boxes alone that can get a track. */
static hrnet_status choose(void *context, hrnet_objects *objects)
{
    const video_search *const s = context;
    return hr_tracker_choose(s->options.tracker, s->seconds, objects);
}

/* Look for the poses of tracks that the detector missed, and put them behind the others. */
static hrnet_status follow_missed(video_search *s, hrnet_picture *picture)
{
    hrnet_people *const people = &picture->people, missed = {0};
    const hrnet_pixels pixels = picture->image.rgb != NULL ? hrnet_image_pixels(&picture->image) : picture->pixels;
    int n;
    HR_TRY(expect(s, picture->seconds, people, &n));
    if (n == 0) return HRNET_OK;
    HR_TRY(hrnet_people_create(&missed, people->name, n, n_joints_of(s)));
    set_persons(&missed, s->boxes);
    hrnet_status status = hrnet_people_pose(s->finder, &pixels, 1, &missed);
    if (status == HRNET_OK) status = hr_people_append(people, &missed, map_floats_of(s));
    hrnet_people_free(&missed);
    return status;
}

static hrnet_status found(void *context, hrnet_picture *picture)
{
    video_search *const s = context;
    const hrnet_video_find_options *const o = &s->options;
    hrnet_people *const people = &picture->people;
    if (people->status != HRNET_OK || o->tracker == NULL) return HRNET_OK;
    if (!picture->has_boxes && s->finder->session != NULL) HR_TRY(follow_missed(s, picture));
    HR_TRY(hrnet_tracker_update(o->tracker, people, picture->seconds));
    hr_people_drop_untracked(people, map_floats_of(s));
    return o->smoother != NULL ? hrnet_smoother_update(o->smoother, people, picture->seconds) : HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- the caller's stages */

static hrnet_status draw(void *context, hrnet_picture *picture)
{
    const hrnet_video_find_options *const o = &((const video_search *)context)->options;
    if (picture->image.rgb == NULL && picture->pixels.width > 0)
        HR_TRY(hrnet_image_copy(&picture->image, &picture->pixels));
    return o->draw(o->context, picture);
}

static hrnet_status write_frame(void *context, hrnet_picture *picture)
{
    const hrnet_video_find_options *const o = &((const video_search *)context)->options;
    return o->write(o->context, picture);
}

static hrnet_status done(void *context, const hrnet_picture *picture)
{
    const hrnet_video_find_options *const o = &((const video_search *)context)->options;
    return o->done != NULL ? o->done(o->context, picture) : HRNET_OK;
}

static int is_cancelled(void *context)
{
    const hrnet_video_find_options *const o = &((const video_search *)context)->options;
    return o->cancelled(o->context);
}

/* ---------------------------------------------------------------------------------------------- the run */

static hrnet_status check(const hrnet_finder *finder, const hrnet_video_find_options *o)
{
    HR_TRY(HR_CHECK_RESERVED(o, "hrnet_video_find_options"));
    if (o->detect_every < 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "detect_every: expected at least 1, found %d", o->detect_every);
    if (o->detect_every > 1 && (o->tracker == NULL || finder->session == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "detect_every %d: expected a tracker and a pose network to follow people by",
                       o->detect_every);
    if (o->smoother != NULL && (o->tracker == NULL || finder->session == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "a smoother: expected a tracker, and a pose network");
    return HRNET_OK;
}

hrnet_status hrnet_video_find(hrnet_video *video, hrnet_finder *finder, const hrnet_video_find_options *options)
{
    static const hrnet_video_find_options defaults;
    if (video == NULL || finder == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_video_find: video or finder is NULL");
    const hrnet_video_find_options *const o = options != NULL ? options : &defaults;
    HR_TRY(check(finder, o));
    video_search s = {.video = video, .finder = finder, .options = *o};
    const hrnet_pictures_options how = {.n = SIZE_MAX,
                                        .load = load,
                                        .aim = aim,
                                        .found = found,
                                        .draw = o->draw != NULL ? draw : NULL,
                                        .write = o->write != NULL ? write_frame : NULL,
                                        .done = done,
                                        .in_order = 1,
                                        .newest = o->drop_late != 0,
                                        .workers = o->workers,
                                        .group = o->tracker != NULL || o->drop_late ? 1 : GROUP,
                                        .ahead = o->drop_late ? 0 : video->options.n_valid,
                                        .memory_limit = o->memory_limit,
                                        .cancelled = o->cancelled != NULL ? is_cancelled : NULL,
                                        .context = &s};
    /* frames that are done are let go, which counts when they are large */
    const int n_valid = video->options.n_valid, most = (int)hr_pictures_most(finder, &how);
    video->options.n_valid = o->drop_late ? 1 : most < n_valid ? most : n_valid;
    hr_finder_choose_by(finder, o->tracker != NULL && finder->session != NULL ? choose : NULL, &s);
    const hrnet_status status = hrnet_pictures_run(finder, &how);
    hr_finder_choose_by(finder, NULL, NULL);
    video->options.n_valid = n_valid;
    hr_free(s.boxes);
    if (status != HRNET_OK) return status;
    return s.reading == HRNET_OK ? HRNET_OK : hr_fail(s.reading, "%s", s.reason);
}
