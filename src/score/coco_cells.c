/* coco_cells.c - the order of persons and results. */
#include "score/coco_cells.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/annotations.h"

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
        if (isnan(score)) return hr_fail(HRNET_ERR_ARGUMENT, "result %zu: the score is no number", i);
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

size_t hr_coco_largest_cell(const hr_coco_members *members)
{
    size_t most = 0, size;
    for (size_t i = 0; i < members->n; i += size) {
        size = hr_coco_cell_size(members, i, &members->list[i]);
        if (size > most) most = size;
    }
    return most;
}
