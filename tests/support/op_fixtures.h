/*
 * op_fixtures.h - the golden values of operators and building blocks (tests/golden/ops, made by
 * tests/graph/make_ops.py), and the same graphs built by hand (op_graphs.c). Failing to read a fixture fails the test.
 */
#ifndef TESTS_OP_FIXTURES_H
#define TESTS_OP_FIXTURES_H

#include "net_files.h"

typedef struct op_case op_case;

struct op_case {
    const char *name; /* of the file, without its ending */
    /* Append the case behind node x, whose tensor is its input, and make its outputs. */
    void (*build)(const op_case *c, hr_graph *g, int x);
    /* Attributes, of the cases that have them: */
    hr_activation activation;
    hr_window window;
    int oc, with_bias;
    int factor;
    hr_upsampling upsampling;
    /* What is refused by design, and words of the message; NULL: nothing. */
    const char *graph_refuses; /* by the graph itself */
    const char *fuse_refuses;  /* by hr_graph_fuse, where the case reads the network's input itself */
    const char *input_refuses; /* by the CPU, where the case reads a picture of up to four channels itself */
};

enum { N_OP_CASES = 74 };
extern const op_case op_cases[N_OP_CASES];

/* A case's file, and its graph as built. */
typedef struct op_fixture {
    const op_case *of;
    hr_tensors file;
    int n, c, h, w;      /* of the input */
    hrnet_status status; /* of building the graph; unless HRNET_OK there is none */
    hr_graph graph;
    hr_weights weights; /* of the graph; points into this */
} op_fixture;

/* In place. with_stem: 1 puts a 1x1 convolution "stem" that changes nothing before the case. The case then reads a
 * tensor of whole strips, and training computes the gradient of its input: summed over pixels and times the input it is
 * the gradient of the stem's weight. */
void op_fixture_open(op_fixture *f, const op_case *c, int with_stem);
void op_fixture_close(op_fixture *f);

/* A tensor of the file as doubles, freed with test_free; fails without it. n: how many numbers, or NULL. */
double *op_tensor(const op_fixture *f, const char *name, size_t *n);
int op_has_norm(const op_fixture *f);

/* What the file calls the tensor of output k: kind "output", "output_eval" or "output_gradient", and ".k" where there
 * are several outputs. Static, until the next call. */
const char *op_output_name(const op_fixture *f, const char *kind, int k);
/* The outputs' shape and numbers, of all pictures. */
const hr_node *op_output_node(const op_fixture *f, int k);
size_t op_output_count(const op_fixture *f, int k);

/* Pictures [n][c][h * w] as pixels [h * w][ld] and back, one picture. Padding is left as it is. */
void op_to_pixels(float *pixels, int ld, const double *picture, int c, int n_cells);
void op_from_pixels(double *picture, const float *pixels, int ld, int c, int n_cells);

/* Fail, naming the case and `what`, unless max|found - expected| <= tolerance * max|expected|; where all that is
 * expected is zero, unless max|found| <= 5 tolerance. */
void op_compare(const op_fixture *f, const char *what, const double *found, const double *expected, size_t n,
                double tolerance);

#endif
