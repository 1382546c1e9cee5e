/* batch_internal.h - between batch.c, which makes a pose network's examples, and example_boxes.c, a detector's. */
#ifndef HR_BATCHES_BATCH_INTERNAL_H
#define HR_BATCHES_BATCH_INTERNAL_H

#include "batches/target.h"
#include "batches/train_set.h"
#include "data/image_store.h"
#include "data/loader.h"
#include "pose/crop.h"

struct hr_batches {
    const hr_train_set *set;
    hr_batches_options options;
    hr_target_shape shape;
    hr_codec codec;
    hr_pixel_table pixels;
    uint32_t *order;                         /* [n_examples of the epoch]: numbers of persons */
    uint64_t stream;                         /* of random numbers of the epoch */
    uint8_t **crops;                         /* [workers]: scratch for one crop's pixels each; a detector's: for two */
    hr_image_store *stores[1 + HR_MAX_SETS]; /* one a dataset, with a reader for each worker */
    hr_loader *loader;
    size_t n_items;                        /* examples of this rank */
    size_t n_batches, next_batch, n_taken; /* n_batches: of every rank; n_taken: examples handed out */
    double waited;                         /* seconds */
};

/* Decode the picture of the epoch's example `number` and fill e->set, person and image; *part is that of its person.
 * With skip_broken, for a picture that cannot be read, the next of the epoch's order that can. */
hrnet_status hr_batches_find_picture(const hr_batches *batches, int worker, size_t number, hr_example *e,
                                     const hr_train_part **part, hrnet_image *image);

/* RGB bytes [height][width][3] to the example's input: normalised floats, four channels a pixel. */
void hr_batches_fill_input(const hr_batches *batches, const uint8_t *rgb, float *input);

/* Make the epoch's example `number` of a detector. On failure the example owns nothing. */
hrnet_status hr_batches_make_boxes(const hr_batches *batches, int worker, size_t number, hr_example *e);

#endif
