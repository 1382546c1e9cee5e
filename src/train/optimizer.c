/*
 * optimizer.c - torch.optim's Adam, AdamW and SGD in its order of operations. Constants are worked out in double and
 * rounded once, as PyTorch does with a Python number; the loops are float without fused operations, so that every
 * instruction set gives the same bits.
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

/* _single_tensor_adam: m and v are moved towards g and g^2, p along m / (sqrt(v) + epsilon), both unbiased. */
static void adam(const hr_optimizer *o, int64_t step, double rate, double scale, float *restrict params,
                 const float *restrict gradients, float *restrict first_moments, float *restrict second_moments,
                 size_t n)
{
    const double correction1 = 1 - pow(o->beta1, (double)step), correction2 = 1 - pow(o->beta2, (double)step);
    const float step_size = (float)(rate / correction1), root = (float)sqrt(correction2), epsilon = (float)o->epsilon;
    const float towards1 = (float)(1 - o->beta1), beta2 = (float)o->beta2, towards2 = (float)(1 - o->beta2);
    /* AdamW shrinks the parameter, Adam adds to the gradient what would shrink it */
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

/* _single_tensor_sgd, dampening 0. The first step's buffer is the gradient itself, which zeros times momentum give. */
static void sgd(const hr_optimizer *o, double rate, double scale, float *restrict params,
                const float *restrict gradients, float *restrict buffer, size_t n)
{
    const float step_size = (float)rate, decay = (float)o->weight_decay, momentum = (float)o->momentum;
    const float scaling = (float)scale;
    if (buffer == NULL) {
        for (size_t i = 0; i < n; i++) params[i] -= step_size * (gradients[i] * scaling + decay * params[i]);
        return;
    }
    /* nesterov looks ahead: g + momentum * buffer instead of the buffer */
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
