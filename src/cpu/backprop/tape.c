/*
 * tape.c - nodes become expressions, which grow as long as a step can do them and a single node reads them; what ends
 * there is stored by a step.
 */
#include "cpu/backprop/tape.h"

#include <string.h>

#include "base/mem.h"
#include "cpu/engine/tensor_layout.h"
#include "cpu/ops/ops.h"
#include "graph/op.h"

/* What a node makes: a stored tensor, or terms that are not stored yet. */
typedef struct expression {
    int tensor; /* -1: the terms */
    int n_terms, relu;
    hr_term terms[HR_MAX_INPUTS];
} expression;

typedef struct builder {
    hr_tape *tape;
    expression *made; /* [n_nodes] */
    int *n_readers;   /* [n_nodes] */
} builder;

static int add_tensor(builder *b, int node, const hr_tape_tensor *like)
{
    hr_tape *tape = b->tape;
    tape->tensors[tape->n_tensors] = (hr_tape_tensor){
        .c = like->c, .h = like->h, .w = like->w, .ld = like->ld, .node = node, .producer = tape->n_steps};
    return tape->n_tensors++;
}

static hr_tape_tensor shape_of(const hr_node *node)
{
    return (hr_tape_tensor){.c = node->c, .h = node->h, .w = node->w, .ld = hr_padded(node->c)};
}

static hr_tape_step *add_step(builder *b, hr_tape_step_kind kind, int node, const hr_tape_tensor *like)
{
    hr_tape_step *step = &b->tape->steps[b->tape->n_steps];
    *step = (hr_tape_step){.kind = kind, .node = node, .out = add_tensor(b, node, like)};
    b->tape->n_steps++;
    return step;
}

static hr_term plain(int tensor)
{
    return (hr_term){.tensor = tensor, .norm = -1, .state = -1};
}

/* A tensor of the same numbers with a reader of its own. */
static int copy(builder *b, int tensor)
{
    const hr_tape_tensor like = b->tape->tensors[tensor];
    hr_tape_step *step = add_step(b, HR_TAPE_SUM, like.node, &like);
    step->n_terms = 1;
    step->terms[0] = plain(tensor);
    return step->out;
}

/* The tensor that holds what `node` makes. */
static int stored(builder *b, int node)
{
    expression *e = &b->made[node];
    if (e->tensor >= 0) return e->tensor;
    const hr_tape_tensor shape = shape_of(&b->tape->graph->nodes[node]);
    hr_tape_step *step = add_step(b, HR_TAPE_SUM, node, &shape);
    step->n_terms = e->n_terms;
    step->relu = e->relu;
    for (int i = 0; i < e->n_terms; i++) step->terms[i] = e->terms[i];
    return e->tensor = step->out;
}

static void make_input(builder *b, int index)
{
    hr_tape_tensor shape = shape_of(&b->tape->graph->nodes[index]);
    shape.ld = hr_input_ld(shape.c);
    b->tape->tensors[add_tensor(b, index, &shape)].producer = -1;
}

/* A step of its own, whose terms are stored tensors. An operator that reads one tensor twice reads a copy, so that
 * every term has a gradient of its own. */
static expression make_tensor(builder *b, int index)
{
    const hr_node *node = &b->tape->graph->nodes[index];
    const hr_tape_tensor shape = shape_of(node);
    const hr_tape_step_kind kind = node->weight >= 0 ? HR_TAPE_CONV : HR_TAPE_OP;
    hr_term terms[HR_MAX_INPUTS];
    for (int i = 0; i < node->n_inputs; i++) {
        int tensor = stored(b, node->inputs[i]);
        for (int k = 0; k < i; k++)
            if (terms[k].tensor == tensor) tensor = copy(b, tensor);
        terms[i] = plain(tensor);
    }
    hr_tape_step *step = add_step(b, kind, index, &shape);
    step->n_terms = node->n_inputs;
    memcpy(step->terms, terms, (size_t)node->n_inputs * sizeof *terms);
    return (expression){.tensor = step->out};
}

/* The expression of one term that reads what `node` makes, if it is not one already. */
static expression as_term(builder *b, int node)
{
    const expression *e = &b->made[node];
    if (e->tensor < 0 && e->n_terms == 1 && !e->relu) return *e;
    return (expression){.tensor = -1, .n_terms = 1, .terms = {plain(stored(b, node))}};
}

static expression make_norm(builder *b, const hr_node *node)
{
    const int from = node->inputs[0];
    const int tensor = b->n_readers[from] == 1 ? stored(b, from) : copy(b, stored(b, from));
    expression e = {.tensor = -1, .n_terms = 1};
    e.terms[0] = (hr_term){.tensor = tensor,
                           .norm = node->norm,
                           .state = b->tape->n_norms++,
                           .epsilon = node->epsilon,
                           .momentum = node->momentum};
    return e;
}

static expression make_sum(builder *b, const hr_node *node)
{
    expression sum = {.tensor = -1};
    for (int i = 0; i < node->n_inputs; i++) {
        hr_term term = as_term(b, node->inputs[i]).terms[0];
        for (int j = 0; j < sum.n_terms; j++)
            if (sum.terms[j].tensor == term.tensor) term.tensor = copy(b, term.tensor);
        sum.terms[sum.n_terms++] = term;
    }
    return sum;
}

/* Whether a node's readers all are sums that can read it at its own resolution. */
static int is_shift(const hr_node *node)
{
    return node->upsampling == HR_NEAREST && (node->factor & (node->factor - 1)) == 0;
}

/* The pixels of a picture are no whole strips, so that only some steps can read it. */
static hrnet_status check_input(const builder *b, int index)
{
    const hr_node *node = &b->tape->graph->nodes[index];
    const hr_cpu_op *op = hr_cpu_op_of(node->op);
    int reads_input = 0;
    for (int i = 0; i < node->n_inputs && b->tape->tensors[0].ld < HR_STRIP; i++)
        reads_input |= b->made[node->inputs[i]].tensor == 0;
    if (!reads_input || (node->weight >= 0 ? node->window.groups == 1 : op != NULL && op->reads_input)) return HRNET_OK;
    return hr_fail(HRNET_ERR_UNSUPPORTED, "node %d (%s): a %s cannot read the network's input in training", index,
                   node->name, hr_op_type_of(node->op)->name);
}

static hrnet_status make(builder *b, int index)
{
    const hr_graph *graph = b->tape->graph;
    const hr_node *node = &graph->nodes[index];
    expression e = {.tensor = 0};
    HR_TRY(check_input(b, index));
    if (node->op == HR_OP_INPUT) {
        make_input(b, index);
    } else if (node->op == HR_OP_NORM) {
        e = make_norm(b, node);
    } else if (node->op == HR_OP_SUM) {
        e = make_sum(b, node);
    } else if (node->op == HR_OP_ACTIVATION && node->activation == HR_ACTIVATION_RELU) {
        e = b->made[node->inputs[0]];
        if (e.tensor >= 0) e = as_term(b, node->inputs[0]);
        e.relu = 1;
    } else if (node->op == HR_OP_UPSAMPLE && is_shift(node)) {
        e = as_term(b, node->inputs[0]);
        for (int factor = node->factor; factor > 1; factor /= 2) e.terms[0].shift++;
    } else {
        e = make_tensor(b, index);
    }
    b->made[index] = e;
    if (b->n_readers[index] != 1 || hr_graph_is_output(graph, index)) stored(b, index);
    return HRNET_OK;
}

hrnet_status hr_tape_build(hr_tape *out, const hr_graph *graph)
{
    const size_t n = (size_t)graph->n_nodes;
    hr_tape tape = {.graph = graph};
    builder b = {.tape = &tape};
    size_t n_most = 2 * n; /* every node stored, and a copy for every reading */
    for (size_t i = 0; i < n; i++) n_most += (size_t)graph->nodes[i].n_inputs;
    tape.tensors = hr_calloc(n_most, sizeof *tape.tensors);
    tape.steps = hr_calloc(n_most, sizeof *tape.steps);
    b.made = hr_calloc(n, sizeof *b.made);
    b.n_readers = hr_calloc(n, sizeof *b.n_readers);
    hrnet_status status = HRNET_OK;
    if (tape.tensors == NULL || tape.steps == NULL || b.made == NULL || b.n_readers == NULL)
        status = hr_fail_memory(n_most * sizeof *tape.steps);
    for (size_t i = 0; i < n && status == HRNET_OK; i++)
        for (int j = 0; j < graph->nodes[i].n_inputs; j++) b.n_readers[graph->nodes[i].inputs[j]]++;
    for (int i = 0; i < graph->n_nodes && status == HRNET_OK; i++) status = make(&b, i);
    for (int i = 0; i < graph->n_outputs && status == HRNET_OK; i++)
        tape.outputs[i] = b.made[graph->outputs[i].node].tensor;
    hr_free(b.made);
    hr_free(b.n_readers);
    if (status != HRNET_OK) {
        hr_tape_free(&tape);
        return status;
    }
    *out = tape;
    return HRNET_OK;
}

void hr_tape_free(hr_tape *tape)
{
    hr_free(tape->tensors);
    hr_free(tape->steps);
    *tape = (hr_tape){0};
}
