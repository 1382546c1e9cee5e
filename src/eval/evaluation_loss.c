/*
 * evaluation_loss.c - loss and accuracy in upstream's log line of a validation pass (lib/core/function.py, validate).
 *
 *   loss       mean over persons of the training loss, of the heatmaps that are decoded (after the flip test), against
 *              targets of the network's codec
 *   accuracy   upstream's accuracy() is that of a batch, sum over joints / joints tried, and its meter weights batches
 * by joints tried. It therefore depends on the batch: persons [k n, (k + 1) n) in the samples' order with n =
 * TEST.BATCH_SIZE_PER_GPU x GPUS
 */
#include <hrnet_eval.h>

#include "base/mem.h"
#include "eval/evaluation.h"
#include "train/loss.h"
#include "batches/target.h"

static hrnet_status allocate(hr_eval_loss *l)
{
    const size_t n_joints = (size_t)l->about.n_joints;
    HR_NEW(l->targets, n_joints * (size_t)l->about.heatmap_width * (size_t)l->about.heatmap_height);
    HR_NEW(l->weights, n_joints);
    HR_NEW(l->joints, 3 * n_joints);
    HR_NEW(l->hits, n_joints);
    HR_NEW(l->joint_losses, n_joints);
    return HRNET_OK;
}

hrnet_status hr_eval_loss_begin(hr_eval_loss *l, const hrnet_evaluation *e, const hrnet_model *model)
{
    const hr_config *config = e->config;
    *l = (hr_eval_loss){.e = e, .about = hrnet_model_get_info(model)};
    const int n_gpus = config->n_gpus > 0 ? config->n_gpus : 1;
    l->n_batch = (size_t)(config->test.batch_size_per_gpu > 0 ? config->test.batch_size_per_gpu : 1) * (size_t)n_gpus;
    const hrnet_status status = allocate(l);
    if (status != HRNET_OK) {
        hr_eval_loss_free(l);
        return status;
    }
    return HRNET_OK;
}

/* Add the accuracy of the current batch to the meter and clear its counts. */
static void end_batch(hr_eval_loss *l)
{
    int n;
    const double accuracy = hr_batch_accuracy(l->hits, l->about.n_joints, &n);
    l->accuracy += accuracy * n;
    l->n_accuracy += n;
    for (int j = 0; j < l->about.n_joints; j++) l->hits[j] = (hr_joint_hits){0, 0};
}

/* Loss of one person with the training's loss function. */
static double loss_of(const hr_eval_loss *l, const float *maps)
{
    const size_t n_cells = (size_t)l->about.heatmap_width * (size_t)l->about.heatmap_height;
    const float *const weights = l->e->config->loss.use_target_weight ? l->weights : NULL;
    if (l->e->config->loss.use_ohkm)
        return hr_joints_ohkm(maps, l->targets, weights, l->about.n_joints, n_cells, l->e->config->loss.topk,
                              l->joint_losses, 1, NULL);
    return hr_joints_mse(maps, l->targets, weights, l->about.n_joints, n_cells);
}

void hr_eval_loss_add(hr_eval_loss *l, size_t sample, const float *maps)
{
    const hrnet_model_info *about = &l->about;
    const double *truth = l->e->samples.list[sample].keypoints;
    double *joints = l->joints;
    double m[6];
    const hr_codec codec = hr_codec_find(about->codec);
    if (sample / l->n_batch != l->batch) {
        end_batch(l);
        l->batch = sample / l->n_batch;
    }
    if (truth == NULL) return;
    const hr_target_shape shape = {.n_joints = about->n_joints,
                                   .input_width = about->input_width,
                                   .input_height = about->input_height,
                                   .width = about->heatmap_width,
                                   .height = about->heatmap_height,
                                   .sigma = l->e->config->model.sigma};
    hr_codec_matrix(codec, &l->e->samples.list[sample].crop, &shape, m);
    for (int j = 0; j < about->n_joints; j++) {
        const double x = truth[3 * j], y = truth[3 * j + 1], seen = truth[3 * j + 2] > 0 ? 1 : 0;
        joints[3 * j] = seen > 0 ? m[0] * x + m[1] * y + m[2] : x; /* invisible joints are not used */
        joints[3 * j + 1] = seen > 0 ? m[3] * x + m[4] * y + m[5] : y;
        joints[3 * j + 2] = seen;
    }
    hr_target_draw(codec, &shape, joints, l->targets, l->weights);

    if (l->e->on_maps != NULL) l->e->on_maps(l->e->maps_context, sample, m, joints, l->targets, maps);
    if (l->e->config->loss.use_different_joints_weight && l->e->joint_weights != NULL)
        for (int j = 0; j < about->n_joints; j++) l->weights[j] *= l->e->joint_weights[j];
    l->loss += loss_of(l, maps);
    hr_count_hits(maps, l->targets, about->n_joints, about->heatmap_height, about->heatmap_width, l->hits);
    l->n++;
}

void hr_eval_loss_end(hr_eval_loss *l, hrnet_evaluation *e)
{
    end_batch(l);
    e->has_loss = l->n > 0;
    e->loss = l->n > 0 ? l->loss / (double)l->n : 0;
    e->accuracy = l->n_accuracy > 0 ? l->accuracy / l->n_accuracy : 0;
}

void hr_eval_loss_free(hr_eval_loss *l)
{
    hr_free(l->joints);
    hr_free(l->targets);
    hr_free(l->weights);
    hr_free(l->hits);
    hr_free(l->joint_losses);
    *l = (hr_eval_loss){0};
}

hrnet_status hrnet_evaluation_loss(const hrnet_evaluation *evaluation, double *loss, double *accuracy)
{
    if (evaluation == NULL || loss == NULL || accuracy == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation_loss: an argument is NULL");
    if (!evaluation->has_run || !evaluation->has_loss)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_evaluation_loss: no run over ground-truth boxes");
    *loss = evaluation->loss;
    *accuracy = evaluation->accuracy;
    return HRNET_OK;
}
