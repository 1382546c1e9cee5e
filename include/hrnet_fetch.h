/*
 * hrnet_fetch.h - published weights by name: a table of what there is, a cache, and fetching into it. Errors, ownership
 * and reserved fields are as in <hrnet.h>.
 *
 *   char *path = NULL;
 *   hrnet_model *model = NULL;
 *   int failed = hrnet_fetch(&path, "hrnet-w32-256x192", NULL) || hrnet_model_load(&model, path, NULL);
 *   hrnet_string_free(path);
 *
 * Files come over http and https by libcurl, in a module of its own (libhrnet_curl.so) that is loaded by the first file
 * that has to be fetched; without it that is HRNET_ERR_UNSUPPORTED, and the message names the package. Certificates are
 * verified; redirects lead to http and https alone, and never from https to http.
 *
 * The cache is a folder with the files under their published names, and SHA256SUMS, which says what each has to be:
 * lines "HASH  FILE", as sha256sum(1) writes and checks them. A file gets its name when it is whole and its hash is
 * right; until then it is FILE.part, from which a later call goes on. Where the table knows the first digits of a hash,
 * they must agree; in any case the hash of the first fetch is kept in SHA256SUMS, and another one is refused later on.
 *
 * Environment variables:
 *   - XDG_CACHE_HOME: the cache is the folder hrnet in it, else ~/.cache/hrnet
 *   - HRNET_OFFLINE: set, and neither empty nor 0: nothing is fetched
 *   - HRNET_FETCH_MIRROR: http or https address of a folder that has the files, in place of the table's
 *   - HRNET_CURL: the path of libhrnet_curl.so; else it is looked for beside the library
 *   - http_proxy, https_proxy, all_proxy, no_proxy: as libcurl reads them
 */
#ifndef HRNET_FETCH_H
#define HRNET_FETCH_H

#include <hrnet.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum hrnet_published_kind {
    HRNET_PUBLISHED_POSE = 0,     /* keypoints of one person: for hrnet_model_load */
    HRNET_PUBLISHED_DETECTOR = 1, /* boxes: for hrnet_detector_load */
    HRNET_PUBLISHED_BOTTOM_UP = 2 /* keypoints of everybody in a picture */
} hrnet_published_kind;

/* One file of published weights. All text is static. */
typedef struct hrnet_published {
    const char *name; /* "hrnet-w32-256x192" */
    hrnet_published_kind kind;
    int is_supported;    /* 1: this version of the library can run it */
    const char *network; /* "HRNet W32, 256x192" */
    const char *dataset; /* what it was trained on: "COCO" */
    const char *url;     /* where its authors put it. None of these could be tried when the table was made */
    const char *sha256;  /* the first eight digits, which the authors put into the file's name; NULL: unknown */
    int megabytes;       /* about, by the number of its parameters; 0: unknown */
    const char *licence; /* its authors': "Apache-2.0" */
    float score;         /* as its authors report it, in percent */
    const char *measure; /* of what the score is: "AP" (of keypoints or of boxes), "PCKh" */
    const char *config;  /* the experiment that goes with it, for hrnet_config_load; NULL: read off the file */
    const char *const *overrides; /* changes to config: "KEY", "VALUE", ..., NULL. NULL: none */
    uint64_t reserved[4];
} hrnet_published;

/* The table: entry i of hrnet_published_n(), NULL beyond; and the entry of a name, NULL if there is none. */
HRNET_API size_t hrnet_published_n(void);
HRNET_API const hrnet_published *hrnet_published_get(size_t i);
HRNET_API const hrnet_published *hrnet_published_find(const char *name);

/* Told how much of a file is here, several times a second, on the thread that made the call. total: 0 until it is
 * known. Anything but 0 ends the call with HRNET_ERR_CANCELLED; what is here stays for the next call. */
typedef int hrnet_fetch_progress_fn(void *context, uint64_t done, uint64_t total);

typedef struct hrnet_fetch_options {
    const char *folder;                   /* the cache; NULL: as above */
    const char *mirror;                   /* NULL: HRNET_FETCH_MIRROR, else the table's addresses */
    int offline;                          /* 1: fetch nothing, as with HRNET_OFFLINE */
    int verify;                           /* 1: a file that is there is read and compared with its hash */
    int accept;                           /* 1: a hash other than that in SHA256SUMS is taken and kept from now on;
                                             never one that disagrees with the table */
    int stall_seconds;                    /* give up when less than 1000 bytes a second come for so long; 0: 60 */
    hrnet_fetch_progress_fn *on_progress; /* may be NULL */
    hrnet_message_fn *on_message;         /* may be NULL; told when a transfer begins, goes on or begins anew */
    void *context;                        /* of both */
    uint64_t reserved[4];
} hrnet_fetch_options;

/* Where the file of that name is in the cache, or would be (put it there by hand where nothing can be fetched): *path,
 * free with hrnet_string_free; and whether it is there. is_there may be NULL. Nothing is fetched. HRNET_ERR_ARGUMENT:
 * no such name; HRNET_ERR_IO: there is neither XDG_CACHE_HOME nor HOME. */
HRNET_API hrnet_status hrnet_fetch_path(char **path, int *is_there, const char *name,
                                        const hrnet_fetch_options *options);

/* The address that the file would be fetched from, as it may be shown: without a password. *url: free with
 * hrnet_string_free. */
HRNET_API hrnet_status hrnet_fetch_url(char **url, const char *name, const hrnet_fetch_options *options);

/* Have the file of that name: from the cache, else fetched into it. *path: free with hrnet_string_free. A transfer that
 * breaks off is taken up again a few times, and by the next call.
 *
 * HRNET_ERR_IO: no connection, an answer other than the file, nothing came for stall_seconds, no room on the disk,
 * another process fetches the same file, or nothing may be fetched. HRNET_ERR_MISMATCH: the file has another hash than
 * it must have; what came is removed. HRNET_ERR_CANCELLED by on_progress. */
HRNET_API hrnet_status hrnet_fetch(char **path, const char *name, const hrnet_fetch_options *options);

#ifdef __cplusplus
}
#endif

#endif
