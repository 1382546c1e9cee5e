/*
 * hrnet_trunk.c - the trunk of the high-resolution networks, as upstream's pose_hrnet.py builds it.
 *
 *            stem      layer1       stage2        stage3 x4         stage4 x3
 *   input -> 1/4 ----> bottlenecks -+-> 1/4 ====+==> 1/4 ====+====> 1/4
 *                                   +-> 1/8 ====+==> 1/8 ====+====> 1/8
 *                                               +--> 1/16 ===+====> 1/16
 *                                                            +----> 1/32
 *
 * Every module runs residual blocks on each branch, then every branch receives the sum of all of them (====).
 */
#include "networks/hrnet_trunk.h"

#include "networks/blocks.h"

typedef hr_branches branches;

static int stem(hr_graph *graph, int x, int layer1_blocks)
{
    x = hr_graph_conv(graph, x, "conv1", 64, 3, 2, 0);
    x = hr_graph_relu(graph, hr_graph_norm(graph, x, "bn1"));
    x = hr_graph_conv(graph, x, "conv2", 64, 3, 2, 0);
    x = hr_graph_relu(graph, hr_graph_norm(graph, x, "bn2"));
    return hr_add_blocks(graph, x, "layer1", HR_BLOCK_BOTTLENECK, 64, layer1_blocks, 1);
}

/* "transition<number>": give each branch the channels its stage works with, and make the new ones by strided
 * convolutions from the lowest resolution there is. A branch that has its channels already passes through. */
static branches transition(hr_graph *graph, branches x, int number, const hr_stage *stage)
{
    const int expansion = hr_block_expansion(stage->block);
    branches y = {.n = stage->n_branches};
    for (int i = 0; i < y.n; i++) {
        const int channels = stage->n_channels[i] * expansion;
        const int last = x.at[x.n - 1];
        y.at[i] = i < x.n ? x.at[i] : last;
        if (y.at[i] < 0 || (i < x.n && graph->nodes[x.at[i]].c == channels)) continue;
        if (i < x.n) {
            /* _make_transition_layer reads the branch's own channels, forward feeds y_list[-1]: with one branch before
             * they are the same; with more, upstream fails unless the channels agree, so the own branch is meant. */
            const hr_path path = hr_path_of("transition%d.%d", number, i);
            y.at[i] = hr_graph_relu(graph, hr_add_conv_norm(graph, x.at[i], hr_path_of("%s.0", path.text).text,
                                                            hr_path_of("%s.1", path.text).text, channels, 3, 1));
            continue;
        }
        const int n_steps = i + 1 - x.n;
        for (int j = 0; j < n_steps; j++) {
            const hr_path path = hr_path_of("transition%d.%d.%d", number, i, j);
            const int oc = j == n_steps - 1 ? channels : graph->nodes[last].c;
            y.at[i] = hr_graph_relu(graph, hr_add_conv_norm(graph, y.at[i], hr_path_of("%s.0", path.text).text,
                                                            hr_path_of("%s.1", path.text).text, oc, 3, 2));
        }
    }
    return y;
}

/* What branch `to` receives from branch `from`: "fuse_layers.<to>.<from>". */
static int exchange(hr_graph *graph, branches x, const char *module, int to, int from, const int *channels)
{
    const hr_path path = hr_path_of("%s.fuse_layers.%d.%d", module, to, from);
    int y = x.at[from];
    if (from > to) {
        y = hr_add_conv_norm(graph, y, hr_path_of("%s.0", path.text).text, hr_path_of("%s.1", path.text).text,
                             channels[to], 1, 1);
        return hr_graph_upsample(graph, y, 1 << (from - to));
    }
    for (int k = 0; k < to - from; k++) {
        const int last = k == to - from - 1;
        y = hr_add_conv_norm(graph, y, hr_path_of("%s.%d.0", path.text, k).text,
                             hr_path_of("%s.%d.1", path.text, k).text, last ? channels[to] : channels[from], 3, 2);
        if (!last) y = hr_graph_relu(graph, y);
    }
    return y;
}

/* One HighResolutionModule: blocks on each branch, then the exchange to the branches that `wanted` says. */
static branches module(hr_graph *graph, branches x, const char *name, const hr_stage *stage, hr_branch_range wanted)
{
    int channels[HR_MAX_BRANCHES];
    branches y = {.n = wanted.end};
    for (int i = 0; i < x.n; i++) {
        channels[i] = stage->n_channels[i] * hr_block_expansion(stage->block);
        x.at[i] = hr_add_blocks(graph, x.at[i], hr_path_of("%s.branches.%d", name, i).text, stage->block,
                                stage->n_channels[i], stage->n_blocks[i], 1);
    }
    if (x.n == 1) return x;
    for (int to = wanted.first; to < wanted.end; to++) {
        int terms[HR_MAX_BRANCHES];
        for (int from = 0; from < x.n; from++) terms[from] = exchange(graph, x, name, to, from, channels);
        y.at[to] = hr_graph_relu(graph, hr_graph_sum(graph, terms, x.n));
    }
    return y;
}

static branches stage(hr_graph *graph, branches x, int number, const hr_stage *stage_config, hr_branch_range last)
{
    for (int i = 0; i < stage_config->n_modules; i++) {
        /* the network's last module makes only what its head reads (upstream: multi_scale_output = False) */
        const int is_last = number == 4 && i == stage_config->n_modules - 1;
        const hr_branch_range wanted = is_last ? last : (hr_branch_range){0, x.n};
        x = module(graph, x, hr_path_of("stage%d.%d", number, i).text, stage_config, wanted);
    }
    for (int i = number == 4 ? last.first : 0; i < x.n; i++) hr_graph_name(graph, x.at[i], "stage%d_%d", number, i);
    return x;
}

hr_branches hr_add_hrnet_trunk(hr_graph *graph, const hr_model_config *model, int layer1_blocks, hr_branch_range wanted)
{
    int x = stem(graph, hr_graph_input(graph, 3, model->image_size[1], model->image_size[0]), layer1_blocks);
    hr_graph_name(graph, x, "layer1");
    branches y = {1, {x}};
    for (int number = 2; number <= 4; number++) {
        const hr_stage *description = &model->stages[number - 2];
        y = transition(graph, y, number - 1, description);
        y = stage(graph, y, number, description, wanted);
    }
    return y;
}
