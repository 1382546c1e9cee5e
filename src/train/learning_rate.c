/* learning_rate.c - the learning rate as torch.optim.lr_scheduler's MultiStepLR and CosineAnnealingLR give it. */
#include <math.h>
#include <string.h>

#include "train/optimizer.h"

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

static double cosine(const hr_learning_rate *schedule, int64_t step, int64_t steps_per_epoch)
{
    const double n_steps = (double)schedule->end_epoch * (double)steps_per_epoch;
    if (!((double)step < n_steps)) return 0;
    return schedule->rate * 0.5 * (1 + cos(acos(-1) * (double)step / n_steps));
}

double hr_learning_rate_at(const hr_learning_rate *schedule, int epoch, int64_t step, int64_t steps_per_epoch)
{
    double rate = schedule->rate;
    if (schedule->is_cosine)
        rate = cosine(schedule, step, steps_per_epoch);
    else
        for (int i = 0; i < schedule->n_steps; i++)
            if (schedule->steps[i] <= epoch) rate *= schedule->factor;
    if (step < schedule->warmup_steps) rate *= (double)(step + 1) / ((double)schedule->warmup_steps + 1);
    return rate;
}
