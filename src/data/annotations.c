/*
 * annotations.c - access to COCO annotations in memory: images, persons, their description; annotations_read.c and
 * annotations_join.c make them from a file. All of it is reading of flat arrays (annotations_internal.h), so threads
 * can share one object.
 */
#include "data/coco_json.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/annotations_internal.h"

size_t hrnet_annotations_n_images(const hrnet_annotations *annotations)
{
    return annotations->n_images;
}

hrnet_annotated_image hrnet_annotations_image(const hrnet_annotations *annotations, size_t index)
{
    const hr_image_record *const image = &annotations->images[index];
    return (hrnet_annotated_image){
        .id = image->id, .width = image->width, .height = image->height, .file_name = annotations->names + image->name};
}

static int compare_ids(const void *key, const void *element)
{
    const int64_t x = *(const int64_t *)key, y = ((const hr_image_rank *)element)->id;
    return x < y ? -1 : x > y;
}

/* COCO's ids are sparse, so they are looked up by bisection and not in a table. */
size_t hrnet_annotations_find_image(const hrnet_annotations *annotations, int64_t id)
{
    if (annotations->n_ranks == 0) return SIZE_MAX;
    const hr_image_rank *const found =
        bsearch(&id, annotations->ranks, annotations->n_ranks, sizeof *annotations->ranks, compare_ids);
    return found != NULL ? found->image : SIZE_MAX;
}

size_t hr_annotations_image_rank(const hrnet_annotations *annotations, size_t image)
{
    return annotations->images[image].rank;
}

size_t hrnet_annotations_n(const hrnet_annotations *annotations)
{
    return annotations->n_persons;
}

hrnet_annotation hrnet_annotations_get(const hrnet_annotations *annotations, size_t index)
{
    const hr_person_record *const p = &annotations->persons[index];
    const size_t row = annotations->info != NULL ? (size_t)annotations->info->skeleton.n_keypoints * 3 : 0;
    /* zeros, one row for all persons without keypoints, saves a row each and callers a test for NULL */
    return (hrnet_annotation){
        .id = p->id,
        .image_id = annotations->images[p->image].id,
        .category_id = p->category_id,
        .image = p->image,
        .is_crowd = p->is_crowd,
        .n_labelled = p->n_labelled,
        .area = p->area,
        .bbox = {p->bbox[0], p->bbox[1], p->bbox[2], p->bbox[3]},
        .keypoints = p->row == HR_NO_ROW ? annotations->zeros : annotations->keypoints + p->row * row,
    };
}

/* Never NULL, so that callers can ask for n_keypoints at once; 0 means that there is no description. */
const hrnet_dataset_info *hrnet_annotations_info(const hrnet_annotations *annotations)
{
    static const hrnet_dataset_info nothing = {.skeleton = {.name = "custom"}};
    return annotations->info != NULL ? annotations->info : &nothing;
}

hrnet_dataset_info *hr_annotations_take_info(hrnet_annotations *annotations)
{
    hrnet_dataset_info *const info = annotations->info;
    annotations->info = NULL;
    return info;
}

const int64_t *hr_annotations_categories(const hrnet_annotations *annotations, size_t *n)
{
    *n = annotations->n_categories;
    return annotations->categories;
}

const hr_annotation_counts *hr_annotations_counts(const hrnet_annotations *annotations)
{
    return &annotations->counts;
}

const hr_text *hr_annotations_notes(const hrnet_annotations *annotations)
{
    return &annotations->notes;
}

void hrnet_annotations_free(hrnet_annotations *annotations)
{
    if (annotations == NULL) return;
    hr_free(annotations->images);
    hr_free(annotations->ranks);
    hr_free(annotations->names);
    hr_free(annotations->persons);
    hr_free(annotations->keypoints);
    hr_free(annotations->zeros);
    hr_free(annotations->categories);
    hrnet_dataset_info_free(annotations->info);
    hr_text_free(&annotations->notes);
    hr_free(annotations);
}
