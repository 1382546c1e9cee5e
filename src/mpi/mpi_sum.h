/*
 * mpi_sum.h - sums over all processes that give every process the same bits, whatever MPI it is: a piece is cut into as
 * many parts as there are processes, each process adds up its part of all of them in the order of ranks, and hands the
 * result round. That is also the least that can be sent, and all processes add at the same time; MPI's own reduction
 * leaves the adding of two processes to one of them.
 */
#ifndef HR_MPI_MPI_SUM_H
#define HR_MPI_MPI_SUM_H

#include <mpi.h>

#include "train/collective_calls.h"

/* Sums that are begun, in order. Parts go out on one communicator and results on another, so that on each of them all
 * processes begin the same operations in the same order, however far each of them is. */
typedef struct hr_sums {
    MPI_Comm parts, results;
    int rank, size;
    struct hr_sum *ring; /* [HR_COLLECTIVE_MOST] */
    /* numbers of sums, counted up for good: finished, results on their way, parts on their way, begun */
    unsigned long n_finished, n_results, n_parts, n_begun;
    char *scratch; /* [HR_SUM_WINDOW] parts of the others */
    int *layout;   /* [HR_SUM_WINDOW][4][size] counts and places, of parts sent and received */
} hr_sums;

/* Sums of which parts or results are on their way at a time: enough to hide how long a message takes. */
enum { HR_SUM_WINDOW = 8 };

/* Collective over world. */
int hr_sums_open(hr_sums *sums, MPI_Comm world);
void hr_sums_close(hr_sums *sums);

/* At most HR_COLLECTIVE_MOST that are not finished, of at most HR_COLLECTIVE_PIECE bytes. */
int hr_sums_begin(hr_sums *sums, hr_collective_type type, void *values, int n);
/* Do what can be done without waiting; *has_moved becomes 1 if that was anything. */
int hr_sums_advance(hr_sums *sums, int *has_moved);
int hr_sums_are_done(const hr_sums *sums);

#endif
