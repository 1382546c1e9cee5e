/*
 * mpi_sum.h - sums over all processes that give every process the same bits, with any MPI: a reduce-scatter and an
 * all-gather whose order of additions is fixed (MPI_Allreduce leaves the order to the library).
 *
 *   values of 3 ranks        a0 a1 a2 | b0 b1 b2 | c0 c1 c2          cut into as many parts as there are ranks
 *   1. parts to their ranks  rank 0 has a0 b0 c0, rank 1 a1 b1 c1, rank 2 a2 b2 c2          MPI_Ialltoallv
 *   2. each rank adds        s0 = (a0 + b0) + c0 on rank 0, s1 on rank 1, s2 on rank 2
 *   3. results to all        s0 s1 s2 everywhere                                            MPI_Iallgatherv
 *
 * No algorithm sends fewer bytes, and all ranks add at the same time; OpenMPI's own reduction of two processes leaves
 * all additions to one of them.
 */
#ifndef HR_MPI_MPI_SUM_H
#define HR_MPI_MPI_SUM_H

#include <mpi.h>

#include "train/collective_calls.h"

/* The sums of one group, in the order in which they were begun. Parts travel on one communicator and results on
 * another: MPI demands that all processes begin the operations of a communicator in one order, and how parts and
 * results of different sums interleave differs between processes. */
typedef struct hr_sums {
    MPI_Comm parts, results;
    int rank, size;
    struct hr_sum *ring; /* [HR_COLLECTIVE_MAX_PENDING] */
    /* how many sums have ever reached a state: finished <= results sent <= parts sent <= begun */
    unsigned long n_finished, n_results, n_parts, n_begun;
    char *scratch; /* [HR_SUM_WINDOW]: the parts received from the others */
    int *layout;   /* [HR_SUM_WINDOW][4][size]: MPI's counts and displacements, of parts sent and received */
} hr_sums;

/* Sums whose parts or results travel at a time: enough to hide the latency of messages. */
enum { HR_SUM_WINDOW = 8 };

/* All functions return MPI's error code, 0 for none. Open is collective over world. */
int hr_sums_open(hr_sums *sums, MPI_Comm world);
void hr_sums_close(hr_sums *sums);

/* Begin the sum of n values over all ranks, in place. At most HR_COLLECTIVE_MAX_PENDING sums may be unfinished, each of
 * at most HR_COLLECTIVE_SUM_BYTES. */
int hr_sums_begin(hr_sums *sums, hr_collective_type type, void *values, int n);
/* Advance all sums as far as is possible without waiting; *has_moved becomes 1 if any advanced. */
int hr_sums_advance(hr_sums *sums, int *has_moved);
/* Whether every sum that was begun has finished. */
int hr_sums_are_done(const hr_sums *sums);

#endif
