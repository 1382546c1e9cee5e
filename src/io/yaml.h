/*
 * yaml.h - YAML text as a small tree of mappings, sequences and scalars, each with its line number. It knows syntax,
 * not schemas: a scalar stays text, and the reader of the tree decides whether "1e-3" is a number.
 *
 * Refused, because configurations do not need them and attackers do: aliases (a few lines of them expand to gigabytes),
 * explicit tags, keys that are not scalars, several documents, NUL bytes, and anything beyond the limits below. A key
 * that occurs twice in one mapping is an error that names both lines; most readers silently keep the later one.
 */
#ifndef HR_IO_YAML_H
#define HR_IO_YAML_H

#include "base/status.h"

enum { HR_YAML_MAX_BYTES = 1 << 20, HR_YAML_MAX_NODES = 16384, HR_YAML_MAX_DEPTH = 32 };

typedef enum hr_yaml_kind { HR_YAML_SCALAR, HR_YAML_SEQUENCE, HR_YAML_MAPPING } hr_yaml_kind;

/* A node. The children of a node are a linked list in the file's order. */
typedef struct hr_yaml {
    hr_yaml_kind kind;
    int line;   /* from 1 */
    int order;  /* of the node in the file */
    int quoted; /* scalars: written in quotes or as a block, and so text even if it looks like a number */
    char *text; /* scalars: the text without quotes; else NULL */
    char *key;  /* values of a mapping: their key; else NULL */
    struct hr_yaml *first, *next; /* first child; next child of the same parent */
} hr_yaml;

/* Parse n_bytes of UTF-8, with or without a byte order mark; name begins the messages ("NAME:LINE: ..."). *out is the
 * document's root, or NULL for an empty document; free it with hr_yaml_free. HRNET_ERR_FORMAT, HRNET_ERR_UNSUPPORTED or
 * HRNET_ERR_LIMIT; *out is then untouched. */
hrnet_status hr_yaml_parse(hr_yaml **out, const void *bytes, size_t n_bytes, const char *name);

/* Free a node and all nodes below it. NULL is allowed. */
void hr_yaml_free(hr_yaml *node);

/* The kind's name for messages: "a mapping", "a sequence", "a scalar". Static. */
const char *hr_yaml_kind_name(hr_yaml_kind kind);

#endif
