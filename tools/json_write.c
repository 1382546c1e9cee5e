/* json_write.c - values for yajl's writer. */
#include "json_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static void print(void *context, const char *text, size_t length)
{
    fwrite(text, 1, length, context);
}

yajl_gen json_open(FILE *stream, int pretty)
{
    const yajl_gen json = yajl_gen_alloc(NULL);
    if (json == NULL) {
        tool_error("out of memory");
        exit(STATUS_FAILED);
    }
    yajl_gen_config(json, yajl_gen_beautify, pretty);
    yajl_gen_config(json, yajl_gen_indent_string, "  ");
    yajl_gen_config(json, yajl_gen_print_callback, print, stream);
    return json;
}

void json_close(yajl_gen json, FILE *stream)
{
    yajl_gen_free(json);
    fputc('\n', stream);
}

/* Length of the UTF-8 sequence at text, or 0: overlong forms, surrogates and values past U+10FFFF are none. */
static size_t sequence_length(const unsigned char *text)
{
    const unsigned char lead = text[0];
    if (lead < 0x80) return 1;
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    if ((lead == 0xE0 && text[1] < 0xA0) || (lead == 0xED && text[1] > 0x9F) || (lead == 0xF0 && text[1] < 0x90) ||
        (lead == 0xF4 && text[1] > 0x8F))
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80) return 0; /* the terminating zero ends a cut sequence here */
    return length;
}

void json_text(yajl_gen json, const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    char *clean = tool_alloc(strlen(text) + 1, sizeof replacement), *to = clean;
    while (*text != '\0') {
        const size_t length = sequence_length((const unsigned char *)text);
        const char *from = length != 0 ? text : replacement;
        const size_t n = length != 0 ? length : sizeof replacement - 1;
        memcpy(to, from, n);
        to += n;
        text += length != 0 ? length : 1;
    }
    yajl_gen_string(json, (const unsigned char *)clean, (size_t)(to - clean));
    free(clean);
}

void json_number(yajl_gen json, float value)
{
    char digits[32];
    if (!isfinite(value)) {
        yajl_gen_null(json);
        return;
    }
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
        if (strtof(digits, NULL) == value) break;
    }
    yajl_gen_number(json, digits, strlen(digits));
}

void json_numbers(yajl_gen json, const float *values, int n)
{
    yajl_gen_array_open(json);
    for (int i = 0; i < n; i++) json_number(json, values[i]);
    yajl_gen_array_close(json);
}

void json_box(yajl_gen json, hrnet_box box)
{
    json_numbers(json, (float[]){box.x, box.y, box.w, box.h}, 4);
}
