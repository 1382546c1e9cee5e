/* depend.c - users of every tensor, and the nodes on all ways to a node, as bits. */
#include "net/depend.h"

#include "base/mem.h"

enum { BITS = 64 };

static size_t words_of(const hr_depend *depend)
{
    return ((size_t)depend->n_nodes + BITS - 1) / BITS;
}

/* Sources of a node, those of its sum last. */
static int sources(const hr_node *node, int *out)
{
    int n = 0;
    for (int i = 0; i < node->n_inputs; i++) out[n++] = node->inputs[i];
    if (node->add >= 0) out[n++] = node->add;
    return n;
}

int hr_depend_before(const hr_depend *depend, int first, int second)
{
    const uint64_t *row = depend->before + (size_t)second * words_of(depend);
    return (int)(row[first / BITS] >> (first % BITS) & 1);
}

static void fill(hr_depend *depend, const hr_graph *graph, int *filled)
{
    const size_t n_words = words_of(depend);
    int from[HR_MAX_INPUTS + 1];
    for (int i = 0; i < graph->n_nodes; i++) {
        uint64_t *row = depend->before + (size_t)i * n_words;
        depend->n_sources[i] = sources(&graph->nodes[i], from);
        for (int j = 0; j < depend->n_sources[i]; j++) {
            const uint64_t *other = depend->before + (size_t)from[j] * n_words;
            for (size_t w = 0; w < n_words; w++) row[w] |= other[w];
            row[from[j] / BITS] |= (uint64_t)1 << (from[j] % BITS);
            depend->user_starts[from[j] + 1]++;
        }
    }
    for (int i = 0; i < graph->n_nodes; i++) depend->user_starts[i + 1] += depend->user_starts[i];
    for (int i = 0; i < graph->n_nodes; i++) {
        sources(&graph->nodes[i], from);
        for (int j = 0; j < depend->n_sources[i]; j++)
            depend->users[depend->user_starts[from[j]] + filled[from[j]]++] = i;
    }
}

hrnet_status hr_depend_make(hr_depend *out, const hr_graph *graph)
{
    *out = (hr_depend){.n_nodes = graph->n_nodes};
    const size_t n = (size_t)graph->n_nodes, n_words = words_of(out);
    int *filled = hr_calloc(n, sizeof *filled);
    out->n_sources = hr_calloc(n, sizeof *out->n_sources);
    out->user_starts = hr_calloc(n + 1, sizeof *out->user_starts);
    out->users = hr_calloc(n * (HR_MAX_INPUTS + 1), sizeof *out->users);
    out->before = hr_calloc(n * n_words, sizeof *out->before);
    hrnet_status status = HRNET_OK;
    if (filled == NULL || out->n_sources == NULL || out->user_starts == NULL || out->users == NULL ||
        out->before == NULL)
        status = hr_fail_memory(n * n_words * sizeof *out->before);
    else
        fill(out, graph, filled);
    hr_free(filled);
    if (status != HRNET_OK) hr_depend_free(out);
    return status;
}

void hr_depend_free(hr_depend *depend)
{
    hr_free(depend->n_sources);
    hr_free(depend->user_starts);
    hr_free(depend->users);
    hr_free(depend->before);
    *depend = (hr_depend){0};
}
