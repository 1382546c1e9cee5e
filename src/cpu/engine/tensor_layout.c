/* tensor_layout.c - slices are found from the last node to the first, so that a part of a part lies in the whole. */
#include "cpu/engine/tensor_layout.h"

static void own(hr_exec_tensor *t, const hr_node *node, int index)
{
    *t = (hr_exec_tensor){.type = HR_FORMAT_FLOAT32,
                          .c = node->c,
                          .h = node->h,
                          .w = node->w,
                          .ld = node->op == HR_OP_INPUT ? hr_input_ld(node->c) : hr_padded(node->c),
                          .owner = index};
}

static void become_slice(hr_exec_tensor *t, const hr_exec_tensor *whole, int first)
{
    t->ld = whole->ld;
    t->offset = whole->offset + first;
    t->owner = whole->owner;
}

/* Whether a tensor may be written where a concatenation has it: it is its own so far, and no slice of the input. */
static int may_move(const hr_graph *graph, const hr_exec_tensor *tensors, int node)
{
    const hr_op op = graph->nodes[node].op;
    return tensors[node].owner == node && op != HR_OP_INPUT && op != HR_OP_SLICE;
}

/* A slice ends with a whole strip, or where its owner's channels end: what lies behind belongs to the next part. */
static void place_parts(const hr_graph *graph, hr_exec_tensor *tensors, int concat)
{
    const hr_node *node = &graph->nodes[concat];
    for (int i = 0, first = 0; i < node->n_inputs; i++) {
        const int part = node->inputs[i], c = graph->nodes[part].c, is_last = i == node->n_inputs - 1;
        const int fits = first % HR_STRIP == 0 && (c % HR_STRIP == 0 || (is_last && tensors[concat].owner == concat));
        if (fits && may_move(graph, tensors, part)) become_slice(&tensors[part], &tensors[concat], first);
        first += c;
    }
}

void hr_tensor_layout(const hr_graph *graph, hr_exec_tensor *tensors)
{
    for (int i = 0; i < graph->n_nodes; i++) own(&tensors[i], &graph->nodes[i], i);
    for (int i = graph->n_nodes - 1; i >= 0; i--)
        if (graph->nodes[i].op == HR_OP_CONCAT) place_parts(graph, tensors, i);
    for (int i = 0; i < graph->n_nodes; i++) {
        const hr_node *node = &graph->nodes[i];
        const int from = node->inputs[0];
        if (node->op != HR_OP_SLICE || graph->nodes[from].op == HR_OP_INPUT || node->first % HR_STRIP != 0) continue;
        const int is_end = node->first + node->c == graph->nodes[from].c && tensors[from].owner == from;
        if (node->c % HR_STRIP == 0 || is_end) become_slice(&tensors[i], &tensors[from], node->first);
    }
}
