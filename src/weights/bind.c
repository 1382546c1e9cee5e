/*
 * bind.c - matching a checkpoint's tensors with a network's parameters by official name and shape; the loading report;
 * initial values.
 */
#include "weights/bind.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"

/* ---------------------------------------------------------------------------------------------- initial values */

void hr_initial_value(uint64_t seed, const hr_param *param, float *out)
{
    const uint64_t stream = seed ^ hr_hash_text(param->name);
    for (size_t i = 0; i < param->n_elements; i++)
        out[i] = param->spread > 0 ? param->start + param->spread * hr_random_normal(stream, i) : param->start;
}

/* hr_weights.read for initial values; the context is the seed. */
static hrnet_status read_initial(void *context, int index, const hr_param *param, float *out)
{
    (void)index;
    hr_initial_value(*(const uint64_t *)context, param, out);
    return HRNET_OK;
}

hr_weights hr_initial_weights(const uint64_t *seed)
{
    return (hr_weights){read_initial, (void *)(uintptr_t)seed};
}

/* ---------------------------------------------------------------------------------------------- binding */

/* What a binding has found so far. */
typedef struct report {
    const hr_bind_options *options;
    int n_matched, n_missing, n_wrong, n_mistyped, n_unexpected, n_inside, n_ignored, n_not_taken;
    hr_text first; /* the first three problems, for the error message */
    int n_problems;
    unsigned char *used; /* [layout->n_items] 1: some parameter has the item's name */
} report;

static void send_message(const hr_bind_options *options, const char *line)
{
    if (options->on_message != NULL) options->on_message(options->context, line);
}

static void report_problem(report *r, const char *line)
{
    send_message(r->options, line);
    if (r->n_problems++ < 3) hr_text_add(&r->first, "; %s", line);
}

/* num_batches_tracked is a scalar in PyTorch, but some files have it as an array of one. */
static int same_shape(const hr_param *param, const hr_tensor *tensor)
{
    if (param->kind == HR_PARAM_NORM_COUNT) return tensor->n_elements == 1;
    return param->n_dims == tensor->n_dims &&
           memcmp(param->shape, tensor->shape, (size_t)param->n_dims * sizeof *param->shape) == 0;
}

/* Whether elements of that type are weights. Integers and bools are quantised ones or no weights at all: without the
 * scale, which no layout here says, their values mean nothing. */
static int is_weight_type(const hr_tensor *tensor)
{
    if (tensor->foreign != NULL) return 0;
    return tensor->dtype == HR_F32 || tensor->dtype == HR_F16 || tensor->dtype == HR_BF16 || tensor->dtype == HR_F64;
}

static const char *type_name(const hr_tensor *tensor)
{
    return tensor->foreign != NULL ? tensor->foreign : hr_dtype_name(tensor->dtype);
}

/* Whether PRETRAINED's tensor of that name is used. As upstream's init_weights: those whose first part ("conv1" of
 * "conv1.weight") is in PRETRAINED_LAYERS, or all if "*" is its first entry. pose_resnet has no such list and uses all.
 */
static int is_taken(const hr_model_config *pretrained, const char *name)
{
    if (pretrained == NULL || pretrained->n_pretrained_layers == 0) return 1;
    if (strcmp(pretrained->pretrained_layers[0], "*") == 0) return 1;
    const size_t length = strcspn(name, ".");
    for (int i = 0; i < pretrained->n_pretrained_layers; i++)
        if (strlen(pretrained->pretrained_layers[i]) == length &&
            strncmp(pretrained->pretrained_layers[i], name, length) == 0)
            return 1;
    return 0;
}

/* Find the tensor for one parameter; *item stays NULL if it is missing, of another shape, or not taken. */
static void bind_param(report *r, const hr_param *param, const hr_layout *layout, const hr_named **item)
{
    char line[512], expected[96], found[128];
    const hr_named *named = hr_layout_find(layout, param->name);
    *item = NULL;
    if (named != NULL) r->used[named - layout->items] = 1;
    if (!is_taken(r->options->pretrained, param->name)) {
        r->n_not_taken += named != NULL;
        return;
    }
    if (param->kind == HR_PARAM_NORM_COUNT && named != NULL && named->tensor->foreign != NULL) named = NULL;
    if (named == NULL) {
        if (param->kind == HR_PARAM_NORM_COUNT) return; /* PyTorch before 0.4.1 did not have it */
        r->n_missing++;
        snprintf(line, sizeof line, "missing: %s", param->name);
        report_problem(r, line);
    } else if (param->kind != HR_PARAM_NORM_COUNT && !is_weight_type(named->tensor)) {
        r->n_mistyped++;
        snprintf(line, sizeof line, "wrong type: %s: expected floating numbers, found %.100s", param->name,
                 type_name(named->tensor));
        report_problem(r, line);
    } else if (!same_shape(param, named->tensor)) {
        r->n_wrong++;
        hr_shape_text(expected, sizeof expected, param->n_dims, param->shape);
        hr_shape_text(found, sizeof found, named->tensor->n_dims, named->tensor->shape);
        snprintf(line, sizeof line, "wrong shape: %s: expected %s, found %s", param->name, expected, found);
        report_problem(r, line);
    } else {
        r->n_matched++;
        *item = named;
    }
}

/* Names of tensors by their first component, with counts: "reid_head (4 tensors), ema (710 tensors)". */
typedef struct groups {
    struct {
        const char *name;
        size_t length, n;
    } listed[8];
    int n_listed;
    size_t n, n_unlisted;
} groups;

static void add_to_group(groups *g, const char *name)
{
    const size_t length = strcspn(name, ".");
    int k = 0;
    while (k < g->n_listed && (g->listed[k].length != length || memcmp(g->listed[k].name, name, length) != 0)) k++;
    g->n++;
    if (k == sizeof g->listed / sizeof *g->listed) {
        g->n_unlisted++;
        return;
    }
    if (k == g->n_listed) {
        g->listed[k].name = name;
        g->listed[k].length = length;
        g->listed[g->n_listed++].n = 0;
    }
    g->listed[k].n++;
}

static void warn_of_groups(const report *r, const groups *g)
{
    hr_text text = {0};
    char *line;
    hr_text_add(&text, "warning: %s: %zu tensors beside the network are not used: ", r->options->path, g->n);
    for (int k = 0; k < g->n_listed; k++)
        hr_text_add(&text, "%s%.*s (%zu)", k > 0 ? ", " : "",
                    (int)(g->listed[k].length < 80 ? g->listed[k].length : 80), g->listed[k].name, g->listed[k].n);
    if (g->n_unlisted > 0) hr_text_add(&text, ", others (%zu)", g->n_unlisted);
    if (hr_text_take(&text, &line) != HRNET_OK) return; /* without memory loading fails elsewhere */
    send_message(r->options, line);
    hr_free(line);
}

/* Report the tensors that no parameter asked for. Those inside the network are problems: a network that has them is
 * another one. Those beside it are another head, or another network, and may be there. */
static void list_unexpected(report *r, const hr_layout *layout)
{
    char line[512];
    groups beside = {0};
    for (size_t i = 0; i < layout->n_items; i++) {
        const hr_named *item = &layout->items[i];
        if (item->ignored != NULL) {
            r->n_ignored++;
            continue;
        }
        if (r->used[i]) continue;
        r->n_unexpected++;
        snprintf(line, sizeof line, "unexpected: %s", item->found);
        if (item->tensor->foreign != NULL)
            snprintf(line, sizeof line, "unexpected: %.300s (%.100s, which is not read)", item->found,
                     item->tensor->foreign);
        if (item->standing == HR_INSIDE) {
            r->n_inside++;
            report_problem(r, line);
            continue;
        }
        add_to_group(&beside, item->name);
        if (item->standing == HR_BESIDE) send_message(r->options, line);
    }
    if (beside.n > 0 && r->options->on_message != NULL) warn_of_groups(r, &beside);
}

static void report_counts(const report *r, const hr_graph *graph, const hr_layout *layout)
{
    const hr_bind_options *o = r->options;
    char line[1024];
    int n = snprintf(line, sizeof line,
                     "%s: %d of %d tensors matched, %d missing, %d of another shape, %d unexpected, %d ignored",
                     o->path, r->n_matched, graph->n_params, r->n_missing, r->n_wrong, r->n_unexpected, r->n_ignored);
    if (r->n_mistyped > 0 && n > 0 && (size_t)n < sizeof line)
        snprintf(line + n, sizeof line - (size_t)n, ", %d of another type", r->n_mistyped);
    send_message(o, line);
    if (layout->others[0] != '\0') {
        snprintf(line, sizeof line, "%s: not used: %s", o->path, layout->others);
        send_message(o, line);
    }
    if (layout->choice != NULL && layout->choice[0] != '\0') {
        snprintf(line, sizeof line,
                 "warning: %.300s: several networks, the first of which is taken: %s "
                 "(--weights-key chooses another)",
                 o->path, layout->choice);
        send_message(o, line);
    }
}

/* Report the counts, and fail if they are not acceptable. */
static hrnet_status finish_report(report *r, const hr_graph *graph, const hr_layout *layout)
{
    const hr_bind_options *o = r->options;
    const int tolerant = o->allow_missing || o->pretrained != NULL;
    const int n_initial = r->n_missing + r->n_wrong + r->n_mistyped;
    char line[512], mistyped[64] = "";
    report_counts(r, graph, layout);
    if (r->n_matched == 0)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: none of the network's %d tensors is in the file", o->path,
                       graph->n_params);
    if (n_initial + r->n_inside == 0) return HRNET_OK;
    if (r->n_mistyped > 0) snprintf(mistyped, sizeof mistyped, "%d of another type, ", r->n_mistyped);
    if (!tolerant)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: %d tensors missing, %d of another shape, %s%d unexpected%s%s%s",
                       o->path, r->n_missing, r->n_wrong, mistyped, r->n_unexpected,
                       r->first.data != NULL ? r->first.data : "", r->n_problems > 3 ? "; ..." : "",
                       n_initial == 0 ? " (a network that has them is another one)" : "");
    if (n_initial > 0) {
        snprintf(line, sizeof line, "%s%s: %d tensors keep their initial values",
                 o->pretrained == NULL ? "warning: " : "", o->path, n_initial);
        send_message(o, line);
    }
    if (r->n_inside > 0 && o->pretrained == NULL) {
        snprintf(line, sizeof line,
                 "warning: %s: %d tensors inside the network are not used: the network that has them "
                 "is another one",
                 o->path, r->n_inside);
        send_message(o, line);
    }
    return HRNET_OK;
}

/* The graph's order decides: one look-up for each parameter; then one pass over the layout for what nobody asked for.
 */
hrnet_status hr_bind(hr_binding *out, const hr_graph *graph, const hr_tensors *tensors, const hr_layout *layout,
                     const hr_bind_options *options)
{
    const size_t n = (size_t)graph->n_params;
    hr_binding binding = {.tensors = tensors, .seed = options->seed};
    report r = {.options = options};
    binding.items = hr_calloc(n, sizeof(hr_named *));
    r.used = hr_calloc(layout->n_items, 1);
    if (binding.items == NULL || r.used == NULL) {
        hr_free(binding.items);
        hr_free(r.used);
        return hr_fail_memory(n * sizeof(hr_named *) + layout->n_items);
    }
    for (size_t i = 0; i < n; i++) bind_param(&r, &graph->params[i], layout, &binding.items[i]);
    list_unexpected(&r, layout);
    const hrnet_status status = finish_report(&r, graph, layout);
    hr_text_free(&r.first);
    hr_free(r.used);
    if (status != HRNET_OK)
        hr_binding_free(&binding);
    else
        *out = binding;
    return status;
}

void hr_binding_free(hr_binding *binding)
{
    hr_free(binding->items);
    *binding = (hr_binding){0};
}

/* Whether all are finite, and at least 0 where they are variances. Without branches, so that it is a vector loop: all
 * weights go through here. */
static int are_good(const hr_param *param, const float *values)
{
    const int is_variance = param->kind == HR_PARAM_NORM_VAR;
    int n_bad = 0;
    for (size_t i = 0; i < param->n_elements; i++)
        n_bad += (!(fabsf(values[i]) <= FLT_MAX)) | (is_variance & (values[i] < 0));
    return n_bad == 0;
}

/* The one place where numbers of a file become weights: they must be numbers that a network can compute with. */
static hrnet_status check_values(const hr_param *param, const float *values)
{
    if (are_good(param, values)) return HRNET_OK;
    for (size_t i = 0; i < param->n_elements; i++) {
        if (!isfinite(values[i]))
            return hr_fail(HRNET_ERR_FORMAT, "%s: expected finite numbers, found %s at element %zu", param->name,
                           isnan(values[i]) ? "NaN" : "an infinite one (or one beyond float32)", i);
        if (param->kind == HR_PARAM_NORM_VAR && values[i] < 0)
            return hr_fail(HRNET_ERR_FORMAT, "%s: expected variances of at least 0, found %g at element %zu",
                           param->name, (double)values[i], i);
    }
    return HRNET_OK;
}

/* hr_weights.read for a binding. */
static hrnet_status read_bound(void *context, int index, const hr_param *param, float *out)
{
    const hr_binding *binding = context;
    const hr_named *item = binding->items[index];
    if (item == NULL) {
        hr_initial_value(binding->seed, param, out);
        return HRNET_OK;
    }
    HR_TRY(hr_tensor_read(binding->tensors, item->tensor, out));
    const hrnet_status status = check_values(param, out);
    return status == HRNET_OK ? HRNET_OK : hr_fail_in(status, hr_tensors_name(binding->tensors));
}

hr_weights hr_bound(const hr_binding *binding)
{
    return (hr_weights){read_bound, (void *)(uintptr_t)binding};
}
