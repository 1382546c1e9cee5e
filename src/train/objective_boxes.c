/*
 * objective_boxes.c - boxes: YOLOX's loss, divided by the number of matched cells of the whole pass, of all ranks. So a
 * pass has two rounds of tasks: pictures are assigned, the matches are summed, then losses and gradients are made.
 *
 * The outputs of the network are the levels of its head, of the finest one first: [height][width][ld], HR_HEAD_BOX
 * numbers and the classes of a cell, padded to ld.
 */
#include <math.h>

#include "base/mem.h"
#include "cpu/conv/conv.h"
#include "train/objective_internal.h"

static const hr_node *output_node(const hr_graph *graph, int level)
{
    return &graph->nodes[graph->outputs[level].node];
}

static size_t n_cells(const hr_graph *graph)
{
    size_t n = 0;
    for (int level = 0; level < HR_HEAD_LEVELS; level++)
        n += (size_t)output_node(graph, level)->w * (size_t)output_node(graph, level)->h;
    return n;
}

hrnet_status hr_boxes_objective_create(hr_objective *o)
{
    if (hr_family_of(o->config->model.name) == HR_RTMDET || o->graph->n_outputs != HR_HEAD_LEVELS)
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "MODEL.NAME: training of %s: expected a network with YOLOX's head (detect_hrnet, yolox)",
                       o->config->model.name);
    HR_NEW(o->assignments, (size_t)o->batch);
    for (int i = 0; i < o->batch; i++) HR_TRY(hr_assignment_create(&o->assignments[i], n_cells(o->graph)));
    return HRNET_OK;
}

void hr_boxes_objective_free(hr_objective *o)
{
    for (int i = 0; o->assignments != NULL && i < o->batch; i++) hr_assignment_free(&o->assignments[i]);
    hr_free(o->assignments);
}

size_t hr_boxes_objective_bytes(const hr_graph *graph, int batch)
{
    return (size_t)batch * n_cells(graph) * (sizeof(hr_candidate) + 1);
}

typedef struct boxes_pass {
    hr_objective *o;
    const hr_pass *pass;
} boxes_pass;

/* What the network says of picture i. */
static hr_head head_of(const boxes_pass *r, int i)
{
    const hr_graph *const graph = r->o->graph;
    hr_head head = {.n_classes = output_node(graph, 0)->c - HR_HEAD_BOX};
    for (int level = 0; level < HR_HEAD_LEVELS; level++) {
        const hr_node *const node = output_node(graph, level);
        head.levels[level].cells = hr_backprop_output(r->pass->net, level, i);
        head.levels[level].width = node->w;
        head.levels[level].height = node->h;
        head.levels[level].stride = graph->nodes[0].w / node->w;
        head.levels[level].ld = (size_t)hr_padded(node->c);
    }
    return head;
}

/* Task: which cells of picture i are to find which box. */
static void assign(void *context, int i)
{
    const boxes_pass *const r = context;
    const hr_example *const example = &r->pass->examples[i];
    const hr_head head = head_of(r, i);
    hr_boxes_assign(&r->o->assignments[i], &head, example->boxes, example->n_boxes);
}

/* Task: loss and gradient of picture i. */
static void compute(void *context, int i)
{
    const boxes_pass *const r = context;
    hr_objective *const o = r->o;
    const hr_assignment *const assignment = &o->assignments[i];
    const double share = o->n_all / o->n_matched; /* a mean over examples is a mean over matched cells then */
    const hr_head head = head_of(r, i);
    float *gradients[HR_HEAD_LEVELS];
    for (int level = 0; level < HR_HEAD_LEVELS; level++)
        gradients[level] = hr_backprop_output_gradient(r->pass->net, level, i);
    const double l1_weight = o->config->loss.use_l1 ? 1 : 0;
    const hr_box_losses sums =
        hr_box_loss(assignment, &head, r->pass->examples[i].boxes, r->pass->scale * share, l1_weight, gradients);
    o->losses[i] = share * (5 * sums.iou + sums.obj + sums.cls + l1_weight * sums.l1);
    o->hits[i] = (hr_joint_hits){assignment->n_good, assignment->n_matched};
}

void hr_boxes_objective_run(hr_objective *o, const hr_pass *pass)
{
    boxes_pass r = {o, pass};
    double sums[2] = {0, pass->n};
    hr_backprop_parallel(pass->net, pass->n, assign, &r);
    for (int i = 0; i < pass->n; i++) sums[0] += o->assignments[i].n_matched;
    if (pass->sum != NULL) pass->sum(pass->context, sums, 2);
    o->n_matched = fmax(sums[0], 1);
    o->n_all = sums[1];
    hr_backprop_parallel(pass->net, pass->n, compute, &r);
}
