/*
 * collective.c - operations between the processes of a run, through the module libhrnet_mpi.so; for a single process
 * (calls NULL) every operation does nothing.
 *
 * Waiting is polling, in two phases. A busy phase of eager_time after anything has moved, since in a step the ranks
 * usually arrive within a fraction of a millisecond. Then naps that grow from 20 us to 2 ms: the others may be busy for
 * minutes (rank 0 validates), on the very cores that a busy wait would take.
 */
#include "train/collective.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/module.h"
#include "train/collective_calls.h"

enum {
    POLLS_A_LOOK = 64,             /* polls between two looks at the clock in the busy phase */
    SHORTEST_NAP = 20 * 1000,      /* nanoseconds */
    LONGEST_NAP = 2 * 1000 * 1000, /* nanoseconds */
};

/* Seconds of the busy phase: several times the usual difference between the ranks' arrivals within a step. */
static const double eager_time = 1e-3;

struct hr_collective {
    const hr_collective_calls *calls; /* NULL: a single process */
    int rank, size, local_size;
    int n_begun[HR_COLLECTIVE_GROUPS]; /* operations begun since the group was last waited for */
    int has_failed;                    /* 1: closing must not wait for the others */
};

/* ---------------------------------------------------------------------------------------------- joining */

/* The number of processes that were started together, from the environment of OpenMPI, of MPICH and its relatives, or
 * of Slurm; 1 without any. Asking MPI itself would mean loading it. */
static int n_started(void)
{
    const char *found = getenv("OMPI_COMM_WORLD_SIZE");
    if (found == NULL) found = getenv("PMI_SIZE");
    if (found == NULL && getenv("PMIX_RANK") != NULL) found = getenv("SLURM_STEP_NUM_TASKS");
    return found != NULL ? atoi(found) : 1;
}

static hrnet_status load_calls(const hr_collective_calls **out, int n_processes)
{
    const hr_module_place place = {.name = "mpi", .folder = "mpi", .named = getenv("HRNET_MPI")};
    void *module = hr_module_open(&place, NULL);
    const hr_collective_calls *calls = module != NULL ? dlsym(module, HR_COLLECTIVE_SYMBOL) : NULL;
    if (calls == NULL)
        return hr_fail(
            HRNET_ERR_UNSUPPORTED,
            "started by mpirun as one of %d processes, but this build has no MPI: install libopenmpi-dev and "
            "openmpi-bin and build again, or name libhrnet_mpi.so in HRNET_MPI (%s)",
            n_processes, dlerror());
    if (calls->version != HR_COLLECTIVE_VERSION)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "libhrnet_mpi.so: expected version %d, found %d: of another build",
                       HR_COLLECTIVE_VERSION, calls->version);
    *out = calls;
    return HRNET_OK;
}

/* Turn an error code of MPI into a status. After an error nothing can be waited for any more. */
static hrnet_status check(hr_collective *c, int error, const char *what)
{
    char text[HR_COLLECTIVE_ERROR_TEXT];
    if (error == 0) return HRNET_OK;
    c->has_failed = 1;
    c->calls->describe(error, text);
    return hr_fail(HRNET_ERR_IO, "MPI: %s: process %d of %d: %s", what, c->rank, c->size, text);
}

static hrnet_status join(hr_collective *c, int n_processes)
{
    HR_TRY(load_calls(&c->calls, n_processes));
    HR_TRY(check(c, c->calls->open(&c->rank, &c->size, &c->local_size), "joining"));
    /* an mpirun of another MPI starts n programs, each of which is alone for the MPI that the module was built with */
    if (c->size == n_processes) return HRNET_OK;
    c->has_failed = 1;
    return hr_fail(HRNET_ERR_UNSUPPORTED,
                   "MPI: expected %d processes, found %d: mpirun belongs to another MPI than libhrnet_mpi.so was built "
                   "with",
                   n_processes, c->size);
}

hrnet_status hr_collective_open(hr_collective **out)
{
    const int n_processes = n_started();
    hr_collective *c;
    HR_NEW(c, 1);
    c->size = c->local_size = 1;
    if (n_processes > 1) {
        const hrnet_status status = join(c, n_processes);
        if (status != HRNET_OK) {
            hr_free(c);
            return status;
        }
    }
    *out = c;
    return HRNET_OK;
}

void hr_collective_close(hr_collective *c)
{
    if (c == NULL) return;
    if (c->calls != NULL && !c->has_failed) c->calls->close();
    hr_free(c);
}

int hr_collective_rank(const hr_collective *c)
{
    return c->rank;
}

int hr_collective_size(const hr_collective *c)
{
    return c->size;
}

int hr_collective_local_size(const hr_collective *c)
{
    return c->local_size;
}

void hr_collective_leave(hr_collective *c)
{
    if (c != NULL) c->has_failed = 1;
}

/* ---------------------------------------------------------------------------------------------- waiting */

static void nap(long nanoseconds)
{
    const struct timespec t = {0, nanoseconds};
    nanosleep(&t, NULL);
}

/* Wait for all operations of a group. pause 0 is the busy phase, which starts again whenever something has moved. */
static hrnet_status wait_for(hr_collective *c, hr_collective_group group)
{
    long pause = 0;
    double moved = 0;
    if (c->calls == NULL || c->n_begun[group] == 0) return HRNET_OK;
    for (long polls = 0;; polls++) {
        int is_done = 0, has_moved = 0;
        HR_TRY(check(c, c->calls->poll(group, &is_done, &has_moved), "waiting for the others"));
        if (is_done) break;
        if (has_moved) polls = pause = 0; /* the busy phase begins again */
        if (pause == 0 && polls % POLLS_A_LOOK != 0) continue;
        if (polls == 0) moved = hr_clock_now(); /* the time of the last movement */
        if (pause == 0 && hr_clock_now() - moved < eager_time) continue;
        /* growing by an eighth: about 40 naps, 16 ms in all, from the shortest to the longest */
        pause = pause == 0 ? SHORTEST_NAP : pause < LONGEST_NAP ? pause + pause / 8 : LONGEST_NAP;
        nap(pause);
    }
    c->n_begun[group] = 0;
    return HRNET_OK;
}

/* Count an operation that is about to begin; a group that is full is waited for first. */
static hrnet_status count_begun(hr_collective *c, hr_collective_group group)
{
    if (c->n_begun[group] == HR_COLLECTIVE_MAX_PENDING) HR_TRY(wait_for(c, group));
    c->n_begun[group]++;
    return HRNET_OK;
}

hrnet_status hr_collective_wait(hr_collective *c)
{
    return wait_for(c, HR_COLLECTIVE_LATER);
}

/* ---------------------------------------------------------------------------------------------- operations */

/* Begin a sum as pieces of HR_COLLECTIVE_SUM_BYTES, which travel and are added at the same time. */
static hrnet_status begin_sum(hr_collective *c, hr_collective_group group, hr_collective_type type, void *values,
                              size_t n)
{
    const size_t size = type == HR_COLLECTIVE_FLOATS ? sizeof(float) : sizeof(double),
                 most = HR_COLLECTIVE_SUM_BYTES / size;
    for (size_t i = 0; c->calls != NULL && i < n; i += most) {
        const size_t left = n - i;
        HR_TRY(count_begun(c, group));
        HR_TRY(check(c, c->calls->begin_sum(group, type, (char *)values + i * size, (int)(left < most ? left : most)),
                     "sum"));
    }
    return HRNET_OK;
}

hrnet_status hr_collective_sum(hr_collective *c, double *values, size_t n)
{
    HR_TRY(begin_sum(c, HR_COLLECTIVE_NOW, HR_COLLECTIVE_DOUBLES, values, n));
    return wait_for(c, HR_COLLECTIVE_NOW);
}

hrnet_status hr_collective_sum_floats(hr_collective *c, float *values, size_t n)
{
    HR_TRY(begin_sum(c, HR_COLLECTIVE_NOW, HR_COLLECTIVE_FLOATS, values, n));
    return wait_for(c, HR_COLLECTIVE_NOW);
}

hrnet_status hr_collective_begin_sum_floats(hr_collective *c, float *values, size_t n)
{
    return begin_sum(c, HR_COLLECTIVE_LATER, HR_COLLECTIVE_FLOATS, values, n);
}

hrnet_status hr_collective_broadcast(hr_collective *c, void *bytes, size_t n)
{
    for (size_t i = 0; c->calls != NULL && i < n; i += HR_COLLECTIVE_BROADCAST_BYTES) {
        const size_t left = n - i;
        HR_TRY(count_begun(c, HR_COLLECTIVE_NOW));
        HR_TRY(check(c,
                     c->calls->begin_broadcast((char *)bytes + i, left < HR_COLLECTIVE_BROADCAST_BYTES
                                                                      ? (int)left
                                                                      : HR_COLLECTIVE_BROADCAST_BYTES),
                     "broadcast"));
    }
    return wait_for(c, HR_COLLECTIVE_NOW);
}

hrnet_status hr_collective_barrier(hr_collective *c)
{
    if (c->calls == NULL) return HRNET_OK;
    HR_TRY(count_begun(c, HR_COLLECTIVE_NOW));
    HR_TRY(check(c, c->calls->begin_barrier(), "barrier"));
    return wait_for(c, HR_COLLECTIVE_NOW);
}
