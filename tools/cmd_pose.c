/* cmd_pose.c - `hrnet pose`: pictures in, people with their keypoints out. */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include "command.h"
#include "detector_options.h"
#include "fetch_options.h"
#include "inputs.h"
#include "interrupt.h"
#include "model_options.h"
#include "people_run.h"
#include "people_target.h"
#include "tool.h"
#include "video_run.h"

/* Boxes of lower scores than the detectors' own thresholds help to keep tracks (hrnet_tracker_options.low). */
#define LEAST_TRACKED_SCORE 0.1f

typedef struct settings {
    network_settings network;
    detector_settings detector;
    video_settings video;
    const char *boxes, *category, *out, *heatmaps;
    float box_score, oks_nms, threshold, line_width;
    int whole, flip, no_shift, decoder, sampler, format, draw_boxes, draw_scores, color, ignore_orientation,
        is_recursive, progress;
} settings;

static const option options[] = {
    NETWORK_MODEL_OPTIONS(settings, network),
    NETWORK_DESCRIPTION_OPTION(settings, network),
    DETECTOR_OPTIONS(settings, detector),
    {"oks-nms", 0, OPTION_FLOAT, "T",
     "of two people found whose poses are alike by more (OKS) the worse one is dropped; 1: none; default: 0.9",
     offsetof(settings, oks_nms), 0.0001, 1},
    {"boxes", 'B', OPTION_TEXT, "BOXES",
     "where the persons are, in place of a detector: x,y,w,h in pixels (several with ';' between), or a COCO "
     "detections or annotations file",
     offsetof(settings, boxes), 0, 0},
    {"whole", 'w', OPTION_FLAG, NULL, "the whole picture is one person: for pictures that are crops already",
     offsetof(settings, whole), 0, 0},
    {"category", 0, OPTION_TEXT, "NAME",
     "take the boxes of this category of the file, a name or an id; default: person", offsetof(settings, category), 0,
     0},
    {"box-score", 0, OPTION_FLOAT, "T", "leave out boxes of the file with a lower score", offsetof(settings, box_score),
     -1e6, 1e6},
    {"flip", 'f', OPTION_FLAG, NULL, "flip test: average with the mirrored picture (twice the work)",
     offsetof(settings, flip), 0, 0},
    {"no-shift", 0, OPTION_FLAG, NULL, "flip test without the published one-cell shift", offsetof(settings, no_shift),
     0, 0},
    {"decode", 'd', OPTION_CHOICE, DECODER_NAMES, "from heatmaps to keypoints; auto: as the weights were trained",
     offsetof(settings, decoder), 0, 0},
    {"sampler", 0, OPTION_CHOICE, SAMPLER_NAMES, "how crops are resampled; opencv: equal to the published code",
     offsetof(settings, sampler), 0, 0},
    {"output", 'o', OPTION_TEXT, "OUT", "where to write, see below; default: data on standard output",
     offsetof(settings, out), 0, 0},
    {"format", 'F', OPTION_CHOICE, RESULTS_NAMES, "of the data; default: by the ending of OUT, else json",
     offsetof(settings, format), 0, 0},
    {"heatmaps", 0, OPTION_TEXT, "DIR",
     "also write STEM_heatmaps.npy ([persons][joints][h][w]) and an overlay "
     "STEM_heatmaps.jpg for every input",
     offsetof(settings, heatmaps), 0, 0},
    {"threshold", 'T', OPTION_FLOAT, "T",
     "keypoints with a lower score are not drawn, 0,0,0 in the openpose formats, and empty in trc; "
     "default: 0.2",
     offsetof(settings, threshold), -1e6, 1e6},
    {"line-width", 0, OPTION_FLOAT, "PX", "of the drawing; default: scaled to the person",
     offsetof(settings, line_width), 0.1, 1000},
    {"color", 0, OPTION_CHOICE, "auto|side|person",
     "of the drawing: left and right, or a colour for each person; auto: by person when there are several",
     offsetof(settings, color), 0, 0},
    {"draw-boxes", 0, OPTION_FLAG, NULL, "draw the boxes too", offsetof(settings, draw_boxes), 0, 0},
    {"draw-scores", 0, OPTION_FLAG, NULL, "write the score of each person on the drawing",
     offsetof(settings, draw_scores), 0, 0},
    {"recursive", 'r', OPTION_FLAG, NULL, "look into the folders below a folder too; outputs keep its structure",
     offsetof(settings, is_recursive), 0, 0},
    {"ignore-orientation", 0, OPTION_FLAG, NULL, "do not turn pictures as their EXIF data says (what scoring wants)",
     offsetof(settings, ignore_orientation), 0, 0},
    VIDEO_OPTIONS(settings, video),
    NETWORK_RUN_OPTIONS(settings, network),
    {"progress", 0, OPTION_FLAG, NULL, "show progress even when standard error is no terminal",
     offsetof(settings, progress), 0, 0},
    {0},
};

static const char details[] =
    "People are found by the detector that ships with hrnet, or by --detector FILE; their poses are then found one by "
    "one, and of poses that describe one person the best is kept. Nobody in a picture is an empty list. The score of a "
    "person is the mean of the keypoint scores above 0.2, times the detector's.\n"
    "\n"
    "INPUT is a video, or pictures: a picture (JPEG, PNG, WebP, BMP; TIFF, GIF, AVIF and HEIC where their modules are "
    "installed), a folder "
    "of "
    "pictures, a quoted pattern, '@LIST' or a .txt file with one path a line, or '-' for one picture on standard "
    "input. A "
    "picture or a person that fails is reported and the rest goes on. Transparency is dropped: a pixel has the colour "
    "that "
    "is stored for it. A damaged JPEG is read as far as it goes, with a warning. Of a folder or a pattern, outputs of "
    "an "
    "earlier run are passed over; what else a folder has besides pictures is told.\n"
    "\n"
    "A video is a file that FFmpeg reads, an address (rtsp://, http://, ...), a camera (/dev/video0), a sequence of "
    "pictures (frames/%04d.png), raw frames or a video on standard input, or lavfi:GRAPH, a source of FFmpeg's "
    "filters. It is one to a command. A folder, in the order of its pictures' names, and '-' are videos where an "
    "option for videos, a video as OUT or --format mot asks for one. People get tracks and steady keypoints; those "
    "whom the detector misses for a moment are followed by their poses. With tracks, the detector's threshold is 0.1, "
    "because low boxes help to keep tracks. Cameras and streams drop frames rather than fall behind; files never do. "
    "Ctrl-C finishes what is written.\n"
    "\n"
    "OUT of a video ending in .mp4, .m4v, .mov, .mkv, .webm, .gif, .avi or .mjpeg is the drawn video, with the "
    "timestamps of the input and its audio; frames/%06d.jpg is a picture for every frame; a data file's name (or any "
    "with --format) is data alone; a folder gets STEM_pose.mp4 and STEM_pose.json. --data writes data beside a "
    "drawing; a folder there gets a file a frame in the openpose formats, STEM_000000000000_keypoints.json for the "
    "first, as OpenPose numbers them. Elsewhere frames count from 1: they are image_id in coco, and in csv the file is "
    "called NAME#FRAME.\n"
    "\n"
    "OUT of pictures ending in .json, .jsonl or .csv is one data file; ending in .png, .jpg or .webp it is the drawing "
    "of one "
    "input; a "
    "folder (or a name without ending, which is made) gets STEM_pose.jpg and STEM_pose.json for every input, "
    "in the folders that the input has below the folder that was named. Two inputs of one output, or an output that is "
    "an "
    "input, are refused.\n"
    "\n"
    "A file of --boxes belongs to pictures by name: image_id 785 is 000000000785.jpg, of several equal file names the "
    "folders decide; how many boxes were matched is told. Without --category its category named person is taken, else "
    "those with keypoints, else the only one, else 1, COCO's person. Results in the format coco have the file's "
    "image_id "
    "and category_id. Formats: json (all pictures in one document), jsonl (one line a picture), csv (one row a "
    "keypoint), "
    "coco "
    "(results array), openpose (BODY_25, one file a picture), openpose-18 (BODY_18), mot (MOTChallenge's rows of the "
    "tracks of a video, frames from 1, which hrnet score mot reads), openpose-raw (the network's own keypoints in "
    "OpenPose's files), trc (OpenSim's markers in pixels, of one track of a video, which Sports2D reads); each but "
    "mot and trc has the boxes and their scores, too.\n"
    "\n"
    "KEY VALUE pairs at the end change the configuration of --config, as in MODEL.IMAGE_SIZE '[288, 384]'.\n"
    "\n"
    "Exit status: 0 done, 1 some inputs failed, 2 wrong command line.";

/* What the file of --boxes says of the keypoints, if it is annotations that name one a joint and the weights do not say
 * it themselves; NULL otherwise. The caller frees it. */
static hrnet_dataset_info *boxes_description(const settings *set, const network *net, int n_joints)
{
    hrnet_dataset_info *info = NULL;
    if (set->boxes == NULL || !tool_has_ending(set->boxes, ".json") ||
        hrnet_model_skeleton_origin(net->model) >= HRNET_SKELETON_WEIGHTS ||
        hrnet_dataset_info_load(&info, set->boxes) != HRNET_OK)
        return NULL;
    if (info->skeleton.n_keypoints == n_joints) return info;
    hrnet_dataset_info_free(info);
    return NULL;
}

static hrnet_draw_options drawing_options(const settings *set)
{
    return (hrnet_draw_options){.size = set->line_width,
                                .show_box = set->draw_boxes,
                                .show_scores = set->draw_scores,
                                .color = (hrnet_draw_color)set->color};
}

/* What the run works with, from the files to the finder. */
typedef struct parts {
    network net;
    hrnet_dataset_info *described; /* by the file of --boxes; NULL: not */
    const hrnet_skeleton *skeleton;
    hrnet_model_info info;
    hrnet_detector *detector; /* NULL: boxes are given */
    hrnet_detector_info detector_info;
    hrnet_finder *finder;
} parts;

static int finds_people(const settings *set)
{
    return set->boxes == NULL && !set->whole;
}

static int open_networks(parts *p, const settings *set, const char *const *overrides, detector_load *detector)
{
    const network_settings *const asked = &set->network;
    int status = finds_people(set) ? detector_load_begin(detector, &set->detector, asked) : 0;
    if (status == 0) status = network_open(&p->net, asked, overrides, 0);
    if (status == 0) status = network_check_pose(&p->net, asked);
    if (status != 0) return status;
    p->info = hrnet_model_get_info(p->net.model);
    p->described = boxes_description(set, &p->net, p->info.n_joints);
    p->skeleton = p->described != NULL ? &p->described->skeleton : hrnet_model_skeleton(p->net.model);
    if (p->described != NULL && !asked->quiet) tool_error("%s: names the keypoints", set->boxes);
    status = set->flip ? network_check_flip("--flip", p->skeleton) : 0;
    if (status == 0 && finds_people(set)) {
        status = detector_load_end(detector, &p->detector, &p->detector_info);
        if (status == STATUS_FAILED && set->detector.detector == NULL)
            tool_error("or give --boxes, or --whole if a picture is one person");
    }
    return status;
}

static int open_parts(parts *p, const settings *set, const char *const *overrides)
{
    const network_settings *const asked = &set->network;
    detector_load detector = {0};
    const int status = open_networks(p, set, overrides, &detector);
    detector_load_drop(&detector);
    if (status != 0) return status;
    hrnet_finder_options how = {.threads = asked->threads,
                                .max_batch = asked->batch,
                                .oks_threshold = set->oks_nms,
                                .flip_test = set->flip,
                                .no_shift = set->no_shift,
                                .decoder = (hrnet_decoder)set->decoder,
                                .sampler = (hrnet_sampler)set->sampler,
                                .skeleton = p->skeleton,
                                .heatmaps = set->heatmaps != NULL,
                                .memory_limit = (uint64_t)asked->memory_limit << 20};
    detector_finder_options(&set->detector, &how);
    return hrnet_finder_create(&p->finder, p->detector, p->net.model, &how) != HRNET_OK ? tool_failed() : 0;
}

static void close_parts(parts *p)
{
    hrnet_finder_free(p->finder);
    hrnet_detector_free(p->detector);
    hrnet_dataset_info_free(p->described);
    network_close(&p->net);
}

/* Pictures: everything behind the checks of the command line. */
static int run_pictures(const settings *set, const char *const *overrides, const inputs *in, const boxes *where,
                        target *to)
{
    parts p = {.finder = NULL};
    int status = open_parts(&p, set, overrides);
    if (status == 0) {
        interrupt_catch();
        to->data.skeleton = p.skeleton;
        to->data.network = &p.info;
        to->data.detector = p.detector != NULL ? &p.detector_info : NULL;
        to->data.threshold = set->threshold;
        status = target_begin(to);
    }
    if (status == 0) {
        const people_run all = {.finder = p.finder,
                                .in = in,
                                .where = finds_people(set) ? NULL : where,
                                .to = to,
                                .n_keypoints = p.info.n_joints,
                                .image_flags = set->ignore_orientation ? HRNET_IMAGE_IGNORE_ORIENTATION : 0,
                                .quiet = set->network.quiet,
                                .progress = set->progress};
        int n_failed = in->n_failed + people_run_all(&all);
        n_failed += target_end(to) != 0;
        status = n_failed != 0 ? STATUS_FAILED : STATUS_DONE;
    }
    close_parts(&p);
    if (interrupt_signal() != 0) raise(interrupt_signal());
    return status;
}

/* ---------------------------------------------------------------------------------------------- videos */

/* A video whose boxes are given or found, through the network to its target, which ends with it. */
static int run_network_on_video(const settings *set, const char *const *overrides, const char *path, const boxes *where,
                                video_target *to)
{
    parts p = {.finder = NULL};
    hrnet_video *video = NULL;
    int quiet = set->network.quiet;
    interrupt_catch();
    int status = video_run_open(&video, path, &set->video, set->network.threads, to->video != NULL, &quiet);
    if (status == 0) status = open_parts(&p, set, overrides);
    if (status == 0) {
        to->how.skeleton = p.skeleton;
        to->how.network = &p.info;
        to->how.detector = p.detector != NULL ? &p.detector_info : NULL;
        to->how.threshold = set->threshold;
        to->how.track = (uint32_t)set->video.trc_track;
        status = video_target_begin(to, video, network_message, &quiet);
    }
    if (status == 0) {
        const video_run all = {.path = path,
                               .video = video,
                               .asked = &set->video,
                               .finder = p.finder,
                               .where = finds_people(set) ? NULL : where,
                               .to = to,
                               .n_keypoints = p.info.n_joints,
                               .quiet = quiet,
                               .progress = set->progress};
        status = video_run_all(&all);
    }
    video_target_drop(to); /* what did not come to run, or begin */
    close_parts(&p);
    hrnet_video_free(video);
    return status;
}

/* Formats whose rows are those of tracks, which only a video has. */
static int is_of_tracks(int format)
{
    return format == HRNET_RESULTS_MOT || format == HRNET_RESULTS_TRC;
}

static const char *format_name(int format)
{
    return hrnet_results_format_get_info((hrnet_results_format)format)->name;
}

static int check_video(const settings *set, const char *path)
{
    if (set->heatmaps != NULL) return tool_usage("--heatmaps goes with pictures, not with a video (%s)", path);
    if (set->ignore_orientation)
        return tool_usage("--ignore-orientation goes with pictures, not with a video (%s)", path);
    if (set->is_recursive) return tool_usage("--recursive goes with pictures, not with a video (%s)", path);
    if (is_of_tracks(set->format) && set->video.track == TRACK_OFF)
        return tool_usage("--format %s is of tracks, which --track off does not look for", format_name(set->format));
    return video_options_check(&set->video);
}

static int run_video(settings *set, const char *const *overrides, char *path)
{
    video_target to = {0};
    boxes where = {0};
    const int has_tracks = set->video.track != TRACK_OFF && set->video.track != TRACK_IOU;
    const char *const files[] = {path, set->network.model, set->network.config, set->detector.detector};
    const size_t n_files = sizeof files / sizeof *files;
    const video_outputs asked = {
        .out = set->out, .data = set->video.data, .format = set->format, .shows = set->video.show};
    int status = check_video(set, path);
    if (status == 0) status = tool_check_output(set->video.summary, files, n_files);
    if (status == 0) status = tool_check_output(set->video.tracks, files, n_files);
    if (status == 0) status = video_target_choose(&to, &asked, files, n_files);
    if (status == 0 && !finds_people(set)) {
        const boxes_options how = {set->boxes, set->category, set->box_score, set->network.quiet};
        status = boxes_open(&where, &how, &path, 1);
        if (status == 0 && !where.same_for_all)
            status = tool_usage("--boxes %s: a video takes x,y,w,h, the same in every frame", set->boxes);
    }
    to.drawing = drawing_options(set);
    if (status == 0) {
        if (has_tracks && set->detector.threshold < 0) set->detector.threshold = LEAST_TRACKED_SCORE;
        status = run_network_on_video(set, overrides, path, &where, &to);
    }
    video_target_drop(&to);
    boxes_free(&where);
    if (interrupt_signal() != 0) raise(interrupt_signal());
    return status;
}

/* ---------------------------------------------------------------------------------------------- the command line */

/* Options that exclude each other. */
static int check_settings(const settings *set)
{
    const char *const found = set->oks_nms > 0 ? "--oks-nms" : detector_option_given(&set->detector);
    const char *const given = set->boxes != NULL ? "--boxes" : "--whole";
    if (set->boxes != NULL && set->whole) return tool_usage("--boxes and --whole exclude each other");
    if (!finds_people(set) && found != NULL)
        return tool_usage("%s goes with people that are found, not with %s", found, given);
    if (set->boxes == NULL && set->category != NULL) return tool_usage("--category goes with a file of --boxes");
    return 0;
}

static int run_on_pictures(const settings *set, const char *const *overrides, char **arguments, int n)
{
    inputs in = {.is_recursive = set->is_recursive};
    boxes where = {0};
    target to = {0};
    int status = is_of_tracks(set->format) ? tool_usage("--format %s is of tracks, which a video has; %s is none",
                                                        format_name(set->format), arguments[0])
                                           : 0;
    for (int i = 0; status == 0 && i < n; i++) inputs_add(&in, arguments[i]);
    inputs_note(&in, set->network.model);
    inputs_note(&in, set->network.config);
    inputs_note(&in, set->boxes);
    inputs_note(&in, set->detector.detector);
    if (status == 0 && in.n == 0) status = STATUS_FAILED;
    if (status == 0) status = target_choose(&to, set->out, set->heatmaps, set->format, 0, &in);
    if (status == 0 && !finds_people(set)) {
        const boxes_options how = {set->boxes, set->category, set->box_score, set->network.quiet};
        status = boxes_open(&where, &how, in.paths, in.n);
    }
    to.drawing = drawing_options(set);
    if (status == 0) status = run_pictures(set, overrides, &in, &where, &to);
    target_end(&to); /* what a command line that was refused left */
    inputs_free(&in);
    boxes_free(&where);
    return status;
}

/* Whether the command line asks for a video, so that an input that could be either is one. */
static int wants_video(const settings *set)
{
    return video_option_given(&set->video) != NULL || (set->out != NULL && video_is_output(set->out));
}

static int run(int argc, char **argv)
{
    settings set = {
        .detector = DETECTOR_DEFAULTS, .video = VIDEO_DEFAULTS, .box_score = -1e6f, .threshold = 0.2f, .format = -1};
    int n_arguments = 0, n_videos = 0, first = 0;
    const char **overrides = NULL;
    int status = options_parse(&command_pose, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments == 0) status = tool_usage("expected at least one INPUT");
    if (status == 0) status = check_settings(&set);
    if (status == 0) status = fetch_model(&set.network, HRNET_PUBLISHED_POSE, &overrides);
    if (status == 0) status = fetch_detector(&set.detector, set.network.yes, set.network.quiet);
    for (int i = n_arguments - 1; status == 0 && i >= 0; i--) {
        if (!video_is_input(argv[i], wants_video(&set) || is_of_tracks(set.format))) continue;
        n_videos++;
        first = i;
    }
    if (status == 0 && n_videos > 0 && n_arguments > 1)
        status = tool_usage("%s is a video: expected it alone, found %d inputs", argv[first], n_arguments);
    else if (status == 0 && n_videos > 0)
        status = run_video(&set, overrides, argv[0]);
    else if (status == 0 && wants_video(&set))
        status = tool_usage("%s goes with a video, found %s, which is none",
                            video_option_given(&set.video) != NULL ? video_option_given(&set.video) : set.out, argv[0]);
    else if (status == 0)
        status = run_on_pictures(&set, overrides, argv, n_arguments);
    free(overrides);
    return status;
}

const command command_pose = {"pose",
                              "INPUT... [options] [KEY VALUE ...]",
                              "Find people in pictures or a video, and their keypoints.",
                              details,
                              options,
                              run};
