/*
 * compare_updates.c - compare_updates START A B STATISTICS HEAD ALL: START is a state dict before training, A and B
 * after the same training in two ways. 0 when what A changed and what B changed differ by at most these parts of it
 * (2-norms): the running statistics, which the forward passes make; the last layer, whose gradient needs no way back
 * through the network; all that learns.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/tensors/tensors.h"

enum { STATISTICS, HEAD, ALL, KINDS };

typedef struct norms {
    double difference[KINDS], change[KINDS];
} norms;

static void add(norms *n, int kind, double before, double a, double b)
{
    n->difference[kind] += (a - b) * (a - b);
    n->change[kind] += (a - before) * (a - before);
}

/* Tensor i of the three files; running statistics are compared with what they begin with: 0, and 1 for variances. */
static int compare(const hr_tensors *files, size_t i, norms *n)
{
    const hr_tensor *const first = &files[0].items[i];
    double *values[3] = {0};
    int failed = 0;
    for (int f = 0; f < 3; f++) {
        const hr_tensor *const tensor = &files[f].items[i];
        values[f] = hr_alloc(first->n_elements, sizeof(double));
        failed |= tensor->n_elements != first->n_elements || strcmp(tensor->name, first->name) != 0 ||
                  values[f] == NULL || hr_tensor_read_double(&files[f], tensor, values[f]) != HRNET_OK;
    }
    const int is_mean = strstr(first->name, "running_mean") != NULL,
              is_var = strstr(first->name, "running_var") != NULL;
    const int is_head = strstr(first->name, "final_layer") != NULL,
              is_count = strstr(first->name, "num_batches") != NULL;
    for (size_t e = 0; !failed && e < first->n_elements; e++) {
        const double a = values[1][e], b = values[2][e];
        if (is_count) failed |= (long)a != (long)b;
        if (is_mean || is_var) add(n, STATISTICS, is_var, a, b);
        if (is_mean || is_var || is_count) continue;
        add(n, ALL, values[0][e], a, b);
        if (is_head) add(n, HEAD, values[0][e], a, b);
    }
    for (int f = 0; f < 3; f++) hr_free(values[f]);
    return failed;
}

int main(int argc, char **argv)
{
    static const char *const kinds[KINDS] = {"statistics", "head", "all"};
    hr_tensors files[3];
    norms n = {0};
    int failed = 0;
    if (argc != 4 + KINDS) return 2;
    for (int f = 0; f < 3; f++) {
        if (hr_tensors_open(&files[f], argv[1 + f]) == HRNET_OK) continue;
        fprintf(stderr, "%s\n", hrnet_last_error());
        return 2;
    }
    if (files[0].n_items != files[1].n_items || files[0].n_items != files[2].n_items) return 2;
    for (size_t i = 0; i < files[0].n_items; i++) failed |= compare(files, i, &n);
    for (int f = 0; f < 3; f++) hr_tensors_close(&files[f]);
    for (int k = 0; k < KINDS; k++) {
        const double part = sqrt(n.difference[k] / n.change[k]), most = atof(argv[4 + k]);
        printf("%s: %.3g of at most %g\n", kinds[k], part, most);
        failed |= !(part <= most); /* nothing changed: NaN, which is no success either */
    }
    return failed;
}
