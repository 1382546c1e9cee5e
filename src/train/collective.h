/*
 * collective.h - the processes of one training run. One file implements it for a single process, one with MPI; which is
 * used is decided when the program starts (it was started by mpirun, or not).
 */
#ifndef HR_TRAIN_COLLECTIVE_H
#define HR_TRAIN_COLLECTIVE_H

#include "base/status.h"

typedef struct hr_collective hr_collective;

/* Join. Not started by mpirun: a single process, rank 0 of 1. HRNET_ERR_UNSUPPORTED when mpirun started the program but
 * MPI's library cannot be loaded. */
hrnet_status hr_collective_open(hr_collective **out);
/* Waits until all close. After a failed call it does not, as after hr_collective_give_up. */
void hr_collective_close(hr_collective *collective);

int hr_collective_rank(const hr_collective *collective);
int hr_collective_size(const hr_collective *collective);
/* Processes of the run on this machine, which share its cores and memory. */
int hr_collective_size_here(const hr_collective *collective);

/* Sums over all ranks in the order of ranks, in place; every rank gets the same bits. Each rank must make the same
 * calls in the same order. HRNET_ERR_IO when another rank has gone. */
hrnet_status hr_collective_sum(hr_collective *collective, double *values, size_t n);
hrnet_status hr_collective_sum_floats(hr_collective *collective, float *values, size_t n);
/* The same, begun now and finished by hr_collective_wait, which waits for all that were begun; values belong to the
 * collective until then. */
hrnet_status hr_collective_begin_sum_floats(hr_collective *collective, float *values, size_t n);
hrnet_status hr_collective_wait(hr_collective *collective);
/* Copy rank 0's bytes to all. */
hrnet_status hr_collective_broadcast(hr_collective *collective, void *bytes, size_t n);
hrnet_status hr_collective_barrier(hr_collective *collective);
/* This process has failed and takes no more part: closing will not wait for the others. They may be waiting for it; the
 * program must end with a status other than 0, upon which mpirun ends them all. NULL is harmless. */
void hr_collective_give_up(hr_collective *collective);

#endif
