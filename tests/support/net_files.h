/*
 * net_files.h - the golden networks as tests see them: their files, the values that the published PyTorch code gave,
 * ways to load them, and how far two sets of numbers are apart. Failing to load a file that belongs to the repository
 * fails the test.
 */
#ifndef TESTS_NET_FILES_H
#define TESTS_NET_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calls.h"
#include "weights/bind.h"
#include "weights/checkpoint.h"

/* Defined where full-size networks take minutes: in sanitizer builds and unoptimised ones. */
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW_BUILD
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW_BUILD
#endif
#endif

/* Three small networks: BASIC blocks; BOTTLENECK blocks, a 3x3 final layer, 16 joints; a size whose smallest map is 5x3
 * cells and channels that fill no vector. */
enum { N_NETS = 3 };
extern const char *const net_names[N_NETS];

/* "TEST_DATA/golden/NET/FILE". Static. */
const char *golden_path(const char *net, const char *file);
hrnet_config *golden_config(const char *net);
hrnet_array golden_array(const char *net, const char *name);
/* Whether NAME.npy is there. */
int golden_exists(const char *net, const char *name);

/* The golden network with the weights of a file (NULL: weights.pth). */
hrnet_model *golden_model(const char *net, const char *path);

/* Forward pass by a session of its own; the result [n][joints][h][w] is freed with test_free. flip: 0 plain, 1 flip
 * test without shift, 2 with. */
float *run_model(const hrnet_model *model, const float *input, int n, int flip, int threads, int max_batch);
size_t map_floats(const hrnet_model *model);   /* of one picture's heatmaps */
size_t input_floats(const hrnet_model *model); /* of one picture's input */

/* max|found - expected| / max|expected|; infinite when anything found is NaN. */
double relative_error(const float *found, const float *expected, size_t n);

/* The graph of a golden network as built, and its weights.pth as the source of the graph's parameters. */
typedef struct golden_graph {
    hrnet_config *config;
    hrnet_checkpoint *checkpoint;
    hr_graph graph;
    hr_binding binding;
    hr_weights weights;
} golden_graph;

void golden_graph_open(golden_graph *out, const char *net);
void golden_graph_close(golden_graph *opened);

/* Weights and input as numbers of a formula, so that networks of full size need no files: tensor `s` has at index i
 * u = hr_random_uniform(hr_hash_text(s), i); 4-d tensors (2u - 1) sqrt(4.8 / fan) with fan the product of the last
 * three sizes, running_var 0.5 + u, other weights 0.2 + 0.4 u, all else 0.2 (u - 0.5); the input 4u - 2 of "input". */
hr_weights formula_weights(void);
void formula_input(float *input, size_t n);

/* The instruction sets of this build that this processor has, by what HRNET_CPU calls them; NULL-terminated. Those that
 * are missing are printed as skipped. Leaves HRNET_CPU unset. */
const char *const *cpu_names(void);

#endif
