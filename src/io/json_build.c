/*
 * json_build.c - yajl's callbacks append nodes to one growing array. A container is appended when it opens, with span
 * 1; its span is set when it closes, from the number of nodes appended since. Strings are copied into blocks that never
 * move, so that nodes can point into them while the array of nodes moves as it grows.
 *
 * A callback returns 0 to stop yajl; the reason is then in builder->status.
 */
#include "io/json_build.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { MAX_NODES = 1 << 26, SPAN_MASK = (1 << 29) - 1, TEXT_BLOCK = 1 << 16 };

/* A block of string bytes. A string longer than TEXT_BLOCK gets a block of its own. */
struct hr_json_text {
    hr_json_text *next; /* older block */
    size_t used, capacity;
    char bytes[];
};

static hrnet_status add_node(hr_json_builder *b, hr_json node)
{
    if (b->n_nodes == MAX_NODES) return hr_fail(HRNET_ERR_LIMIT, "expected at most %d values, found more", MAX_NODES);
    HR_GROW(b->nodes, b->n_nodes, b->capacity);
    node.span = 1;
    b->nodes[b->n_nodes++] = node;
    return HRNET_OK;
}

/* Append a value (or a container that opens; not a key), which the innermost open container counts as its own. */
static int add_value(hr_json_builder *b, hr_json node)
{
    if (b->depth > 0) b->nodes[b->open[b->depth - 1]].count++;
    b->status = add_node(b, node);
    return b->status == HRNET_OK;
}

/* Copy n bytes into the newest block, or into a new one if they and a NUL do not fit. */
static hrnet_status add_text(hr_json_builder *b, const unsigned char *bytes, size_t n, const char **out)
{
    if (memchr(bytes, '\0', n) != NULL)
        return hr_fail(HRNET_ERR_FORMAT, "expected a string without NUL characters, found one");
    if (n > UINT32_MAX / 2) return hr_fail(HRNET_ERR_LIMIT, "expected a shorter string, found %zu bytes", n);
    if (b->texts == NULL || b->texts->capacity - b->texts->used <= n) {
        const size_t capacity = n < TEXT_BLOCK ? TEXT_BLOCK : n + 1;
        hr_json_text *const block = hr_alloc(1, sizeof *block + capacity);
        if (block == NULL) return hr_fail_memory(sizeof *block + capacity);
        block->next = b->texts;
        block->used = 0;
        block->capacity = capacity;
        b->texts = block;
    }
    char *const text = b->texts->bytes + b->texts->used;
    memcpy(text, bytes, n);
    text[n] = '\0';
    b->texts->used += n + 1;
    *out = text;
    return HRNET_OK;
}

static int on_null(void *context)
{
    hr_json_builder *const b = context;
    if (b->n_prepared > 0) {
        if (b->depth > 0) b->nodes[b->open[b->depth - 1]].count++;
        b->n_nodes += b->n_prepared;
        return 1;
    }
    if (b->not_finite != NULL) return add_value(b, (hr_json){.kind = HR_JSON_NOT_FINITE, .as.real = *b->not_finite});
    return add_value(b, (hr_json){.kind = HR_JSON_NULL});
}

static int on_bool(void *context, int value)
{
    return add_value(context, (hr_json){.kind = HR_JSON_BOOL, .as.integer = value != 0});
}

/* Parse an integer exactly. Returns 0 for text with a point or exponent and for numbers beyond int64. Negative numbers
 * are summed up negatively, since -2^63 has no positive counterpart. */
static int parse_integer(const char *text, size_t n, int64_t *out)
{
    const int negative = text[0] == '-';
    int64_t value = 0;
    for (size_t i = (size_t)negative; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return 0;
        const int digit = negative ? '0' - text[i] : text[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) return 0;
    }
    *out = value;
    return 1;
}

static int on_number(void *context, const char *text, size_t n)
{
    hr_json_builder *const b = context;
    hr_json node = {.kind = HR_JSON_INTEGER};
    if (!parse_integer(text, n, &node.as.integer)) {
        node.kind = HR_JSON_REAL;
        if (!hr_number_parse(text, n, &node.as.real)) {
            b->status = hr_fail(HRNET_ERR_FORMAT, "the number %.*s%s is out of range", n > 40 ? 40 : (int)n, text,
                                n > 40 ? "..." : "");
            return 0;
        }
    }
    return add_value(b, node);
}

static int on_string(void *context, const unsigned char *bytes, size_t n)
{
    hr_json_builder *const b = context;
    hr_json node = {.kind = HR_JSON_STRING, .count = (uint32_t)n};
    b->status = add_text(b, bytes, n, &node.as.text);
    return b->status == HRNET_OK && add_value(b, node);
}

static int on_key(void *context, const unsigned char *bytes, size_t n)
{
    hr_json_builder *const b = context;
    hr_json node = {.kind = HR_JSON_STRING, .count = (uint32_t)n};
    b->status = add_text(b, bytes, n, &node.as.text);
    if (b->status == HRNET_OK) b->status = add_node(b, node);
    return b->status == HRNET_OK;
}

static int open_container(hr_json_builder *b, hr_json_kind kind)
{
    if (b->depth == HR_JSON_MAX_DEPTH) {
        b->status = hr_fail(HRNET_ERR_LIMIT, "expected at most %d nested levels, found more", HR_JSON_MAX_DEPTH);
        return 0;
    }
    if (!add_value(b, (hr_json){.kind = kind & 7})) return 0;
    b->open[b->depth++] = b->n_nodes - 1;
    return 1;
}

static int on_object(void *context)
{
    return open_container(context, HR_JSON_OBJECT);
}

static int on_array(void *context)
{
    return open_container(context, HR_JSON_ARRAY);
}

static int on_close(void *context)
{
    hr_json_builder *const b = context;
    hr_json *const container = &b->nodes[b->open[--b->depth]];
    container->span = (uint32_t)(b->nodes + b->n_nodes - container) & SPAN_MASK; /* at most MAX_NODES: it fits */
    return 1;
}

/* No callbacks for integers and doubles: yajl then hands every number over as text, which we parse ourselves. */
const yajl_callbacks hr_json_build = {on_null,   on_bool, NULL,     NULL,     on_number, on_string,
                                      on_object, on_key,  on_close, on_array, on_close};

static void free_texts(hr_json_text *text)
{
    while (text != NULL) {
        hr_json_text *const next = text->next;
        hr_free(text);
        text = next;
    }
}

/* Keeps the node array and the newest block of text. */
void hr_json_builder_reset(hr_json_builder *builder)
{
    builder->n_nodes = 0;
    if (builder->texts == NULL) return;
    free_texts(builder->texts->next);
    builder->texts->next = NULL;
    builder->texts->used = 0;
}

void hr_json_builder_free(hr_json_builder *builder)
{
    free_texts(builder->texts);
    hr_free(builder->nodes);
    *builder = (hr_json_builder){0};
}
