/*
 * evaluation.c - runs a validation set through a session. Loader threads decode pictures ahead; the calling thread
 * takes them in order and collects persons into a group, which goes through the network at once:
 *
 *   samples     0 1 2 | 3 | 4 5 6 7 | 8 ...       of pictures A, B, C, D
 *   group       [first, first + n_persons), at most HR_EVAL_GROUP persons from at most HR_EVAL_GROUP pictures
 *
 * Invariant: the persons of a group are consecutive samples, so their poses are one range of e->poses. A picture whose
 * persons do not all fit is kept for the next group. Everything is a function of the samples' order; which loader
 * thread was faster changes nothing.
 */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "pose/skeleton.h"
#include "score/select_poses.h"
#include "data/image_store.h"
#include "data/loader.h"
#include "eval/evaluation_run.h"

enum { DEFAULT_WORKERS = 2 };

/* ---------------------------------------------------------------------------------------------- run */

/* The pictures that have samples; to detect in, all, each once. */
static hrnet_status list_pictures(hr_eval_run *r)
{
    const hr_samples *const samples = &r->e->samples;
    HR_NEW(r->pictures, r->e->detects ? samples->n_images : samples->n);
    if (r->e->detects) {
        for (size_t i = 0; i < samples->n_images; i++)
            if (hrnet_annotations_find_image(r->e->annotations, samples->images[i].id) == i)
                r->pictures[r->n_pictures++] = (hr_eval_picture){i, 0, 0};
        return HRNET_OK;
    }
    for (size_t i = 0; i < samples->n; i++) {
        if (i == 0 || samples->list[i].image != samples->list[i - 1].image)
            r->pictures[r->n_pictures++] = (hr_eval_picture){samples->list[i].image, i, i};
        r->pictures[r->n_pictures - 1].end = i + 1;
    }
    return HRNET_OK;
}

/* An item of the loader. */
typedef struct loaded_picture {
    hrnet_image image;
    char *warning; /* NULL: none, or no memory to keep it */
} loaded_picture;

/* hr_loader_options.make */
static hrnet_status load_picture(void *context, int worker, size_t index, void *item)
{
    const hr_eval_run *const r = context;
    loaded_picture *const loaded = item;
    HR_TRY(hr_image_store_load(r->store, worker, r->e->samples.images[r->pictures[index].image].name, &loaded->image));
    if (hrnet_image_warning()[0] != '\0') loaded->warning = hr_strdup(hrnet_image_warning());
    return HRNET_OK;
}

static size_t image_bytes(const hrnet_image *image)
{
    return (size_t)image->width * (size_t)image->height * 3;
}

static size_t loaded_bytes(const void *item)
{
    const loaded_picture *const loaded = item;
    return image_bytes(&loaded->image);
}

static void free_picture(void *item)
{
    loaded_picture *const loaded = item;
    hrnet_image_free(&loaded->image);
    hr_free(loaded->warning);
}

void hr_eval_tell(const hr_eval_run *r, const char *what, const char *outcome)
{
    hr_text text = {0};
    char *line;
    if (r->options->on_message == NULL) return;
    hr_text_add(&text, "%s: %s", what, outcome);
    if (hr_text_take(&text, &line) != HRNET_OK) return; /* no memory: the run goes on without the line */
    r->options->on_message(r->options->context, line);
    hr_free(line);
}

hrnet_status hr_eval_next_picture(hr_eval_run *r)
{
    loaded_picture loaded;
    HR_TRY(hr_loader_next(r->loader, &loaded));
    if (loaded.warning != NULL) hr_eval_tell(r, loaded.warning, "used all the same");
    hr_free(loaded.warning);
    r->images[r->n_images++] = loaded.image;
    r->n_bytes += image_bytes(&loaded.image);
    return HRNET_OK;
}

/* Run the group through the network and begin a new one. Its pictures are released; with keep_last the last one, some
 * of whose persons are still to come, becomes the first of the new group. */
static hrnet_status flush(hr_eval_run *r, int keep_last)
{
    hrnet_status status = HRNET_OK;
    const size_t n_joints = (size_t)r->e->samples.n_joints;
    if (r->n_persons > 0)
        status = hrnet_session_pose(r->session, r->persons, r->n_persons, &r->how, r->e->poses + r->first * n_joints,
                                    r->maps);
    for (int i = 0; i < r->n_persons && r->with_loss && status == HRNET_OK; i++)
        hr_eval_loss_add(&r->loss, r->first + (size_t)i, r->maps + (size_t)i * r->map_floats);
    const int n_done = r->n_images - (keep_last != 0);
    for (int i = 0; i < n_done; i++) hrnet_image_free(&r->images[i]);
    if (keep_last) r->images[0] = r->images[n_done];
    r->first += (size_t)r->n_persons;
    r->n_images = keep_last != 0;
    r->n_bytes = keep_last ? image_bytes(&r->images[0]) : 0;
    r->n_persons = 0;
    if (status == HRNET_OK && r->options->on_progress != NULL)
        r->options->on_progress(r->options->context, r->first, r->e->samples.n);
    return status;
}

/* Add the samples [first, end) of the picture that was added to the group last. */
static hrnet_status add_persons(hr_eval_run *r, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        if (r->n_persons == HR_EVAL_GROUP) HR_TRY(flush(r, 1)); /* keeps this picture, now images[0] */
        r->persons[r->n_persons++] = (hrnet_person){.pixels = hrnet_image_pixels(&r->images[r->n_images - 1]),
                                                    .crop = &r->e->samples.list[i].crop};
    }
    return r->n_images == HR_EVAL_GROUP || r->n_bytes >= HR_IMAGES_IN_FLIGHT ? flush(r, 0) : HRNET_OK;
}

hrnet_status hr_eval_leave_out(hr_eval_run *r, size_t image, hrnet_status status)
{
    const int is_broken = status == HRNET_ERR_IO || status == HRNET_ERR_FORMAT || status == HRNET_ERR_UNSUPPORTED ||
                          status == HRNET_ERR_LIMIT;
    if (!r->options->skip_broken || !is_broken) return status;
    hr_eval_tell(r, hrnet_last_error(), "left out");
    r->e->skipped[image] = 1;
    r->e->n_skipped++;
    return HRNET_OK;
}

/* A picture that cannot be read: its samples get zero poses. */
static hrnet_status skip_picture(hr_eval_run *r, const hr_eval_picture *p, hrnet_status status)
{
    HR_TRY(hr_eval_leave_out(r, p->image, status));
    HR_TRY(flush(r, 0)); /* the group's samples must be consecutive: end it before the gap */
    memset(r->e->poses + p->first * (size_t)r->e->samples.n_joints, 0,
           (p->end - p->first) * (size_t)r->e->samples.n_joints * sizeof *r->e->poses);
    r->first = p->end; /* the next group begins behind the gap */
    return HRNET_OK;
}

/* What the annotations say of their keypoints. */
static const hrnet_skeleton *truth_skeleton(const hrnet_evaluation *e)
{
    if (e->is_mpii) return hrnet_skeleton_mpii();
    return e->is_given ? &hrnet_annotations_info(e->annotations)->skeleton : &e->info->skeleton;
}

/* Warn if the weights name their joints otherwise than the annotations do: joints are compared by their order. */
static void compare_names(const hr_eval_run *r, const hrnet_model *model)
{
    const hrnet_skeleton *const own = hrnet_model_skeleton(model), *const truth = truth_skeleton(r->e);
    hr_text line = {0};
    int i = 0;
    if (hrnet_model_skeleton_origin(model) != HRNET_SKELETON_WEIGHTS || own->n_keypoints != truth->n_keypoints ||
        hr_names_are_numbers(truth->keypoint_names, truth->n_keypoints) || r->options->on_message == NULL)
        return;
    while (i < own->n_keypoints && strcasecmp(own->keypoint_names[i], truth->keypoint_names[i]) == 0) i++;
    if (i == own->n_keypoints) return;
    hr_text_add(&line,
                "warning: %s: keypoint %d is \"%s\", that of the weights \"%s\": they are compared by their order",
                r->e->annotations_path, i, truth->keypoint_names[i], own->keypoint_names[i]);
    if (!line.failed) r->options->on_message(r->options->context, line.data);
    hr_text_free(&line);
}

/* Prepare the loss, if boxes are ground truth: a detector's box does not say whose joints it holds. */
static hrnet_status begin_loss(hr_eval_run *r, const hrnet_model *model)
{
    const hrnet_model_info about = hrnet_model_get_info(model);
    if (r->e->detects || r->e->detections_path != NULL || r->e->samples.n_truths == 0) return HRNET_OK;
    r->map_floats = (size_t)about.n_joints * (size_t)about.heatmap_width * (size_t)about.heatmap_height;
    HR_NEW(r->maps, HR_EVAL_GROUP * r->map_floats);
    HR_TRY(hr_eval_loss_begin(&r->loss, r->e, model));
    r->with_loss = 1;
    return HRNET_OK;
}

static hrnet_status run_pictures(hr_eval_run *r)
{
    const int n_workers = r->options->workers != 0 ? r->options->workers : DEFAULT_WORKERS;
    HR_TRY(list_pictures(r));
    HR_TRY(hr_image_store_open(&r->store, r->e->images_path, n_workers));
    const hr_loader_options loading = {.n_items = r->n_pictures,
                                       .item_size = sizeof(loaded_picture),
                                       .n_workers = n_workers,
                                       .ahead = HR_EVAL_GROUP,
                                       .make = load_picture,
                                       .size = loaded_bytes,
                                       .most_bytes = HR_IMAGES_IN_FLIGHT,
                                       .dispose = free_picture,
                                       .context = r};
    HR_TRY(hr_loader_create(&r->loader, &loading));
    if (r->e->detects) return hr_eval_run_detector(r);
    for (size_t i = 0; i < r->n_pictures; i++) {
        const hr_eval_picture *const p = &r->pictures[i];
        if (r->options->cancelled != NULL && r->options->cancelled(r->options->context))
            return hr_fail(HRNET_ERR_CANCELLED, "hrnet_evaluation_run: cancelled before picture %zu of %zu", i + 1,
                           r->n_pictures);
        const hrnet_status status = hr_eval_next_picture(r);
        if (status != HRNET_OK) {
            HR_TRY(skip_picture(r, p, status));
            continue;
        }
        HR_TRY(add_persons(r, p->first, p->end));
    }
    return flush(r, 0);
}

/* Rescore and suppress poses (COCO). MPII has one person a box and keeps all. */
static hrnet_status select_kept(hrnet_evaluation *e)
{
    const hr_select_options options = {e->sigmas, e->config->test.oks_thre, e->config->test.in_vis_thre,
                                       e->config->test.soft_nms};
    if (e->is_mpii) return HRNET_OK;
    return hr_select_poses(&e->samples, e->poses, e->skipped, &options, e->scores, e->kept, &e->n_kept);
}

static int is_usable(const hrnet_skeleton *skeleton, int n_joints)
{
    return skeleton->n_keypoints == n_joints && skeleton->pairs_from != HRNET_PAIRS_UNKNOWN;
}

/* Whose pairs the flip test exchanges: the caller's description, else what the weights say, else the annotations'
 * names; what is only guessed of the weights comes last. */
static const hrnet_skeleton *choose_skeleton(const hrnet_evaluation *e, const hrnet_model *model)
{
    const hrnet_skeleton *const own = hrnet_model_skeleton(model);
    const hrnet_skeleton *const found = truth_skeleton(e);
    if (e->is_given && is_usable(&e->info->skeleton, own->n_keypoints)) return &e->info->skeleton;
    if (hrnet_model_skeleton_origin(model) >= HRNET_SKELETON_WEIGHTS && is_usable(own, own->n_keypoints)) return own;
    return is_usable(found, own->n_keypoints) ? found : own;
}

hrnet_pose_options hrnet_evaluation_pose_options(const hrnet_evaluation *e, const hrnet_model *model,
                                                 const hrnet_evaluation_options *options)
{
    const hr_test_config *const test = &e->config->test;
    const char *const codec = hrnet_model_get_info(model).codec;
    const hrnet_skeleton *const skeleton = choose_skeleton(e, model);
    hrnet_pose_options how = {.flip_test = test->flip_test, .no_shift = !test->shift_heatmap, .skeleton = skeleton};
    /* a flip test that nobody asked for is left out if it cannot be made */
    if (e->config->assumes_flip_test && skeleton->pairs_from == HRNET_PAIRS_UNKNOWN) how.flip_test = 0;
    if (options != NULL) {
        how.sampler = options->sampler;
        how.decoder = options->decoder;
    }
    if (how.decoder != HRNET_DECODE_AUTO) return how;
    if (strcmp(codec, "dark") == 0)
        how.decoder = HRNET_DECODE_DARK;
    else if (strcmp(codec, "udp") == 0)
        how.decoder = HRNET_DECODE_UDP;
    else
        how.decoder = test->post_process ? HRNET_DECODE_SHIFT : HRNET_DECODE_ARGMAX;
    return how;
}

static hrnet_status check_run(const hrnet_evaluation *e, const hrnet_session *session,
                              const hrnet_evaluation_options *options)
{
    if (options->workers < 0 || options->workers > HR_MAX_WORKERS)
        return hr_fail(HRNET_ERR_ARGUMENT, "workers: expected 0..%d, found %d", HR_MAX_WORKERS, options->workers);
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_evaluation_options"));
    if (e->detects != (options->detector != NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation_options.detector: expected %s, found %s",
                       e->detects ? "one, as the set was opened to detect in" : "none, as the set has boxes",
                       e->detects ? "none" : "one");
    if (session == NULL) return HRNET_OK;
    const int n_joints = hrnet_model_get_info(hrnet_session_model(session)).n_joints;
    if (n_joints == e->samples.n_joints) return HRNET_OK;
    return hr_fail(HRNET_ERR_MISMATCH, "%s: %d keypoints a person, the network finds %d", e->annotations_path,
                   e->samples.n_joints, n_joints);
}

static hrnet_status begin_poses(hr_eval_run *r)
{
    const hrnet_model *const model = hrnet_session_model(r->session);
    r->how = hrnet_evaluation_pose_options(r->e, model, r->options);
    r->how.cancelled = r->options->cancelled;
    r->how.context = r->options->context;
    compare_names(r, model);
    return begin_loss(r, model);
}

static void free_run(hr_eval_run *r)
{
    hr_eval_loss_free(&r->loss);
    hr_free(r->maps);
    hr_loader_free(r->loader);
    for (int i = 0; i < r->n_images; i++) hrnet_image_free(&r->images[i]);
    hr_image_store_close(r->store);
    hr_free(r->pictures);
    hr_free(r);
}

hrnet_status hrnet_evaluation_run(hrnet_evaluation *e, hrnet_session *session, const hrnet_evaluation_options *options)
{
    const hrnet_evaluation_options defaults = {0};
    if (e == NULL || (session == NULL && !e->detects))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation_run: an argument is NULL");
    if (options == NULL) options = &defaults;
    HR_TRY(check_run(e, session, options));
    hr_eval_run *r;
    HR_NEW(r, 1);
    r->e = e;
    r->session = session;
    r->options = options;
    e->has_run = e->has_loss = 0;
    e->has_poses = session != NULL;
    e->n_skipped = 0;
    memset(e->skipped, 0, e->samples.n_images);
    hrnet_status status = session != NULL ? begin_poses(r) : HRNET_OK;
    if (status == HRNET_OK) status = run_pictures(r);
    if (status == HRNET_OK && r->with_loss) hr_eval_loss_end(&r->loss, e);
    free_run(r);
    if (status == HRNET_OK) status = select_kept(e);
    e->has_run = status == HRNET_OK;
    return status;
}
