/*
 * train_set_boxes.c - what a part of a training set has for a detector: its pictures as samples, those without anybody
 * among them, and the boxes of every picture. A crowd's box is kept as a region that nothing is learned from.
 */
#include <string.h>

#include "base/mem.h"
#include "batches/train_set.h"

/* Whether an annotation has a box that can be used. */
static int has_box(const hrnet_annotation *a)
{
    return a->bbox[2] > 0 && a->bbox[3] > 0;
}

static hrnet_status allocate(hr_train_part *part, size_t n_boxes)
{
    HR_NEW(part->first_box, part->samples.n_images + 1);
    HR_NEW(part->boxes, n_boxes);
    part->is_crowd = hr_calloc(n_boxes > 0 ? n_boxes : 1, 1);
    return part->is_crowd != NULL ? HRNET_OK : hr_fail_memory(n_boxes);
}

/* Counting sort by picture; within a picture boxes keep the order of the file. */
hrnet_status hr_train_part_boxes(hr_train_part *part)
{
    const hrnet_annotations *const all = part->annotations;
    const size_t n = hrnet_annotations_n(all);
    HR_TRY(hr_coco_set_pictures(&part->samples, all));
    HR_TRY(allocate(part, n));
    size_t *const first = part->first_box;
    for (size_t i = 0; i < n; i++) {
        const hrnet_annotation a = hrnet_annotations_get(all, i);
        if (has_box(&a)) first[a.image + 1]++;
    }
    for (size_t i = 0; i < part->samples.n_images; i++) first[i + 1] += first[i];
    for (size_t i = 0; i < n; i++) {
        const hrnet_annotation a = hrnet_annotations_get(all, i);
        if (!has_box(&a)) continue;
        const size_t at = first[a.image]++;
        part->boxes[at] = (hrnet_box){(float)a.bbox[0], (float)a.bbox[1], (float)a.bbox[2], (float)a.bbox[3]};
        part->is_crowd[at] = a.is_crowd != 0;
    }
    /* first[i] has moved to the end of picture i: shift */
    memmove(first + 1, first, part->samples.n_images * sizeof *first);
    first[0] = 0;
    return HRNET_OK;
}

void hr_train_part_count_boxes(const hr_train_part *part, hr_text *line)
{
    size_t n_boxes = 0, n_crowds = 0, n_empty = 0;
    for (size_t i = 0; i < part->samples.n; i++) {
        const size_t image = part->samples.list[i].image;
        n_empty += part->first_box[image] == part->first_box[image + 1];
        for (size_t k = part->first_box[image]; k < part->first_box[image + 1]; k++) {
            n_crowds += part->is_crowd[k];
            n_boxes += !part->is_crowd[k];
        }
    }
    hr_text_add(line, ": %zu pictures, %zu boxes, %zu crowds that are ignored, %zu pictures without anybody",
                part->samples.n, n_boxes, n_crowds, n_empty);
}
