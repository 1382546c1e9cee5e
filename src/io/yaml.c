/*
 * yaml.c - a tree from libyaml's events. The collections that are open form a stack of bounded depth. In a mapping
 * events alternate between keys and values: a key's event creates the entry, the next event fills it.
 */
#include "io/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/text.h"

typedef struct level {
    hr_yaml *node;  /* the open mapping or sequence */
    hr_yaml **tail; /* the pointer that its next child is stored in */
    hr_yaml *entry; /* mapping: the entry whose key was read and whose value comes next; else NULL */
    size_t n_entries;
} level;

typedef struct yaml_reader {
    const char *name;
    hr_yaml *root;
    level levels[HR_YAML_MAX_DEPTH];
    int depth, n_nodes, n_documents;
} yaml_reader;

const char *hr_yaml_kind_name(hr_yaml_kind kind)
{
    return kind == HR_YAML_MAPPING ? "a mapping" : kind == HR_YAML_SEQUENCE ? "a sequence" : "a scalar";
}

void hr_yaml_free(hr_yaml *node)
{
    if (node == NULL) return;
    for (hr_yaml *child = node->first; child != NULL;) {
        hr_yaml *next = child->next;
        hr_yaml_free(child); /* recursion is bounded by HR_YAML_MAX_DEPTH */
        child = next;
    }
    hr_free(node->text);
    hr_free(node->key);
    hr_free(node);
}

static int line_of(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

/* A scalar's text as a C string. "\0" in double quotes would cut it. */
static hrnet_status copy_text(const yaml_reader *r, const yaml_event_t *event, char **out)
{
    const char *value = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;
    if (memchr(value, '\0', length) != NULL)
        return hr_fail(HRNET_ERR_FORMAT, "%s:%d: expected text, found a NUL byte", r->name, line_of(event));
    *out = hr_strndup(value, length);
    return *out != NULL ? HRNET_OK : hr_fail_memory(length + 1);
}

/* Create a node and append it to the innermost open collection, or make it the root. It belongs to the tree at once, so
 * that hr_yaml_free of the root cleans up after any later failure. */
static hrnet_status add_node(yaml_reader *r, int line, hr_yaml **out)
{
    if (++r->n_nodes > HR_YAML_MAX_NODES)
        return hr_fail(HRNET_ERR_LIMIT, "%s:%d: expected at most %d nodes, found more", r->name, line,
                       HR_YAML_MAX_NODES);
    hr_yaml *node = NULL;
    HR_NEW(node, 1);
    node->line = line;
    node->order = r->n_nodes;
    if (r->depth == 0) {
        r->root = node;
    } else {
        level *top = &r->levels[r->depth - 1];
        *top->tail = node;
        top->tail = &node->next;
    }
    *out = node;
    return HRNET_OK;
}

/* A key: create the entry that the next event fills. */
static hrnet_status read_key(yaml_reader *r, const yaml_event_t *event)
{
    level *top = &r->levels[r->depth - 1];
    const int line = line_of(event);
    if (event->type != YAML_SCALAR_EVENT)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s:%d: expected a scalar as key, found a collection", r->name, line);
    hr_yaml *entry = NULL;
    HR_TRY(add_node(r, line, &entry));
    HR_TRY(copy_text(r, event, &entry->key));
    top->entry = entry;
    top->n_entries++;
    return HRNET_OK;
}

/* By key, then by line: of equal keys the first in the file comes first. */
static int by_key(const void *a, const void *b)
{
    const hr_yaml *const left = *(const hr_yaml *const *)a, *const right = *(const hr_yaml *const *)b;
    const int order = strcmp(left->key, right->key);
    return order != 0 ? order : (left->order > right->order) - (left->order < right->order);
}

/* Refuse a mapping that has a key twice. Sorted, since comparing each key with each would let a file of 64 KB take a
 * second. */
static hrnet_status check_keys(const yaml_reader *r, const level *mapping)
{
    const hr_yaml **keys;
    size_t n = 0;
    const hr_yaml *again = NULL, *first = NULL;
    HR_NEW(keys, mapping->n_entries);
    for (const hr_yaml *entry = mapping->node->first; entry != NULL; entry = entry->next) keys[n++] = entry;
    qsort(keys, n, sizeof *keys, by_key);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(keys[i - 1]->key, keys[i]->key) != 0 || (again != NULL && again->order < keys[i]->order)) continue;
        again = keys[i];
        first = keys[i - 1];
    }
    hr_free(keys);
    if (again == NULL) return HRNET_OK;
    return hr_fail(HRNET_ERR_FORMAT, "%s:%d: expected each key once, found \"%s\" again, first in line %d", r->name,
                   again->line, again->key, first->line);
}

static hrnet_status end_collection(yaml_reader *r)
{
    const level *const top = &r->levels[--r->depth];
    return top->node->kind == HR_YAML_MAPPING && top->n_entries > 1 ? check_keys(r, top) : HRNET_OK;
}

static hrnet_status begin_collection(yaml_reader *r, hr_yaml *node, hr_yaml_kind kind)
{
    node->kind = kind;
    if (r->depth == HR_YAML_MAX_DEPTH)
        return hr_fail(HRNET_ERR_LIMIT, "%s:%d: expected at most %d nested levels, found more", r->name, node->line,
                       HR_YAML_MAX_DEPTH);
    r->levels[r->depth++] = (level){node, &node->first, NULL, 0};
    return HRNET_OK;
}

/* A scalar or the start of a collection: a key if the innermost mapping expects one, else a value. */
static hrnet_status read_node(yaml_reader *r, const yaml_event_t *event)
{
    level *top = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
    hr_yaml *node = NULL;
    if (top != NULL && top->node->kind == HR_YAML_MAPPING) {
        if (top->entry == NULL) return read_key(r, event);
        node = top->entry;
        top->entry = NULL;
    } else {
        HR_TRY(add_node(r, line_of(event), &node));
    }
    if (event->type == YAML_MAPPING_START_EVENT) return begin_collection(r, node, HR_YAML_MAPPING);
    if (event->type == YAML_SEQUENCE_START_EVENT) return begin_collection(r, node, HR_YAML_SEQUENCE);
    node->kind = HR_YAML_SCALAR;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return copy_text(r, event, &node->text);
}

/* The explicit tag ("!!python/object") of a value, or NULL. */
static const yaml_char_t *tag_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT: return event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT: return event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT: return event->data.mapping_start.tag;
    default: return NULL;
    }
}

/* Refuse what yaml.h lists; turn the rest into nodes. */
static hrnet_status read_event(yaml_reader *r, const yaml_event_t *event)
{
    if (tag_of(event) != NULL)
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "%s:%d: expected a value without a tag, found \"%s\"; tags are not supported", r->name,
                       line_of(event), (const char *)tag_of(event));
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (r->n_documents++ > 0)
            return hr_fail(HRNET_ERR_UNSUPPORTED, "%s:%d: expected one document, found a second", r->name,
                           line_of(event));
        return HRNET_OK;
    case YAML_ALIAS_EVENT:
        return hr_fail(HRNET_ERR_UNSUPPORTED, "%s:%d: expected a value, found the alias *%s; aliases are not supported",
                       r->name, line_of(event), (const char *)event->data.alias.anchor);
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT: return read_node(r, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return end_collection(r);
    default: return HRNET_OK; /* the stream's beginning and end, the document's end */
    }
}

/* libyaml's own error. Where it could not even decode characters, only `mark` has the position. */
static hrnet_status parser_failure(const yaml_parser_t *parser, const char *name)
{
    if (parser->error == YAML_MEMORY_ERROR) return hr_fail_memory(0);
    const size_t line = parser->error == YAML_READER_ERROR ? parser->mark.line : parser->problem_mark.line;
    return hr_fail(HRNET_ERR_FORMAT, "%s:%zu: not YAML: %s", name, line + 1,
                   parser->problem != NULL ? parser->problem : "unknown problem");
}

static hrnet_status read_all(yaml_reader *r, yaml_parser_t *parser)
{
    for (yaml_event_type_t type = YAML_NO_EVENT; type != YAML_STREAM_END_EVENT;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return parser_failure(parser, r->name);
        type = event.type;
        const hrnet_status status = read_event(r, &event);
        yaml_event_delete(&event);
        if (status != HRNET_OK) return status;
    }
    return HRNET_OK;
}

/* libyaml compares each %TAG directive with all before it, and gives no event until all are read: 40,000 of them take
 * four seconds. Counted wherever they stand, since YAML has five kinds of line break. */
static hrnet_status check_directives(const char *text, size_t n, const char *name)
{
    enum { MOST_DIRECTIVES = 64 };
    int n_directives = 0;
    for (const char *p = text; n > 0 && (p = memmem(p, (size_t)(text + n - p), "%TAG", 4)) != NULL; p += 4)
        if (++n_directives > MOST_DIRECTIVES)
            return hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %d %%TAG directives, found more", name,
                           MOST_DIRECTIVES);
    return HRNET_OK;
}

hrnet_status hr_yaml_parse(hr_yaml **out, const void *bytes, size_t n_bytes, const char *name)
{
    if (n_bytes > HR_YAML_MAX_BYTES)
        return hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %d bytes of YAML, found %zu", name, HR_YAML_MAX_BYTES,
                       n_bytes);
    if (bytes == NULL) bytes = "";
    const hrnet_status marked = hr_text_skip_mark(&bytes, &n_bytes);
    if (marked != HRNET_OK) return hr_fail_in(marked, name);
    HR_TRY(check_directives(bytes, n_bytes, name));
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return hr_fail_memory(sizeof parser);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, bytes, n_bytes);
    yaml_reader r = {.name = name};
    const hrnet_status status = read_all(&r, &parser);
    yaml_parser_delete(&parser);
    if (status != HRNET_OK) {
        hr_yaml_free(r.root);
        return status;
    }
    *out = r.root;
    return HRNET_OK;
}
