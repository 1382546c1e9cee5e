/*
 * blocks.c - BasicBlock: two 3x3 convolutions. Bottleneck: 1x1 down to the planes, 3x3 (which has the stride), 1x1 up
 * to four times the planes. Both add their input, and have their last ReLU behind the sum.
 */
#include "networks/blocks.h"

#include <stdarg.h>

hr_path hr_path_of(const char *format, ...)
{
    hr_path path;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path.text, sizeof path.text, format, arguments);
    va_end(arguments);
    return path;
}

int hr_block_expansion(hr_block block)
{
    return block == HR_BLOCK_BOTTLENECK ? 4 : 1;
}

int hr_add_conv_norm(hr_graph *graph, int input, const char *conv, const char *norm, int oc, int kernel, int stride)
{
    return hr_graph_norm(graph, hr_graph_conv(graph, input, conv, oc, kernel, stride, 0), norm);
}

static int add_part(hr_graph *graph, int input, const char *prefix, int number, int oc, int kernel, int stride)
{
    return hr_add_conv_norm(graph, input, hr_path_of("%s.conv%d", prefix, number).text,
                            hr_path_of("%s.bn%d", prefix, number).text, oc, kernel, stride);
}

static int add_block(hr_graph *graph, int input, const char *prefix, hr_block block, int planes, int stride)
{
    if (input < 0) return -1;
    const int oc = planes * hr_block_expansion(block);
    int x, shortcut = input;
    if (block == HR_BLOCK_BASIC) {
        x = hr_graph_relu(graph, add_part(graph, input, prefix, 1, planes, 3, stride));
        x = add_part(graph, x, prefix, 2, planes, 3, 1);
    } else {
        x = hr_graph_relu(graph, add_part(graph, input, prefix, 1, planes, 1, 1));
        x = hr_graph_relu(graph, add_part(graph, x, prefix, 2, planes, 3, stride));
        x = add_part(graph, x, prefix, 3, oc, 1, 1);
    }
    if (stride != 1 || graph->nodes[input].c != oc)
        shortcut = hr_add_conv_norm(graph, input, hr_path_of("%s.downsample.0", prefix).text,
                                    hr_path_of("%s.downsample.1", prefix).text, oc, 1, stride);
    return hr_graph_relu(graph, hr_graph_sum(graph, (int[]){x, shortcut}, 2));
}

int hr_add_blocks(hr_graph *graph, int input, const char *prefix, hr_block block, int planes, int n_blocks, int stride)
{
    for (int i = 0; i < n_blocks; i++)
        input = add_block(graph, input, hr_path_of("%s.%d", prefix, i).text, block, planes, i == 0 ? stride : 1);
    return input;
}
