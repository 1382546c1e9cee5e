/*
 * json_build.c - yajl's callbacks append nodes to one growing array. A container is appended when it opens, with span
 * 1; its span is set when it closes, from the number of nodes appended since. Strings are copied into blocks that never
 * move, so that nodes can point into them while the array of nodes moves as it grows.
 *
 * A callback returns 0 to stop yajl; the reason is then in builder->status.
 */
#include "io/json_build.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/json_arena.h"

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

/* The failure at offset `at`: that of the callback which stopped yajl if stopped says so, else yajl's syntax error (its
 * first line; the rest is an excerpt of the text). "line L, byte B: " is put in front. */
static hrnet_status fail_at(hrnet_status stopped, yajl_handle parser, const char *bytes, size_t at)
{
    size_t line = 1;
    char where[64];
    for (const char *p = bytes; (p = memchr(p, '\n', (size_t)(bytes + at - p))) != NULL; p++) line++;
    snprintf(where, sizeof where, "line %zu, byte %zu", line, at);
    if (stopped != HRNET_OK) return hr_fail_in(stopped, where);
    unsigned char *const reason = yajl_get_error(parser, 0, NULL, 0);
    const char *const text = reason != NULL ? (const char *)reason : "not JSON";
    const hrnet_status status = hr_fail(HRNET_ERR_FORMAT, "%s: %.*s", where, (int)strcspn(text, "\n"), text);
    if (reason != NULL) yajl_free_error(parser, reason);
    return status;
}

/* ------------------------------------------------------------------------------------------------ running yajl */

/* The length of NaN, Infinity or -Infinity at the beginning of text [n], and its value; 0: it is none of them. */
static size_t not_finite_length(const char *text, size_t n, double *value)
{
    static const struct {
        const char *word;
        size_t length;
        double value;
    } words[] = {{"NaN", 3, (double)NAN}, {"Infinity", 8, (double)INFINITY}, {"-Infinity", 9, -(double)INFINITY}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (n < words[i].length || memcmp(text, words[i].word, words[i].length) != 0) continue;
        *value = words[i].value;
        return words[i].length;
    }
    return 0;
}

/* Where the next such word stands behind `at`, which is outside of strings; n_bytes: there is none. */
static size_t find_not_finite(const char *bytes, size_t n_bytes, size_t at, size_t *length, double *value)
{
    for (int quoted = 0; at < n_bytes; at++) {
        const char c = bytes[at];
        if (quoted && c == '\\')
            at++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == 'N' || c == 'I' || c == '-') &&
                 (*length = not_finite_length(bytes + at, n_bytes - at, value)) > 0)
            return at;
    }
    return n_bytes;
}

/* Feed yajl the text. It knows no NaN: the text goes to it piece by piece, with null in the place of such words. */
static hrnet_status feed(yajl_handle parser, hr_json_builder *builder, const char *bytes, size_t n_bytes)
{
    /* two searches that read memory at its speed spare almost every text the slow one */
    const int has_words = memmem(bytes, n_bytes, "NaN", 3) != NULL || memmem(bytes, n_bytes, "Infinity", 8) != NULL;
    for (size_t at = 0;;) {
        size_t length = 0;
        double value = 0;
        const size_t stop = has_words ? find_not_finite(bytes, n_bytes, at, &length, &value) : n_bytes;
        if (yajl_parse(parser, (const unsigned char *)bytes + at, stop - at) != yajl_status_ok)
            return fail_at(builder->status, parser, bytes, at + yajl_get_bytes_consumed(parser));
        if (stop == n_bytes) return HRNET_OK;
        builder->not_finite = &value;
        const int is_fine = yajl_parse(parser, (const unsigned char *)"null", 4) == yajl_status_ok;
        builder->not_finite = NULL;
        if (!is_fine) return fail_at(builder->status, parser, bytes, stop);
        at = stop + length;
    }
}

hrnet_status hr_json_run(const yajl_callbacks *events, void *context, hr_json_builder *builder, const void *bytes,
                         size_t n_bytes)
{
    hr_json_arena arena;
    if (bytes == NULL) bytes = "";
    HR_TRY(hr_text_skip_mark(&bytes, &n_bytes));
    HR_TRY(hr_json_arena_make(&arena, bytes, n_bytes));
    yajl_alloc_funcs memory = hr_json_arena_funcs(&arena);
    const yajl_handle parser = yajl_alloc(events, &memory, context); /* the arena has room for it */
    hrnet_status status = feed(parser, builder, bytes, n_bytes);
    if (status == HRNET_OK && yajl_complete_parse(parser) != yajl_status_ok)
        status = fail_at(builder->status, parser, bytes, n_bytes);
    yajl_free(parser);
    hr_json_arena_free(&arena);
    return status;
}
