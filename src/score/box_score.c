/*
 * box_score.c - hrnet_box_evaluate: the twelve COCO numbers of boxes, from the table of precision and recall
 * (coco_score.h) with intersection over union as similarity. Recall at 1 and at 10 is that of the table's limits.
 */
#include "score/box_score.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/coco_json.h"
#include "score/box_overlap.h"
#include "score/coco_score.h"

enum { MAX_RESULTS = 100 }; /* of a cell that count, the largest of maxDets */

static const double area_bounds[HRNET_BOX_AREAS][2] = {{0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};

/* ------------------------------------------------------------------------------------------------ similarity */

typedef struct box_lists {
    const hr_true_box *truths;
    const hr_found_box *found;
} box_lists;

/* hr_coco_measure.compare */
static void compare_boxes(void *context, const hr_coco_cell *cell, double *similarity)
{
    const box_lists *const lists = context;
    for (size_t r = 0; r < cell->n_results; r++) {
        for (size_t i = 0; i < cell->n_truths; i++) {
            const hr_true_box *const truth = &lists->truths[cell->truths[i].index];
            similarity[r * cell->n_truths + i] =
                hr_box_overlap(truth->box, lists->found[cell->results[r].index].box, truth->is_crowd);
        }
    }
}

/* ------------------------------------------------------------------------------------------------ members */

static hrnet_status check_category(const char *what, size_t i, size_t category, size_t n_categories)
{
    if (category < n_categories) return HRNET_OK;
    return hr_fail(HRNET_ERR_ARGUMENT, "%s %zu: category: expected less than %zu, found %zu", what, i, n_categories,
                   category);
}

static hrnet_status list_truths(hr_coco_members *out, const hr_true_box *truths, size_t n, size_t n_categories)
{
    HR_NEW(out->list, n);
    for (size_t i = 0; i < n; i++) {
        HR_TRY(check_category("true box", i, truths[i].category, n_categories));
        out->list[out->n++] = (hr_coco_member){.category = truths[i].category,
                                               .rank = truths[i].picture,
                                               .area = truths[i].area,
                                               .index = i,
                                               .is_crowd = truths[i].is_crowd,
                                               .is_ignored = truths[i].is_crowd};
    }
    hr_coco_sort(out);
    return HRNET_OK;
}

static hrnet_status list_found(hr_coco_members *out, const hr_found_box *found, size_t n, size_t n_categories)
{
    HR_NEW(out->list, n);
    for (size_t i = 0; i < n; i++) {
        HR_TRY(check_category("found box", i, found[i].category, n_categories));
        if (isnan(found[i].score))
            return hr_fail(HRNET_ERR_ARGUMENT, "found box %zu: score: expected a number, found NaN", i);
        out->list[out->n++] = (hr_coco_member){.category = found[i].category,
                                               .rank = found[i].picture,
                                               .score = found[i].score,
                                               .area = found[i].box[2] * found[i].box[3],
                                               .index = i};
    }
    hr_coco_sort(out);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ numbers */

static void fill_numbers(hrnet_box_score *out, const hr_coco_table *table)
{
    double *const numbers = out->numbers;
    memcpy(out->precision, table->precision, sizeof out->precision);
    memcpy(out->recall, table->recall, sizeof out->recall);
    numbers[HRNET_BOX_AP50] = out->precision[0][0];
    numbers[HRNET_BOX_AP75] = out->precision[0][5];
    for (int a = 0; a < HRNET_BOX_AREAS; a++) {
        numbers[a == 0 ? HRNET_BOX_AP : HRNET_BOX_AP_SMALL + a - 1] = hr_coco_mean(out->precision[a]);
        numbers[HRNET_BOX_AR100 + a] = hr_coco_mean(out->recall[a]);
    }
    numbers[HRNET_BOX_AR1] = hr_coco_mean(table->limited_recall[0]);
    numbers[HRNET_BOX_AR10] = hr_coco_mean(table->limited_recall[1]);
}

hrnet_status hr_box_score(hrnet_box_score *out, const hr_true_box *truths, size_t n_truths, const hr_found_box *found,
                          size_t n_found, size_t n_categories)
{
    box_lists lists = {truths, found};
    const hr_coco_measure measure = {.n_areas = HRNET_BOX_AREAS,
                                     .areas = area_bounds,
                                     .max_results = MAX_RESULTS,
                                     .limits = {1, 10},
                                     .compare = compare_boxes,
                                     .context = &lists};
    hr_coco_members sorted_truths = {0}, sorted_found = {0};
    hr_coco_table table;
    hrnet_status status = list_truths(&sorted_truths, truths, n_truths, n_categories);
    if (status == HRNET_OK) status = list_found(&sorted_found, found, n_found, n_categories);
    if (status == HRNET_OK) status = hr_coco_tabulate(&table, &measure, &sorted_truths, &sorted_found, n_categories);
    hr_free(sorted_truths.list);
    hr_free(sorted_found.list);
    if (status != HRNET_OK) return status;
    *out = (hrnet_box_score){.n_categories = table.n_categories,
                             .n_boxes = table.n_truths,
                             .n_ignored = n_truths - table.n_truths,
                             .n_results = table.n_results};
    fill_numbers(out, &table);
    return HRNET_OK;
}

const char *const *hrnet_box_number_names(void)
{
    static const char *const names[HRNET_BOX_NUMBERS] = {"AP",   "Ap .5", "AP .75", "AP (S)", "AP (M)", "AP (L)",
                                                         "AR 1", "AR 10", "AR 100", "AR (S)", "AR (M)", "AR (L)"};
    return names;
}

/* ------------------------------------------------------------------------------------------------ annotations */

static void take_truths(hr_true_box *out, const hrnet_annotations *annotations)
{
    for (size_t i = 0; i < hrnet_annotations_n(annotations); i++) {
        const hrnet_annotation truth = hrnet_annotations_get(annotations, i);
        out[i] = (hr_true_box){.picture = hr_annotations_image_rank(annotations, truth.image),
                               .category = hr_coco_find_category(annotations, truth.category_id),
                               .box = {truth.bbox[0], truth.bbox[1], truth.bbox[2], truth.bbox[3]},
                               .area = truth.area,
                               .is_crowd = truth.is_crowd};
    }
}

/* Results of categories that the annotations do not have are left out. */
static hrnet_status take_results(hr_found_box *out, size_t *n, const hrnet_annotations *annotations,
                                 const hrnet_coco_results *results)
{
    for (size_t i = 0; i < results->n; i++) {
        hr_found_box *const next = &out[*n];
        HR_TRY(hr_coco_place_result(annotations, results, i, &next->category, &next->picture));
        if (next->category == SIZE_MAX) continue;
        memcpy(next->box, results->boxes[i], sizeof next->box);
        next->score = results->scores[i];
        ++*n;
    }
    return hr_coco_check_categories(annotations, results, *n);
}

hrnet_status hrnet_box_evaluate(hrnet_box_score *out, const hrnet_annotations *annotations,
                                const hrnet_coco_results *results)
{
    if (out == NULL || annotations == NULL || results == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_box_evaluate: NULL argument");
    HR_TRY(HR_CHECK_RESERVED(results, "hrnet_coco_results"));
    if (results->n > 0 && results->boxes == NULL)
        return hr_fail(HRNET_ERR_MISMATCH, "results: expected boxes, found none");
    const size_t n_truths = hrnet_annotations_n(annotations);
    size_t n_categories, n_found = 0;
    hr_annotations_categories(annotations, &n_categories);
    hr_true_box *const truths = hr_alloc(n_truths, sizeof *truths);
    hr_found_box *const found = hr_alloc(results->n, sizeof *found);
    hrnet_status status = truths != NULL && found != NULL
                              ? HRNET_OK
                              : hr_fail_memory(n_truths * sizeof *truths + results->n * sizeof *found);
    if (status == HRNET_OK) take_truths(truths, annotations);
    if (status == HRNET_OK) status = take_results(found, &n_found, annotations, results);
    if (status == HRNET_OK) status = hr_box_score(out, truths, n_truths, found, n_found, n_categories);
    hr_free(truths);
    hr_free(found);
    if (status != HRNET_OK) return status;
    out->n_images = hrnet_annotations_n_images(annotations);
    out->n_other_category = results->n - n_found;
    return HRNET_OK;
}
