/* video_run.c - opens a video, gives it tracks and smoothing, counts what happens, and tells it at the end. */
#include "video_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "model_options.h"
#include "progress.h"
#include "tool.h"
#include "video_summary.h"
#include "video_view.h"

/* Frames on their way: more than the stages hold, so that each always has one. */
enum { N_VALID = 24, MOST_MESSAGES = 10 };

typedef struct state {
    const video_run *run;
    hrnet_tracker *tracker;
    hrnet_smoother *smoother;
    video_view *view; /* NULL: nothing is shown */
    double rate_from; /* the frame rate that is shown: of n_rated frames since then, on the writing thread alone */
    size_t n_rated;
    float rate;
    double delays, most_delay; /* seconds, the sum and the longest, see note_delay */
    progress shown;
    video_summary summary; /* empty unless it is wanted */
    size_t n_frames, n_people, n_damaged, n_dropped, n_messages;
    size_t n_other_size;                      /* frames of another size than the video's */
    int width, height;                        /* which is this */
    size_t n_cut, n_over_limit, n_not_finite; /* frames with such */
    int n_failed;
} state;

static int is_cancelled(void *context)
{
    (void)context;
    return interrupt_signal() != 0 || video_view_is_over();
}

/* ---------------------------------------------------------------------------------------------- opening */

/* --fps means nothing to a file, whose timestamps count. */
static int check_fps(const char *path, const hrnet_video *video, const video_settings *asked)
{
    const hrnet_video_info info = hrnet_video_get_info(video);
    const int has_rate = strstr(info.format, "v4l2") == NULL && strncmp(info.format, "image2", 6) != 0;
    if (asked->fps == 0 || !has_rate) return 0;
    return tool_usage("--fps goes with a camera or a sequence of pictures; %s (%s) has timestamps of its own", path,
                      info.format);
}

int video_run_open(hrnet_video **out, const char *path, const video_settings *asked, int threads, int keep_audio,
                   int *quiet)
{
    hrnet_video_options how = {.n_valid = N_VALID,
                               .threads = threads,
                               .keep_audio = keep_audio,
                               .cancelled = is_cancelled,
                               .on_message = network_message,
                               .context = quiet};
    int status = video_options_reading(asked, &how);
    if (status != 0) return status;
    if (hrnet_video_open(out, path, &how) != HRNET_OK) return tool_failed();
    return check_fps(path, *out, asked);
}

static int open_tracks(state *s)
{
    static const hrnet_track_method methods[] = {
        [TRACK_IOU] = HRNET_TRACK_IOU, [TRACK_OKS] = HRNET_TRACK_OKS, [TRACK_BYTE] = HRNET_TRACK_BYTE};
    const video_settings *const asked = s->run->asked;
    const int track = asked->track >= 0 ? asked->track : TRACK_BYTE;
    if (track == TRACK_OFF) return 0;
    const hrnet_tracker_options how = {.method = methods[track], .skeleton = s->run->to->how.skeleton};
    if (hrnet_tracker_create(&s->tracker, &how) != HRNET_OK) return tool_failed();
    if (asked->smooth == SMOOTH_OFF) return 0;
    return hrnet_smoother_create(&s->smoother, s->run->n_keypoints, NULL) != HRNET_OK ? tool_failed() : 0;
}

/* Frames that there will be, as far as that is known; 0: it is not. */
static size_t expected_frames(const video_run *run)
{
    const hrnet_video_info info = hrnet_video_get_info(run->video);
    const video_settings *const asked = run->asked;
    double n = (double)info.n_frames;
    if (info.is_live) return 0;
    if (asked->from > 0 || asked->to > 0) {
        if (info.fps <= 0 || (info.duration <= 0 && asked->to == 0)) return 0;
        double end = asked->to > 0 ? (double)asked->to : info.duration;
        if (info.duration > 0 && end > info.duration) end = info.duration;
        n = (end - (double)asked->from) * info.fps;
    }
    if (asked->every > 1) n /= asked->every;
    return n > 0 ? (size_t)(n + 0.5) : 0;
}

/* ---------------------------------------------------------------------------------------------- stages */

static int needs_background(const state *s)
{
    const video_settings *const asked = s->run->asked;
    return asked->tracks != NULL && !asked->no_background;
}

/* Given boxes, the same in every frame. */
static hrnet_status give_boxes(const video_run *run, hrnet_picture *picture)
{
    hrnet_people *const people = &picture->people;
    const hrnet_box whole = {0, 0, (float)people->width, (float)people->height};
    const hrnet_detection *given;
    if (people->status != HRNET_OK) return HRNET_OK;
    const size_t n = boxes_of(run->where, run->path, &given);
    const hrnet_status status = hrnet_people_add(people, (int)n, run->n_keypoints);
    if (status != HRNET_OK) return status;
    picture->has_boxes = 1;
    for (size_t i = 0; i < n; i++) people->persons[i].box = given[i].box.w > 0 ? given[i].box : whole;
    return HRNET_OK;
}

/* The first frame before it is drawn on, and boxes. */
static hrnet_status aim(void *context, hrnet_picture *picture)
{
    state *const s = context;
    if (picture->people.status == HRNET_OK && needs_background(s) && s->summary.background.rgb == NULL) {
        const hrnet_pixels pixels = picture->image.rgb != NULL ? hrnet_image_pixels(&picture->image) : picture->pixels;
        const hrnet_status status = hrnet_image_copy(&s->summary.background, &pixels);
        if (status != HRNET_OK) return status;
    }
    return s->run->where != NULL ? give_boxes(s->run, picture) : HRNET_OK;
}

static hrnet_status draw(void *context, hrnet_picture *picture)
{
    return video_target_draw(((const state *)context)->run->to, picture);
}

/* Show a frame, with the frames a second of the last second and how long ago this one was read. */
static void show(state *s, const hrnet_picture *picture)
{
    char line[96], rate[32] = "";
    const double now = tool_seconds();
    if (s->n_rated == 0) s->rate_from = now;
    if (now - s->rate_from >= 1) {
        s->rate = (float)((double)s->n_rated / (now - s->rate_from));
        s->rate_from = now;
        s->n_rated = 0;
    }
    s->n_rated++;
    if (s->rate > 0) snprintf(rate, sizeof rate, ", %.1f frames/s", (double)s->rate);
    snprintf(line, sizeof line, "frame %lld%s, %.0f ms", (long long)picture->people.frame, rate,
             (now - picture->loaded) * 1000);
    if (picture->image.rgb != NULL) video_view_show(s->view, &picture->image, picture->people.frame, line);
}

static int writes(const state *s)
{
    return s->run->to->writer != NULL || s->view != NULL;
}

/* How long after it was read a frame is through: on the thread that writes, or where nothing is written on run's. */
static void note_delay(state *s, const hrnet_picture *picture)
{
    const double delay = tool_seconds() - picture->loaded;
    s->delays += delay;
    if (delay > s->most_delay) s->most_delay = delay;
}

static hrnet_status write_frame(void *context, hrnet_picture *picture)
{
    state *const s = context;
    if (s->view != NULL) show(s, picture);
    const hrnet_status status = video_target_write(s->run->to, picture);
    note_delay(s, picture);
    return status;
}

/* One line of what went wrong in a frame, as long as there are few. */
static void tell(state *s, const hrnet_people *people, const char *what, const char *message)
{
    s->n_failed++;
    if (++s->n_messages <= MOST_MESSAGES)
        tool_error("%s: frame %lld: %s%s", people->name, (long long)people->frame, what,
                   message != NULL ? message : "failed");
    if (s->n_messages == MOST_MESSAGES) tool_error("(further failures of frames are only counted)");
}

static void count(state *s, const hrnet_picture *picture)
{
    const hrnet_people *const people = &picture->people;
    s->n_frames++;
    s->n_people += (size_t)people->n_persons;
    s->n_damaged += picture->warning != NULL;
    s->n_dropped += (size_t)picture->n_dropped;
    s->n_other_size += people->width != s->width || people->height != s->height;
    s->n_cut += people->is_cut != 0;
    s->n_over_limit += people->n_over_limit > 0;
    s->n_not_finite += people->n_not_finite > 0;
    if (people->status != HRNET_OK) tell(s, people, "", people->message);
    for (int i = 0; i < people->n_persons; i++)
        if (people->persons[i].status != HRNET_OK) tell(s, people, "a person: ", people->persons[i].message);
    if (picture->drawing != HRNET_OK) tell(s, people, "the drawing: ", picture->drawing_message);
}

static hrnet_status done(void *context, const hrnet_picture *picture)
{
    state *const s = context;
    const video_settings *const asked = s->run->asked;
    count(s, picture);
    if (asked->summary != NULL || asked->tracks != NULL) video_summary_add(&s->summary, &picture->people);
    progress_update(&s->shown, s->n_frames);
    if (!writes(s)) note_delay(s, picture);
    return video_target_add(s->run->to, &picture->people);
}

/* ---------------------------------------------------------------------------------------------- what there is to tell
 */

/* A file whose end is missing, as far as its head says how long it is. Edit lists leave out frames that it counts. */
static void tell_shortfall(const state *s, const hrnet_video_info *info)
{
    const video_settings *const asked = s->run->asked;
    const double expected = fmin((double)info->n_frames, info->duration * info->fps);
    const double found = (double)(info->n_read + info->n_corrupt);
    if (info->is_live || asked->from > 0 || asked->to > 0 || found >= 0.9 * expected - 1) return;
    tool_error("warning: %s: ends after %llu frames, expected %.0f: its end may be missing", s->run->path,
               (unsigned long long)info->n_read, expected);
}

/* has_ended: the video was read to its end. */
static void tell_warnings(const state *s, int has_ended)
{
    const char *const path = s->run->path;
    const hrnet_video_info info = hrnet_video_get_info(s->run->video);
    if (info.n_corrupt > 0)
        tool_error("warning: %s: %llu corrupt packets or frames%s%s", path, (unsigned long long)info.n_corrupt,
                   info.warning != NULL ? "; the first: " : "", info.warning != NULL ? info.warning : "");
    if (has_ended) tell_shortfall(s, &info);
    if (s->n_damaged > 0) tool_error("warning: %s: parts of %zu frames are damaged", path, s->n_damaged);
    if (s->n_other_size > 0)
        tool_error("warning: %s: %zu frames are of another size than %d x %d%s%s", path, s->n_other_size, s->width,
                   s->height, s->run->to->video != NULL ? "; they are scaled to fit in " : "",
                   s->run->to->video != NULL ? s->run->to->video : "");
    if (info.n_moved > 0)
        tool_error("warning: %s: %llu timestamps do not increase, and were moved behind the one before", path,
                   (unsigned long long)info.n_moved);
    if (info.n_audio_lost > 0)
        tool_error("warning: %s: %llu packets of audio were lost", path, (unsigned long long)info.n_audio_lost);
    if (s->n_cut > 0)
        tool_error("warning: %s: more people than --max-persons in %zu frames; the best are kept", path, s->n_cut);
    if (s->n_over_limit > 0)
        tool_error("warning: %s: in %zu frames not all boxes above the threshold were looked at (--det-threshold)",
                   path, s->n_over_limit);
    if (s->n_not_finite > 0)
        tool_error("warning: %s: in %zu frames boxes are no numbers or have no area, and are left out", path,
                   s->n_not_finite);
}

static void tell_totals(const state *s, double seconds)
{
    const hrnet_video_info info = hrnet_video_get_info(s->run->video);
    char tracks[48] = "", dropped[48] = "", again[48] = "", delay[96] = "";
    if (s->run->quiet) return;
    if (s->tracker != NULL)
        snprintf(tracks, sizeof tracks, " in %u tracks", (unsigned)hrnet_tracker_n_tracks(s->tracker));
    if (s->n_dropped > 0) snprintf(dropped, sizeof dropped, ", %zu dropped", s->n_dropped);
    if (info.n_reconnects > 0)
        snprintf(again, sizeof again, ", opened again %llu times", (unsigned long long)info.n_reconnects);
    if (info.is_live && s->n_frames > 0)
        snprintf(delay, sizeof delay, ", each %.0f ms after it was read, at most %.0f ms",
                 s->delays / (double)s->n_frames * 1000, s->most_delay * 1000);
    tool_error("%s: %zu frames%s, %zu people%s, %.1f frames a second%s%s", s->run->path, s->n_frames, dropped,
               s->n_people, tracks, (double)s->n_frames / (seconds + 1e-9), delay, again);
}

/* ---------------------------------------------------------------------------------------------- the run */

static hrnet_status find(state *s)
{
    const video_run *const run = s->run;
    const hrnet_video_find_options how = {.tracker = s->tracker,
                                          .smoother = s->smoother,
                                          .detect_every = run->asked->detect_every,
                                          .drop_late = hrnet_video_get_info(run->video).is_live,
                                          .aim = aim,
                                          .draw = video_target_draws(run->to) || s->view != NULL ? draw : NULL,
                                          .write = writes(s) ? write_frame : NULL,
                                          .done = done,
                                          .cancelled = is_cancelled,
                                          .context = s};
    return hrnet_video_find(run->video, run->finder, &how);
}

/* Open the window, if it is wanted. Returns 0, or an exit status after a message. */
static int open_view(state *s)
{
    const video_run *const run = s->run;
    const hrnet_video_info info = hrnet_video_get_info(run->video);
    if (!run->asked->show) return 0;
    s->view = video_view_open(run->path, run->to->stem, info.width, info.height);
    return s->view != NULL ? 0 : STATUS_FAILED;
}

/* Returns how many of the files could not be written. */
static int save_summary(const state *s)
{
    const video_run *const run = s->run;
    int n_failed = 0;
    if (run->asked->summary != NULL) n_failed += video_summary_save(&s->summary, run->path, run->asked->summary) != 0;
    if (run->asked->tracks != NULL) n_failed += video_summary_draw(&s->summary, run->path, run->asked->tracks) != 0;
    return n_failed;
}

int video_run_all(const video_run *run)
{
    const hrnet_video_info info = hrnet_video_get_info(run->video);
    state s = {.run = run, .width = info.width, .height = info.height};
    const double started = tool_seconds();
    int status = open_tracks(&s);
    if (status == 0) status = open_view(&s);
    if (status == 0) {
        run->to->drawing.show_tracks = s.tracker != NULL;
        s.shown = progress_begin(expected_frames(run), "frames", run->progress);
        const hrnet_status found = find(&s);
        progress_end(&s.shown, s.n_frames);
        const int failed = found != HRNET_OK && found != HRNET_ERR_CANCELLED;
        char *const failure = failed ? tool_text("%s", hrnet_last_error()) : NULL;
        tell_warnings(&s, found == HRNET_OK);
        if (video_view_close(s.view) != 0) status = STATUS_FAILED;
        if (video_target_end(run->to, failure) != 0 || s.n_failed > 0) status = STATUS_FAILED;
        free(failure);
        if (save_summary(&s) > 0) status = STATUS_FAILED;
        tell_totals(&s, tool_seconds() - started);
    }
    video_summary_free(&s.summary);
    hrnet_smoother_free(s.smoother);
    hrnet_tracker_free(s.tracker);
    return status;
}
