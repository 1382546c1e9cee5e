/* channel_graph.c - see channel_graph.h. */
#include "channel_graph.h"

#include "net_files.h"

static int named(hr_graph *g, int x, const char *name)
{
    hr_graph_name(g, x, "%s", name);
    return x;
}

/* Convolution and SiLU; the node that fusing makes of both has the convolution's name. */
static int unit(hr_graph *g, int x, const char *name, int oc, int kernel, int stride)
{
    return hr_graph_activation(g, hr_graph_conv(g, x, name, oc, kernel, stride, 1), HR_ACTIVATION_SILU);
}

static int concat2(hr_graph *g, const char *name, int a, int b)
{
    return named(g, hr_graph_concat(g, (const int[]){a, b}, 2), name);
}

static int slice(hr_graph *g, const char *name, int x, int first, int c)
{
    return named(g, hr_graph_slice(g, x, first, c), name);
}

static int sum2(hr_graph *g, int a, int b)
{
    return hr_graph_sum(g, (const int[]){a, b}, 2);
}

/* relu(x + conv(y)): the sum may take the memory of x, which nobody reads later. */
static int block(hr_graph *g, int x, int y, const char *name, int oc)
{
    return hr_graph_relu(g, sum2(g, x, hr_graph_conv(g, y, name, oc, 3, 1, 1)));
}

/* Slices, one added before an activation, one behind; a concatenation in a concatenation. */
static int nested_part(hr_graph *g, int input)
{
    const int whole = unit(g, input, "whole", 32, 3, 1);
    const int left = slice(g, "left", whole, 0, 16), right = slice(g, "right", whole, 16, 16);
    const int tail = unit(g, block(g, left, unit(g, left, "left1", 16, 1, 1), "left2", 16), "tail", 20, 1, 1);
    const int part = unit(g, right, "part", 16, 1, 1);
    const int inner = concat2(g, "inner", part, sum2(g, right, unit(g, part, "residual", 16, 3, 1)));
    const int merged = unit(g, concat2(g, "outer", inner, tail), "merged", 24, 3, 1);
    return sum2(g, merged, unit(g, unit(g, merged, "merged1", 24, 1, 1), "merged2", 24, 3, 1));
}

/* A part of two concatenations; one that adds a tensor which lies alone; a tensor twice in one; channels that are no
 * whole strips; slices that a concatenation reads. */
static int odd_part(hr_graph *g, int x)
{
    const int shared = unit(g, x, "shared", 16, 1, 1);
    const int alone = unit(g, x, "alone", 16, 3, 1);
    const int beside = block(g, alone, unit(g, alone, "alone1", 16, 1, 1), "beside", 16);
    const int first = concat2(g, "first", shared, beside);
    const int second = concat2(g, "second", shared, unit(g, first, "end", 9, 1, 1));
    const int middle = slice(g, "middle", second, 7, 7), last = slice(g, "last", second, 16, 9);
    const int five = unit(g, second, "five", 5, 1, 1);
    return named(g, hr_graph_concat(g, (const int[]){five, middle, second, last, five}, 5), "odd");
}

hr_graph channel_graph(void)
{
    hr_graph g = {0};
    const int odd = odd_part(&g, nested_part(&g, hr_graph_input(&g, 3, CHANNEL_GRAPH_H, CHANNEL_GRAPH_W)));
    const int low = unit(&g, odd, "low", 32, 3, 2);
    const int before = block(&g, low, unit(&g, low, "low1", 32, 3, 1), "before", 32);
    const int behind = sum2(&g, before, unit(&g, before, "behind", 32, 3, 1));
    const int pool = named(&g, hr_graph_maxpool(&g, behind, 5, 1), "pool");
    const int pools = concat2(&g, "pools", behind, pool);
    const int up = named(&g, hr_graph_upsample(&g, pools, 2), "up"), top = concat2(&g, "top", up, odd);
    hr_graph_output(&g, hr_graph_conv(&g, top, "maps", 7, 3, 1, 1), "maps");
    hr_graph_output(&g, behind, "behind");                         /* a part */
    hr_graph_output(&g, slice(&g, "cut", top, 16, 32), "cut");     /* a slice of a part */
    hr_graph_output(&g, slice(&g, "deep", pools, 32, 32), "deep"); /* a slice that is a part */
    MUST(hr_graph_finish(&g));
    return g;
}
