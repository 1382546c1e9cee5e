/*
 * graph_rewrite.c - the rewrite that makes the inference form of a graph:
 *
 *   conv -> norm                     one conv with folded statistics
 *   conv, sum -> activation          applied by the node that makes its operand, at its end
 *   sum(conv, x)                     the conv computed last adds x as it stores: before its activation, which then
 * comes behind the sum in the graph, or after it, when it had one already sum(upsample(a), b, ...)         the sum
 * reads a at its own resolution (nearest, by a power of two)
 *
 * A node merges into its producer only when nobody else reads what lies between them. Every other node stays as it is.
 * At the end the nodes are marked with how they run best: hr_node.chained, hr_node.weight_bound.
 */
#include "graph/graph.h"

#include <string.h>

#include "base/mem.h"

enum { MAX_CHAINED = 1 << 16 }; /* weights of a node in a chain: every task reads them all */

typedef struct rewrite {
    const hr_graph *from;
    hr_graph *to;
    int *n_readers; /* of each old tensor */
    int *at;        /* old tensor -> new node */
    int *factor;    /* old tensor -> nearest upsampling its readers still have to do */
} rewrite;

static hr_node *append(rewrite *r, int old)
{
    hr_node *node = &r->to->nodes[r->to->n_nodes];
    *node = r->from->nodes[old];
    for (int i = 0; i < node->n_inputs; i++) {
        node->factors[i] = r->factor[node->inputs[i]];
        node->inputs[i] = r->at[node->inputs[i]];
    }
    r->at[old] = r->to->n_nodes++;
    return node;
}

/* The new node that makes old tensor `old`, if its only reader may be merged into it. */
static hr_node *producer(rewrite *r, int old)
{
    hr_node *node = &r->to->nodes[r->at[old]];
    const int owned = r->n_readers[old] == 1 && r->factor[old] == 1;
    return owned && !node->add_last && (node->op == HR_OP_CONV || node->op == HR_OP_DECONV || node->op == HR_OP_SUM)
               ? node
               : NULL;
}

static int merge_norm(rewrite *r, int old)
{
    const hr_node *norm = &r->from->nodes[old];
    hr_node *conv = producer(r, norm->inputs[0]);
    if (conv == NULL || conv->op == HR_OP_SUM || conv->norm >= 0 || conv->add >= 0 ||
        conv->activation != HR_ACTIVATION_NONE)
        return 0;
    conv->norm = norm->norm;
    conv->epsilon = norm->epsilon;
    r->at[old] = r->at[norm->inputs[0]];
    return 1;
}

static int merge_activation(rewrite *r, int old)
{
    const int input = r->from->nodes[old].inputs[0];
    hr_node *node = producer(r, input);
    if (node == NULL || node->activation != HR_ACTIVATION_NONE) return 0;
    node->activation = r->from->nodes[old].activation;
    if (node->name[0] == '\0') memcpy(node->name, r->from->nodes[old].name, sizeof node->name);
    r->at[old] = r->at[input];
    return 1;
}

static int merge_sum(rewrite *r, int old)
{
    const hr_node *sum = &r->from->nodes[old];
    if (sum->n_inputs != 2 || r->factor[sum->inputs[0]] != 1 || r->factor[sum->inputs[1]] != 1) return 0;
    const int later = r->at[sum->inputs[0]] > r->at[sum->inputs[1]] ? 0 : 1;
    hr_node *conv = producer(r, sum->inputs[later]);
    if (conv == NULL || conv->op != HR_OP_CONV || conv->add >= 0) return 0;
    conv->add = r->at[sum->inputs[1 - later]];
    conv->add_last = conv->activation != HR_ACTIVATION_NONE;
    r->at[old] = r->at[sum->inputs[later]];
    return 1;
}

static int read_by_sums_only(const hr_graph *graph, int tensor)
{
    for (int i = tensor + 1; i < graph->n_nodes; i++)
        for (int j = 0; j < graph->nodes[i].n_inputs; j++)
            if (graph->nodes[i].inputs[j] == tensor && graph->nodes[i].op != HR_OP_SUM) return 0;
    return 1;
}

/* Whether the readers of an upsampled tensor can all read it at its own resolution. */
static int is_read_small(const hr_graph *graph, const rewrite *r, int old)
{
    const hr_node *node = &graph->nodes[old];
    const int is_power = (node->factor & (node->factor - 1)) == 0;
    return node->upsampling == HR_NEAREST && is_power && !hr_graph_is_output(graph, old) &&
           r->factor[node->inputs[0]] == 1 && read_by_sums_only(graph, old);
}

static int rewrite_node(rewrite *r, int old)
{
    const hr_node *node = &r->from->nodes[old];
    r->factor[old] = 1;
    switch (node->op) {
    case HR_OP_NORM: return merge_norm(r, old);
    case HR_OP_ACTIVATION:
        if (!merge_activation(r, old)) append(r, old);
        return 1;
    case HR_OP_UPSAMPLE:
        if (!is_read_small(r->from, r, old)) {
            append(r, old);
        } else {
            r->factor[old] = node->factor;
            r->at[old] = r->at[node->inputs[0]];
        }
        return 1;
    case HR_OP_SUM:
        if (!merge_sum(r, old)) append(r, old);
        return 1;
    default: append(r, old); return 1;
    }
}

static int is_pointwise(const hr_graph *graph, const hr_node *node)
{
    return node->op == HR_OP_CONV && node->window.kh == 1 && node->window.kw == 1 && node->window.stride == 1 &&
           node->window.pad_h == 0 && node->window.pad_w == 0 && node->window.groups == 1 &&
           graph->params[node->weight].n_elements <= MAX_CHAINED;
}

static void mark_chains(hr_graph *graph)
{
    for (int i = 1; i < graph->n_nodes; i++) {
        hr_node *node = &graph->nodes[i];
        node->chained = is_pointwise(graph, node) && is_pointwise(graph, node - 1) &&
                        (node->inputs[0] == i - 1 || node->add == i - 1);
    }
}

static void mark_weight_bound(hr_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        hr_node *node = &graph->nodes[i];
        double weights = 0, numbers = 0;
        for (int k = 0; k < graph->n_nodes; k++) {
            const hr_node *other = &graph->nodes[k];
            if (other->h != node->h || other->w != node->w) continue;
            numbers += (double)other->c * other->h * other->w;
            if (other->weight >= 0) weights += (double)graph->params[other->weight].n_elements;
        }
        node->weight_bound = weights > numbers;
    }
}

hrnet_status hr_graph_fuse(hr_graph *out, const hr_graph *graph)
{
    const size_t n = (size_t)graph->n_nodes;
    hr_graph to = *graph;
    to.nodes = hr_calloc(n, sizeof *to.nodes);
    to.params = hr_calloc((size_t)graph->n_params, sizeof *to.params);
    to.n_nodes = 0;
    to.node_capacity = graph->n_nodes;
    to.param_capacity = graph->n_params;
    int *scratch = hr_calloc(3 * n, sizeof *scratch);
    hrnet_status status = HRNET_OK;
    if (to.nodes == NULL || to.params == NULL || scratch == NULL) {
        status = hr_fail_memory(n * sizeof *to.nodes);
        goto end;
    }
    if (graph->n_params > 0) memcpy(to.params, graph->params, (size_t)graph->n_params * sizeof *to.params);
    rewrite r = {graph, &to, scratch, scratch + n, scratch + 2 * n};
    for (size_t i = 0; i < n; i++)
        for (int j = 0; j < graph->nodes[i].n_inputs; j++) r.n_readers[graph->nodes[i].inputs[j]]++;
    for (int i = 0; i < graph->n_outputs; i++) r.n_readers[graph->outputs[i].node]++;
    for (int i = 0; i < graph->n_nodes && status == HRNET_OK; i++)
        if (!rewrite_node(&r, i))
            status = hr_fail(HRNET_ERR_UNSUPPORTED,
                             "node %d (%s): expected a convolution that it alone reads before a batch norm", i,
                             graph->nodes[i].name);
    for (int i = 0; i < graph->n_outputs && status == HRNET_OK; i++) to.outputs[i].node = r.at[graph->outputs[i].node];
    mark_chains(&to);
    mark_weight_bound(&to);
end:
    hr_free(scratch);
    if (status != HRNET_OK) {
        hr_graph_free(&to);
        return status;
    }
    *out = to;
    return HRNET_OK;
}
