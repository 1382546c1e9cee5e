/*
 * score_mot.c - `hrnet score mot`. Two files are one sequence; two folders hold several:
 *
 *   ground truth   GT/SEQ/gt/gt.txt, as MOTChallenge has it, or GT/SEQ.txt
 *   results        RES/SEQ.txt, RES/SEQ_tracks.txt, as `hrnet pose` names them, or RES/data/SEQ.txt, as TrackEval does
 */
#include "score_mot.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

/* ---------------------------------------------------------------------------------------------- sequences */

typedef struct sequence {
    char *name, *truth, *results; /* paths */
} sequence;

typedef struct sequence_list {
    sequence *list;
    hrnet_mot_score *scores; /* [n], one behind them for all together */
    size_t n;
} sequence_list;

static int is_kind(const char *path, mode_t kind)
{
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

static void add_sequence(sequence_list *all, char *name, char *truth, char *results)
{
    all->list = tool_grow(all->list, all->n, sizeof *all->list);
    all->list[all->n++] = (sequence){name, truth, results};
}

static void free_sequences(sequence_list *all)
{
    for (size_t i = 0; i < all->n; i++) {
        free(all->list[i].name);
        free(all->list[i].truth);
        free(all->list[i].results);
    }
    free(all->list);
    free(all->scores);
}

/* The results of a sequence, or NULL after a message. */
static char *find_results(const char *folder, const char *name)
{
    static const char *const around[][2] = {{"", ""}, {"", "_tracks"}, {"data/", ""}};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        char *const path = tool_text("%s/%s%s%s.txt", folder, around[i][0], name, around[i][1]);
        if (is_kind(path, S_IFREG)) return path;
        free(path);
    }
    tool_error("%s: expected %s.txt, %s_tracks.txt or data/%s.txt for the sequence %s, found none", folder, name, name,
               name, name);
    return NULL;
}

/* The path of the ground truth that an entry of the folder is or has, and the sequence's name; 0 if there is none. */
static int find_truth(const char *folder, const char *entry, char **truth, char **name)
{
    char *path = tool_text("%s/%s", folder, entry);
    if (is_kind(path, S_IFREG) && tool_has_ending(entry, ".txt")) {
        *truth = path;
        *name = tool_stem(entry);
        return 1;
    }
    free(path);
    path = tool_text("%s/%s/gt/gt.txt", folder, entry);
    if (is_kind(path, S_IFREG)) {
        *truth = path;
        *name = tool_text("%s", entry);
        return 1;
    }
    free(path);
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Files of results that belong to no sequence do not bear on the score, but may be a wrong name. */
static void tell_left_over(const sequence_list *all, const char *folder)
{
    struct dirent **entries;
    size_t n_over = 0;
    const int n = scandir(folder, &entries, is_visible, alphasort);
    if (n < 0) return;
    char *first = NULL;
    for (int i = 0; i < n; i++) {
        char *path = tool_text("%s/%s", folder, entries[i]->d_name);
        size_t k = 0;
        while (k < all->n && strcmp(path, all->list[k].results) != 0) k++;
        if (k == all->n && is_kind(path, S_IFREG) && tool_has_ending(path, ".txt") && n_over++ == 0) {
            first = path;
            path = NULL;
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    if (n_over > 0)
        tool_error("%s: %zu file%s of results without a sequence in the ground truth; the first: %s", folder, n_over,
                   n_over == 1 ? "" : "s", first);
    free(first);
}

static int list_folder(sequence_list *all, const mot_settings *set)
{
    struct dirent **entries;
    int status = STATUS_DONE;
    const int n = scandir(set->truth, &entries, is_visible, alphasort);
    if (n < 0) {
        tool_error("%s: cannot read the folder: %s", set->truth, strerror(errno));
        return STATUS_FAILED;
    }
    for (int i = 0; i < n; i++) {
        char *truth, *name;
        if (status == STATUS_DONE && find_truth(set->truth, entries[i]->d_name, &truth, &name)) {
            char *const results = find_results(set->results, name);
            if (results == NULL) status = STATUS_FAILED;
            add_sequence(all, name, truth, results);
        }
        free(entries[i]);
    }
    free(entries);
    if (status == STATUS_DONE && all->n == 0) {
        tool_error("%s: expected sequences, SEQ/gt/gt.txt or SEQ.txt, found none", set->truth);
        status = STATUS_FAILED;
    }
    if (status == STATUS_DONE) tell_left_over(all, set->results);
    return status;
}

/* ---------------------------------------------------------------------------------------------- scores */

/* What does not belong into such files, which changes the numbers. */
static void tell_oddities(const sequence *one, const hrnet_mot_boxes *results, const hrnet_mot_score *score)
{
    if (results->n_twice > 0)
        tool_error(
            "warning: %s: a track has a further box in a frame, which MOTChallenge does not allow: %zu times; the "
            "first: %s",
            one->results, results->n_twice, results->first_twice);
    if (score->n_after > 0)
        tool_error("warning: %s: boxes in frames behind the last of the ground truth, which count as false: %zu",
                   one->results, score->n_after);
    if (score->n_truths == 0) tool_error("warning: %s: no box counts: all results are false", one->truth);
}

static int score_sequence(hrnet_mot_score *score, const sequence *one, const mot_settings *set)
{
    hrnet_mot_boxes truth = {0}, results = {0};
    hrnet_mot_options how = {.benchmark = set->benchmark};
    int status = STATUS_DONE;
    if (hrnet_mot_boxes_load(&truth, one->truth) != HRNET_OK ||
        hrnet_mot_boxes_load(&results, one->results) != HRNET_OK) {
        status = tool_failed();
    } else if (truth.n_twice > 0) {
        tool_error("%s: %s: expected an id once in a frame", one->truth, truth.first_twice);
        status = STATUS_FAILED;
    } else {
        if (how.benchmark == HRNET_MOT_AUTO && truth.has_classes && strncmp(one->name, "MOT20", 5) == 0)
            how.benchmark = HRNET_MOT20;
        if (hrnet_mot_evaluate(score, &truth, &results, &how) != HRNET_OK) {
            tool_error("%s: %s", one->name, hrnet_last_error());
            status = STATUS_FAILED;
        } else {
            tell_oddities(one, &results, score);
        }
    }
    hrnet_mot_boxes_free(&truth);
    hrnet_mot_boxes_free(&results);
    return status;
}

/* ---------------------------------------------------------------------------------------------- table */

enum { N_RATES = 9, N_COUNTS = 6 };

static const int rates[N_RATES] = {HRNET_MOT_HOTA, HRNET_MOT_DETA, HRNET_MOT_ASSA, HRNET_MOT_LOCA, HRNET_MOT_MOTA,
                                   HRNET_MOT_MOTP, HRNET_MOT_IDF1, HRNET_MOT_IDP,  HRNET_MOT_IDR};

static void print_row(const char *name, const hrnet_mot_score *score)
{
    const size_t counts[N_COUNTS] = {score->n_switches,       score->n_false,       score->n_missed,
                                     score->n_mostly_tracked, score->n_mostly_lost, score->n_fragments};
    char *label = tool_text("%s", name);
    printf("| %s", hrnet_printable(label));
    free(label);
    for (int i = 0; i < N_RATES; i++) printf(" | %.3f", score->numbers[rates[i]]);
    for (int i = 0; i < N_COUNTS; i++) printf(" | %zu", counts[i]);
    printf(" |\n");
}

static void print_table(const sequence_list *all, int is_folder)
{
    static const char *const benchmarks[] = {"their benchmarks do", "MOT15 does", "MOT17 does", "MOT20 does"};
    const hrnet_mot_score *const score = &all->scores[all->n];
    printf("%zu frames, %zu boxes of %zu people to find, %zu boxes of %zu tracks\n", score->n_frames, score->n_truths,
           score->n_people, score->n_results, score->n_tracks);
    if (score->n_ignored + score->n_other_classes + score->n_distracted > 0)
        printf("left out, as %s: %zu true boxes of confidence 0, %zu of other classes, %zu results on distractors\n",
               benchmarks[score->benchmark], score->n_ignored, score->n_other_classes, score->n_distracted);
    printf("| Sequence");
    for (int i = 0; i < N_RATES; i++) printf(" | %s", hrnet_mot_number_names()[rates[i]]);
    printf(" | IDSW | FP | FN | MT | ML | Frag |\n|");
    for (int i = 0; i < 1 + N_RATES + N_COUNTS; i++) printf("---|");
    printf("\n");
    for (size_t i = 0; i < all->n; i++) print_row(all->list[i].name, &all->scores[i]);
    if (is_folder) print_row("all", score);
}

/* ---------------------------------------------------------------------------------------------- JSON */

static void put_count(hrnet_json_writer *json, const char *key, size_t value)
{
    hrnet_json_key(json, key);
    hrnet_json_integer(json, (int64_t)value);
}

static void put_counts(hrnet_json_writer *json, const hrnet_mot_score *score)
{
    put_count(json, "TP", score->n_matched);
    put_count(json, "FP", score->n_false);
    put_count(json, "FN", score->n_missed);
    put_count(json, "IDSW", score->n_switches);
    put_count(json, "MT", score->n_mostly_tracked);
    put_count(json, "PT", score->n_partly_tracked);
    put_count(json, "ML", score->n_mostly_lost);
    put_count(json, "Frag", score->n_fragments);
    put_count(json, "IDTP", score->n_id_matched);
    put_count(json, "IDFP", score->n_id_false);
    put_count(json, "IDFN", score->n_id_missed);
    put_count(json, "frames", score->n_frames);
    put_count(json, "boxes", score->n_truths);
    put_count(json, "people", score->n_people);
    put_count(json, "results", score->n_results);
    put_count(json, "tracks", score->n_tracks);
    put_count(json, "confidence_0", score->n_ignored);
    put_count(json, "other_classes", score->n_other_classes);
    put_count(json, "on_distractors", score->n_distracted);
}

/* The members of an object that is open. */
static void put_score(hrnet_json_writer *json, const hrnet_mot_score *score)
{
    for (int i = 0; i < HRNET_MOT_NUMBERS; i++) {
        hrnet_json_key(json, hrnet_mot_number_names()[i]);
        hrnet_json_double(json, score->numbers[i]);
    }
    put_counts(json, score);
    hrnet_json_key(json, "curves");
    hrnet_json_object(json);
    for (int c = 0; c < HRNET_MOT_CURVES; c++) {
        hrnet_json_key(json, hrnet_mot_number_names()[c]);
        hrnet_json_array(json);
        for (int t = 0; t < HRNET_MOT_THRESHOLDS; t++) hrnet_json_double(json, score->curves[c][t]);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
}

static int write_scores(const sequence_list *all, const char *path, int is_folder)
{
    hrnet_json_writer *const json = tool_json_begin();
    hrnet_json_object(json);
    put_score(json, &all->scores[all->n]);
    if (is_folder) {
        hrnet_json_key(json, "sequences");
        hrnet_json_array(json);
        for (size_t i = 0; i < all->n; i++) {
            hrnet_json_object(json);
            hrnet_json_key(json, "name");
            hrnet_json_text(json, all->list[i].name);
            put_score(json, &all->scores[i]);
            hrnet_json_close(json);
        }
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
    const int status = hrnet_json_save(json, path) == HRNET_OK ? STATUS_DONE : tool_failed();
    hrnet_json_free(json);
    return status;
}

/* ---------------------------------------------------------------------------------------------- run */

static int list_sequences(sequence_list *all, const mot_settings *set, int is_folder)
{
    if (is_folder) return list_folder(all, set);
    if (is_kind(set->truth, S_IFDIR) || is_kind(set->results, S_IFDIR)) {
        tool_error("expected two files or two folders, found %s and %s", set->truth, set->results);
        return STATUS_FAILED;
    }
    add_sequence(all, tool_stem(set->results), tool_text("%s", set->truth), tool_text("%s", set->results));
    return STATUS_DONE;
}

static int score_all(sequence_list *all, const mot_settings *set)
{
    all->scores = tool_alloc(all->n + 1, sizeof *all->scores);
    for (size_t i = 0; i < all->n; i++)
        if (score_sequence(&all->scores[i], &all->list[i], set) != STATUS_DONE) return STATUS_FAILED;
    if (all->n == 1) {
        all->scores[1] = all->scores[0];
        return STATUS_DONE;
    }
    return hrnet_mot_combine(&all->scores[all->n], all->scores, all->n) == HRNET_OK ? STATUS_DONE : tool_failed();
}

int score_mot_run(const mot_settings *set)
{
    const int is_folder = is_kind(set->truth, S_IFDIR) && is_kind(set->results, S_IFDIR);
    sequence_list all = {0};
    int status = list_sequences(&all, set, is_folder);
    for (size_t i = 0; i < all.n && status == STATUS_DONE; i++)
        if (tool_check_output(set->json, TOOL_INPUTS(all.list[i].truth, all.list[i].results)) != 0)
            status = STATUS_USAGE;
    if (status == STATUS_DONE) status = score_all(&all, set);
    if (status == STATUS_DONE && (set->json == NULL || strcmp(set->json, "-") != 0)) print_table(&all, is_folder);
    if (status == STATUS_DONE && set->json != NULL) status = write_scores(&all, set->json, is_folder);
    free_sequences(&all);
    return status;
}
