/*
 * coco_match.c - who found whom, in pycocotools' order of operations: truths and results sorted into cells, greedy
 * matching in one cell (the core of COCOeval.evaluateImg), and from the matches the scores of single joints.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "data/coco_json.h"
#include "pose/oks.h"
#include "score/coco_score.h"

/* ------------------------------------------------------------------------------------------------ cells */

/* The order of cells, and in a cell that of pycocotools' mergesort: score, then the order of the file. index makes it
 * total, so that qsort, which is not stable, gives one order only. */
static int by_cell(const void *left, const void *right)
{
    const hr_coco_member *a = left, *b = right;
    if (a->category != b->category) return a->category < b->category ? -1 : 1;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

void hr_coco_sort(hr_coco_members *members)
{
    if (members->n > 0) qsort(members->list, members->n, sizeof *members->list, by_cell);
}

size_t hr_coco_cell_size(const hr_coco_members *members, size_t first, size_t category, size_t rank)
{
    size_t n = 0;
    while (first + n < members->n && members->list[first + n].category == category &&
           members->list[first + n].rank == rank)
        n++;
    return n;
}

size_t hr_coco_largest_cell(const hr_coco_members *members)
{
    size_t most = 0, size;
    for (size_t i = 0; i < members->n; i += size) {
        size = hr_coco_cell_size(members, i, members->list[i].category, members->list[i].rank);
        if (size > most) most = size;
    }
    return most;
}

size_t hr_coco_find_category(const hrnet_annotations *annotations, int64_t id)
{
    size_t n;
    const int64_t *const ids = hr_annotations_categories(annotations, &n);
    const int64_t *const found = n > 0 ? bsearch(&id, ids, n, sizeof *ids, by_number) : NULL;
    return found != NULL ? (size_t)(found - ids) : SIZE_MAX;
}

hrnet_status hr_coco_place_result(const hrnet_annotations *annotations, const hrnet_coco_results *results, size_t i,
                                  size_t *category, size_t *rank)
{
    const size_t image = hrnet_annotations_find_image(annotations, results->image_ids[i]);
    if (image == SIZE_MAX)
        return hr_fail(HRNET_ERR_MISMATCH, "result %zu is for image %lld, which the annotations do not have", i,
                       (long long)results->image_ids[i]);
    if (isnan(results->scores[i])) /* NaN, which has no place in a sorted list */
        return hr_fail(HRNET_ERR_ARGUMENT, "result %zu: score: expected a number, found NaN", i);
    *category = hr_coco_find_category(annotations, results->category_ids[i]);
    *rank = hr_annotations_image_rank(annotations, image);
    return HRNET_OK;
}

hrnet_status hr_coco_check_categories(const hrnet_annotations *annotations, const hrnet_coco_results *results,
                                      size_t n_placed)
{
    size_t n;
    const int64_t *const ids = hr_annotations_categories(annotations, &n);
    if (n_placed > 0 || results->n == 0 || n == 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_MISMATCH,
                   "results: expected category_id %lld%s as in the annotations, found none among %zu (the first: %lld)",
                   (long long)ids[0], n > 1 ? " or another one" : "", results->n, (long long)results->category_ids[0]);
}

/* ------------------------------------------------------------------------------------------------ matching */

hrnet_status hr_coco_scratch_create(hr_coco_scratch *scratch, size_t n_truths, size_t n_results)
{
    if (n_results != 0 && n_truths > SIZE_MAX / sizeof(double) / n_results) return hr_fail_memory(SIZE_MAX);
    HR_NEW(scratch->ignored, n_truths);
    HR_NEW(scratch->taken, n_truths);
    HR_NEW(scratch->order, n_truths);
    HR_NEW(scratch->matches, n_results);
    HR_NEW(scratch->similarity, n_truths * n_results);
    return HRNET_OK;
}

void hr_coco_scratch_free(hr_coco_scratch *scratch)
{
    void *const blocks[] = {scratch->ignored, scratch->taken, scratch->order, scratch->matches, scratch->similarity};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) hr_free(blocks[i]);
}

int hr_coco_is_in_area(const double range[2], double area)
{
    return !(area < range[0] || area > range[1]);
}

size_t hr_coco_order_truths(hr_coco_scratch *scratch, const hr_coco_cell *cell, const double range[2])
{
    size_t n_counting = 0;
    for (size_t i = 0; i < cell->n_truths; i++) {
        const hr_coco_member *const truth = &cell->truths[i];
        scratch->ignored[i] = truth->is_ignored || !hr_coco_is_in_area(range, truth->area);
        if (!scratch->ignored[i]) scratch->order[n_counting++] = i;
    }
    size_t n_ordered = n_counting;
    for (size_t i = 0; i < cell->n_truths; i++)
        if (scratch->ignored[i]) scratch->order[n_ordered++] = i;
    return n_counting;
}

void hr_coco_match_cell(const hr_coco_cell *cell, double threshold, unsigned char *taken, size_t *matches)
{
    memset(taken, 0, cell->n_truths);
    for (size_t r = 0; r < cell->n_results; r++) {
        const double *const similarity = cell->similarity + r * cell->n_truths;
        double best = fmin(threshold, 1 - 1e-10); /* evaluateImg's bound: a similarity of 1 always matches */
        matches[r] = SIZE_MAX;
        for (size_t i = 0; i < cell->n_truths; i++) {
            const size_t p = cell->order[i];
            if (taken[p] && !cell->truths[p].is_crowd) continue;
            /* the ignored truths come last in order: with a match that counts none of them is of interest */
            if (matches[r] != SIZE_MAX && !cell->ignored[matches[r]] && cell->ignored[p]) break;
            if (similarity[p] < best) continue; /* an equal one replaces the match, as in pycocotools */
            best = similarity[p];
            matches[r] = p;
        }
        if (matches[r] != SIZE_MAX) taken[matches[r]] = 1;
    }
}

/* ------------------------------------------------------------------------------------------------ single joints */

/* What the scores of joints are made from. */
typedef struct joint_sums {
    hrnet_coco_score *score;
    const hrnet_annotations *annotations;
    const hrnet_coco_results *results;
    const double *sigmas;
    hrnet_pool *pool;
} joint_sums;

/* Add the labelled ones of joints `first` to `end` of a person to their sums. keypoints: of the result that found the
 * person; NULL: nobody did. */
static void add_person(const joint_sums *s, int first, int end, const hrnet_annotation *person, const double *keypoints)
{
    hrnet_joint_score *const joints = s->score->joints;
    for (int i = first; i < end; i++) {
        const double *const truth = person->keypoints + 3 * i;
        if (!(truth[2] > 0)) continue; /* not labelled: its true position is unknown */
        joints[i].n_labelled++;
        if (keypoints == NULL) continue;
        const double dx = keypoints[3 * i] - truth[0], dy = keypoints[3 * i + 1] - truth[1];
        joints[i].n_found++;
        joints[i].oks += hr_oks_term(dx, dy, s->sigmas[i], person->area);
        joints[i].distance += sqrt(dx * dx + dy * dy);
    }
}

/* hr_pool_fn: each thread has some joints, of all persons in their order, so that sums have the same bits with any
 * number of threads. */
static void score_joints(void *context, int thread)
{
    const joint_sums *const s = context;
    const int n = s->score->n_keypoints, n_threads = s->pool != NULL ? hr_pool_threads(s->pool) : 1;
    const int first = n * thread / n_threads, end = n * (thread + 1) / n_threads;
    for (size_t i = 0; i < s->score->n_matches && first < end; i++) {
        const hrnet_coco_match *const match = &s->score->matches[i];
        if (!match->counts) continue;
        const hrnet_annotation person = hrnet_annotations_get(s->annotations, i);
        add_person(s, first, end, &person,
                   match->result != SIZE_MAX ? s->results->keypoints + match->result * (size_t)n * 3 : NULL);
    }
    for (int i = first; i < end; i++) { /* sums to means */
        hrnet_joint_score *const joint = &s->score->joints[i];
        joint->oks = joint->n_found > 0 ? joint->oks / (double)joint->n_found : -1;
        joint->distance = joint->n_found > 0 ? joint->distance / (double)joint->n_found : -1;
    }
}

void hr_coco_joints(hrnet_coco_score *score, const hrnet_annotations *annotations, const hrnet_coco_results *results,
                    const double *sigmas, hrnet_pool *pool)
{
    joint_sums sums = {score, annotations, results, sigmas, pool};
    if (pool != NULL)
        hr_pool_run(pool, score_joints, &sums);
    else
        score_joints(&sums, 0);
}
