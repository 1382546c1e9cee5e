/*
 * json_build.h - how trees of json.h are built: a set of yajl callbacks that append nodes. json.c feeds them a whole
 * text, json_stream.c one list element after the other, and data/dataset_file.c the values of a YAML file.
 */
#ifndef HR_IO_JSON_BUILD_H
#define HR_IO_JSON_BUILD_H

#include <yajl/yajl_parse.h>

#include "io/json.h"

enum { HR_JSON_MAX_DEPTH = 64 };

/* A tree in progress. Starts zeroed; free with hr_json_builder_free. */
typedef struct hr_json_builder {
    hr_json *nodes;
    size_t n_nodes, capacity;
    hr_json_text *texts;            /* blocks of string bytes, newest first */
    size_t open[HR_JSON_MAX_DEPTH]; /* indices of the containers that are not closed yet, outermost first */
    int depth;                      /* how many they are */
    /* what the next null stands for (json_feed.h): this NaN or infinity, if not NULL; or the list of numbers whose
     * nodes are already there, n_prepared of them behind n_nodes, if not 0 */
    const double *not_finite;
    size_t n_prepared;
    hrnet_status status; /* why a callback made yajl stop; the message is set */
} hr_json_builder;

/* yajl callbacks whose context is a hr_json_builder. */
extern const yajl_callbacks hr_json_build;

/* Drop all nodes and strings but keep the memory, so that the next tree is built without allocating. */
void hr_json_builder_reset(hr_json_builder *builder);
/* Harmless on a zeroed builder. */
void hr_json_builder_free(hr_json_builder *builder);

/* Read a list of numbers, "[1, -2.5, 3]", at the beginning of text [n], and put its nodes behind the builder's, as
 * builder->n_prepared tells. Returns the length of its text; 0 if text begins with anything else, with numbers in a
 * form that is rare (an exponent, more than 19 digits) or with more than HR_JSON_MAX_PREPARED of them: yajl then reads
 * it. */
size_t hr_json_prepare_numbers(hr_json_builder *builder, const char *text, size_t n);
enum { HR_JSON_MAX_PREPARED = 1024 };

#endif
