/* json.c - whole texts as trees, questions to a tree, and writing strings. The nodes come from json_build.c. */
#include "io/json.h"

#include <math.h>
#include <string.h>

#include "io/json_feed.h"

hrnet_status hr_json_parse(hr_json_document *out, const void *bytes, size_t n_bytes)
{
    hr_json_builder builder = {.status = HRNET_OK};
    hrnet_status status = hr_json_run(&hr_json_build, &builder, &builder, bytes, n_bytes);
    if (status == HRNET_OK && builder.n_nodes == 0)
        status = hr_fail(HRNET_ERR_FORMAT, "expected a JSON value, found none");
    if (status != HRNET_OK)
        hr_json_builder_free(&builder);
    else
        *out = (hr_json_document){builder.nodes, builder.texts};
    return status;
}

void hr_json_free(hr_json_document *document)
{
    /* a document is what a builder had allocated when it was done */
    hr_json_builder owner = {.nodes = (hr_json *)document->root, .texts = document->texts};
    hr_json_builder_free(&owner);
    *document = (hr_json_document){0};
}

int hr_json_is(const hr_json *value, hr_json_kind kind)
{
    return value != NULL && value->kind == kind;
}

const hr_json *hr_json_first(const hr_json *container)
{
    if (!hr_json_is(container, HR_JSON_ARRAY) && !hr_json_is(container, HR_JSON_OBJECT)) return NULL;
    return container->count > 0 ? container + 1 : NULL;
}

/* In an object the children are keys, and what follows a key is its value: step over the value. */
const hr_json *hr_json_next(const hr_json *container, const hr_json *child)
{
    const hr_json *const value = container->kind == HR_JSON_OBJECT ? hr_json_value(child) : child;
    const hr_json *const next = value + value->span;
    return next < container + container->span ? next : NULL;
}

const hr_json *hr_json_get(const hr_json *value, const char *key)
{
    if (!hr_json_is(value, HR_JSON_OBJECT)) return NULL;
    for (const hr_json *k = hr_json_first(value); k != NULL; k = hr_json_next(value, k))
        if (strcmp(k->as.text, key) == 0) return hr_json_value(k);
    return NULL;
}

int hr_json_integer(const hr_json *value, int64_t *out)
{
    if (!hr_json_is(value, HR_JSON_INTEGER)) return 0;
    *out = value->as.integer;
    return 1;
}

int hr_json_number(const hr_json *value, double *out)
{
    if (hr_json_is(value, HR_JSON_REAL))
        *out = value->as.real;
    else if (hr_json_is(value, HR_JSON_INTEGER))
        *out = (double)value->as.integer;
    else
        return 0;
    return 1;
}

int hr_json_id(const hr_json *value, int64_t *out)
{
    const double exact = 9007199254740992.; /* 2^53: up to here every whole number is a double of its own */
    if (!hr_json_is(value, HR_JSON_REAL)) return hr_json_integer(value, out);
    if (!(fabs(value->as.real) <= exact) || value->as.real != floor(value->as.real)) return 0;
    *out = (int64_t)value->as.real;
    return 1;
}

const char *hr_json_string(const hr_json *value)
{
    return hr_json_is(value, HR_JSON_STRING) ? value->as.text : NULL;
}

const char *hr_json_what(const hr_json *value)
{
    if (value == NULL) return "nothing";
    switch ((hr_json_kind)value->kind) {
    case HR_JSON_NULL: return "null";
    case HR_JSON_BOOL: return value->as.integer ? "true" : "false";
    case HR_JSON_INTEGER:
    case HR_JSON_REAL: return "a number";
    case HR_JSON_STRING: return "a string";
    case HR_JSON_ARRAY: return "a list";
    case HR_JSON_OBJECT: return "an object";
    case HR_JSON_NOT_FINITE: break;
    }
    return isnan(value->as.real) ? "NaN" : value->as.real > 0 ? "Infinity" : "-Infinity";
}

int hr_json_is_empty(const hr_json *value)
{
    return value == NULL || value->kind == HR_JSON_NULL || (value->kind == HR_JSON_ARRAY && value->count == 0);
}

enum { MAX_ESCAPED = 8 };

/* How a byte is written inside a string: itself, or what stands for it. Escapes what RFC 8259 requires to be escaped
 * and nothing else. Returns the number of bytes. */
static size_t escape(char out[MAX_ESCAPED], char byte)
{
    if (byte == '"' || byte == '\\') return (size_t)snprintf(out, MAX_ESCAPED, "\\%c", byte);
    if ((unsigned char)byte < 0x20) return (size_t)snprintf(out, MAX_ESCAPED, "\\u%04x", (unsigned)byte);
    out[0] = byte;
    return 1;
}

void hr_json_add_string(hr_text *text, const char *string)
{
    char bytes[MAX_ESCAPED];
    hr_text_add_bytes(text, "\"", 1);
    for (const char *p = string; *p != '\0'; p++) hr_text_add_bytes(text, bytes, escape(bytes, *p));
    hr_text_add_bytes(text, "\"", 1);
}

void hr_json_write_string(FILE *stream, const char *string)
{
    char bytes[MAX_ESCAPED];
    fputc('"', stream);
    for (const char *p = string; *p != '\0'; p++) fwrite(bytes, 1, escape(bytes, *p), stream);
    fputc('"', stream);
}
