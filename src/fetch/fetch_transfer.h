/*
 * fetch_transfer.h - one file over the network into FILE.part, from where the last transfer ended.
 *
 *   FILE.part    the first bytes of the file
 *   FILE.from    the validator (ETag or Last-Modified) of the file that these bytes are of, if the server gave one
 *
 * The rest is asked for with that validator, so that bytes of two versions of a file are never joined: a server that
 * has another one sends it whole, as does one that knows no parts, and the transfer begins anew. Without a validator
 * the rest is asked for only if the hash of the whole is known.
 */
#ifndef HR_FETCH_FETCH_TRANSFER_H
#define HR_FETCH_FETCH_TRANSFER_H

#include "fetch/fetch_module.h"

typedef struct hr_transfer {
    const hr_fetch_module *module;
    const char *url, *shown; /* the address; the same for messages, without a password */
    const char *part, *from; /* the two files */
    int is_hash_known;       /* whatever comes is compared with a hash afterwards */
    int stall_seconds;
    hrnet_fetch_progress_fn *on_progress; /* may be NULL */
    hrnet_message_fn *on_message;         /* may be NULL */
    void *context;                        /* of both */
} hr_transfer;

/* Fetch the rest. On success the part is the whole file as far as the server tells, and on the disk. Its hash is the
 * caller's to check. */
hrnet_status hr_transfer_run(const hr_transfer *transfer);

#endif
