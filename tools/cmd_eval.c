/* cmd_eval.c - `hrnet eval`: the published validation pass. */
#include <hrnet_train.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "cmd_eval.h"
#include "model_options.h"
#include "progress.h"
#include "score_table.h"
#include "tool.h"

typedef struct settings {
    network_settings network;
    const char *annotations, *images, *boxes, *truth, *category, *output, *out;
    int decoder, sampler, workers, skip_broken, worst, progress;
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

static void print_set(const hrnet_evaluation_info *about)
{
    printf("set:       %s %s, %s\n", about->is_mpii ? "mpii" : "coco", about->set, about->annotations);
    printf("pictures:  %zu in %s\n", about->n_images, about->images);
    if (about->detections != NULL)
        printf("boxes:     of a detector, %s, score %g or more\n", about->detections, about->image_thre);
    else
        printf("boxes:     ground truth\n");
    printf("persons:   %zu\n", about->n_persons);
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

static int print_score(const hrnet_evaluation *evaluation, const char *arch)
{
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(evaluation);
    hrnet_mpii_score mpii;
    hrnet_coco_score coco = {0};
    if (!about.has_truth) {
        printf("no ground truth: not scored\n");
        return 0;
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

static int run_set(const settings *set, const network *net, hrnet_evaluation *evaluation)
{
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(evaluation);
    shown s = {.line = progress_begin(about.n_persons, "persons", set->progress)};
    const hrnet_evaluation_options how = {.decoder = (hrnet_decoder)set->decoder,
                                          .sampler = (hrnet_sampler)set->sampler,
                                          .workers = set->workers,
                                          .skip_broken = set->skip_broken,
                                          .on_progress = on_progress,
                                          .on_message = on_message,
                                          .context = &s};
    const hrnet_model_info info = hrnet_model_get_info(net->model);
    const hrnet_pose_options pose = hrnet_evaluation_pose_options(evaluation, net->model, &how);
    print_set(&about);
    char *flip_test = config_text(hrnet_model_config(net->model), "TEST.FLIP_TEST");
    const int refused = print_network(&info, &pose, pose.skeleton, strcmp(flip_test, "true") == 0);
    free(flip_test);
    fflush(stdout);
    if (refused != 0) return refused;
    const double start = tool_seconds();
    const hrnet_status status = hrnet_evaluation_run(evaluation, net->session, &how);
    progress_end(&s.line, s.done);
    if (status != HRNET_OK) return tool_failed();
    print_log_line(net, evaluation, tool_seconds() - start);
    return 0;
}

/* The files that results go to, in `folder`. mat is MPII's only. */
typedef struct result_files {
    char *folder, *json, *mat;
} result_files;

static result_files name_results(const settings *set, const network *net, const hrnet_evaluation *evaluation)
{
    const hrnet_evaluation_info about = hrnet_evaluation_get_info(evaluation);
    char *rank = config_text(hrnet_model_config(net->model), "RANK");
    result_files files = {.folder = results_folder(set, net->model)};
    files.json = about.is_mpii ? tool_text("%s/pred.json", files.folder)
                               : tool_text("%s/keypoints_%s_results_%s.json", files.folder, about.set, rank);
    if (about.is_mpii) files.mat = tool_text("%s/pred.mat", files.folder);
    free(rank);
    return files;
}

static int check_results(const result_files *files, const settings *set)
{
    const int status = tool_check_output(files->json, TOOL_INPUTS(set->annotations, set->boxes, set->truth));
    return status != 0 ? status : tool_check_output(files->mat, TOOL_INPUTS(set->annotations, set->boxes, set->truth));
}

static int write_results(const result_files *files, const hrnet_evaluation *evaluation)
{
    int status = tool_make_folders(files->folder) != 0 ? STATUS_FAILED : 0;
    if (status == 0 && hrnet_evaluation_save(evaluation, files->json) != HRNET_OK) status = tool_failed();
    if (status == 0 && files->mat != NULL && hrnet_evaluation_save_mat(evaluation, files->mat) != HRNET_OK)
        status = tool_failed();
    if (status == 0) printf("results:   %s\n", files->json);
    return status;
}

static int evaluate(const settings *set, const network *net)
{
    const hrnet_evaluation_files files = {.annotations = set->annotations,
                                          .images = set->images,
                                          .detections = set->boxes,
                                          .truth = set->truth,
                                          .info = net->info,
                                          .on_message = network_message,
                                          .context = &(int){set->network.quiet},
                                          .category = set->category};
    hrnet_evaluation *evaluation = NULL;
    if (hrnet_evaluation_open(&evaluation, hrnet_model_config(net->model), &files) != HRNET_OK) return tool_failed();
    char *configured = network_model_file(net->config);
    int status =
        print_weights(set->network.model != NULL ? set->network.model : configured, set->network.initial_weights);
    free(configured);
    const result_files results = name_results(set, net, evaluation);
    if (status == 0) status = check_results(&results, set);
    if (status == 0) status = run_set(set, net, evaluation);
    if (status == 0) status = write_results(&results, evaluation);
    free(results.folder);
    free(results.json);
    free(results.mat);
    if (status == 0) status = print_score(evaluation, hrnet_model_get_info(net->model).name);
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

static int run(int argc, char **argv)
{
    settings set = {0};
    int n_arguments = 0;
    const char **overrides = NULL;
    network net = {0};
    int status = options_parse(&command_eval, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    status = network_overrides(argv, &n_arguments, &overrides);
    if (status == 0 && n_arguments > 0) status = tool_usage("unexpected argument '%s'", argv[0]);
    if (status == 0 && set.out != NULL && set.worst == 0) status = tool_usage("--out goes with --worst");
    if (status == 0) status = network_open(&net, &set.network, overrides, 1);
    if (status == 0) status = network_check_pose(&net, &set.network);
    if (status == 0) status = evaluate(&set, &net);
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
