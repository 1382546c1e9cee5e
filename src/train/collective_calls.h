/*
 * collective_calls.h - the interface between train/collective.c and the module libhrnet_mpi.so (src/mpi), a table of
 * functions that the module exports. libhrnet itself is not linked to MPI: programs that only run a network neither
 * load nor need it.
 *
 * There is one MPI a process, so no function takes a handle. Every function is called from the thread that called open,
 * and returns MPI's error code, 0 for none. None of them blocks, except open and close.
 */
#ifndef HR_TRAIN_COLLECTIVE_CALLS_H
#define HR_TRAIN_COLLECTIVE_CALLS_H

/* The exported symbol, a hr_collective_calls. */
#define HR_COLLECTIVE_SYMBOL "hrnet_mpi_calls"

enum {
    HR_COLLECTIVE_VERSION = 3,               /* of this interface; increased with every change */
    HR_COLLECTIVE_MAX_PENDING = 256,         /* operations begun in one group and not finished */
    HR_COLLECTIVE_SUM_BYTES = 1 << 20,       /* most bytes of one sum */
    HR_COLLECTIVE_BROADCAST_BYTES = 1 << 28, /* most bytes of one broadcast */
    HR_COLLECTIVE_ERROR_TEXT = 512
};

/* Operations are finished by group: NOW for those that the caller waits for at once, LATER for sums that run while it
 * computes. All ranks begin the operations of a group in the same order. */
typedef enum hr_collective_group { HR_COLLECTIVE_NOW, HR_COLLECTIVE_LATER, HR_COLLECTIVE_GROUPS } hr_collective_group;

typedef enum hr_collective_type { HR_COLLECTIVE_FLOATS, HR_COLLECTIVE_DOUBLES } hr_collective_type;

typedef struct hr_collective_calls {
    int version; /* HR_COLLECTIVE_VERSION of the module's build */
    int (*open)(int *rank, int *size, int *local_size);
    void (*close)(void);

    /* Begin an operation. Its memory belongs to the operation until poll says that its group is done. n counts values,
     * or bytes. Sums add in the order of ranks; broadcasts and barriers are in the group NOW. */
    int (*begin_sum)(hr_collective_group group, hr_collective_type type, void *values, int n);
    int (*begin_broadcast)(void *bytes, int n);
    int (*begin_barrier)(void);

    /* Make progress in all groups. *is_done: the operations of `group` have finished. *has_moved: something happened
     * during this call, so that polling again soon is worth it. */
    int (*poll)(hr_collective_group group, int *is_done, int *has_moved);

    /* The text of an error code, [HR_COLLECTIVE_ERROR_TEXT]. */
    void (*describe)(int error, char *text);
} hr_collective_calls;

#endif
