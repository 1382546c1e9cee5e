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
    HR_COLLECTIVE_VERSION = 2,
    HR_COLLECTIVE_MOST = 256,        /* operations under way in one group */
    HR_COLLECTIVE_LONGEST = 1 << 28, /* values or bytes of one operation */
    HR_COLLECTIVE_TEXT = 512
};

/* Operations are waited for by group. All processes begin the same ones in the same order. */
typedef enum hr_collective_group { HR_COLLECTIVE_NOW, HR_COLLECTIVE_LATER, HR_COLLECTIVE_GROUPS } hr_collective_group;

typedef struct hr_collective_calls {
    int version;
    int (*open)(int *rank, int *size, int *size_here); /* here: of this machine */
    void (*close)(void);
    /* Memory belongs to the operation until poll says that the group is done. */
    int (*begin_sum)(hr_collective_group group, double *values, int n);
    int (*begin_sum_floats)(hr_collective_group group, float *values, int n);
    int (*begin_broadcast)(hr_collective_group group, void *bytes, int n);
    int (*begin_barrier)(hr_collective_group group);
    int (*poll)(hr_collective_group group, int *is_done); /* moves the other group on, too */
    void (*describe)(int error, char *text);              /* [HR_COLLECTIVE_TEXT] */
} hr_collective_calls;

#endif
