/* mpi_sum.c - see mpi_sum.h: parts to their adders, adding, results to all. */
#include "mpi/mpi_sum.h"

#include <stddef.h>

enum { ROUND = 16 }; /* parts begin at multiples of this many values */

struct hr_sum {
    char *values;
    int n, part; /* values; of a part */
    hr_collective_type type;
    MPI_Request request;
};

static size_t bytes_of(hr_collective_type type)
{
    return type == HR_COLLECTIVE_FLOATS ? sizeof(float) : sizeof(double);
}

static MPI_Datatype name_of(hr_collective_type type)
{
    return type == HR_COLLECTIVE_FLOATS ? MPI_FLOAT : MPI_DOUBLE;
}

/* ---------------------------------------------------------------------------------------------- life */

/* A process's own part needs no room, the others' are rounded up. */
static size_t room(const hr_sums *s)
{
    return HR_COLLECTIVE_PIECE + (size_t)s->size * ROUND * sizeof(double);
}

int hr_sums_open(hr_sums *s, MPI_Comm world)
{
    int error = MPI_Comm_dup(world, &s->parts);
    if (error == MPI_SUCCESS) error = MPI_Comm_dup(world, &s->results);
    if (error == MPI_SUCCESS) error = MPI_Comm_rank(world, &s->rank);
    if (error == MPI_SUCCESS) error = MPI_Comm_size(world, &s->size);
    if (error == MPI_SUCCESS)
        error = MPI_Alloc_mem((MPI_Aint)(HR_COLLECTIVE_MOST * sizeof *s->ring), MPI_INFO_NULL, &s->ring);
    if (error == MPI_SUCCESS) error = MPI_Alloc_mem((MPI_Aint)(HR_SUM_WINDOW * room(s)), MPI_INFO_NULL, &s->scratch);
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

/* What a sum has in the window. */
typedef struct sum_place {
    struct hr_sum *sum;
    char *scratch;
    int *sent, *sent_at, *got, *got_at; /* [size] */
} sum_place;

static sum_place place_of(const hr_sums *s, unsigned long number)
{
    const size_t slot = number % HR_SUM_WINDOW, size = (size_t)s->size;
    int *const layout = s->layout + 4 * size * slot;
    return (sum_place){.sum = &s->ring[number % HR_COLLECTIVE_MOST],
                       .scratch = s->scratch + slot * room(s),
                       .sent = layout,
                       .sent_at = layout + size,
                       .got = layout + 2 * size,
                       .got_at = layout + 3 * size};
}

/* Every process gets its part of all; its own stays where it is. */
static int send_parts(const hr_sums *s, const sum_place *p)
{
    struct hr_sum *const sum = p->sum;
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

/* The first process's part collects, until the last one is added into its place among the values. */
static void add_parts(const hr_sums *s, const sum_place *p)
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

static int send_results(const hr_sums *s, const sum_place *p)
{
    struct hr_sum *const sum = p->sum;
    p->sent[s->rank] = p->got[s->rank == 0 ? s->size - 1 : 0];
    return MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, sum->values, p->sent, p->sent_at, name_of(sum->type),
                           s->results, &sum->request);
}

/* ---------------------------------------------------------------------------------------------- all of them */

int hr_sums_begin(hr_sums *s, hr_collective_type type, void *values, int n)
{
    struct hr_sum *const sum = &s->ring[s->n_begun % HR_COLLECTIVE_MOST];
    const int part = (n + s->size - 1) / s->size;
    *sum = (struct hr_sum){.values = values, .n = n, .part = (part + ROUND - 1) / ROUND * ROUND, .type = type};
    s->n_begun++;
    int has_moved = 0;
    return hr_sums_advance(s, &has_moved);
}

/* Is the communication of a sum over? */
static int is_there(const hr_sums *s, unsigned long number, int *error)
{
    int is_done = 0;
    if (*error == MPI_SUCCESS)
        *error = MPI_Test(&s->ring[number % HR_COLLECTIVE_MOST].request, &is_done, MPI_STATUS_IGNORE);
    return *error == MPI_SUCCESS && is_done;
}

int hr_sums_advance(hr_sums *s, int *has_moved)
{
    int error = MPI_SUCCESS;
    const unsigned long before = s->n_finished + s->n_results + s->n_parts;
    while (s->n_finished < s->n_results && is_there(s, s->n_finished, &error)) s->n_finished++;
    while (s->n_results < s->n_parts && is_there(s, s->n_results, &error)) {
        const sum_place p = place_of(s, s->n_results++);
        add_parts(s, &p);
        error = send_results(s, &p);
    }
    while (error == MPI_SUCCESS && s->n_parts < s->n_begun && s->n_parts < s->n_finished + HR_SUM_WINDOW) {
        const sum_place p = place_of(s, s->n_parts++);
        error = send_parts(s, &p);
    }
    *has_moved |= s->n_finished + s->n_results + s->n_parts != before;
    return error;
}

int hr_sums_are_done(const hr_sums *s)
{
    return s->n_finished == s->n_begun;
}
