/*
 * trainer_init.c - whether the weights of TRAIN.INIT fit the network, before anything large is allocated. The head
 * (final_layer) of other joints is expected not to fit; of the rest, the body, 9 in 10 tensors must, unless the caller
 * allows less. All of it is told in one line.
 */
#include <stdio.h>
#include <string.h>

#include "trainer/trainer.h"

#include "base/mem.h"

/* How many tensors of the body are in the file, and how the head is. */
typedef struct fit {
    int n_body, n_matched, n_missing, n_wrong;
    int n_head, n_head_matched;
    int joints; /* of the file's head; 0: it has none */
    size_t n_unused;
    char first[160]; /* the first tensor of the body that does not match */
} fit;

static int is_head(const char *name)
{
    return strncmp(name, "final_layer.", 12) == 0 || strncmp(name, "head.", 5) == 0;
}

static int has_shape(const hr_param *param, const hr_tensor *tensor)
{
    return param->n_dims == tensor->n_dims &&
           memcmp(param->shape, tensor->shape, (size_t)param->n_dims * sizeof *param->shape) == 0;
}

static void note_first(fit *f, const hr_param *param, const hr_named *named)
{
    char expected[96], found[128];
    if (f->first[0] != '\0') return;
    hr_shape_text(expected, sizeof expected, param->n_dims, param->shape);
    if (named != NULL) hr_shape_text(found, sizeof found, named->tensor->n_dims, named->tensor->shape);
    snprintf(f->first, sizeof f->first, "%.60s: expected %.40s, found %.40s", param->name, expected,
             named != NULL ? found : "none");
}

static void add_param(fit *f, const hr_param *param, const hr_layout *layout)
{
    const hr_named *const named = hr_layout_find(layout, param->name);
    if (param->kind == HR_PARAM_NORM_COUNT) return; /* PyTorch before 0.4.1 did not have it */
    const int matches = named != NULL && has_shape(param, named->tensor);
    if (is_head(param->name)) {
        f->n_head++;
        f->n_head_matched += matches;
        if (named != NULL && named->tensor->n_dims > 0) f->joints = (int)named->tensor->shape[0];
        return;
    }
    f->n_body++;
    f->n_matched += matches;
    f->n_missing += named == NULL;
    f->n_wrong += named != NULL && !matches;
    if (!matches) note_first(f, param, named);
}

static fit measure(const hr_graph *graph, const hr_layout *layout)
{
    fit f = {0};
    for (int i = 0; i < graph->n_params; i++) add_param(&f, &graph->params[i], layout);
    for (size_t i = 0; i < layout->n_items; i++)
        f.n_unused += layout->items[i].ignored == NULL && hr_graph_find_param(graph, layout->items[i].name) < 0;
    return f;
}

/* ---------------------------------------------------------------------------------------------- another network */

static void add_ints(hr_text *text, const int *values, int n)
{
    for (int i = 0; i < n; i++) hr_text_add(text, i == 0 ? "%d" : ", %d", values[i]);
}

/* "16, 32 channels in STAGE2, 32, 64 expected" for the first stage that differs. */
static void compare_stages(hr_text *text, const hr_model_config *ours, const hr_model_config *theirs)
{
    for (int i = 0; i < 3; i++) {
        const hr_stage *const a = &ours->stages[i], *const b = &theirs->stages[i];
        if (a->n_branches != b->n_branches || memcmp(a->n_channels, b->n_channels, sizeof a->n_channels) != 0) {
            add_ints(text, b->n_channels, b->n_branches);
            hr_text_add(text, " channels in MODEL.EXTRA.STAGE%d, ", i + 2);
            add_ints(text, a->n_channels, a->n_branches);
            hr_text_add(text, " expected");
            return;
        }
        if (a->n_modules != b->n_modules) {
            hr_text_add(text, "%d modules in MODEL.EXTRA.STAGE%d, %d expected", b->n_modules, i + 2, a->n_modules);
            return;
        }
        if (a->block != b->block || memcmp(a->n_blocks, b->n_blocks, sizeof a->n_blocks) != 0) {
            hr_text_add(text, "other blocks in MODEL.EXTRA.STAGE%d", i + 2);
            return;
        }
    }
}

/* How the file's network differs from the configuration's; nothing if it does not, or if the file does not show its
 * network. */
static void describe_difference(hr_text *text, const hr_config *ours, const hrnet_checkpoint *checkpoint)
{
    hr_config *const theirs = hr_calloc(1, sizeof *theirs);
    if (theirs == NULL || hr_checkpoint_config(checkpoint, theirs, NULL, NULL, NULL) != HRNET_OK) {
        hr_free(theirs);
        return;
    }
    if (strcmp(ours->model.name, theirs->model.name) != 0)
        hr_text_add(text, "%s, %s expected (MODEL.NAME)", theirs->model.name, ours->model.name);
    else if (strcmp(ours->model.name, "pose_hrnet") == 0)
        compare_stages(text, &ours->model, &theirs->model);
    else if (ours->model.n_layers != theirs->model.n_layers)
        hr_text_add(text, "%d layers, %d expected (MODEL.EXTRA.NUM_LAYERS)", theirs->model.n_layers,
                    ours->model.n_layers);
    hr_free(theirs);
}

static hrnet_status refuse(const hrnet_trainer *t, const fit *f, const char *path)
{
    hr_text text = {0};
    describe_difference(&text, &t->config, t->init);
    const hrnet_status status =
        hr_fail(HRNET_ERR_MISMATCH,
                "%s: TRAIN.INIT: %s%s%s%d of %d tensors of the body match (%s), expected 90 %% (--allow-missing begins "
                "with what matches)",
                path, text.length > 0 ? "another network, " : "", text.length > 0 ? text.data : "",
                text.length > 0 ? ": " : "", f->n_matched, f->n_body, f->first);
    hr_text_free(&text);
    return status;
}

/* ---------------------------------------------------------------------------------------------- the line */

static void tell(hrnet_trainer *t, const fit *f, const char *path)
{
    hr_text line = {0};
    hr_text_add(&line, "weights: of %s (TRAIN.INIT): %d of %d tensors of the body match", path, f->n_matched,
                f->n_body);
    if (f->n_missing + f->n_wrong > 0)
        hr_text_add(&line, ", %d are missing and %d of another shape (%s): these get initial values", f->n_missing,
                    f->n_wrong, f->first);
    if (f->n_head_matched == f->n_head)
        hr_text_add(&line, "; so does its head");
    else if (f->joints > 0 && f->joints != t->config.model.n_joints)
        hr_text_add(&line, "; its head is of %d joints and %d are trained: final_layer gets initial values", f->joints,
                    t->config.model.n_joints);
    else
        hr_text_add(&line, "; its head does not fit: final_layer gets initial values");
    if (f->n_unused > 0) hr_text_add(&line, "; %zu tensors of the file are not used", f->n_unused);
    if (!line.failed) hr_trainer_log_message(t, line.data);
    hr_text_free(&line);
}

/* TRAIN.INIT's file; NULL: the model that ships. */
static const char *init_path(const hr_config *config)
{
    return strcmp(config->train.init, "shipped") == 0 ? NULL : config->train.init;
}

hrnet_status hr_trainer_check_init(hrnet_trainer *t, const hr_graph *graph)
{
    if (t->config.train.init[0] == '\0') return HRNET_OK;
    HR_TRY(hrnet_checkpoint_load(&t->init, init_path(&t->config)));
    const fit f = measure(graph, &t->init->layout);
    const char *const path = t->init->path;
    if (f.n_matched == 0 || (10 * f.n_matched < 9 * f.n_body && !t->options.allow_missing)) return refuse(t, &f, path);
    tell(t, &f, path);
    if (t->config.model.pretrained[0] != '\0')
        hr_trainer_log(t, "MODEL.PRETRAINED (%s) is not read: TRAIN.INIT is", t->config.model.pretrained);
    return HRNET_OK;
}
