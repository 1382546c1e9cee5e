/*
 * batch.c - the batches of an epoch. The loader's workers make examples; its item i is this rank's example i.
 *
 * Numbers of an example: the loader's item, from 0 for this rank; its number in the epoch, over all ranks (number_of);
 * and the person, by the epoch's order. With batch 2, 2 ranks, first 0:
 *
 *   number in the epoch   0 1 | 2 3 | 4 5 | 6 7 | 8
 *   rank                   0     1     0     1     0        8 is the tail: rank 1 has nothing left of it
 *   item of rank 0        0 1         2 3         4
 *
 * The random stream of an example comes from (seed, epoch, number in the epoch), so any number of workers, and any
 * division into ranks with the same batch * n_ranks, makes the same examples.
 */
#include "batches/batch.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "config/normalize.h"
#include "batches/augment.h"
#include "batches/batch_internal.h"

void hr_example_free(hr_example *example)
{
    hr_free(example->input); /* the beginning of the example's block */
    hr_free(example->boxes);
    *example = (hr_example){0};
}

static void dispose(void *item)
{
    hr_example_free(item);
}

/* ---------------------------------------------------------------------------------------------- an example */

/* Bytes, rounded up so that what follows is aligned. */
static size_t aligned(size_t n_bytes)
{
    return (n_bytes + HR_ALIGN - 1) / HR_ALIGN * HR_ALIGN;
}

/* One block for the four arrays: an allocation an example instead of four. */
static hrnet_status allocate(hr_example *e, const hr_target_shape *s)
{
    const size_t n = (size_t)s->n_joints;
    const size_t input = aligned(sizeof(float) * 4 * (size_t)s->input_width * (size_t)s->input_height);
    const size_t targets = aligned(sizeof(float) * n * (size_t)s->width * (size_t)s->height);
    const size_t weights = aligned(sizeof(float) * n), joints = aligned(sizeof(double) * 3 * n);
    char *const block = hr_alloc(input + targets + weights + joints, 1);
    if (block == NULL) return hr_fail_memory(input + targets + weights + joints);
    e->input = (float *)block;
    e->targets = (float *)(block + input);
    e->weights = (float *)(block + input + targets);
    e->joints = (double *)(block + input + targets + weights);
    return HRNET_OK;
}

/* The part that a person's number falls into; fills e->set and e->person. */
static const hr_train_part *find_person(const hr_train_set *set, size_t number, hr_example *e)
{
    size_t p = 0;
    for (; number >= set->parts[p].samples.n; p++) number -= set->parts[p].samples.n;
    e->set = p;
    e->person = number;
    return &set->parts[p];
}

/* Transform the visible joints from the picture to the input, as upstream does; the others are not used. */
static void move_joints(double *joints, int n, const double m[6])
{
    for (int j = 0; j < n; j++) {
        double *const k = joints + 3 * (ptrdiff_t)j;
        const double x = k[0], y = k[1];
        if (!(k[2] > 0)) continue;
        k[0] = m[0] * x + m[1] * y + m[2];
        k[1] = m[3] * x + m[4] * y + m[5];
    }
}

void hr_batches_fill_input(const hr_batches *b, const uint8_t *rgb, float *input)
{
    const size_t n = (size_t)b->shape.input_width * (size_t)b->shape.input_height;
    for (size_t i = 0; i < n; i++, rgb += 3, input += 4) {
        for (int c = 0; c < 3; c++) input[c] = b->pixels.value[c][rgb[b->pixels.source[c]]];
        input[3] = 0;
    }
}

static void draw_targets(const hr_batches *b, hr_example *e)
{
    const hr_config *const config = b->set->config;
    hr_target_draw(b->codec, &b->shape, e->joints, e->targets, e->weights);
    if (!config->loss.use_different_joints_weight) return;
    for (int j = 0; j < b->shape.n_joints; j++) e->weights[j] *= b->set->info->weights[j];
}

/* Make the example from its decoded picture: augmented crop, warped pixels, joints and targets. e->joints are those of
 * the picture. */
static hrnet_status make_from(const hr_batches *b, int worker, uint64_t stream, const hrnet_image *image,
                              const hrnet_crop *crop, hr_example *e)
{
    const hr_target_shape *const s = &b->shape;
    const hrnet_pixels pixels = hrnet_image_pixels(image);
    uint8_t *const rgb = b->crops[worker];
    hr_augmented_crop augmented = {*crop, 0};
    hr_warp warp;
    double m[6];
    if (b->options.augment) hr_augment_crop(&augmented, b->set->config, b->set->info, image->width, stream, e->joints);
    hr_codec_matrix(b->codec, &augmented.crop, s, m);
    HR_TRY(hr_warp_init(&warp, &pixels, m, s->input_width, s->input_height, HRNET_SAMPLE_OPENCV));
    warp.mirrored = augmented.is_flipped;
    hr_warp_rows(&warp, 0, s->input_height, rgb);
    if (b->options.augment) hr_augment_pixels(b->set->config, stream, rgb, s->input_width, s->input_height);
    hr_batches_fill_input(b, rgb, e->input);
    move_joints(e->joints, s->n_joints, m);
    draw_targets(b, e);
    return HRNET_OK;
}

/* Number in the epoch of this rank's item: batch item / batch of this rank is batch (item / batch) * n_ranks + rank of
 * all. */
static size_t number_of(const hr_batches_options *o, size_t item)
{
    const size_t batch = (size_t)o->batch;
    return o->first + (item / batch * (size_t)o->n_ranks + (size_t)o->rank) * batch + item % batch;
}

/* Decode the picture of the epoch's example `number`; *part is that of its person. */
static hrnet_status load_picture(const hr_batches *b, int worker, size_t number, hr_example *e,
                                 const hr_train_part **part, hrnet_image *image)
{
    *part = find_person(b->set, b->order[number], e);
    const size_t picture = (*part)->samples.list[e->person].image;
    e->image = (*part)->samples.images[picture].name;
    if (b->set->skip_broken && hr_train_set_is_bad(b->set, *part, picture))
        return hr_fail(HRNET_ERR_IO, "%s: cannot be read, as was said", e->image);
    const hrnet_status status = hr_image_store_load(b->stores[e->set], worker, e->image, image);
    if (b->set->skip_broken && status != HRNET_OK && status != HRNET_ERR_MEMORY)
        hr_train_set_note_bad(b->set, *part, picture);
    return status;
}

/* With skip_broken, which picture takes another's place depends on the files alone, so that any number of workers makes
 * the same examples. */
hrnet_status hr_batches_find_picture(const hr_batches *b, int worker, size_t number, hr_example *e,
                                     const hr_train_part **part, hrnet_image *image)
{
    const size_t n = b->set->n_examples;
    hrnet_status status = load_picture(b, worker, number, e, part, image);
    for (size_t i = 1; b->set->skip_broken && status != HRNET_OK && status != HRNET_ERR_MEMORY && i < n; i++)
        status = load_picture(b, worker, (number + i) % n, e, part, image);
    return status;
}

/* hr_loader_options.make. */
static hrnet_status make(void *context, int worker, size_t index, void *item)
{
    const hr_batches *const b = context;
    hr_example *const e = item;
    const size_t number = number_of(&b->options, index);
    const hr_train_part *part;
    hrnet_image image;
    if (b->set->detects) return hr_batches_make_boxes(b, worker, number, e);
    HR_TRY(hr_batches_find_picture(b, worker, number, e, &part, &image));
    const hr_sample *const sample = &part->samples.list[e->person];
    hrnet_status status = allocate(e, &b->shape);
    if (status == HRNET_OK) {
        hr_train_part_joints(part, e->person, b->shape.n_joints, e->joints);
        status = make_from(b, worker, hr_random_bits(b->stream, number), &image, &sample->crop, e);
    }
    hrnet_image_free(&image);
    return status;
}

/* ---------------------------------------------------------------------------------------------- batches */

static hrnet_status check(const hr_batches_options *o, size_t n_examples)
{
    if (o->batch < 1 || o->n_ranks < 1 || o->rank < 0 || o->rank >= o->n_ranks || o->first > n_examples)
        return hr_fail(HRNET_ERR_ARGUMENT, "batches of %d from example %zu of %zu for rank %d of %d", o->batch,
                       o->first, n_examples, o->rank, o->n_ranks);
    return HRNET_OK;
}

/* Examples and batches from options.first on. Whole rounds (a batch for every rank) give each rank a batch; of the
 * tail, rank r gets what is left of [r * batch, (r + 1) * batch). */
static void count(hr_batches *b)
{
    const hr_batches_options *const o = &b->options;
    const size_t batch = (size_t)o->batch, whole = batch * (size_t)o->n_ranks;
    const size_t left = b->set->n_examples - o->first, tail = left % whole, before = batch * (size_t)o->rank;
    /* tail - before: what the ranks before this one leave of the tail */
    const size_t share = tail < before ? 0 : tail - before < batch ? tail - before : batch;
    b->n_items = left / whole * batch + share;
    b->n_batches = (left + whole - 1) / whole;
}

static hrnet_status begin(hr_batches *b)
{
    const hr_batches_options *const o = &b->options;
    const size_t crop_size = (b->set->detects ? 6 : 3) * (size_t)b->shape.input_width * (size_t)b->shape.input_height;
    const hr_normalization *const normalization = hr_normalization_of(b->set->config);
    hr_pixel_table_init(&b->pixels, normalization->mean, normalization->std, b->set->config->dataset.color_rgb);
    /* named streams: order and augmentation of an epoch are independent of each other */
    b->stream = hr_random_bits(o->seed ^ hr_hash_text("augment"), (uint64_t)o->epoch);
    HR_TRY(hr_epoch_order(&b->order, b->set, o->seed, o->epoch, o->shuffle));
    for (int p = 0; p < b->set->n_parts; p++)
        HR_TRY(hr_image_store_open(&b->stores[p], b->set->parts[p].images_path, o->workers));
    HR_NEW(b->crops, (size_t)o->workers);
    for (int i = 0; i < o->workers; i++) HR_NEW(b->crops[i], crop_size);
    const hr_loader_options loader = {.n_items = b->n_items,
                                      .item_size = sizeof(hr_example),
                                      .n_workers = o->workers,
                                      .ahead = o->batch + 4 * o->workers, /* a step takes a whole batch at once */
                                      .make = make,
                                      .dispose = dispose,
                                      .context = b};
    return hr_loader_create(&b->loader, &loader);
}

hrnet_status hr_batches_create(hr_batches **out, const hr_train_set *set, const hr_batches_options *options)
{
    hr_batches *b;
    HR_TRY(check(options, set->n_examples));
    if (options->workers < 1 || options->workers > HR_MAX_WORKERS)
        return hr_fail(HRNET_ERR_ARGUMENT, "workers: expected 1..%d, found %d", HR_MAX_WORKERS, options->workers);
    HR_NEW(b, 1);
    b->set = set;
    b->options = *options;
    b->shape = hr_target_shape_of(set->config);
    b->codec = hr_codec_find(hr_codec_of(set->config));
    count(b);
    const hrnet_status status = begin(b);
    if (status != HRNET_OK) {
        hr_batches_free(b);
        return status;
    }
    *out = b;
    return HRNET_OK;
}

/* Take n examples in order; after a failure release those that were taken. */
static hrnet_status take(hr_batches *b, hr_example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const hrnet_status status = hr_loader_next(b->loader, &examples[i]);
        if (status == HRNET_OK) continue;
        while (i > 0) hr_example_free(&examples[--i]);
        return status;
    }
    return HRNET_OK;
}

hrnet_status hr_batches_next(hr_batches *b, hr_example *examples, int *n, int *is_end)
{
    const size_t batch = (size_t)b->options.batch, left = b->n_items - b->n_taken;
    *n = 0;
    *is_end = b->next_batch == b->n_batches;
    if (*is_end) return HRNET_OK;
    const size_t wanted = left < batch ? left : batch;
    const double start = hr_clock_now();
    const hrnet_status status = take(b, examples, wanted);
    b->waited += hr_clock_now() - start;
    HR_TRY(status);
    b->n_taken += wanted;
    b->next_batch++;
    *n = (int)wanted;
    return HRNET_OK;
}

double hr_batches_waited(const hr_batches *b)
{
    return b->waited;
}

void hr_batches_free(hr_batches *b)
{
    if (b == NULL) return;
    hr_loader_free(b->loader);
    for (int i = 0; b->crops != NULL && i < b->options.workers; i++) hr_free(b->crops[i]);
    hr_free(b->crops);
    for (int p = 0; p < b->set->n_parts; p++) hr_image_store_close(b->stores[p]);
    hr_free(b->order);
    hr_free(b);
}
