/*
 * trainer_start.c - the weights that a new run starts from, the first that applies:
 *   TRAIN.INIT        a trained model, for fine-tuning: every tensor of the right name and shape. If it has other
 *                     joints, its head (final_layer) does not fit and gets initial values
 *   MODEL.PRETRAINED  a backbone, taken as upstream's init_weights takes it
 *   neither           initial values
 * Parameters without a tensor get the initial values of TRAIN.SEED.
 */
#include <string.h>
#include <unistd.h>

#include "trainer/trainer.h"

#include "base/mem.h"
#include "weights/bind.h"
#include "weights/checkpoint.h"

/* Whether a parameter of the head found no tensor of the right shape. */
static int head_is_new(const hr_graph *graph, const hr_binding *binding)
{
    static const char head[] = "final_layer.";
    for (int i = 0; i < graph->n_params; i++)
        if (strncmp(graph->params[i].name, head, sizeof head - 1) == 0 && binding->items[i] == NULL) return 1;
    return 0;
}

/* Begin with the weights of a file. pretrained NULL: all of them; else those that MODEL.PRETRAINED takes. */
static hrnet_status begin_from(hrnet_trainer *t, const char *path, const hr_model_config *pretrained)
{
    const hr_graph *const graph = &t->learner->graph;
    const hr_bind_options options = {.path = path,
                                     .allow_missing = 1,
                                     .pretrained = pretrained,
                                     .on_message = hr_trainer_log_message,
                                     .context = t,
                                     .seed = (uint64_t)t->config.train.seed};
    hrnet_checkpoint *checkpoint = NULL;
    hr_binding binding = {0};
    HR_TRY(hrnet_checkpoint_load(&checkpoint, path));
    hrnet_status status = hr_bind(&binding, graph, &checkpoint->tensors, &checkpoint->layout, &options);
    if (status == HRNET_OK) {
        const hr_weights weights = hr_bound(&binding);
        if (pretrained == NULL && head_is_new(graph, &binding))
            hr_trainer_log(t, "%s: its head does not fit %d joints: final_layer gets initial values", path,
                           t->config.model.n_joints);
        status = hr_learner_begin(t->learner, &weights);
    }
    hr_binding_free(&binding);
    hrnet_checkpoint_free(checkpoint);
    return status;
}

hrnet_status hr_trainer_initial(hrnet_trainer *t)
{
    const hr_config *const c = &t->config;
    const uint64_t seed = (uint64_t)c->train.seed;
    char *pretrained = NULL;
    if (c->train.init[0] != '\0') {
        hr_trainer_log(t, "weights: of %s (TRAIN.INIT)", c->train.init);
        if (c->model.pretrained[0] != '\0')
            hr_trainer_log(t, "MODEL.PRETRAINED (%s) is not read: TRAIN.INIT is", c->model.pretrained);
        return begin_from(t, c->train.init, NULL);
    }
    HR_TRY(hr_model_pretrained_path(c, &pretrained));
    if (pretrained != NULL) {
        hr_trainer_log(t, "weights: of %s (MODEL.PRETRAINED), the rest initial values of seed %d", pretrained,
                       c->train.seed);
        const hrnet_status status = begin_from(t, pretrained, &c->model);
        hr_free(pretrained);
        return status;
    }
    const hr_weights weights = hr_initial_weights(&seed);
    hr_trainer_log(t, "weights: initial values of seed %d", c->train.seed);
    return hr_learner_begin(t->learner, &weights);
}
