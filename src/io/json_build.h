/*
 * json_build.h - yajl's events made into nodes of json.h; what json.c does with a whole text and json_stream.c with
 * one element of a list after the other.
 */
#ifndef HR_IO_JSON_BUILD_H
#define HR_IO_JSON_BUILD_H

#include <yajl/yajl_parse.h>

#include "io/json.h"

enum { HR_JSON_MAX_DEPTH = 64 };

typedef struct hr_json_builder {
    hr_json *nodes;
    size_t n_nodes, capacity;
    hr_json_text *texts;
    size_t open[HR_JSON_MAX_DEPTH]; /* the containers around the next value */
    int depth;
    hrnet_status status; /* why an event stopped yajl; the message is set */
} hr_json_builder;

/* Events for a hr_json_builder as context. */
extern const yajl_callbacks hr_json_build;

/* Forget all nodes and texts, keep memory to build the next tree in. */
void hr_json_builder_reset(hr_json_builder *builder);
void hr_json_builder_free(hr_json_builder *builder);

/* Run yajl over n bytes of text. When an event stops it, *stopped says why; the failure, or yajl's own, then has
 * "line L, byte B: " in front. */
hrnet_status hr_json_run(const yajl_callbacks *events, void *context, const hrnet_status *stopped, const void *bytes,
                         size_t n_bytes);

#endif
