/* cmd_detect.c - `hrnet detect`: pictures in, the boxes of people out. */
#include <signal.h>
#include <stddef.h>

#include "command.h"
#include "detector_options.h"
#include "fetch_options.h"
#include "inputs.h"
#include "interrupt.h"
#include "people_run.h"
#include "people_target.h"
#include "tool.h"

typedef struct settings {
    network_settings network;
    detector_settings detector;
    const char *out;
    float line_width;
    int format, no_scores, ignore_orientation, is_recursive, progress;
} settings;

static const option options[] = {
    DETECTOR_OPTIONS(settings, detector),
    NETWORK_YES_OPTION(settings, network),
    {"quiet", 'q', OPTION_FLAG, NULL, "no report about the weights and the people found; warnings stay",
     offsetof(settings, network.quiet), 0, 0},
    {"output", 'o', OPTION_TEXT, "OUT", "where to write, see below; default: data on standard output",
     offsetof(settings, out), 0, 0},
    {"format", 'F', OPTION_CHOICE, BOXES_NAMES, "of the data; default: by the ending of OUT, else json",
     offsetof(settings, format), 0, 0},
    {"line-width", 0, OPTION_FLOAT, "PX", "of the drawing; default: scaled to the person",
     offsetof(settings, line_width), 0.1, 1000},
    {"no-scores", 0, OPTION_FLAG, NULL, "do not write the scores on the drawing", offsetof(settings, no_scores), 0, 0},
    {"recursive", 'r', OPTION_FLAG, NULL, "look into the folders below a folder too; outputs keep its structure",
     offsetof(settings, is_recursive), 0, 0},
    {"ignore-orientation", 0, OPTION_FLAG, NULL, "do not turn pictures as their EXIF data says (what scoring wants)",
     offsetof(settings, ignore_orientation), 0, 0},
    NETWORK_SPEED_OPTIONS(settings, network),
    {"progress", 0, OPTION_FLAG, NULL, "show progress even when standard error is no terminal",
     offsetof(settings, progress), 0, 0},
    {0},
};

static const char details[] =
    "INPUT and OUT are those of `hrnet pose`: pictures, folders, patterns, lists, '-'; a data file, the drawing of one "
    "input, or a folder, which gets STEM_boxes.jpg and STEM_boxes.json for every input. Nobody in a picture is an "
    "empty list.\n"
    "\n"
    "Formats: json (all pictures in one document), jsonl (one line a picture), csv (one row a box), coco (results "
    "array with bbox, which `hrnet score coco --iou bbox` and `hrnet pose --boxes` read).\n"
    "\n"
    "Exit status: 0 done, 1 some inputs failed, 2 wrong command line.";

static int run_detector(const settings *set, const inputs *in, target *to)
{
    hrnet_detector *detector = NULL;
    hrnet_detector_info info;
    hrnet_finder *finder = NULL;
    hrnet_finder_options how = {.threads = set->network.threads,
                                .max_batch = set->network.batch,
                                .memory_limit = (uint64_t)set->network.memory_limit << 20};
    detector_finder_options(&set->detector, &how);
    int status = detector_open(&detector, &set->detector, &set->network, &info);
    if (status == 0 && hrnet_finder_create(&finder, detector, NULL, &how) != HRNET_OK) status = tool_failed();
    if (status == 0) {
        interrupt_catch();
        to->data.detector = &info;
        status = target_begin(to);
    }
    if (status == 0) {
        const people_run all = {.finder = finder,
                                .in = in,
                                .to = to,
                                .image_flags = set->ignore_orientation ? HRNET_IMAGE_IGNORE_ORIENTATION : 0,
                                .quiet = set->network.quiet,
                                .progress = set->progress};
        int n_failed = in->n_failed + people_run_all(&all);
        n_failed += target_end(to) != 0;
        status = n_failed != 0 ? STATUS_FAILED : STATUS_DONE;
    }
    hrnet_finder_free(finder);
    hrnet_detector_free(detector);
    if (interrupt_signal() != 0) raise(interrupt_signal());
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {.detector = DETECTOR_DEFAULTS, .format = -1};
    int n_arguments = 0;
    inputs in = {0};
    target to = {0};
    int status = options_parse(&command_detect, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    status = n_arguments == 0 ? tool_usage("expected at least one INPUT") : 0;
    if (status == 0) status = fetch_detector(&set.detector, set.network.yes, set.network.quiet);
    in.is_recursive = set.is_recursive;
    for (int i = 0; status == 0 && i < n_arguments; i++) inputs_add(&in, argv[i]);
    inputs_note(&in, set.detector.detector);
    if (status == 0 && in.n == 0) status = STATUS_FAILED;
    if (status == 0) status = target_choose(&to, set.out, NULL, set.format, 1, &in);
    if (status == 0) {
        to.drawing = (hrnet_draw_options){.size = set.line_width, .show_box = 1, .show_scores = !set.no_scores};
        status = run_detector(&set, &in, &to);
    }
    target_end(&to); /* what a command line that was refused left */
    inputs_free(&in);
    return status;
}

const command command_detect = {
    "detect", "INPUT... [options]", "Find people in pictures: their boxes alone.", details, options, run};
