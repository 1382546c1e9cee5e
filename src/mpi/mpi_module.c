/*
 * mpi_module.c - libhrnet_mpi.so: the functions of train/collective_calls.h by MPI's non-blocking collectives, which
 * make progress when they are polled. Everything runs on a duplicate of MPI_COMM_WORLD whose errors are returned;
 * MPI_COMM_WORLD's own would end the program. State is global, as MPI's is.
 */
#include <stdio.h>

#include "mpi/mpi_sum.h"

static MPI_Comm world = MPI_COMM_NULL;
static hr_sums sums[HR_COLLECTIVE_GROUPS];
/* Broadcasts and barriers in progress, all of the group NOW. */
static MPI_Request requests[HR_COLLECTIVE_MAX_PENDING];
static int n_requests;

/* The number of processes that share memory with this one. */
static int count_local(int *local_size)
{
    MPI_Comm here;
    int error = MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    if (error == MPI_SUCCESS) error = MPI_Comm_size(here, local_size);
    if (error == MPI_SUCCESS) error = MPI_Comm_free(&here);
    return error;
}

static int join(int *rank, int *size, int *local_size)
{
    int was_closed = 0, provided = 0, error = MPI_Finalized(&was_closed);
    if (error == MPI_SUCCESS && was_closed) error = MPI_ERR_OTHER; /* MPI cannot be started twice in a process */
    if (error == MPI_SUCCESS) error = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (error == MPI_SUCCESS && provided < MPI_THREAD_FUNNELED) error = MPI_ERR_OTHER;
    if (error == MPI_SUCCESS) error = MPI_Comm_dup(MPI_COMM_WORLD, &world);
    if (error == MPI_SUCCESS) error = MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN); /* copies inherit it */
    if (error == MPI_SUCCESS) error = MPI_Comm_rank(world, rank);
    if (error == MPI_SUCCESS) error = MPI_Comm_size(world, size);
    if (error == MPI_SUCCESS) error = count_local(local_size);
    /* the first failure skips the rest; every group gets communicators of its own */
    for (int g = 0; error == MPI_SUCCESS && g < HR_COLLECTIVE_GROUPS; g++) error = hr_sums_open(&sums[g], world);
    return error;
}

static void leave(void)
{
    for (int g = 0; g < HR_COLLECTIVE_GROUPS; g++) hr_sums_close(&sums[g]);
    MPI_Comm_free(&world);
    MPI_Finalize();
}

static int begin_sum(hr_collective_group group, hr_collective_type type, void *values, int n)
{
    return hr_sums_begin(&sums[group], type, values, n);
}

static int begin_broadcast(void *bytes, int n)
{
    return MPI_Ibcast(bytes, n, MPI_BYTE, 0, world, &requests[n_requests++]);
}

static int begin_barrier(void)
{
    return MPI_Ibarrier(world, &requests[n_requests++]);
}

/* Sums of all groups advance, whichever group is asked for: a sum that others wait for may need this process. */
static int poll_group(hr_collective_group group, int *is_done, int *has_moved)
{
    int error = MPI_SUCCESS, are_done = 1;
    *has_moved = 0;
    for (int g = 0; error == MPI_SUCCESS && g < HR_COLLECTIVE_GROUPS; g++) error = hr_sums_advance(&sums[g], has_moved);
    if (error == MPI_SUCCESS && group == HR_COLLECTIVE_NOW && n_requests > 0)
        error = MPI_Testall(n_requests, requests, &are_done, MPI_STATUSES_IGNORE);
    if (error == MPI_SUCCESS && group == HR_COLLECTIVE_NOW && are_done) n_requests = 0;
    *is_done = are_done && hr_sums_are_done(&sums[group]);
    return error;
}

static void describe(int error, char *text)
{
    char found[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    MPI_Error_string(error, found, &n);
    snprintf(text, HR_COLLECTIVE_ERROR_TEXT, "%s", found);
}

__attribute__((visibility("default"))) extern const hr_collective_calls hrnet_mpi_calls;
const hr_collective_calls hrnet_mpi_calls = {.version = HR_COLLECTIVE_VERSION,
                                             .open = join,
                                             .close = leave,
                                             .begin_sum = begin_sum,
                                             .begin_broadcast = begin_broadcast,
                                             .begin_barrier = begin_barrier,
                                             .poll = poll_group,
                                             .describe = describe};
