/*
 * trainer_start.c - the weights that a new run starts from, the first that applies:
 *   TRAIN.INIT        a trained model, for fine-tuning: every tensor of the right name and shape (trainer_init.c)
 *   MODEL.PRETRAINED  a backbone, taken as upstream's init_weights takes it
 *   neither           initial values
 * Parameters without a tensor get the initial values of TRAIN.SEED.
 */
#include "trainer/trainer.h"

#include "base/mem.h"
#include "weights/bind.h"

/* Begin with the weights of a checkpoint. pretrained NULL: all of them; else those that MODEL.PRETRAINED takes. */
static hrnet_status begin_from(hrnet_trainer *t, const hrnet_checkpoint *checkpoint, const hr_model_config *pretrained)
{
    const hr_bind_options options = {.path = checkpoint->path,
                                     .allow_missing = 1,
                                     .pretrained = pretrained,
                                     .on_message = pretrained != NULL ? hr_trainer_log_message : NULL,
                                     .context = t,
                                     .seed = (uint64_t)t->config.train.seed};
    hr_binding binding = {0};
    HR_TRY(hr_bind(&binding, &t->learner->graph, &checkpoint->tensors, &checkpoint->layout, &options));
    const hr_weights weights = hr_bound(&binding);
    const hrnet_status status = hr_learner_begin(t->learner, &weights);
    hr_binding_free(&binding);
    return status;
}

static hrnet_status begin_from_backbone(hrnet_trainer *t, const char *path)
{
    hrnet_checkpoint *checkpoint = NULL;
    hr_trainer_log(t, "weights: of %s (MODEL.PRETRAINED), the rest initial values of seed %d", path,
                   t->config.train.seed);
    HR_TRY(hrnet_checkpoint_load(&checkpoint, path));
    const hrnet_status status = begin_from(t, checkpoint, &t->config.model);
    hrnet_checkpoint_free(checkpoint);
    return status;
}

hrnet_status hr_trainer_initial(hrnet_trainer *t)
{
    const hr_config *const c = &t->config;
    const uint64_t seed = (uint64_t)c->train.seed;
    char *pretrained = NULL;
    if (t->init != NULL) return begin_from(t, t->init, NULL);
    HR_TRY(hr_model_pretrained_path(c, &pretrained));
    if (pretrained != NULL) {
        const hrnet_status status = begin_from_backbone(t, pretrained);
        hr_free(pretrained);
        return status;
    }
    const hr_weights weights = hr_initial_weights(&seed);
    hr_trainer_log(t, "weights: initial values of seed %d", c->train.seed);
    return hr_learner_begin(t->learner, &weights);
}
