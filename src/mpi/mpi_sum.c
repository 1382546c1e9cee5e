/*
 * mpi_sum.c - sums over all processes in the order of ranks (the algorithm is in mpi_sum.h). A sum is in one of four
 * states, and sums pass through them in the order in which they were begun, so four counters hold the states of all:
 *
 *   numbers  0 ... n_finished ... n_results ... n_parts ... n_begun
 *            finished |  results   |   parts     | waiting for
 *                     |  on their  |   on their  | a slot of the
 *                     |  way       |   way       | window
 *
 * Sum i uses ring[i % HR_COLLECTIVE_MAX_PENDING], and from its parts on slot i % HR_SUM_WINDOW of scratch and layout.
 */
#include "mpi/mpi_sum.h"

#include <stddef.h>

enum { ROUND = 16 }; /* parts begin at multiples of this many values: whole cache lines of floats */

struct hr_sum {
    char *values;
    int n, part; /* number of values; of values in a part, the last of which may be shorter or empty */
    hr_collective_type type;
    MPI_Request request; /* of its parts, then of its results */
};

static size_t bytes_of(hr_collective_type type)
{
    return type == HR_COLLECTIVE_FLOATS ? sizeof(float) : sizeof(double);
}

static MPI_Datatype name_of(hr_collective_type type)
{
    return type == HR_COLLECTIVE_FLOATS ? MPI_FLOAT : MPI_DOUBLE;
}

/* ---------------------------------------------------------------------------------------------- open, close */

/* Bytes of one slot of scratch: this rank's part of every rank's values, each rounded up to ROUND values. */
static size_t scratch_bytes(const hr_sums *s)
{
    return HR_COLLECTIVE_SUM_BYTES + (size_t)s->size * ROUND * sizeof(double);
}

int hr_sums_open(hr_sums *s, MPI_Comm world)
{
    int error = MPI_Comm_dup(world, &s->parts);
    if (error == MPI_SUCCESS) error = MPI_Comm_dup(world, &s->results);
    if (error == MPI_SUCCESS) error = MPI_Comm_rank(world, &s->rank);
    if (error == MPI_SUCCESS) error = MPI_Comm_size(world, &s->size);
    if (error == MPI_SUCCESS)
        error = MPI_Alloc_mem((MPI_Aint)(HR_COLLECTIVE_MAX_PENDING * sizeof *s->ring), MPI_INFO_NULL, &s->ring);
    if (error == MPI_SUCCESS)
        error = MPI_Alloc_mem((MPI_Aint)(HR_SUM_WINDOW * scratch_bytes(s)), MPI_INFO_NULL, &s->scratch);
    if (error == MPI_SUCCESS)
        error = MPI_Alloc_mem((MPI_Aint)(HR_SUM_WINDOW * 4 * (size_t)s->size * sizeof(int)), MPI_INFO_NULL, &s->layout);
    return error;
}

void hr_sums_close(hr_sums *s)
{
    MPI_Free_mem(s->layout);
    MPI_Free_mem(s->scratch);
    MPI_Free_mem(s->ring);
    MPI_Comm_free(&s->results);
    MPI_Comm_free(&s->parts);
}

/* ---------------------------------------------------------------------------------------------- one sum */

/* A sum and its slot of the window. The four lists [size] are MPI's counts and displacements for each rank: of the
 * values sent (parts of this rank's values), and of those received (this rank's part of the others' values). */
typedef struct sum_slot {
    struct hr_sum *sum;
    char *scratch;
    int *sent, *sent_at, *got, *got_at;
} sum_slot;

static sum_slot slot_of(const hr_sums *s, unsigned long number)
{
    const size_t slot = number % HR_SUM_WINDOW, size = (size_t)s->size;
    int *const layout = s->layout + 4 * size * slot;
    return (sum_slot){.sum = &s->ring[number % HR_COLLECTIVE_MAX_PENDING],
                      .scratch = s->scratch + slot * scratch_bytes(s),
                      .sent = layout,
                      .sent_at = layout + size,
                      .got = layout + 2 * size,
                      .got_at = layout + 3 * size};
}

/* Begin to send part r of this rank's values to rank r, for all r but itself, whose part stays among the values. */
static int send_parts(const hr_sums *s, const sum_slot *p)
{
    struct hr_sum *const sum = p->sum;
    /* positions are cut at n: with n = 20 and 3 ranks, part is 16 and the parts have 16, 4 and 0 values */
    const int mine = s->rank * sum->part < sum->n ? s->rank * sum->part : sum->n;
    const int n_mine = sum->n - mine < sum->part ? sum->n - mine : sum->part;
    for (int r = 0; r < s->size; r++) {
        const int at = r * sum->part < sum->n ? r * sum->part : sum->n, left = sum->n - at;
        p->sent_at[r] = at;
        p->sent[r] = r == s->rank ? 0 : left < sum->part ? left : sum->part;
        p->got_at[r] = r * sum->part;
        p->got[r] = r == s->rank ? 0 : n_mine;
    }
    return MPI_Ialltoallv(sum->values, p->sent, p->sent_at, name_of(sum->type), p->scratch, p->got, p->got_at,
                          name_of(sum->type), s->parts, &sum->request);
}

static void add_floats(float *out, const float *a, const float *b, int n)
{
    for (int i = 0; i < n; i++) out[i] = a[i] + b[i];
}

static void add_doubles(double *out, const double *a, const double *b, int n)
{
    for (int i = 0; i < n; i++) out[i] = a[i] + b[i];
}

/* Add this rank's part of all ranks' values, ((v0 + v1) + v2) + ..., into its place among the values. Partial sums are
 * kept in rank 0's part (in scratch; on rank 0 among the values); the last addition writes to the values, because only
 * then has this rank's own part been read for certain. */
static void add_parts(const hr_sums *s, const sum_slot *p)
{
    struct hr_sum *const sum = p->sum;
    const size_t bytes = bytes_of(sum->type);
    char *const own = sum->values + (size_t)p->sent_at[s->rank] * bytes;
    const int n = p->got[s->rank == 0 ? s->size - 1 : 0];
    char *collected = s->rank == 0 ? own : p->scratch;
    for (int r = 1; r < s->size; r++) {
        char *const part = r == s->rank ? own : p->scratch + (size_t)p->got_at[r] * bytes;
        char *const out = r == s->size - 1 ? own : collected;
        if (sum->type == HR_COLLECTIVE_FLOATS)
            add_floats((float *)(void *)out, (float *)(void *)collected, (float *)(void *)part, n);
        else
            add_doubles((double *)(void *)out, (double *)(void *)collected, (double *)(void *)part, n);
    }
}

/* Begin to send this rank's part, now summed, to all, and to receive theirs, in place. */
static int send_results(const hr_sums *s, const sum_slot *p)
{
    struct hr_sum *const sum = p->sum;
    /* send_parts left this rank's own count at 0; it is that of the parts received */
    p->sent[s->rank] = p->got[s->rank == 0 ? s->size - 1 : 0];
    return MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, sum->values, p->sent, p->sent_at, name_of(sum->type),
                           s->results, &sum->request);
}

/* ---------------------------------------------------------------------------------------------- all of them */

int hr_sums_begin(hr_sums *s, hr_collective_type type, void *values, int n)
{
    struct hr_sum *const sum = &s->ring[s->n_begun % HR_COLLECTIVE_MAX_PENDING];
    const int part = (n + s->size - 1) / s->size;
    *sum = (struct hr_sum){.values = values, .n = n, .part = (part + ROUND - 1) / ROUND * ROUND, .type = type};
    s->n_begun++;
    int has_moved = 0;
    return hr_sums_advance(s, &has_moved);
}

/* Whether the communication of a sum has finished; 0 after an error. */
static int has_arrived(const hr_sums *s, unsigned long number, int *error)
{
    int is_done = 0;
    if (*error == MPI_SUCCESS)
        *error = MPI_Test(&s->ring[number % HR_COLLECTIVE_MAX_PENDING].request, &is_done, MPI_STATUS_IGNORE);
    return *error == MPI_SUCCESS && is_done;
}

/* The oldest sums first: each loop frees what the next one needs. */
int hr_sums_advance(hr_sums *s, int *has_moved)
{
    int error = MPI_SUCCESS;
    const unsigned long before = s->n_finished + s->n_results + s->n_parts;
    while (s->n_finished < s->n_results && has_arrived(s, s->n_finished, &error)) s->n_finished++;
    while (s->n_results < s->n_parts && has_arrived(s, s->n_results, &error)) {
        const sum_slot p = slot_of(s, s->n_results++);
        add_parts(s, &p);
        error = send_results(s, &p);
    }
    while (error == MPI_SUCCESS && s->n_parts < s->n_begun && s->n_parts < s->n_finished + HR_SUM_WINDOW) {
        const sum_slot p = slot_of(s, s->n_parts++);
        error = send_parts(s, &p);
    }
    *has_moved |= s->n_finished + s->n_results + s->n_parts != before;
    return error;
}

int hr_sums_are_done(const hr_sums *s)
{
    return s->n_finished == s->n_begun;
}
