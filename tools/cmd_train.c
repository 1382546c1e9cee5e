/* cmd_train.c - `hrnet train`: the published training loop. */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet_train.h>

#include "command.h"
#include "fetch_options.h"
#include "model_options.h"
#include "tool.h"

typedef struct settings {
    const char *config, *init, *data, *output, *annotations, *images, *valid_annotations, *valid_images, *valid_truth,
        *description, *category;
    int threads, resume, no_resume, validate_every, no_validation, recompute, profile, preview, plot, quiet;
    int skip_broken, allow_missing, yes;
} settings;

static const option options[] = {
    {"config", 'c', OPTION_TEXT, "NAME", "experiment: a YAML file or a published name (coco/hrnet/w32_256x192)",
     offsetof(settings, config), 0, 0},
    {"init", 0, OPTION_TEXT, "FILE",
     "begin with the weights of a trained model, a file or a name of `hrnet fetch --list`; 'shipped': the one that "
     "ships. Without --config its network and configuration too",
     offsetof(settings, init), 0, 0},
    {"yes", 0, OPTION_FLAG, NULL, "fetch published weights that are named and not here without asking",
     offsetof(settings, yes), 0, 0},
    {"data", 0, OPTION_TEXT, "DIR",
     "a folder of pictures and annotations: COCO's layout, or an export of CVAT, COCO Annotator or Roboflow",
     offsetof(settings, data), 0, 0},
    {"output", 'o', OPTION_TEXT, "DIR",
     "where everything goes; default: OUTPUT_DIR/dataset/model/experiment, as published; without --config output/ and "
     "the name of DIR of --data",
     offsetof(settings, output), 0, 0},
    {"resume", 0, OPTION_FLAG, NULL,
     "go on with checkpoint.pth, which must be there; default: if it is there and AUTO_RESUME is set",
     offsetof(settings, resume), 0, 0},
    {"no-resume", 0, OPTION_FLAG, NULL, "begin anew even when checkpoint.pth is there", offsetof(settings, no_resume),
     0, 0},
    {"annotations", 'a', OPTION_TEXT, "FILE",
     "annotations to train on; default: person_keypoints_SET.json or SET.json below DATASET.ROOT",
     offsetof(settings, annotations), 0, 0},
    {"images", 'i', OPTION_TEXT, "PLACE", "folder or zip archive of their pictures; default: below DATASET.ROOT",
     offsetof(settings, images), 0, 0},
    {"valid-annotations", 0, OPTION_TEXT, "FILE", "annotations to validate with; default: of DATASET.TEST_SET",
     offsetof(settings, valid_annotations), 0, 0},
    {"valid-images", 0, OPTION_TEXT, "PLACE", "folder or zip archive of their pictures",
     offsetof(settings, valid_images), 0, 0},
    {"valid-gt", 0, OPTION_TEXT, "FILE", "MPII: gt_SET.mat or a JSON of the same; default: below DATASET.ROOT",
     offsetof(settings, valid_truth), 0, 0},
    {"description", 0, OPTION_TEXT, "FILE", "a YAML file that says what the keypoints are; default: the annotations",
     offsetof(settings, description), 0, 0},
    {"category", 0, OPTION_TEXT, "NAME",
     "train on this category of the annotations, a name or an id; default: those with keypoints, of several skeletons "
     "the one with MODEL.NUM_JOINTS keypoints",
     offsetof(settings, category), 0, 0},
    {"skip-broken", 0, OPTION_FLAG, NULL, "leave out pictures that are not there or cannot be read, and list them",
     offsetof(settings, skip_broken), 0, 0},
    {"allow-missing", 0, OPTION_FLAG, NULL, "begin with weights of which less than 90 % fit the network",
     offsetof(settings, allow_missing), 0, 0},
    {"validate-every", 0, OPTION_INT, "N", "validate every N epochs and at the end; default: 1",
     offsetof(settings, validate_every), 1, 1000000},
    {"no-validation", 0, OPTION_FLAG, NULL, "never validate; the last weights are then the best ones",
     offsetof(settings, no_validation), 0, 0},
    {"threads", 't', OPTION_INT, "N", "threads to run on; default, and 0: all that this process may use",
     offsetof(settings, threads), 0, 64},
    {"recompute", 0, OPTION_FLAG, NULL, "less memory for more time: make activations again for the way back",
     offsetof(settings, recompute), 0, 0},
    {"profile", 0, OPTION_FLAG, NULL, "tell at the end what the time went into", offsetof(settings, profile), 0, 0},
    {"preview", 0, OPTION_INT, "N",
     "do not train: draw the first N examples with their targets, DIR/preview_gt.jpg and DIR/preview_hm_gt.jpg",
     offsetof(settings, preview), 1, 1024},
    {"plot", 0, OPTION_FLAG, NULL,
     "do not train: draw the curves of the run so far, DIR/train.svg, and write them, DIR/train.csv",
     offsetof(settings, plot), 0, 0},
    {"quiet", 'q', OPTION_FLAG, NULL, "nothing on standard output; the log file has it all", offsetof(settings, quiet),
     0, 0},
    {0},
};

static const char details[] =
    "For example\n"
    "  hrnet train --config coco/hrnet/w32_256x192 DATASET.ROOT data/coco TRAIN.BATCH_SIZE_PER_GPU 8 GPUS [0]\n"
    "reads data/coco/annotations/person_keypoints_train2017.json and data/coco/images/train2017/, and validates every "
    "epoch as hrnet eval does.\n"
    "\n"
    "  hrnet train --init shipped --data arrows\n"
    "fine-tunes the model that ships on a folder with pictures and annotations of any keypoints. Their names, and left "
    "and "
    "right in them, are those of the annotations; a fifth of the pictures validates unless there is a set for it; "
    "batch "
    "and epochs suit the number of persons. output/arrows/model_best.safetensors has it all inside, for hrnet pose and "
    "hrnet eval --model.\n"
    "\n"
    "Before the first step all names of pictures are looked up, a few pictures decoded, and labels, validation set and "
    "weights checked. A run locks its folder; a second one is refused.\n"
    "\n"
    "DIR receives checkpoint.pth (every TRAIN.SAVE_MINUTES and after each epoch; the one before it is "
    "checkpoint.previous.pth), model_best.pth, final_state.pth, all "
    "readable by PyTorch; model_best.safetensors for hrnet pose; config.yaml; the log as text and as train.jsonl; and "
    "TensorBoard's files below LOG_DIR (in DIR/tensorboard when DIR is chosen and LOG_DIR is not).\n"
    "\n"
    "A run that was stopped (SIGINT, SIGTERM and SIGUSR1 save first) or killed goes on with the same command to the "
    "same bits. "
    "The configuration may not change meanwhile, but for END_EPOCH, PATIENCE, PRINT_FREQ, WORKERS, SAVE_MINUTES and "
    "DEBUG.\n"
    "\n"
    "mpirun -np N hrnet train ... shares every step among N processes.\n"
    "\n"
    "Exit status: 0 done, 1 something failed, 2 wrong command line, 130, 138 or 143 stopped by a signal after saving.";

/* ---------------------------------------------------------------------------------------------- signals */

static hrnet_trainer *running;
static volatile sig_atomic_t stop_signal;

/* The first one asks the run to save and end; the second one ends it. */
static void on_signal(int number)
{
    stop_signal = number;
    if (running != NULL) hrnet_trainer_stop(running);
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL); /* what mpirun and batch systems pass on without killing soon after */
}

/* ---------------------------------------------------------------------------------------------- the run */

/* A warning is never silenced. */
static void on_message(void *context, const char *line)
{
    const int *const quiet = context;
    if (*quiet) {
        if (network_is_warning(line)) tool_error("%s", line);
        return;
    }
    printf("%s\n", line);
    fflush(stdout);
}

static int train(const hrnet_config *config, const hrnet_trainer_options *how)
{
    int status = STATUS_DONE;
    hrnet_trainer *trainer = NULL;
    if (hrnet_trainer_create(&trainer, config, how) != HRNET_OK) return tool_failed();
    running = trainer;
    if (stop_signal == 0) watch_signals();
    if (hrnet_trainer_run(trainer) != HRNET_OK)
        status = tool_failed();
    else if (hrnet_trainer_get_info(trainer).is_stopped)
        status = 128 + (stop_signal != 0 ? stop_signal : SIGTERM);
    running = NULL;
    hrnet_trainer_free(trainer);
    return status;
}

/* output/arrows for the data "pictures/arrows/" or "arrows.json". */
static char *fine_tune_folder(const settings *set)
{
    char *path = tool_text("%s", set->data != NULL ? set->data : set->annotations != NULL ? set->annotations : "tuned");
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--) path[n - 1] = '\0';
    char *stem = tool_stem(path);
    char *folder = tool_text("output/%s", stem[strspn(stem, ".")] != '\0' ? stem : "tuned");
    free(stem);
    free(path);
    return folder;
}

static char *output_folder(const settings *set, const hrnet_config *config)
{
    char *experiment = NULL;
    if (set->output != NULL) return tool_text("%s", set->output);
    if (set->config == NULL) return fine_tune_folder(set);
    if (hrnet_experiment_folder(config, NULL, &experiment) != HRNET_OK) return NULL;
    char *folder = tool_text("%s", experiment);
    hrnet_string_free(experiment);
    return folder;
}

static int plot(const settings *set, const hrnet_config *config)
{
    char *folder = output_folder(set, config);
    if (folder == NULL) return tool_failed();
    char *log = tool_text("%s/train.jsonl", folder), *svg = tool_text("%s/train.svg", folder);
    char *csv = tool_text("%s/train.csv", folder);
    const int done = hrnet_train_plot(log, svg) == HRNET_OK && hrnet_train_table(log, csv) == HRNET_OK;
    const int status = done ? STATUS_DONE : tool_failed();
    if (done && !set->quiet) printf("%s\n%s\n", svg, csv);
    free(csv);
    free(svg);
    free(log);
    free(folder);
    return status;
}

static int preview(const settings *set, const hrnet_config *config, const hrnet_trainer_options *how)
{
    char *folder = output_folder(set, config);
    if (folder == NULL) return tool_failed();
    char *prefix = tool_text("%s/preview", folder);
    int status = tool_make_folders(folder) == 0 ? STATUS_DONE : STATUS_FAILED;
    if (status == STATUS_DONE && hrnet_train_preview(config, how, prefix, set->preview) != HRNET_OK)
        status = tool_failed();
    if (status == STATUS_DONE && !set->quiet) printf("%s_gt.jpg\n%s_hm_gt.jpg\n", prefix, prefix);
    free(prefix);
    free(folder);
    return status;
}

static int start(const settings *set, const hrnet_config *config, const hrnet_dataset_info *info)
{
    char *own = set->config == NULL ? output_folder(set, config) : NULL;
    const hrnet_evaluation_files valid = {
        .annotations = set->valid_annotations, .images = set->valid_images, .truth = set->valid_truth, .info = info};
    int quiet = set->quiet;
    const hrnet_trainer_options how = {.output = own != NULL ? own : set->output,
                                       .annotations = set->annotations,
                                       .images = set->images,
                                       .valid = &valid,
                                       .info = info,
                                       .resume = set->resume      ? HRNET_RESUME_ALWAYS
                                                 : set->no_resume ? HRNET_RESUME_NEVER
                                                                  : HRNET_RESUME_AUTO,
                                       .threads = set->threads,
                                       .recompute = set->recompute,
                                       .validate_every = set->no_validation ? -1 : set->validate_every,
                                       .log_times = set->profile,
                                       .on_message = on_message,
                                       .context = &quiet,
                                       .category = set->category,
                                       .skip_broken = set->skip_broken,
                                       .allow_missing = set->allow_missing};
    const int status = set->plot          ? plot(set, config)
                       : set->preview > 0 ? preview(set, config, &how)
                                          : train(config, &how);
    free(own);
    return status;
}

/* The configuration: that of --config, of the model of --init, or both, with the sets of --data. */
static int load_config(hrnet_config **out, const settings *set, const char *const *overrides,
                       const hrnet_dataset_info *info)
{
    int quiet = set->quiet;
    hrnet_config *named = NULL;
    if (set->init == NULL && set->data == NULL)
        return hrnet_config_load(out, set->config, overrides, network_message, &quiet) == HRNET_OK ? 0 : tool_failed();
    if (set->config != NULL && hrnet_config_load(&named, set->config, NULL, network_message, &quiet) != HRNET_OK)
        return tool_failed();
    const hrnet_fine_tune_options how = {.config = named,
                                         .init = set->init,
                                         .data = set->data,
                                         .annotations = set->annotations,
                                         .valid_annotations = set->valid_annotations,
                                         .category = set->category,
                                         .info = info,
                                         .overrides = overrides,
                                         .on_message = on_message,
                                         .context = &quiet};
    const int status = hrnet_fine_tune_config(out, &how) == HRNET_OK ? 0 : tool_failed();
    hrnet_config_free(named);
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {0};
    int n_arguments = 0;
    const char **overrides = NULL;
    hrnet_config *config = NULL;
    hrnet_dataset_info *info = NULL;
    int status = options_parse(&command_train, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments > 0) status = tool_usage("unexpected argument '%s'", argv[0]);
    if (status == 0 && set.config == NULL && set.init == NULL && set.data == NULL)
        status = tool_usage("no experiment: give --config NAME, or --data DIR to fine-tune the model that ships");
    if (status == 0 && set.resume && set.no_resume) status = tool_usage("--resume and --no-resume exclude each other");
    if (status == 0 && set.no_validation && set.validate_every > 0)
        status = tool_usage("--no-validation and --validate-every exclude each other");
    if (status == 0 && set.plot && set.preview > 0) status = tool_usage("--plot and --preview exclude each other");
    if (status == 0 && set.init != NULL && strcmp(set.init, "shipped") != 0)
        status = fetch_named(&set.init, NULL, "--init", HRNET_PUBLISHED_POSE, set.yes, set.quiet);
    if (status == 0 && set.description != NULL && hrnet_dataset_info_load(&info, set.description) != HRNET_OK)
        status = tool_failed();
    if (status == 0) status = load_config(&config, &set, overrides, info);
    if (status == 0) status = start(&set, config, info);
    hrnet_dataset_info_free(info);
    hrnet_config_free(config);
    free(overrides);
    return status;
}

const command command_train = {"train",
                               "--config NAME | --data DIR [options] [KEY VALUE ...]",
                               "Train a network as published; stopped runs go on exactly.",
                               details,
                               options,
                               run};
