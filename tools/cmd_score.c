/* cmd_score.c - `hrnet score`: how good predictions in a file are, by the published measures. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet_eval.h>

#include "command.h"
#include "score_json.h"
#include "score_mot.h"
#include "score_table.h"
#include "tool.h"

typedef struct settings {
    const char *truth, *results, *preds, *sigmas, *info, *category, *json;
    int per_joint, by_box, benchmark, threads;
    hrnet_pool *pool;
} settings;

static const option options[] = {
    {"gt", 'g', OPTION_TEXT, "FILE",
     "ground truth: COCO annotations .json; MPII gt_<set>.mat, or .json of the same; MOTChallenge gt.txt, or a folder",
     offsetof(settings, truth), 0, 0},
    {"results", 'r', OPTION_TEXT, "FILE", "coco: results in COCO's format; mot: tracks in MOTChallenge's, or a folder",
     offsetof(settings, results), 0, 0},
    {"preds", 'p', OPTION_TEXT, "FILE", "mpii: preds.npy [n][16][2], counted from 0, or pred.mat, counted from 1",
     offsetof(settings, preds), 0, 0},
    {"iou", 0, OPTION_CHOICE, "keypoints|bbox", "coco: what is compared, poses by OKS or boxes by their overlap",
     offsetof(settings, by_box), 0, 0},
    {"sigmas", 's', OPTION_TEXT, "a,b,...",
     "coco: OKS constants, one a keypoint; default: those of --info or of the annotations, else COCO's for 17 "
     "keypoints, else 0.05 for each",
     offsetof(settings, sigmas), 0, 0},
    {"info", 'i', OPTION_TEXT, "FILE.yaml", "coco: description of the dataset (names, sigmas)",
     offsetof(settings, info), 0, 0},
    {"category", 0, OPTION_TEXT, "NAME",
     "coco: score this category of the ground truth, a name or an id; default: the mean over those with keypoints "
     "(bbox: "
     "over all), as pycocotools",
     offsetof(settings, category), 0, 0},
    {"benchmark", 0, OPTION_CHOICE, "auto|mot15|mot17|mot20",
     "mot: whose classes those of the ground truth are; default: mot17's, mot20's if the sequence is called so, none "
     "without classes",
     offsetof(settings, benchmark), 0, 0},
    {"threads", 't', OPTION_INT, "N",
     "coco: threads to read and score on; default, and 0: all that this process may use", offsetof(settings, threads),
     0, 64},
    {"per-joint", 'j', OPTION_FLAG, NULL, "a row for every joint too", offsetof(settings, per_joint), 0, 0},
    {"json", 'o', OPTION_TEXT, "OUT", "write all numbers as JSON too; '-' is standard output, without the table",
     offsetof(settings, json), 0, 0},
    {0},
};

/* ---------------------------------------------------------------------------------------------- COCO */

/* n positive numbers, or more or fewer: *n_out says how many there are. NULL after a message. */
static double *read_sigmas(const char *text, int *n_out)
{
    double *sigmas = NULL;
    int n = 0;
    for (const char *at = text;; at++) {
        char *end;
        sigmas = tool_grow(sigmas, (size_t)n, sizeof *sigmas);
        sigmas[n++] = strtod(at, &end);
        if (end == at || !(sigmas[n - 1] > 0) || (*end != ',' && *end != '\0')) {
            tool_usage("--sigmas: '%s': expected positive numbers with commas between", text);
            free(sigmas);
            return NULL;
        }
        at = end;
        if (*at == '\0') break;
    }
    *n_out = n;
    return sigmas;
}

/* The table, unless the JSON takes its place on standard output. */
static int is_printed(const settings *set)
{
    return set->json == NULL || strcmp(set->json, "-") != 0;
}

/* The lines of pycocotools' summarize. */
static void print_lines(const double numbers[HRNET_COCO_NUMBERS])
{
    static const char *const about[] = {"0.50:0.95 | area=   all", "0.50      | area=   all", "0.75      | area=   all",
                                        "0.50:0.95 | area=medium", "0.50:0.95 | area= large"};
    for (int i = 0; i < HRNET_COCO_NUMBERS; i++)
        printf(" %-18s %s @[ IoU=%s | maxDets= 20 ] = %.3f\n",
               i < HRNET_COCO_AR ? "Average Precision" : "Average Recall", i < HRNET_COCO_AR ? "(AP)" : "(AR)",
               about[i % HRNET_COCO_AR], numbers[i]);
}

static void print_coco(const settings *set, const hrnet_coco_score *score, const hrnet_skeleton *skeleton)
{
    char *name = tool_stem(set->results);
    printf("%zu images, %zu persons to find and %zu to ignore, %zu results\n", score->n_images, score->n_persons,
           score->n_ignored, score->n_results);
    print_lines(score->numbers);
    score_table_print(name, hrnet_coco_number_names(), score->numbers, HRNET_COCO_NUMBERS);
    free(name);
    if (!set->per_joint) return;
    printf("\n%-24s %9s %9s %7s %9s\n", "joint", "labelled", "found", "OKS", "px");
    for (int i = 0; i < score->n_keypoints; i++) {
        const hrnet_joint_score *joint = &score->joints[i];
        printf("%-24s %9zu %9zu %7.3f %9.2f\n", skeleton->keypoint_names[i], joint->n_labelled, joint->n_found,
               joint->oks, joint->distance);
    }
}

/* What was left out of the results, which changes the numbers. */
static void report_results(const settings *set, const hrnet_coco_results *results, size_t n_other_category)
{
    if (results->n_broken > 0)
        tool_error("warning: %s: %zu of %zu results could not be read and are left out; the first: %s", set->results,
                   results->n_broken, results->n_broken + results->n, results->first_broken);
    if (results->n_without_score > 0)
        tool_error("warning: %s: %zu results have the score NaN: they come last, as in pycocotools", set->results,
                   results->n_without_score);
    if (n_other_category > 0 && set->category == NULL)
        tool_error("warning: %s: %zu of %zu results are of categories that are not scored: left out", set->results,
                   n_other_category, results->n);
}

static int score_coco(const settings *set, const hrnet_annotations *truth, const hrnet_dataset_info *info,
                      const double *sigmas)
{
    hrnet_coco_results results = {0};
    hrnet_coco_score score = {0};
    const hrnet_coco_options how = {.sigmas = sigmas != NULL ? sigmas : info->sigmas, .pool = set->pool};
    const hrnet_coco_results_options reading = {.n_keypoints = info->skeleton.n_keypoints, .pool = set->pool};
    int status = STATUS_DONE;
    if (how.sigmas == NULL && info->skeleton.n_keypoints != hrnet_skeleton_coco()->n_keypoints)
        tool_error(
            "warning: %s: no OKS constants (sigmas): 0.05 is taken for each of its %d keypoints (--sigmas or --info "
            "give others)",
            set->truth, info->skeleton.n_keypoints);
    if (hrnet_coco_results_open(&results, set->results, &reading) != HRNET_OK ||
        hrnet_coco_evaluate(&score, truth, &results, &how) != HRNET_OK)
        status = tool_failed();
    if (status == STATUS_DONE) report_results(set, &results, score.n_other_category);
    if (status == STATUS_DONE && is_printed(set)) print_coco(set, &score, &info->skeleton);
    if (status == STATUS_DONE && set->json != NULL)
        status = score_json_write(set->json, &score, &info->skeleton, NULL, NULL);
    hrnet_coco_score_free(&score);
    hrnet_coco_results_free(&results);
    return status;
}

static void on_message(void *context, const char *line)
{
    (void)context;
    tool_error("%s", line);
}

/* The ground truth. Of several skeletons in it the one that the results have is meant. */
static hrnet_status open_truth(hrnet_annotations **truth, const settings *set)
{
    hrnet_annotations_options how = {.category = set->category, .on_message = on_message, .pool = set->pool};
    hrnet_coco_results results = {0};
    const hrnet_status status = hrnet_annotations_open(truth, set->truth, &how);
    if (status != HRNET_ERR_UNSUPPORTED || hrnet_coco_results_load(&results, set->results, 0) != HRNET_OK)
        return status;
    how.n_keypoints = results.n_keypoints;
    hrnet_coco_results_free(&results);
    return hrnet_annotations_open(truth, set->truth, &how);
}

static int run_coco(const settings *set)
{
    hrnet_annotations *truth = NULL;
    hrnet_dataset_info *own = NULL;
    double *sigmas = NULL;
    int n_sigmas = 0, status = STATUS_DONE;
    if (set->truth == NULL || set->results == NULL || set->preds != NULL)
        return tool_usage("expected --gt and --results");
    if (set->sigmas != NULL && (sigmas = read_sigmas(set->sigmas, &n_sigmas)) == NULL) return STATUS_USAGE;
    if (open_truth(&truth, set) != HRNET_OK ||
        (set->info != NULL && hrnet_dataset_info_load(&own, set->info) != HRNET_OK))
        status = tool_failed();
    const hrnet_dataset_info *info = status == STATUS_DONE ? hrnet_annotations_info(truth) : NULL;
    if (own != NULL && info != NULL && own->skeleton.n_keypoints != info->skeleton.n_keypoints) {
        tool_error("%s: %d keypoints, %s has %d", set->info, own->skeleton.n_keypoints, set->truth,
                   info->skeleton.n_keypoints);
        status = STATUS_FAILED;
    } else if (own != NULL) {
        info = own;
    }
    if (status == STATUS_DONE && sigmas != NULL && n_sigmas != info->skeleton.n_keypoints) {
        tool_error("--sigmas: %d numbers, expected %d, one a keypoint", n_sigmas, info->skeleton.n_keypoints);
        status = STATUS_USAGE;
    }
    if (status == STATUS_DONE) status = score_coco(set, truth, info, sigmas);
    free(sigmas);
    hrnet_dataset_info_free(own);
    hrnet_annotations_free(truth);
    return status;
}

/* ---------------------------------------------------------------------------------------------- boxes */

/* The lines of pycocotools' summarize, and the table. */
static void print_boxes(const settings *set, const hrnet_box_score *score)
{
    static const char *const about[HRNET_BOX_NUMBERS] = {
        "0.50:0.95 | area=   all | maxDets=100", "0.50      | area=   all | maxDets=100",
        "0.75      | area=   all | maxDets=100", "0.50:0.95 | area= small | maxDets=100",
        "0.50:0.95 | area=medium | maxDets=100", "0.50:0.95 | area= large | maxDets=100",
        "0.50:0.95 | area=   all | maxDets=  1", "0.50:0.95 | area=   all | maxDets= 10",
        "0.50:0.95 | area=   all | maxDets=100", "0.50:0.95 | area= small | maxDets=100",
        "0.50:0.95 | area=medium | maxDets=100", "0.50:0.95 | area= large | maxDets=100"};
    char *name = tool_stem(set->results);
    printf("%zu images, %zu categories, %zu boxes to find and %zu to ignore, %zu results\n", score->n_images,
           score->n_categories, score->n_boxes, score->n_ignored, score->n_results);
    for (int i = 0; i < HRNET_BOX_NUMBERS; i++)
        printf(" %-18s %s @[ IoU=%s ] = %.3f\n", i < HRNET_BOX_AR1 ? "Average Precision" : "Average Recall",
               i < HRNET_BOX_AR1 ? "(AP)" : "(AR)", about[i], score->numbers[i]);
    score_table_print(name, hrnet_box_number_names(), score->numbers, HRNET_BOX_NUMBERS);
    free(name);
}

static int run_boxes(const settings *set)
{
    const hrnet_annotations_options how = {
        .category = set->category, .boxes_alone = 1, .on_message = on_message, .pool = set->pool};
    const hrnet_coco_results_options reading = {.boxes_alone = 1, .pool = set->pool};
    hrnet_annotations *truth = NULL;
    hrnet_coco_results results = {0};
    hrnet_box_score score = {0};
    int status = STATUS_DONE;
    if (set->truth == NULL || set->results == NULL || set->preds != NULL || set->sigmas != NULL || set->info != NULL ||
        set->per_joint)
        return tool_usage("expected --gt and --results, without --preds, --sigmas, --info and --per-joint");
    if (hrnet_annotations_open(&truth, set->truth, &how) != HRNET_OK ||
        hrnet_coco_results_open(&results, set->results, &reading) != HRNET_OK)
        status = tool_failed();
    else if (hrnet_box_evaluate(&score, truth, &results) != HRNET_OK)
        status = tool_failed();
    if (status == STATUS_DONE) report_results(set, &results, score.n_other_category);
    if (status == STATUS_DONE && is_printed(set)) print_boxes(set, &score);
    if (status == STATUS_DONE && set->json != NULL) status = score_json_write(set->json, NULL, NULL, &score, NULL);
    hrnet_coco_results_free(&results);
    hrnet_annotations_free(truth);
    return status;
}

/* ---------------------------------------------------------------------------------------------- MPII */

static void print_mpii(const settings *set, const hrnet_mpii_score *score, size_t n)
{
    char *name = tool_stem(set->preds);
    printf("%zu persons, PCKh in percent\n", n);
    score_table_print(name, hrnet_mpii_number_names(), score->numbers, HRNET_MPII_NUMBERS);
    free(name);
    if (!set->per_joint) return;
    printf("\n%-24s %9s %9s\n", "joint", "labelled", "PCKh@0.5");
    for (int i = 0; i < HRNET_MPII_JOINTS; i++)
        printf("%-24s %9zu %9.3f\n", hrnet_skeleton_mpii()->keypoint_names[i], score->n_labelled[i], score->joints[i]);
}

static int run_mpii(const settings *set)
{
    hrnet_mpii_truth *truth = NULL;
    hrnet_keypoint *poses = NULL;
    hrnet_mpii_score score;
    size_t n = 0;
    int status = STATUS_DONE;
    if (set->truth == NULL || set->preds == NULL || set->results != NULL || set->sigmas != NULL || set->info != NULL ||
        set->category != NULL || set->by_box)
        return tool_usage("expected --gt and --preds, without --results, --sigmas, --info, --category and --iou");
    if (hrnet_mpii_truth_load(&truth, set->truth) != HRNET_OK ||
        hrnet_mpii_poses_load(&poses, &n, set->preds) != HRNET_OK ||
        hrnet_mpii_evaluate(&score, truth, poses, n) != HRNET_OK)
        status = tool_failed();
    if (status == STATUS_DONE && is_printed(set)) print_mpii(set, &score, n);
    if (status == STATUS_DONE && set->json != NULL) status = score_json_write(set->json, NULL, NULL, NULL, &score);
    hrnet_mpii_poses_free(poses);
    hrnet_mpii_truth_free(truth);
    return status;
}

/* ---------------------------------------------------------------------------------------------- tracks */

static int run_mot(const settings *set)
{
    if (set->truth == NULL || set->results == NULL || set->preds != NULL || set->sigmas != NULL || set->info != NULL ||
        set->category != NULL || set->by_box || set->per_joint)
        return tool_usage("expected --gt and --results, without options of coco and mpii");
    return score_mot_run(&(mot_settings){set->truth, set->results, set->json, (hrnet_mot_benchmark)set->benchmark});
}

static int run_coco_on_pool(settings *set)
{
    if (hrnet_pool_create(&set->pool, set->threads) != HRNET_OK) return tool_failed();
    const int status = set->by_box ? run_boxes(set) : run_coco(set);
    hrnet_pool_free(set->pool);
    return status;
}

static int run(int argc, char **argv)
{
    settings set = {0};
    int n_arguments = 0;
    const int status = options_parse(&command_score, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (tool_check_output(set.json, TOOL_INPUTS(set.truth, set.results, set.preds, set.info)) != 0) return STATUS_USAGE;
    if (set.threads != 0 && n_arguments == 1 && strcmp(argv[0], "coco") != 0)
        return tool_usage("--threads is an option of coco");
    if (n_arguments == 1 && strcmp(argv[0], "mot") == 0) return run_mot(&set);
    if (set.benchmark != 0) return tool_usage("--benchmark is an option of mot");
    if (n_arguments == 1 && strcmp(argv[0], "coco") == 0) return run_coco_on_pool(&set);
    if (n_arguments == 1 && strcmp(argv[0], "mpii") == 0) return run_mpii(&set);
    return tool_usage("expected one word, coco, mpii or mot, and options");
}

const command command_score = {
    "score",
    "coco|mpii|mot --gt FILE --results FILE|--preds FILE [options]",
    "Score predictions against ground truth.",
    "coco gives the ten numbers of pycocotools for keypoints (a number of -1: no person to judge by). Per joint, OKS "
    "and "
    "px are means over the persons that were found with an OKS of 0.1 or more.\n"
    "coco --iou bbox gives its twelve numbers for boxes, of any number of categories.\n"
    "mpii gives PCKh. Mean@0.1 is taken at a threshold of 0.1; upstream's table calls Mean@0.1 what is taken at 0.11, "
    "which is the last column.\n"
    "mot gives HOTA, MOTA, IDF1 and what belongs to them, as TrackEval. Folders hold sequences, SEQ/gt/gt.txt or "
    "SEQ.txt, and results SEQ.txt or SEQ_tracks.txt; a last row is of all together.",
    options,
    run};
