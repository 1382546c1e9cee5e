/*
 * mpi_module.c - libhrnet_mpi.so: the calls of train/collective_calls.h on MPI's non-blocking collectives, which move
 * on whenever somebody polls. Has a communicator of its own, so that errors come back instead of ending the program.
 */
#include <mpi.h>
#include <stdio.h>

#include "train/collective_calls.h"

static MPI_Comm world = MPI_COMM_NULL;
static MPI_Request requests[HR_COLLECTIVE_GROUPS][HR_COLLECTIVE_MOST];
static int n_requests[HR_COLLECTIVE_GROUPS];

static int count_here(int *size_here)
{
    MPI_Comm here;
    int error = MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    if (error == MPI_SUCCESS) error = MPI_Comm_size(here, size_here);
    if (error == MPI_SUCCESS) error = MPI_Comm_free(&here);
    return error;
}

static int join(int *rank, int *size, int *size_here)
{
    int was_closed = 0, provided = 0, error = MPI_Finalized(&was_closed);
    if (error == MPI_SUCCESS && was_closed) error = MPI_ERR_OTHER; /* MPI begins once in a process's life */
    if (error == MPI_SUCCESS) error = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (error == MPI_SUCCESS && provided < MPI_THREAD_FUNNELED) error = MPI_ERR_OTHER;
    if (error == MPI_SUCCESS) error = MPI_Comm_dup(MPI_COMM_WORLD, &world);
    if (error == MPI_SUCCESS) error = MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN);
    if (error == MPI_SUCCESS) error = MPI_Comm_rank(world, rank);
    if (error == MPI_SUCCESS) error = MPI_Comm_size(world, size);
    if (error == MPI_SUCCESS) error = count_here(size_here);
    return error;
}

static void leave(void)
{
    MPI_Comm_free(&world);
    MPI_Finalize();
}

/* Where the next operation of a group goes; collective.c keeps their number below HR_COLLECTIVE_MOST. */
static MPI_Request *next(hr_collective_group group)
{
    return &requests[group][n_requests[group]++];
}

static int begin_sum(hr_collective_group group, double *values, int n)
{
    return MPI_Iallreduce(MPI_IN_PLACE, values, n, MPI_DOUBLE, MPI_SUM, world, next(group));
}

static int begin_sum_floats(hr_collective_group group, float *values, int n)
{
    return MPI_Iallreduce(MPI_IN_PLACE, values, n, MPI_FLOAT, MPI_SUM, world, next(group));
}

static int begin_broadcast(hr_collective_group group, void *bytes, int n)
{
    return MPI_Ibcast(bytes, n, MPI_BYTE, 0, world, next(group));
}

static int begin_barrier(hr_collective_group group)
{
    return MPI_Ibarrier(world, next(group));
}

static int poll_group(hr_collective_group group, int *is_done)
{
    const int error = MPI_Testall(n_requests[group], requests[group], is_done, MPI_STATUSES_IGNORE);
    if (error == MPI_SUCCESS && *is_done) n_requests[group] = 0;
    return error;
}

static void describe(int error, char *text)
{
    char found[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    MPI_Error_string(error, found, &n);
    snprintf(text, HR_COLLECTIVE_TEXT, "%s", found);
}

__attribute__((visibility("default"))) extern const hr_collective_calls hrnet_mpi_calls;
const hr_collective_calls hrnet_mpi_calls = {.version = HR_COLLECTIVE_VERSION,
                                             .open = join,
                                             .close = leave,
                                             .begin_sum = begin_sum,
                                             .begin_sum_floats = begin_sum_floats,
                                             .begin_broadcast = begin_broadcast,
                                             .begin_barrier = begin_barrier,
                                             .poll = poll_group,
                                             .describe = describe};
