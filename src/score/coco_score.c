/*
 * coco_score.c - hrnet_coco_evaluate: the ten COCO numbers.
 *
 *   for each category:
 *       for each image (cell): OKS of all results with all persons
 *           for each area (all, medium, large) and OKS threshold (.50 ... .95): match, note the outcomes
 *       curves of the category's outcomes: precision and recall [area][threshold]
 *   mean over categories; AP, AP .5, AP .75, AP (M), AP (L) and the same of recall are means and entries of that table
 *
 * Everything is ordered as in pycocotools, which decides ties: images by id, persons as in the file, results by score
 * and then as in the file. An area restricts persons, and results that match nobody: those outside of it are ignored,
 * neither right nor wrong.
 */
#include "base/mem.h"
#include "data/coco_json.h"
#include "pose/oks.h"
#include "score/coco_score.h"

enum { MAX_DETECTIONS = 20 }; /* results of a cell that count (maxDets) */
#define MATCH_FROM .1         /* OKS from which hrnet_coco_score.matches calls a person found */

static const double area_bounds[HRNET_COCO_AREAS][2] = {{0, 1e10}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};

/* An evaluation in progress. "Detections" are the results in the order of cells. */
typedef struct scoring {
    const hrnet_annotations *annotations;
    const hrnet_coco_results *results;
    const double *sigmas;
    double *assumed_sigmas; /* sigmas if nobody gave any; else NULL */
    int n_keypoints;
    size_t max_results; /* of a cell; the best ones count */
    hrnet_coco_score *out;
    hr_coco_members persons, detections;
    /* of the category being scored */
    hr_coco_outcome *outcomes; /* [detections.n] */
    size_t n_outcomes, n_counting[HRNET_COCO_AREAS];
    /* of the cell being scored; allocated for the largest one */
    hrnet_annotation *truths;               /* [n_persons] */
    unsigned char *crowd, *ignored, *taken; /* [n_persons], see hr_coco_cell and hr_coco_match_cell */
    size_t *order, *matches;                /* [n_persons], [n_results] */
    double *oks;                            /* [n_results][n_persons] */
} scoring;

static hrnet_status allocate_cell(scoring *s)
{
    const size_t n_persons = hr_coco_largest_cell(&s->persons), largest = hr_coco_largest_cell(&s->detections);
    const size_t n_results = largest < s->max_results ? largest : s->max_results;
    HR_NEW(s->truths, n_persons);
    HR_NEW(s->crowd, n_persons);
    HR_NEW(s->ignored, n_persons);
    HR_NEW(s->taken, n_persons);
    HR_NEW(s->order, n_persons);
    HR_NEW(s->matches, n_results);
    HR_NEW(s->outcomes, s->detections.n);
    if (n_results != 0 && n_persons > SIZE_MAX / sizeof *s->oks / n_results) return hr_fail_memory(SIZE_MAX);
    HR_NEW(s->oks, n_persons * n_results);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ matching */

/* Area of a result in px^2: its own, or that of the rectangle around all its keypoints (loadRes). */
static double area_of(const hrnet_coco_results *r, size_t index)
{
    if (r->areas != NULL) return r->areas[index];
    const double *const keypoints = r->keypoints + index * (size_t)r->n_keypoints * 3;
    double low[2] = {keypoints[0], keypoints[1]}, high[2] = {keypoints[0], keypoints[1]};
    for (int i = 1; i < r->n_keypoints; i++) {
        for (int c = 0; c < 2; c++) {
            const double value = keypoints[3 * i + c];
            if (value < low[c]) low[c] = value;
            if (value > high[c]) high[c] = value;
        }
    }
    return (high[0] - low[0]) * (high[1] - low[1]);
}

/* Bounds belong to the area, on both sides. */
static int in_area(double area, int a)
{
    return !(area < area_bounds[a][0] || area > area_bounds[a][1]);
}

/* Fill ignored and order for area a: a person counts if it is no crowd, has keypoints, and is of that area. Returns the
 * number of persons that count. */
static size_t order_persons(scoring *s, size_t n, int a)
{
    size_t n_counting = 0, n_ordered = 0;
    for (size_t i = 0; i < n; i++) {
        const hrnet_annotation *const person = &s->truths[i];
        s->ignored[i] = person->is_crowd || person->n_labelled == 0 || !in_area(person->area, a);
        if (!s->ignored[i]) s->order[n_counting++] = i;
    }
    n_ordered = n_counting;
    for (size_t i = 0; i < n; i++)
        if (s->ignored[i]) s->order[n_ordered++] = i;
    return n_counting;
}

/* Set the bits of the cell's outcomes for area a, all thresholds. A result that matches a person is right, or ignored
 * with the person; one that matches nobody is wrong, or ignored if it is not of the area. */
static void score_area(scoring *s, const hr_coco_cell *cell, const hr_coco_member *detections, int a)
{
    hr_coco_outcome *const outcomes = s->outcomes + s->n_outcomes;
    for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) {
        hr_coco_match_cell(cell, hr_coco_threshold(t), s->taken, s->matches);
        for (size_t r = 0; r < cell->n_results; r++) {
            const size_t person = s->matches[r];
            const int is_ignored =
                person != SIZE_MAX ? cell->ignored[person] : !in_area(area_of(s->results, detections[r].index), a);
            if (is_ignored) continue;
            *(person != SIZE_MAX ? &outcomes[r].right[a] : &outcomes[r].wrong[a]) |= (uint16_t)(1 << t);
        }
    }
}

/* Fill out->matches of the cell's persons for the caller's report: ignored and order are those of area 0 (all). */
static void record_matches(scoring *s, const hr_coco_cell *cell, const hr_coco_member *persons,
                           const hr_coco_member *detections)
{
    hr_coco_match_cell(cell, MATCH_FROM, s->taken, s->matches);
    for (size_t i = 0; i < cell->n_persons; i++)
        s->out->matches[persons[i].index] = (hrnet_coco_match){SIZE_MAX, 0, !cell->ignored[i]};
    for (size_t r = 0; r < cell->n_results; r++) {
        const size_t person = s->matches[r];
        if (person == SIZE_MAX || cell->crowd[person]) continue;
        s->out->matches[persons[person].index].result = detections[r].index;
        s->out->matches[persons[person].index].oks = cell->oks[r * cell->n_persons + person];
    }
}

/* Score one cell: OKS once, then matching for every area and threshold. */
static void score_cell(scoring *s, const hr_coco_member *persons, size_t n_persons, const hr_coco_member *detections,
                       size_t n_detections)
{
    const size_t row = (size_t)s->n_keypoints * 3,
                 n_results = n_detections < s->max_results ? n_detections : s->max_results;
    const hr_coco_cell cell = {n_persons, n_results, s->oks, s->crowd, s->ignored, s->order};
    for (size_t i = 0; i < n_persons; i++) {
        s->truths[i] = hrnet_annotations_get(s->annotations, persons[i].index);
        s->crowd[i] = s->truths[i].is_crowd != 0;
    }
    for (size_t r = 0; r < n_results; r++) {
        const double *const keypoints = s->results->keypoints + detections[r].index * row;
        for (size_t i = 0; i < n_persons; i++) {
            const hrnet_annotation *const person = &s->truths[i];
            s->oks[r * n_persons + i] =
                hr_oks_result(person->keypoints, person->bbox, person->area, keypoints, s->sigmas, s->n_keypoints);
        }
        s->outcomes[s->n_outcomes + r] = (hr_coco_outcome){.score = detections[r].score, .number = s->n_outcomes + r};
    }
    for (int a = 0; a < HRNET_COCO_AREAS; a++) {
        s->n_counting[a] += order_persons(s, n_persons, a);
        score_area(s, &cell, detections, a);
        if (a == 0) record_matches(s, &cell, persons, detections);
    }
    s->n_outcomes += n_results;
}

/* Score the cells of one category. Persons and detections are two lists in the same order, walked in step as in a
 * merge: *p and *f are the next entries of each, and the next cell is the one of the lower rank. */
static void score_category(scoring *s, size_t category, size_t *p, size_t *f)
{
    s->n_outcomes = 0;
    for (int a = 0; a < HRNET_COCO_AREAS; a++) s->n_counting[a] = 0;
    for (;;) {
        const hr_coco_member *const person = *p < s->persons.n ? &s->persons.list[*p] : NULL;
        const hr_coco_member *const detections = *f < s->detections.n ? &s->detections.list[*f] : NULL;
        const hr_coco_member *cell = NULL;
        if (person != NULL && person->category == category) cell = person;
        if (detections != NULL && detections->category == category && (cell == NULL || detections->rank < cell->rank))
            cell = detections;
        if (cell == NULL) break;
        const size_t n_persons = hr_coco_cell_size(&s->persons, *p, cell);
        const size_t n_detections = hr_coco_cell_size(&s->detections, *f, cell);
        score_cell(s, person, n_persons, detections, n_detections);
        *p += n_persons;
        *f += n_detections;
    }
    s->out->n_persons += s->n_counting[0];
    s->out->n_results += s->n_outcomes;
}

/* ------------------------------------------------------------------------------------------------ numbers */

typedef double table[HRNET_COCO_AREAS][HRNET_OKS_THRESHOLDS];

/* Fill precision and recall of the score: means over the categories that have persons of the area, -1 without any. */
static hrnet_status score_categories(scoring *s)
{
    size_t n_categories, p = 0, f = 0, n_scored[HRNET_COCO_AREAS] = {0};
    hr_annotations_categories(s->annotations, &n_categories);
    for (size_t k = 0; k < n_categories; k++) {
        table precision, recall;
        score_category(s, k, &p, &f);
        HR_TRY(hr_coco_curves(s->outcomes, s->n_outcomes, s->n_counting, precision, recall));
        for (int a = 0; a < HRNET_COCO_AREAS; a++) {
            if (s->n_counting[a] == 0) continue;
            n_scored[a]++;
            for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) {
                s->out->precision[a][t] += precision[a][t];
                s->out->recall[a][t] += recall[a][t];
            }
        }
    }
    for (int a = 0; a < HRNET_COCO_AREAS; a++) {
        for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) {
            double *const precision = &s->out->precision[a][t], *const recall = &s->out->recall[a][t];
            *precision = n_scored[a] > 0 ? *precision / (double)n_scored[a] : -1;
            *recall = n_scored[a] > 0 ? *recall / (double)n_scored[a] : -1;
        }
    }
    return HRNET_OK;
}

static double mean(const double values[HRNET_OKS_THRESHOLDS])
{
    double sum = 0;
    for (int t = 0; t < HRNET_OKS_THRESHOLDS; t++) sum += values[t];
    return sum / HRNET_OKS_THRESHOLDS;
}

/* The five published numbers of a table: mean, at .50, at .75 (all areas), mean of medium, mean of large. */
static void summarize(const table values, double numbers[5])
{
    numbers[0] = mean(values[0]);
    numbers[1] = values[0][0]; /* .50 */
    numbers[2] = values[0][5]; /* .75 */
    numbers[3] = mean(values[1]);
    numbers[4] = mean(values[2]);
}

/* Results none of which is of a category that counts would score 0 for their ids alone. */
static hrnet_status check_categories(const scoring *s)
{
    size_t n;
    const int64_t *const ids = hr_annotations_categories(s->annotations, &n);
    if (s->detections.n > 0 || s->results->n == 0 || n == 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_MISMATCH,
                   "results: expected category_id %lld%s as in the annotations, found none among %zu (the first: %lld)",
                   (long long)ids[0], n > 1 ? " or another one" : "", s->results->n,
                   (long long)s->results->category_ids[0]);
}

static hrnet_status score_all(scoring *s)
{
    hrnet_coco_score *const out = s->out;
    out->n_keypoints = s->n_keypoints;
    out->n_images = hrnet_annotations_n_images(s->annotations);
    out->n_matches = hrnet_annotations_n(s->annotations);
    HR_NEW(out->matches, out->n_matches);
    HR_NEW(out->joints, (size_t)s->n_keypoints);
    HR_TRY(hr_coco_sort_persons(&s->persons, s->annotations));
    HR_TRY(hr_coco_sort_results(&s->detections, s->annotations, s->results));
    out->n_other_category = s->results->n - s->detections.n;
    HR_TRY(check_categories(s));
    HR_TRY(allocate_cell(s));
    HR_TRY(score_categories(s));
    out->n_ignored = out->n_matches - out->n_persons;
    summarize(out->precision, out->numbers + HRNET_COCO_AP);
    summarize(out->recall, out->numbers + HRNET_COCO_AR);
    hr_coco_joints(out, s->annotations, s->results, s->sigmas);
    return HRNET_OK;
}

static void free_scoring(scoring *s)
{
    void *const blocks[] = {s->persons.list, s->detections.list, s->outcomes, s->truths, s->crowd,         s->ignored,
                            s->taken,        s->order,           s->matches,  s->oks,    s->assumed_sigmas};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) hr_free(blocks[i]);
}

/* The caller's sigmas, else the annotations', else COCO's if there are as many keypoints as COCO has, else
 * HR_DEFAULT_SIGMA for each. */
static hrnet_status choose_sigmas(scoring *s, const double *sigmas)
{
    const hrnet_dataset_info *const info = hrnet_annotations_info(s->annotations);
    s->sigmas = sigmas != NULL ? sigmas : info->sigmas;
    if (s->sigmas == NULL && s->n_keypoints == hrnet_dataset_info_coco()->skeleton.n_keypoints)
        s->sigmas = hrnet_dataset_info_coco()->sigmas;
    if (s->sigmas == NULL) {
        HR_NEW(s->assumed_sigmas, (size_t)s->n_keypoints);
        for (int i = 0; i < s->n_keypoints; i++) s->assumed_sigmas[i] = HR_DEFAULT_SIGMA;
        s->sigmas = s->assumed_sigmas;
    }
    for (int i = 0; i < s->n_keypoints; i++)
        if (!(s->sigmas[i] > 0))
            return hr_fail(HRNET_ERR_ARGUMENT, "sigmas[%d]: expected a number above 0, found %g", i, s->sigmas[i]);
    return HRNET_OK;
}

hrnet_status hrnet_coco_evaluate(hrnet_coco_score *out, const hrnet_annotations *annotations,
                                 const hrnet_coco_results *results, const hrnet_coco_options *options)
{
    const hrnet_coco_options defaults = {0}, *const o = options != NULL ? options : &defaults;
    if (out == NULL || annotations == NULL || results == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_coco_evaluate: NULL argument");
    if (o->max_detections < 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_coco_evaluate: %d detections an image", o->max_detections);
    hrnet_coco_score score = {0};
    scoring s = {.annotations = annotations, .results = results, .out = &score};
    s.n_keypoints = hrnet_annotations_info(annotations)->skeleton.n_keypoints;
    if (s.n_keypoints == 0)
        return hr_fail(HRNET_ERR_MISMATCH, "annotations: expected keypoints to score by, found none");
    s.max_results = o->max_detections != 0 ? (size_t)o->max_detections : MAX_DETECTIONS;
    if (results->n > 0 && results->n_keypoints != s.n_keypoints)
        return hr_fail(HRNET_ERR_MISMATCH, "results: expected %d keypoints as in the annotations, found %d",
                       s.n_keypoints, results->n_keypoints);
    hrnet_status status = choose_sigmas(&s, o->sigmas);
    if (status == HRNET_OK) status = score_all(&s);
    free_scoring(&s);
    if (status == HRNET_OK)
        *out = score;
    else
        hrnet_coco_score_free(&score);
    return status;
}

const char *const *hrnet_coco_number_names(void)
{
    static const char *const names[HRNET_COCO_NUMBERS] = {"AP", "Ap .5", "AP .75", "AP (M)", "AP (L)",
                                                          "AR", "AR .5", "AR .75", "AR (M)", "AR (L)"};
    return names;
}

void hrnet_coco_score_free(hrnet_coco_score *score)
{
    if (score == NULL) return;
    hr_free(score->joints);
    hr_free(score->matches);
    *score = (hrnet_coco_score){0};
}
