/*
 * collective_calls.h - what the module libhrnet_mpi.so gives to train/collective.c. The library itself does not know
 * MPI: programs that only look for poses neither load nor need it. One MPI a process, so there is nothing to hand
 * around. Calls give MPI's error code, 0 for none, and come from the thread that called open.
 */
#ifndef HR_TRAIN_COLLECTIVE_CALLS_H
#define HR_TRAIN_COLLECTIVE_CALLS_H

/* The module exports one symbol of this type under this name. */
#define HR_COLLECTIVE_SYMBOL "hrnet_mpi_calls"

enum {
    HR_COLLECTIVE_VERSION = 3,
    HR_COLLECTIVE_MOST = 256,        /* operations under way in one group */
    HR_COLLECTIVE_PIECE = 1 << 20,   /* bytes of one sum */
    HR_COLLECTIVE_LONGEST = 1 << 28, /* bytes of one broadcast */
    HR_COLLECTIVE_TEXT = 512
};

/* Operations are waited for by group. All processes begin the same ones of a group in the same order. */
typedef enum hr_collective_group { HR_COLLECTIVE_NOW, HR_COLLECTIVE_LATER, HR_COLLECTIVE_GROUPS } hr_collective_group;

typedef enum hr_collective_type { HR_COLLECTIVE_FLOATS, HR_COLLECTIVE_DOUBLES } hr_collective_type;

typedef struct hr_collective_calls {
    int version;
    int (*open)(int *rank, int *size, int *size_here); /* here: of this machine */
    void (*close)(void);
    /* Memory belongs to the operation until poll says that its group is done. Sums are taken in the order of ranks. */
    int (*begin_sum)(hr_collective_group group, hr_collective_type type, void *values, int n);
    int (*begin_broadcast)(void *bytes, int n); /* in the group NOW, as the barrier */
    int (*begin_barrier)(void);
    /* Moves all groups on; has_moved: something was there to be done. */
    int (*poll)(hr_collective_group group, int *is_done, int *has_moved);
    void (*describe)(int error, char *text); /* [HR_COLLECTIVE_TEXT] */
} hr_collective_calls;

#endif
