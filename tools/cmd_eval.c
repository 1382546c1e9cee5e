/* cmd_eval.c - `hrnet eval`: the published validation pass. */
#include <hrnet_train.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "cmd_eval.h"
#include "fetch_options.h"
#include "model_options.h"
#include "progress.h"
#include "score_table.h"
#include "tool.h"

typedef struct settings {
    network_settings network;
    detector_settings detector;
    const char *annotations, *images, *boxes, *truth, *category, *output, *out;
    int decoder, sampler, workers, skip_broken, worst, progress, detect;
} settings;

static const option options[] = {
    NETWORK_MODEL_OPTIONS(settings, network),
    {"annotations", 'a', OPTION_TEXT, "FILE",
     "COCO annotations or MPII's JSON; default: person_keypoints_SET.json or SET.json below DATASET.ROOT",
     offsetof(settings, annotations), 0, 0},
    {"images", 'i', OPTION_TEXT, "PLACE", "folder or zip archive of the pictures; default: below DATASET.ROOT",
     offsetof(settings, images), 0, 0},
    {"boxes", 'B', OPTION_TEXT, "FILE",
     "a detector's boxes instead of the labelled ones; default: TEST.COCO_BBOX_FILE unless TEST.USE_GT_BBOX",
     offsetof(settings, boxes), 0, 0},
    {"detect", 0, OPTION_FLAG, NULL, "a detector finds the boxes in all pictures, and they are scored too",
     offsetof(settings, detect), 0, 0},
    {"detector", 'D', OPTION_TEXT, "FILE",
     "with --detect: weights of YOLOX or RTMDet, or ours; default: ours, which ships with hrnet",
     offsetof(settings, detector.detector), 0, 0},
    {"legacy", 0, OPTION_FLAG, NULL, "with --detect: FILE is a YOLOX of release 0.0.1: RGB, normalised",
     offsetof(settings, detector.legacy), 0, 0},
    {"det-threshold", 0, OPTION_FLOAT, "T",
     "with --detect: leave out boxes with a lower score; default: 0.01. Those that reach TEST.IMAGE_THRE get poses",
     offsetof(settings, detector.threshold), 0, 0.9999},
    {"det-nms", 0, OPTION_FLOAT, "T",
     "with --detect: of two boxes that overlap by more (IoU) the worse one is dropped; 1: none; default: 0.65, of the "
     "detector that ships 0.55",
     offsetof(settings, detector.nms), 0.0001, 1},
    {"det-size", 0, OPTION_INT, "N",
     "with --detect: longest side of the detector's input in pixels, a multiple of 32; default: what it was made for",
     offsetof(settings, detector.size), 32, 4096},
    {"max-persons", 0, OPTION_INT, "N",
     "with --detect: most boxes of a picture, the best ones; default: 100, as many as are scored",
     offsetof(settings, detector.max_persons), 1, 10000},
    {"gt", 0, OPTION_TEXT, "FILE", "MPII: gt_SET.mat or a JSON of the same; default: below DATASET.ROOT",
     offsetof(settings, truth), 0, 0},
    NETWORK_DESCRIPTION_OPTION(settings, network),
    {"category", 0, OPTION_TEXT, "NAME",
     "evaluate this category of the annotations, a name or an id; default: those with keypoints, of several skeletons "
     "the one that fits the network",
     offsetof(settings, category), 0, 0},
    {"decode", 'd', OPTION_CHOICE, DECODER_NAMES,
     "from heatmaps to keypoints; auto: as the weights were trained, with TEST.POST_PROCESS",
     offsetof(settings, decoder), 0, 0},
    {"sampler", 0, OPTION_CHOICE, SAMPLER_NAMES, "how crops are resampled; opencv: equal to the published code",
     offsetof(settings, sampler), 0, 0},
    {"workers", 'w', OPTION_INT, "N", "threads that read pictures, which changes no result; default: 2",
     offsetof(settings, workers), 1, 64},
    {"skip-broken", 0, OPTION_FLAG, NULL, "leave out pictures that cannot be read, and list them",
     offsetof(settings, skip_broken), 0, 0},
    {"output", 'o', OPTION_TEXT, "DIR",
     "where results go; default: OUTPUT_DIR/dataset/model/experiment/results, as published", offsetof(settings, output),
     0, 0},
    {"worst", 0, OPTION_INT, "N", "draw the N persons with the lowest OKS into DIR of --out", offsetof(settings, worst),
     1, 100000},
    {"out", 0, OPTION_TEXT, "DIR", "where --worst draws; default: worst", offsetof(settings, out), 0, 0},
    NETWORK_RUN_OPTIONS(settings, network),
    {"progress", 0, OPTION_FLAG, NULL, "show progress even when standard error is no terminal",
     offsetof(settings, progress), 0, 0},
    {0},
};

static const char details[] =
    "The set is DATASET.ROOT, DATASET.DATASET (coco or mpii) and DATASET.TEST_SET of the configuration; for example\n"
    "  hrnet eval --config coco/hrnet/w32_256x192 --model w32.pth DATASET.ROOT data/coco TEST.FLIP_TEST true\n"
    "reads data/coco/annotations/person_keypoints_val2017.json and data/coco/images/val2017/ (val2017.zip with "
    "DATASET.DATA_FORMAT zip). Any annotations in COCO's format will do, with any file names and any keypoints.\n"
    "\n"
    "It writes keypoints_SET_results_0.json (MPII: pred.mat and pred.json) and prints the published table. A set "
    "without ground truth gets results only.\n"
    "\n"
    "With --detect it writes boxes_SET_results_0.json too, and prints the table of `hrnet score coco --iou bbox` above "
    "that of the poses. Pictures without anybody count.\n"
    "\n"
    "Exit status: 0 done, 1 something failed or a picture was left out, 2 wrong command line.";

/* ---------------------------------------------------------------------------------------------- where results go */

/* A key's text without YAML's quotes; free with free. */
static char *config_text(const hrnet_config *config, const char *key)
{
    char *yaml = NULL;
    if (hrnet_config_get(config, key, &yaml) != HRNET_OK) return tool_text("%s", "");
    const size_t start = strspn(yaml, "'\" \n"), length = strcspn(yaml + start, "'\"\n");
    char *text = tool_text("%.*s", (int)length, yaml + start);
    hrnet_string_free(yaml);
    return text;
}

/* The experiment's folder; without a configuration the weights file names the experiment. */
static char *results_folder(const settings *set, const hrnet_model *model)
{
    if (set->output != NULL) return tool_text("%s", set->output);
    char *stem = NULL, *experiment = NULL;
    if (set->network.config == NULL) stem = tool_stem(set->network.model != NULL ? set->network.model : "shipped");
    if (stem != NULL) stem[strcspn(stem, ".")] = '\0';
    if (hrnet_experiment_folder(hrnet_model_config(model), stem, &experiment) != HRNET_OK) tool_failed();
    char *folder = tool_text("%s/results", experiment != NULL ? experiment : "output");
    hrnet_string_free(experiment);
    free(stem);
    return folder;
}

/* ---------------------------------------------------------------------------------------------- what is printed */

static int print_weights(const char *path, int is_initial)
{
    char digest[65];
    if (is_initial) {
        printf("weights:   initial values\n");
        return 0;
    }
    if (hrnet_file_sha256(path, digest) != HRNET_OK) return tool_failed();
    printf("weights:   %s, sha256 %s\n", path != NULL ? path : "of the model that ships with hrnet", digest);
    return 0;
}

static int print_set(const hrnet_evaluation_info *about, const eval_detector *detector)
{
    printf("set:       %s %s, %s\n", about->is_mpii ? "mpii" : "coco", about->set, about->annotations);
    printf("pictures:  %zu in %s\n", about->n_images, about->images);
    if (about->detects) return eval_detector_print(detector, about->image_thre);
    if (about->detections != NULL)
        printf("boxes:     of a detector, %s, score %g or more\n", about->detections, about->image_thre);
    else
        printf("boxes:     ground truth\n");
    printf("persons:   %zu\n", about->n_persons);
    return 0;
}

/* "left_eye - right_eye, ..." */
static void print_pairs(const hrnet_skeleton *skeleton)
{
    printf("%s", skeleton->pairs_from == HRNET_PAIRS_BY_NAME ? ", by the names" : "");
    for (int i = 0; i < skeleton->n_flip_pairs; i++)
        printf("%s%s - %s", i == 0 ? "; pairs: " : ", ", skeleton->keypoint_names[skeleton->flip_pairs[i][0]],
               skeleton->keypoint_names[skeleton->flip_pairs[i][1]]);
}

static int print_network(const hrnet_model_info *net, const hrnet_pose_options *how, const hrnet_skeleton *skeleton,
                         int is_default)
{
    static const char *const decoders[] = {"auto", "argmax", "shift", "dark", "udp"};
    printf("network:   %s %dx%d, %d keypoints, trained for %s heatmaps\n", net->name, net->input_width,
           net->input_height, net->n_joints, net->codec);
    printf("decoder:   %s\n", decoders[how->decoder]);
    printf("flip test: %s", !how->flip_test                    ? "no"
                            : how->no_shift                    ? "yes, without the one-cell shift"
                            : how->decoder == HRNET_DECODE_UDP ? "yes"
                                                               : "yes, with the one-cell shift");
    if (how->flip_test) print_pairs(skeleton);
    printf("\n");
    if (!how->flip_test && is_default)
        tool_error("warning: no flip test: which of the %d keypoints are left and right is not known; --description "
                   "FILE says it",
                   skeleton->n_keypoints);
    return how->flip_test ? network_check_flip("TEST.FLIP_TEST", skeleton) : 0;
}

static int print_score(const hrnet_evaluation *evaluation, const char *arch, const eval_detector *detector)
{
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(evaluation);
    hrnet_mpii_score mpii;
    hrnet_coco_score coco = {0};
    if (!about.has_truth) {
        printf("no ground truth: not scored\n");
        return 0;
    }
    if (about.detects) {
        const int status = eval_detector_score(detector, evaluation);
        if (status != 0) return status;
    }
    if (about.is_mpii) {
        if (hrnet_evaluation_mpii(evaluation, &mpii) != HRNET_OK) return tool_failed();
        score_table_print(arch, hrnet_mpii_number_names(), mpii.numbers, HRNET_MPII_NUMBERS);
        return 0;
    }
    if (hrnet_evaluation_coco(evaluation, &coco) != HRNET_OK) return tool_failed();
    score_table_print(arch, hrnet_coco_number_names(), coco.numbers, HRNET_COCO_NUMBERS);
    hrnet_coco_score_free(&coco);
    return 0;
}

/* ---------------------------------------------------------------------------------------------- the run */

typedef struct shown {
    progress line;
    size_t done;
} shown;

static void on_progress(void *context, size_t n_done, size_t n_persons)
{
    shown *s = context;
    (void)n_persons;
    s->done = n_done;
    progress_update(&s->line, n_done);
}

static void on_message(void *context, const char *line)
{
    (void)context;
    tool_error("%s", line);
}

/* The last of upstream's log lines, with the means only: "Test: [i/n]  Time  Loss  Accuracy". */
static void print_log_line(const network *net, const hrnet_evaluation *evaluation, double seconds)
{
    double loss, accuracy;
    if (hrnet_evaluation_loss(evaluation, &loss, &accuracy) != HRNET_OK) return; /* a detector's boxes */
    char *batch_text = config_text(hrnet_model_config(net->model), "TEST.BATCH_SIZE_PER_GPU");
    const size_t batch = (size_t)strtoul(batch_text, NULL, 10), n = hrnet_evaluation_get_info(evaluation).n_persons;
    const size_t n_batches = batch > 0 ? (n + batch - 1) / batch : n;
    printf("Test: [%zu/%zu]\tTime %.3f\tLoss %.4f\tAccuracy %.3f\n", n_batches, n_batches,
           n_batches > 0 ? seconds / (double)n_batches : 0, loss, accuracy);
    free(batch_text);
}

/* How many boxes of the detector got a pose; with known boxes the number of persons was printed before. */
static void print_found(const hrnet_evaluation *evaluation)
{
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(evaluation);
    if (about.detects) printf("persons:   %zu\n", about.n_persons);
}

static int run_set(const settings *set, const network *net, const eval_detector *detector, hrnet_evaluation *evaluation)
{
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(evaluation);
    shown s = {.line = about.detects ? progress_begin(about.n_images, "pictures", set->progress)
                                     : progress_begin(about.n_persons, "persons", set->progress)};
    hrnet_evaluation_options how = {.decoder = (hrnet_decoder)set->decoder,
                                    .sampler = (hrnet_sampler)set->sampler,
                                    .workers = set->workers,
                                    .skip_broken = set->skip_broken,
                                    .on_progress = on_progress,
                                    .on_message = on_message,
                                    .context = &s};
    const hrnet_model_info info = hrnet_model_get_info(net->model);
    const hrnet_pose_options pose = hrnet_evaluation_pose_options(evaluation, net->model, &how);
    if (set->detect) eval_detector_options(detector, &how);
    char *flip_test = config_text(hrnet_model_config(net->model), "TEST.FLIP_TEST");
    int refused = print_set(&about, detector);
    if (refused == 0) refused = print_network(&info, &pose, pose.skeleton, strcmp(flip_test, "true") == 0);
    free(flip_test);
    fflush(stdout);
    if (refused != 0) return refused;
    const double start = tool_seconds();
    const hrnet_status status = hrnet_evaluation_run(evaluation, net->session, &how);
    progress_end(&s.line, s.done);
    if (status != HRNET_OK) return tool_failed();
    print_found(evaluation);
    print_log_line(net, evaluation, tool_seconds() - start);
    return 0;
}

/* The files that results go to, in `folder`. mat is MPII's only, boxes a detector's. */
typedef struct result_files {
    char *folder, *json, *mat, *boxes;
} result_files;

static result_files name_results(const settings *set, const network *net, const hrnet_evaluation *evaluation)
{
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(evaluation);
    char *rank = config_text(hrnet_model_config(net->model), "RANK");
    result_files files = {.folder = results_folder(set, net->model)};
    files.json = about.is_mpii ? tool_text("%s/pred.json", files.folder)
                               : tool_text("%s/keypoints_%s_results_%s.json", files.folder, about.set, rank);
    if (about.is_mpii) files.mat = tool_text("%s/pred.mat", files.folder);
    if (about.detects) files.boxes = tool_text("%s/boxes_%s_results_%s.json", files.folder, about.set, rank);
    free(rank);
    return files;
}

static int check_results(const result_files *files, const settings *set)
{
    const char *const outputs[] = {files->json, files->mat, files->boxes};
    int status = 0;
    for (size_t i = 0; status == 0 && i < sizeof outputs / sizeof *outputs; i++)
        status = tool_check_output(outputs[i],
                                   TOOL_INPUTS(set->annotations, set->boxes, set->truth, set->detector.detector));
    return status;
}

static int write_results(const result_files *files, const hrnet_evaluation *evaluation)
{
    int status = tool_make_folders(files->folder) != 0 ? STATUS_FAILED : 0;
    if (status == 0 && hrnet_evaluation_save(evaluation, files->json) != HRNET_OK) status = tool_failed();
    if (status == 0 && files->mat != NULL && hrnet_evaluation_save_mat(evaluation, files->mat) != HRNET_OK)
        status = tool_failed();
    if (status == 0 && files->boxes != NULL && hrnet_evaluation_save_boxes(evaluation, files->boxes) != HRNET_OK)
        status = tool_failed();
    if (status == 0) printf("results:   %s\n", files->json);
    if (status == 0 && files->boxes != NULL) printf("           %s\n", files->boxes);
    return status;
}

static int evaluate(const settings *set, const network *net, const eval_detector *detector)
{
    const hrnet_evaluation_files files = {.annotations = set->annotations,
                                          .images = set->images,
                                          .detections = set->boxes,
                                          .truth = set->truth,
                                          .info = net->info,
                                          .on_message = network_message,
                                          .context = &(int){set->network.quiet},
                                          .category = set->category,
                                          .detect = set->detect};
    hrnet_evaluation *evaluation = NULL;
    if (hrnet_evaluation_open(&evaluation, hrnet_model_config(net->model), &files) != HRNET_OK) return tool_failed();
    char *configured = network_model_file(net->config);
    int status =
        print_weights(set->network.model != NULL ? set->network.model : configured, set->network.initial_weights);
    free(configured);
    const result_files results = name_results(set, net, evaluation);
    if (status == 0) status = check_results(&results, set);
    if (status == 0) status = run_set(set, net, detector, evaluation);
    if (status == 0) status = write_results(&results, evaluation);
    free(results.folder);
    free(results.json);
    free(results.mat);
    free(results.boxes);
    if (status == 0) status = print_score(evaluation, hrnet_model_get_info(net->model).name, detector);
    if (status == 0 && set->worst > 0)
        status = eval_draw_worst(evaluation, hrnet_evaluation_pose_options(evaluation, net->model, NULL).skeleton,
                                 set->worst, set->out != NULL ? set->out : "worst");
    if (status == 0 && hrnet_evaluation_n_skipped(evaluation) > 0) {
        tool_error("%zu pictures could not be read; their persons were left out",
                   hrnet_evaluation_n_skipped(evaluation));
        status = STATUS_FAILED;
    }
    hrnet_evaluation_free(evaluation);
    return status;
}

static int check_options(const settings *set)
{
    const char *const of_detector = detector_option_given(&set->detector);
    if (set->out != NULL && set->worst == 0) return tool_usage("--out goes with --worst");
    if (!set->detect && of_detector != NULL) return tool_usage("%s goes with --detect", of_detector);
    if (set->detect && set->boxes != NULL) return tool_usage("--boxes does not go with --detect, which finds them");
    return 0;
}

static int run(int argc, char **argv)
{
    settings set = {.detector = DETECTOR_DEFAULTS};
    int n_arguments = 0;
    const char **overrides = NULL;
    network net = {0};
    eval_detector detector = {0};
    int status = options_parse(&command_eval, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments > 0) status = tool_usage("unexpected argument '%s'", argv[0]);
    if (status == 0) status = check_options(&set);
    if (status == 0) status = fetch_model(&set.network, HRNET_PUBLISHED_POSE, &overrides);
    if (status == 0) status = fetch_detector(&set.detector, set.network.yes, set.network.quiet);
    if (status == 0) status = network_open(&net, &set.network, overrides, 1);
    if (status == 0) status = network_check_pose(&net, &set.network);
    if (status == 0 && set.detect) status = eval_detector_open(&detector, &set.detector, &set.network);
    if (status == 0) status = evaluate(&set, &net, &detector);
    eval_detector_close(&detector);
    network_close(&net);
    free(overrides);
    return status;
}

const command command_eval = {"eval",
                              "[--config NAME] [--model FILE] [options] [KEY VALUE ...]",
                              "Run the published validation pass and score it.",
                              details,
                              options,
                              run};
