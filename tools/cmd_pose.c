/* cmd_pose.c - `hrnet pose`: pictures in, keypoints out. */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include "command.h"
#include "inputs.h"
#include "interrupt.h"
#include "model_options.h"
#include "pose_group.h"
#include "pose_target.h"
#include "progress.h"
#include "tool.h"

typedef struct settings {
    network_settings network;
    const char *boxes, *category, *out, *heatmaps;
    float box_score, threshold, line_width;
    int flip, no_shift, decoder, sampler, format, show_box, ignore_orientation, is_recursive, progress;
} settings;

static const option options[] = {
    NETWORK_MODEL_OPTIONS(settings, network),
    NETWORK_DESCRIPTION_OPTION(settings, network),
    {"boxes", 'B', OPTION_TEXT, "BOXES",
     "where the persons are: x,y,w,h in pixels (several with ';' between), or a COCO "
     "detections or annotations file; default: the whole picture is one person",
     offsetof(settings, boxes), 0, 0},
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
     "keypoints with a lower score are not drawn, and 0,0,0 in the openpose formats; "
     "default: 0.2",
     offsetof(settings, threshold), -1e6, 1e6},
    {"line-width", 0, OPTION_FLOAT, "PX", "of the drawing; default: scaled to the person",
     offsetof(settings, line_width), 0.1, 1000},
    {"show-box", 0, OPTION_FLAG, NULL, "draw the boxes too", offsetof(settings, show_box), 0, 0},
    {"recursive", 'r', OPTION_FLAG, NULL, "look into the folders below a folder too; outputs keep its structure",
     offsetof(settings, is_recursive), 0, 0},
    {"ignore-orientation", 0, OPTION_FLAG, NULL, "do not turn pictures as their EXIF data says (what scoring wants)",
     offsetof(settings, ignore_orientation), 0, 0},
    NETWORK_RUN_OPTIONS(settings, network),
    {"progress", 0, OPTION_FLAG, NULL, "show progress even when standard error is no terminal",
     offsetof(settings, progress), 0, 0},
    {0},
};

static const char details[] =
    "INPUT is a picture (JPEG, PNG, WebP, BMP; TIFF, GIF, AVIF and HEIC where their modules are installed), a folder "
    "of "
    "pictures, a quoted pattern, '@LIST' or a .txt file with one path a line, or '-' for one picture on standard "
    "input. A "
    "picture or a person that fails is reported and the rest goes on. Transparency is dropped: a pixel has the colour "
    "that "
    "is stored for it. A damaged JPEG is read as far as it goes, with a warning. Of a folder or a pattern, outputs of "
    "an "
    "earlier run are passed over; what else a folder has besides pictures is told.\n"
    "\n"
    "OUT ending in .json, .jsonl or .csv is one data file; ending in .png, .jpg or .webp it is the drawing of one "
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
    "(results array), openpose (BODY_25, one file a picture), openpose-18 (BODY_18).\n"
    "\n"
    "KEY VALUE pairs at the end change the configuration of --config, as in MODEL.IMAGE_SIZE '[288, 384]'.\n"
    "\n"
    "Exit status: 0 done, 1 some inputs failed, 2 wrong command line.";

/* first: the number of the group's first picture among the inputs. */
static int write_group(const pose_group *all, size_t first, target *to)
{
    int n_failed = 0;
    for (int i = 0; i < all->n_pictures; i++) {
        hrnet_image *image = all->people[i].status == HRNET_OK ? &all->images[i] : NULL;
        n_failed += target_add(to, first + (size_t)i, &all->people[i], image, all->heatmaps[i]) != 0;
    }
    return n_failed;
}

/* All pictures through the network; returns how many things failed. */
static int run_inputs(const settings *set, const inputs *in, const boxes *where, const network *net,
                      const hrnet_skeleton *skeleton, const hrnet_model_info *info, target *to)
{
    const hrnet_pose_options how = {.flip_test = set->flip,
                                    .skeleton = skeleton,
                                    .no_shift = set->no_shift,
                                    .decoder = (hrnet_decoder)set->decoder,
                                    .sampler = (hrnet_sampler)set->sampler};
    const int batch = set->network.batch != 0 ? set->network.batch : 8;
    const unsigned flags = set->ignore_orientation ? HRNET_IMAGE_IGNORE_ORIENTATION : 0;
    progress shown = progress_begin(in->n, "pictures", set->progress);
    pose_group all = {0};
    int n_failed = 0;
    size_t done = 0;
    for (size_t i = 0; i < in->n && !interrupt_signal(); i++) {
        if (interrupt_read_begin(in->paths[i]) != 0) break;
        n_failed += pose_group_add(&all, in->paths[i], where, flags, info->n_joints);
        interrupt_read_done();
        /* pictures without persons must not pile up either */
        if (all.n_persons < batch && all.n_pictures < batch && all.n_bytes < POSE_GROUP_BYTES && i + 1 < in->n)
            continue;
        n_failed += pose_group_run(&all, net->session, info, &how, set->heatmaps != NULL);
        n_failed += write_group(&all, done, to);
        done += (size_t)all.n_pictures;
        progress_update(&shown, done);
        pose_group_clear(&all);
    }
    pose_group_clear(&all);
    progress_end(&shown, done);
    return n_failed;
}

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

/* Everything behind the checks of the command line. */
static int run_network(const settings *set, const char *const *overrides, const inputs *in, const boxes *where,
                       target *to)
{
    network net;
    int status = network_open(&net, &set->network, overrides, 1);
    if (status == 0) status = network_check_pose(&net, &set->network);
    if (status != 0) return status;
    const hrnet_model_info info = hrnet_model_get_info(net.model);
    hrnet_dataset_info *described = boxes_description(set, &net, info.n_joints);
    const hrnet_skeleton *const skeleton = described != NULL ? &described->skeleton : hrnet_model_skeleton(net.model);
    if (described != NULL && !set->network.quiet) tool_error("%s: names the keypoints", set->boxes);
    interrupt_catch();
    status = set->flip ? network_check_flip("--flip", skeleton) : 0;
    if (status == 0) status = target_begin(to, skeleton, &info, set->threshold);
    if (status == 0) {
        int n_failed = in->n_failed + run_inputs(set, in, where, &net, skeleton, &info, to);
        n_failed += target_end(to) != 0;
        status = n_failed != 0 ? STATUS_FAILED : STATUS_DONE;
    }
    hrnet_dataset_info_free(described);
    network_close(&net);
    if (interrupt_signal() != 0) raise(interrupt_signal());
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {.box_score = -1e6f, .threshold = 0.2f, .format = -1};
    int n_arguments = 0;
    const char **overrides = NULL;
    inputs in = {0};
    boxes where = {0};
    target to = {0};
    int status = options_parse(&command_pose, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments == 0) status = tool_usage("expected at least one INPUT");
    in.is_recursive = set.is_recursive;
    for (int i = 0; status == 0 && i < n_arguments; i++) inputs_add(&in, argv[i]);
    inputs_note(&in, set.network.model);
    inputs_note(&in, set.network.config);
    inputs_note(&in, set.boxes);
    if (status == 0 && in.n == 0) status = STATUS_FAILED;
    if (status == 0) status = target_choose(&to, set.out, set.heatmaps, set.format, &in);
    if (status == 0) {
        const boxes_options how = {set.boxes, set.category, set.box_score, set.network.quiet};
        status = boxes_open(&where, &how, in.paths, in.n);
    }
    if (status == 0) {
        to.drawing.size = set.line_width;
        to.drawing.show_box = set.show_box;
        status = run_network(&set, overrides, &in, &where, &to);
    }
    target_end(&to); /* what a command line that was refused left */
    free(overrides);
    inputs_free(&in);
    boxes_free(&where);
    return status;
}

const command command_pose = {
    "pose", "INPUT... [options] [KEY VALUE ...]", "Find the keypoints of persons in pictures.", details, options, run};
