/*
 * collective.h - communication between the processes of one training run: sums, broadcasts, barriers. A program that
 * mpirun started joins the others (rank r of n); any other program is rank 0 of 1, for which every operation returns at
 * once and changes nothing.
 *
 * Operations are collective: all ranks make the same calls in the same order. Sums add in the order of ranks, so that
 * every rank gets the same bits in every run.
 */
#ifndef HR_TRAIN_COLLECTIVE_H
#define HR_TRAIN_COLLECTIVE_H

#include "base/status.h"

typedef struct hr_collective hr_collective;

/* ------------------------------------------------------------------------------------------------ joining */

/* Join the run. HRNET_ERR_UNSUPPORTED if mpirun started the program but the module for MPI cannot be loaded, or belongs
 * to another MPI or build. All later calls come from the thread of this one. */
hrnet_status hr_collective_open(hr_collective **out);

/* Leave the run: waits until all ranks close, unless a call has failed or hr_collective_leave was called. Accepts
 * NULL. */
void hr_collective_close(hr_collective *collective);

/* Announce that this process has failed: closing will not wait for the others. They may be waiting for this one, so the
 * program must then end with a status other than 0, upon which mpirun ends them all. Accepts NULL. */
void hr_collective_leave(hr_collective *collective);

int hr_collective_rank(const hr_collective *collective);
int hr_collective_size(const hr_collective *collective);
/* The number of ranks on this machine, which share its cores and memory. */
int hr_collective_local_size(const hr_collective *collective);

/* ------------------------------------------------------------------------------------------------ operations */

/* All of these fail with HRNET_ERR_IO if another rank has gone; no further operation is possible then. */

/* Replace values [n] by their sums over all ranks. */
hrnet_status hr_collective_sum(hr_collective *collective, double *values, size_t n);
hrnet_status hr_collective_sum_floats(hr_collective *collective, float *values, size_t n);

/* Begin a sum and return; hr_collective_wait finishes all that were begun. Until then the values must neither be read
 * nor written. Sums progress during hr_collective_wait and further operations, not by themselves. */
hrnet_status hr_collective_begin_sum_floats(hr_collective *collective, float *values, size_t n);
hrnet_status hr_collective_wait(hr_collective *collective);

/* Copy rank 0's bytes to all. */
hrnet_status hr_collective_broadcast(hr_collective *collective, void *bytes, size_t n);

/* Return when all ranks have called it. */
hrnet_status hr_collective_barrier(hr_collective *collective);

#endif
