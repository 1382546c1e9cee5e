/*
 * coco_score.c - hrnet_coco_evaluate: the ten COCO numbers of keypoints, from the table of precision and recall. AP,
 * AP .5, AP .75, AP (M), AP (L) and the same of recall are means and entries of that table.
 */
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "data/coco_json.h"
#include "pose/oks.h"
#include "score/coco_score.h"

enum { MAX_DETECTIONS = 20 }; /* results of a cell that count (maxDets) */
#define MATCH_FROM .1         /* OKS from which hrnet_coco_score.matches calls a person found */

static const double area_bounds[HRNET_COCO_AREAS][2] = {{0, 1e10}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};

/* An evaluation in progress. */
typedef struct scoring {
    const hrnet_annotations *annotations;
    const hrnet_coco_results *results;
    const double *sigmas;
    double *assumed_sigmas; /* sigmas if nobody gave any; else NULL */
    int n_keypoints;
    size_t max_results; /* of a cell; the best ones count */
    hrnet_pool *pool;
    hrnet_coco_score *out;
    hr_coco_members persons, detections;
    hrnet_status persons_status, detections_status;
} scoring;

/* ------------------------------------------------------------------------------------------------ members */

/* Crowds and persons without labelled keypoints are ignored. */
static hrnet_status list_persons(scoring *s)
{
    const size_t n = hrnet_annotations_n(s->annotations);
    HR_NEW(s->persons.list, n);
    for (size_t i = 0; i < n; i++) {
        const hrnet_annotation person = hrnet_annotations_get(s->annotations, i);
        s->persons.list[s->persons.n++] =
            (hr_coco_member){.category = hr_coco_find_category(s->annotations, person.category_id),
                             .rank = hr_annotations_image_rank(s->annotations, person.image),
                             .area = person.area,
                             .index = i,
                             .is_crowd = person.is_crowd,
                             .is_ignored = person.is_crowd || person.n_labelled == 0};
    }
    hr_coco_sort(&s->persons);
    return HRNET_OK;
}

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

/* Results of categories that the annotations do not have are left out. */
static hrnet_status list_detections(scoring *s)
{
    HR_NEW(s->detections.list, s->results->n);
    for (size_t i = 0; i < s->results->n; i++) {
        hr_coco_member next = {.score = s->results->scores[i], .index = i};
        HR_TRY(hr_coco_place_result(s->annotations, s->results, i, &next.category, &next.rank));
        if (next.category == SIZE_MAX) continue;
        next.area = area_of(s->results, i);
        s->detections.list[s->detections.n++] = next;
    }
    hr_coco_sort(&s->detections);
    return HRNET_OK;
}

/* hr_pool_fn: the lists are independent; messages belong to the caller, thread 0, as does what can fail by its input.
 */
static void list_members(void *context, int thread)
{
    scoring *const s = context;
    if (thread == 0) s->detections_status = list_detections(s);
    if (thread == (s->pool != NULL && hr_pool_threads(s->pool) > 1)) s->persons_status = list_persons(s);
}

/* List and sort persons and detections. */
static hrnet_status list_all(scoring *s)
{
    if (s->pool != NULL)
        hr_pool_run(s->pool, list_members, s);
    else
        list_members(s, 0);
    if (s->persons_status != HRNET_OK)
        return hr_fail_memory(hrnet_annotations_n(s->annotations) * sizeof *s->persons.list);
    return s->detections_status;
}

/* ------------------------------------------------------------------------------------------------ cells */

/* hr_coco_measure.compare: OKS */
static void compare_poses(void *context, const hr_coco_cell *cell, double *similarity)
{
    const scoring *const s = context;
    const size_t row = (size_t)s->n_keypoints * 3;
    for (size_t i = 0; i < cell->n_truths; i++) {
        const hrnet_annotation person = hrnet_annotations_get(s->annotations, cell->truths[i].index);
        for (size_t r = 0; r < cell->n_results; r++)
            similarity[r * cell->n_truths + i] =
                hr_oks_result(person.keypoints, person.bbox, person.area,
                              s->results->keypoints + cell->results[r].index * row, s->sigmas, s->n_keypoints);
    }
}

/* hr_coco_measure.on_cell: fill out->matches of the cell's persons, for the caller's report. */
static void record_matches(void *context, const hr_coco_cell *cell, unsigned char *taken, size_t *matches)
{
    hrnet_coco_match *const out = ((const scoring *)context)->out->matches;
    hr_coco_match_cell(cell, MATCH_FROM, taken, matches);
    for (size_t i = 0; i < cell->n_truths; i++)
        out[cell->truths[i].index] = (hrnet_coco_match){.result = SIZE_MAX, .counts = !cell->ignored[i]};
    for (size_t r = 0; r < cell->n_results; r++) {
        const size_t person = matches[r];
        if (person == SIZE_MAX || cell->truths[person].is_crowd) continue;
        out[cell->truths[person].index].result = cell->results[r].index;
        out[cell->truths[person].index].oks = cell->similarity[r * cell->n_truths + person];
    }
}

/* ------------------------------------------------------------------------------------------------ numbers */

/* The five published numbers of a table: mean, at .50, at .75 (all areas), mean of medium, mean of large. */
static void summarize(double values[][HRNET_OKS_THRESHOLDS], double numbers[5])
{
    numbers[0] = hr_coco_mean(values[0]);
    numbers[1] = values[0][0]; /* .50 */
    numbers[2] = values[0][5]; /* .75 */
    numbers[3] = hr_coco_mean(values[1]);
    numbers[4] = hr_coco_mean(values[2]);
}

static hrnet_status score_all(scoring *s)
{
    hrnet_coco_score *const out = s->out;
    const hr_coco_measure measure = {.n_areas = HRNET_COCO_AREAS,
                                     .areas = area_bounds,
                                     .max_results = s->max_results,
                                     .pool = s->pool,
                                     .compare = compare_poses,
                                     .on_cell = record_matches,
                                     .context = s};
    hr_coco_table table;
    size_t n_categories;
    out->n_keypoints = s->n_keypoints;
    out->n_images = hrnet_annotations_n_images(s->annotations);
    out->n_matches = hrnet_annotations_n(s->annotations);
    HR_NEW(out->matches, out->n_matches);
    HR_NEW(out->joints, (size_t)s->n_keypoints);
    HR_TRY(list_all(s));
    out->n_other_category = s->results->n - s->detections.n;
    HR_TRY(hr_coco_check_categories(s->annotations, s->results, s->detections.n));
    hr_annotations_categories(s->annotations, &n_categories);
    HR_TRY(hr_coco_tabulate(&table, &measure, &s->persons, &s->detections, n_categories));
    out->n_persons = table.n_truths;
    out->n_results = table.n_results;
    out->n_ignored = out->n_matches - out->n_persons;
    memcpy(out->precision, table.precision, sizeof out->precision);
    memcpy(out->recall, table.recall, sizeof out->recall);
    summarize(out->precision, out->numbers + HRNET_COCO_AP);
    summarize(out->recall, out->numbers + HRNET_COCO_AR);
    hr_coco_joints(out, s->annotations, s->results, s->sigmas, s->pool);
    return HRNET_OK;
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
    HR_TRY(HR_CHECK_RESERVED(o, "hrnet_coco_options"));
    HR_TRY(HR_CHECK_RESERVED(results, "hrnet_coco_results"));
    if (o->max_detections < 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_coco_evaluate: %d detections an image", o->max_detections);
    if (o->pool != NULL) HR_TRY(hr_pool_check(o->pool));
    hrnet_coco_score score = {0};
    scoring s = {.annotations = annotations, .results = results, .pool = o->pool, .out = &score};
    s.n_keypoints = hrnet_annotations_info(annotations)->skeleton.n_keypoints;
    if (s.n_keypoints == 0)
        return hr_fail(HRNET_ERR_MISMATCH, "annotations: expected keypoints to score by, found none");
    s.max_results = o->max_detections != 0 ? (size_t)o->max_detections : MAX_DETECTIONS;
    if (results->n > 0 && results->n_keypoints != s.n_keypoints)
        return hr_fail(HRNET_ERR_MISMATCH, "results: expected %d keypoints as in the annotations, found %d",
                       s.n_keypoints, results->n_keypoints);
    hrnet_status status = choose_sigmas(&s, o->sigmas);
    if (status == HRNET_OK) status = score_all(&s);
    hr_free(s.persons.list);
    hr_free(s.detections.list);
    hr_free(s.assumed_sigmas);
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
