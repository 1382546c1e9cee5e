/*
 * optimizer.c - torch.optim's Adam, AdamW and SGD in PyTorch's order of operations, and its learning-rate schedulers.
 *
 *   Adam   m += (1 - b1) (g - m),  v = b2 v + (1 - b2) g^2,  p -= rate / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps)
 *   AdamW  p *= 1 - rate * decay first; Adam's decay is added to g instead
 *   SGD    b = momentum b + g,  p -= rate * b;  Nesterov: p -= rate * (g + momentum b)
 *
 * Constants are computed in double and rounded to float once, as PyTorch does with Python numbers. The loops are float
 * without fused multiply-add, so that every instruction set gives the same bits.
 */
#include "train/optimizer.h"

#include <math.h>
#include <string.h>

static hrnet_status expect_at_least_0(const char *key, double value)
{
    if (isfinite(value) && value >= 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_CONFIG, "%s: expected a number that is not below 0, found %g", key, value);
}

hrnet_status hr_optimizer_init(hr_optimizer *out, const hr_train_config *config)
{
    static const char *const names[] = {[HR_ADAM] = "adam", [HR_ADAMW] = "adamw", [HR_SGD] = "sgd"};
    size_t kind = 0;
    while (kind < sizeof names / sizeof *names && strcmp(config->optimizer, names[kind]) != 0) kind++;
    if (kind == sizeof names / sizeof *names)
        return hr_fail(HRNET_ERR_CONFIG, "TRAIN.OPTIMIZER: expected adam, adamw or sgd, found \"%s\"",
                       config->optimizer);
    HR_TRY(expect_at_least_0("TRAIN.WD", config->wd));
    HR_TRY(expect_at_least_0("TRAIN.MOMENTUM", config->momentum));
    if (kind == HR_SGD && config->nesterov && config->momentum == 0)
        return hr_fail(HRNET_ERR_CONFIG, "TRAIN.NESTEROV: expected TRAIN.MOMENTUM above 0 with it, found 0");
    *out = (hr_optimizer){.kind = (hr_optimizer_kind)kind,
                          .weight_decay = kind == HR_ADAM ? 0 : config->wd,
                          .momentum = config->momentum,
                          .nesterov = config->nesterov,
                          .beta1 = 0.9,
                          .beta2 = 0.999,
                          .epsilon = 1e-8};
    return HRNET_OK;
}

int hr_optimizer_n_moments(const hr_optimizer *optimizer)
{
    if (optimizer->kind != HR_SGD) return 2;
    return optimizer->momentum != 0;
}

/* torch's _single_tensor_adam; step counts from 1. */
static void adam(const hr_optimizer *o, int64_t step, double rate, double scale, float *restrict params,
                 const float *restrict gradients, float *restrict first_moments, float *restrict second_moments,
                 size_t n)
{
    const double correction1 = 1 - pow(o->beta1, (double)step), correction2 = 1 - pow(o->beta2, (double)step);
    const float step_size = (float)(rate / correction1), root = (float)sqrt(correction2), epsilon = (float)o->epsilon;
    const float towards1 = (float)(1 - o->beta1), beta2 = (float)o->beta2, towards2 = (float)(1 - o->beta2);
    /* one loop for both: AdamW multiplies the parameter, Adam adds decay * p to the gradient */
    const float shrink = o->kind == HR_ADAMW ? (float)(1 - rate * o->weight_decay) : 1;
    const float decay = o->kind == HR_ADAMW ? 0 : (float)o->weight_decay, scaling = (float)scale;
    for (size_t i = 0; i < n; i++) {
        const float p = params[i] * shrink, g = gradients[i] * scaling + decay * p;
        const float m = first_moments[i] + towards1 * (g - first_moments[i]);
        const float v = second_moments[i] * beta2 + towards2 * g * g;
        first_moments[i] = m;
        second_moments[i] = v;
        params[i] = p - step_size * m / (sqrtf(v) / root + epsilon);
    }
}

/* torch's _single_tensor_sgd with dampening 0. In the first step its buffer is the gradient; a buffer of zeros gives
 * the same. buffer NULL: no momentum. */
static void sgd(const hr_optimizer *o, double rate, double scale, float *restrict params,
                const float *restrict gradients, float *restrict buffer, size_t n)
{
    const float step_size = (float)rate, decay = (float)o->weight_decay, momentum = (float)o->momentum;
    const float scaling = (float)scale;
    if (buffer == NULL) {
        for (size_t i = 0; i < n; i++) params[i] -= step_size * (gradients[i] * scaling + decay * params[i]);
        return;
    }
    /* the update is of_gradient * g + of_buffer * b: (0, 1), or with Nesterov (1, momentum) */
    const float of_gradient = o->nesterov ? 1 : 0, of_buffer = o->nesterov ? momentum : 1;
    for (size_t i = 0; i < n; i++) {
        const float g = gradients[i] * scaling + decay * params[i];
        const float b = buffer[i] * momentum + g;
        buffer[i] = b;
        params[i] -= step_size * (of_gradient * g + of_buffer * b);
    }
}

void hr_optimizer_step(const hr_optimizer *optimizer, int64_t step, double learning_rate, double gradient_scale,
                       float *params, const float *gradients, float *const *moments, size_t first, size_t n)
{
    params += first;
    gradients += first;
    if (optimizer->kind == HR_SGD)
        sgd(optimizer, learning_rate, gradient_scale, params, gradients,
            hr_optimizer_n_moments(optimizer) > 0 ? moments[0] + first : NULL, n);
    else
        adam(optimizer, step, learning_rate, gradient_scale, params, gradients, moments[0] + first, moments[1] + first,
             n);
}

/* ---------------------------------------------------------------------------------------------- learning rate */

hrnet_status hr_learning_rate_init(hr_learning_rate *out, const hr_train_config *config)
{
    const int is_cosine = strcmp(config->schedule, "cosine") == 0;
    if (!is_cosine && strcmp(config->schedule, "multistep") != 0)
        return hr_fail(HRNET_ERR_CONFIG, "TRAIN.SCHEDULE: expected multistep or cosine, found \"%s\"",
                       config->schedule);
    if (!isfinite(config->lr) || config->lr < 0)
        return hr_fail(HRNET_ERR_CONFIG, "TRAIN.LR: expected a number that is not below 0, found %g", config->lr);
    if (!isfinite(config->lr_factor) || config->lr_factor < 0)
        return hr_fail(HRNET_ERR_CONFIG, "TRAIN.LR_FACTOR: expected a number that is not below 0, found %g",
                       config->lr_factor);
    *out = (hr_learning_rate){.is_cosine = is_cosine,
                              .rate = config->lr,
                              .factor = config->lr_factor,
                              .n_steps = config->n_lr_steps,
                              .end_epoch = config->end_epoch,
                              .warmup_steps = config->warmup_steps};
    memcpy(out->steps, config->lr_steps, (size_t)config->n_lr_steps * sizeof *out->steps);
    return HRNET_OK;
}

/* CosineAnnealingLR's closed form; 0 after END_EPOCH. */
static double cosine(const hr_learning_rate *lr, int64_t step, int64_t steps_per_epoch)
{
    const double n_steps = (double)lr->end_epoch * (double)steps_per_epoch;
    if (!((double)step < n_steps)) return 0;
    return lr->rate * 0.5 * (1 + cos(acos(-1) * (double)step / n_steps));
}

double hr_learning_rate_at(const hr_learning_rate *lr, int epoch, int64_t step, int64_t steps_per_epoch)
{
    double rate = lr->rate;
    if (lr->is_cosine)
        rate = cosine(lr, step, steps_per_epoch);
    else
        for (int i = 0; i < lr->n_steps; i++)
            if (lr->steps[i] <= epoch) rate *= lr->factor;
    if (step < lr->warmup_steps) rate *= (double)(step + 1) / ((double)lr->warmup_steps + 1);
    return rate;
}
