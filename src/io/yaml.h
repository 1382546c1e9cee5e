/*
 * yaml.h - YAML text as a small tree of mappings, sequences and scalars, each with its line. It knows syntax, not
 * schemas: a scalar stays text, and whether that text is a number is for the reader of the tree to say.
 *
 * What is refused, because configurations have no use for it and attackers have: aliases (a few lines of them unfold
 * to gigabytes), explicit tags, keys that are not scalars, several documents, NUL bytes, and more than the limits
 * below. The same key twice in one mapping is an error that names both lines: the later one would silently win.
 */
#ifndef HR_IO_YAML_H
#define HR_IO_YAML_H

#include "base/status.h"

enum { HR_YAML_MAX_BYTES = 1 << 20, HR_YAML_MAX_NODES = 16384, HR_YAML_MAX_DEPTH = 32 };

typedef enum hr_yaml_kind { HR_YAML_SCALAR, HR_YAML_SEQUENCE, HR_YAML_MAPPING } hr_yaml_kind;

typedef struct hr_yaml {
    hr_yaml_kind kind;
    int line;                     /* from 1 */
    int quoted;                   /* scalars: written in quotes or as a block, so certainly text */
    char *text;                   /* scalars: the text without quotes; else NULL */
    char *key;                    /* entries of a mapping: their key; else NULL */
    struct hr_yaml *first, *next; /* first child; next child of the same parent; in the file's order */
} hr_yaml;

/* Parse n_bytes of UTF-8 text; name is used in messages ("NAME:LINE: ..."). *out is the document's root, NULL for an
 * empty document; free it with hr_yaml_free. HRNET_ERR_FORMAT, HRNET_ERR_UNSUPPORTED, HRNET_ERR_LIMIT. */
hrnet_status hr_yaml_parse(hr_yaml **out, const void *bytes, size_t n_bytes, const char *name);

/* Free a node with all below it. */
void hr_yaml_free(hr_yaml *node);

/* "a mapping", "a sequence", "a scalar". */
const char *hr_yaml_kind_name(hr_yaml_kind kind);

#endif
