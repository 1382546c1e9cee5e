/*
 * coco_match.c - who found whom, in pycocotools' order of operations: persons and results sorted into cells, greedy
 * matching in one cell (the core of COCOeval.evaluateImg), and from the matches the scores of single joints.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

/* Index of a category among those that are scored; SIZE_MAX: it is none of them. */
static size_t find_category(const hrnet_annotations *annotations, int64_t id)
{
    size_t n;
    const int64_t *const ids = hr_annotations_categories(annotations, &n);
    const int64_t *const found = n > 0 ? bsearch(&id, ids, n, sizeof *ids, by_number) : NULL;
    return found != NULL ? (size_t)(found - ids) : SIZE_MAX;
}

hrnet_status hr_coco_sort_persons(hr_coco_members *out, const hrnet_annotations *annotations)
{
    const size_t n = hrnet_annotations_n(annotations);
    HR_NEW(out->list, n);
    for (size_t i = 0; i < n; i++) {
        const hrnet_annotation person = hrnet_annotations_get(annotations, i);
        out->list[out->n++] = (hr_coco_member){find_category(annotations, person.category_id),
                                               hr_annotations_image_rank(annotations, person.image), 0, i};
    }
    if (n > 0) qsort(out->list, n, sizeof *out->list, by_cell);
    return HRNET_OK;
}

hrnet_status hr_coco_sort_results(hr_coco_members *out, const hrnet_annotations *annotations,
                                  const hrnet_coco_results *results)
{
    HR_NEW(out->list, results->n);
    for (size_t i = 0; i < results->n; i++) {
        const double score = results->scores[i];
        const size_t image = hrnet_annotations_find_image(annotations, results->image_ids[i]);
        const size_t category = find_category(annotations, results->category_ids[i]);
        if (image == SIZE_MAX)
            return hr_fail(HRNET_ERR_MISMATCH, "result %zu is for image %lld, which the annotations do not have", i,
                           (long long)results->image_ids[i]);
        if (isnan(score)) /* NaN, which has no place in a sorted list */
            return hr_fail(HRNET_ERR_ARGUMENT, "result %zu: score: expected a number, found NaN", i);
        if (category == SIZE_MAX) continue;
        out->list[out->n++] = (hr_coco_member){category, hr_annotations_image_rank(annotations, image), score, i};
    }
    if (out->n > 0) qsort(out->list, out->n, sizeof *out->list, by_cell);
    return HRNET_OK;
}

size_t hr_coco_cell_size(const hr_coco_members *members, size_t first, const hr_coco_member *cell)
{
    size_t n = 0;
    while (first + n < members->n && members->list[first + n].category == cell->category &&
           members->list[first + n].rank == cell->rank)
        n++;
    return n;
}

/* So that the buffers of a cell are allocated once. */
size_t hr_coco_largest_cell(const hr_coco_members *members)
{
    size_t most = 0, size;
    for (size_t i = 0; i < members->n; i += size) {
        size = hr_coco_cell_size(members, i, &members->list[i]);
        if (size > most) most = size;
    }
    return most;
}

/* ------------------------------------------------------------------------------------------------ matching */

void hr_coco_match_cell(const hr_coco_cell *cell, double threshold, unsigned char *taken, size_t *matches)
{
    memset(taken, 0, cell->n_persons);
    for (size_t r = 0; r < cell->n_results; r++) {
        const double *const oks = cell->oks + r * cell->n_persons;
        double best = fmin(threshold, 1 - 1e-10); /* evaluateImg's bound: an OKS of 1 always matches */
        matches[r] = SIZE_MAX;
        for (size_t i = 0; i < cell->n_persons; i++) {
            const size_t p = cell->order[i];
            if (taken[p] && !cell->crowd[p]) continue;
            /* the ignored persons come last in order: with a match that counts none of them is of interest */
            if (matches[r] != SIZE_MAX && !cell->ignored[matches[r]] && cell->ignored[p]) break;
            if (oks[p] < best) continue; /* an equal one replaces the match, as in pycocotools */
            best = oks[p];
            matches[r] = p;
        }
        if (matches[r] != SIZE_MAX) taken[matches[r]] = 1;
    }
}

/* ------------------------------------------------------------------------------------------------ single joints */

/* Add the labelled keypoints of a person to the sums of each joint. keypoints: of the result that found the person;
 * NULL: nobody did. */
static void add_person(hrnet_joint_score *joints, int n, const hrnet_annotation *person, const double *keypoints,
                       const double *sigmas)
{
    for (int i = 0; i < n; i++) {
        const double *const truth = person->keypoints + 3 * i;
        if (!(truth[2] > 0)) continue; /* not labelled: its true position is unknown */
        joints[i].n_labelled++;
        if (keypoints == NULL) continue;
        const double dx = keypoints[3 * i] - truth[0], dy = keypoints[3 * i + 1] - truth[1];
        joints[i].n_found++;
        joints[i].oks += hr_oks_term(dx, dy, sigmas[i], person->area);
        joints[i].distance += sqrt(dx * dx + dy * dy);
    }
}

void hr_coco_joints(hrnet_coco_score *score, const hrnet_annotations *annotations, const hrnet_coco_results *results,
                    const double *sigmas)
{
    const size_t row = (size_t)score->n_keypoints * 3;
    for (size_t i = 0; i < score->n_matches; i++) {
        const hrnet_coco_match *const match = &score->matches[i];
        if (!match->counts) continue;
        const hrnet_annotation person = hrnet_annotations_get(annotations, i);
        add_person(score->joints, score->n_keypoints, &person,
                   match->result != SIZE_MAX ? results->keypoints + match->result * row : NULL, sigmas);
    }
    for (int i = 0; i < score->n_keypoints; i++) { /* sums to means */
        hrnet_joint_score *const joint = &score->joints[i];
        joint->oks = joint->n_found > 0 ? joint->oks / (double)joint->n_found : -1;
        joint->distance = joint->n_found > 0 ? joint->distance / (double)joint->n_found : -1;
    }
}
