/*
 * fetch_module.h - the interface between src/fetch and its module libhrnet_curl.so (src/fetch/curl), a table of
 * functions that the module exports. The division of labour:
 *
 *   module      one request over http or https: redirects, proxies, certificates, timeouts; what the headers say
 *   src/fetch   the table, the cache, files, hashes, where to go on from
 *
 * The module calls nothing of libhrnet.
 */
#ifndef HR_FETCH_FETCH_MODULE_H
#define HR_FETCH_FETCH_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include <hrnet_fetch.h>

/* The symbol that the module exports, a hr_fetch_module. */
#define HR_FETCH_MODULE_SYMBOL "hrnet_fetch_module"

enum {
    HR_FETCH_MODULE_VERSION = 1, /* of this interface; increased with every change */
    HR_FETCH_TEXT = 512,
    HR_FETCH_VALIDATOR = 256
};

#define HR_FETCH_UNKNOWN UINT64_MAX

/* What the headers of the last answer say, behind all redirects. */
typedef struct hr_fetch_head {
    int code;                           /* of HTTP: 200 the whole file, 206 a part, 416 no such part */
    uint64_t length;                    /* of the body that follows; HR_FETCH_UNKNOWN */
    uint64_t from, total;               /* Content-Range; HR_FETCH_UNKNOWN if it does not say */
    char validator[HR_FETCH_VALIDATOR]; /* a strong ETag, else Last-Modified; "": neither */
} hr_fetch_head;

typedef struct hr_fetch_request {
    const char *url, *agent; /* agent: User-Agent */
    uint64_t from;           /* 0: the whole file; else from that byte on */
    const char *validator;   /* with from: only if the file is still the one that this was the validator of; else the
                                whole. "": unconditionally */
    int stall_seconds;

    /* The callbacks run on the thread of the request. Anything but 0 ends it with HR_FETCH_STOPPED. on_head comes once,
     * before the body, which on_bytes gets in pieces; on_wait comes several times a second. */
    int (*on_head)(void *context, const hr_fetch_head *head);
    int (*on_bytes)(void *context, const void *bytes, size_t n);
    int (*on_wait)(void *context);
    void *context;
} hr_fetch_request;

typedef enum hr_fetch_end {
    HR_FETCH_DONE,    /* the answer is complete as far as its headers tell */
    HR_FETCH_STOPPED, /* by a callback */
    HR_FETCH_CUT,     /* broken off, or stalled, after the answer had begun: another try may go on */
    HR_FETCH_FAILED   /* no answer: no such host, no connection, a bad certificate, a redirect that is not followed */
} hr_fetch_end;

typedef struct hr_fetch_module {
    int version; /* HR_FETCH_MODULE_VERSION of the module's build */
    /* text [HR_FETCH_TEXT]: why, of HR_FETCH_CUT and HR_FETCH_FAILED. */
    hr_fetch_end (*get)(const hr_fetch_request *request, char *text);
} hr_fetch_module;

/* The module, loaded if need be. HRNET_ERR_UNSUPPORTED if it is not there or of another build. */
hrnet_status hr_fetch_module_get(const hr_fetch_module **out);

#endif
