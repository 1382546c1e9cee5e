/*
 * json_stream.h - a large JSON text whose lists are handed over one element at a time, each as a small tree: the
 * text's own tree, many times its size, never exists.
 */
#ifndef HR_IO_JSON_STREAM_H
#define HR_IO_JSON_STREAM_H

#include "io/json.h"

/* A list to read: a member of the root object, or with key NULL the root itself. element receives the values in their
 * order, index from 0; the tree lives until it returns. A failure ends the reading. */
typedef struct hr_json_list {
    const char *key;
    hrnet_status (*element)(void *context, const hr_json *value, size_t index);
} hr_json_list;

typedef struct hr_json_plan {
    const hr_json_list *lists; /* up to one with element NULL */
    const char *const *skip; /* NULL-terminated: members, at any depth of an element, that trees do without; or NULL */
} hr_json_plan;

/* Read n bytes of UTF-8. Members of the root that no list names are skipped. HRNET_ERR_FORMAT when a member that is
 * named is no list, or the root is of a kind that no list has a use for; what element finds wrong gets "line L, byte B:
 * KEY[INDEX]: " in front, or "entry INDEX: " when the root is the list. The limits of hr_json_parse hold for each
 * element. */
hrnet_status hr_json_stream(const hr_json_plan *plan, void *context, const void *bytes, size_t n_bytes);

#endif
