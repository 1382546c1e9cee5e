/* json_write.c - JSON text: separators, indentation, escapes. */
#include "io/json_write.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/status.h"

/* ---------------------------------------------------------------------------------------------- structure */

static void indent(hrnet_json_writer *json)
{
    for (int i = 0; json->indent && i < json->depth; i++) hr_text_add_bytes(&json->text, "  ", 2);
}

/* What stands before the next key or value. Returns 0 when it does not fit. */
static int begin_item(hrnet_json_writer *json, int is_key)
{
    const hr_json_state state = json->states[json->depth];
    const int wants_key = state == HR_JSON_FIRST_KEY || state == HR_JSON_KEY;
    if (json->misused || state == HR_JSON_DONE || wants_key != is_key) {
        json->misused = 1;
        return 0;
    }
    if (state == HR_JSON_VALUE) return 1; /* its key has written the colon */
    if (state == HR_JSON_ENTRY || state == HR_JSON_KEY) hr_text_add(&json->text, json->indent ? ",\n" : ",");
    indent(json);
    return 1;
}

/* What the next call may be after a value. */
static void end_value(hrnet_json_writer *json)
{
    hr_json_state *const state = &json->states[json->depth];
    *state = *state == HR_JSON_VALUE ? HR_JSON_KEY : *state == HR_JSON_START ? HR_JSON_DONE : HR_JSON_ENTRY;
    if (*state == HR_JSON_DONE && json->indent) hr_text_add(&json->text, "\n");
}

static void open_bracket(hrnet_json_writer *json, char bracket, hr_json_state inside)
{
    if (!begin_item(json, 0)) return;
    if (json->depth == HR_JSON_DEPTH) {
        json->misused = 1;
        return;
    }
    json->states[++json->depth] = inside;
    hr_text_add(&json->text, json->indent ? "%c\n" : "%c", bracket);
}

void hrnet_json_object(hrnet_json_writer *json)
{
    open_bracket(json, '{', HR_JSON_FIRST_KEY);
}

void hrnet_json_array(hrnet_json_writer *json)
{
    open_bracket(json, '[', HR_JSON_FIRST_ENTRY);
}

void hrnet_json_close(hrnet_json_writer *json)
{
    const hr_json_state state = json->states[json->depth];
    if (json->misused || json->depth == 0 || state == HR_JSON_VALUE) {
        json->misused = 1;
        return;
    }
    json->depth--;
    if (json->indent) hr_text_add(&json->text, "\n");
    indent(json);
    hr_text_add(&json->text, state == HR_JSON_FIRST_KEY || state == HR_JSON_KEY ? "}" : "]");
    end_value(json);
}

/* ---------------------------------------------------------------------------------------------- text */

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

static void add_escaped(hr_text *text, unsigned char c)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* a character and what stands for it behind a backslash */
    for (const char *n = named; *n != '\0'; n += 2) {
        if ((unsigned char)n[0] != c) continue;
        hr_text_add(text, "\\%c", n[1]);
        return;
    }
    if (c < 0x20)
        hr_text_add(text, "\\u%04X", c);
    else
        hr_text_add_bytes(text, &c, 1);
}

static void add_quoted(hr_text *text, const char *string, size_t n)
{
    const char *const end = string + n;
    static const char replacement[] = "\xEF\xBF\xBD";
    hr_text_add_bytes(text, "\"", 1);
    while (string < end) {
        const size_t length = sequence_length((const unsigned char *)string);
        /* U+0080 to U+009F are commands to some terminals, as those below U+0020 are to all */
        const int is_control = length == 2 && (unsigned char)string[0] == 0xC2 && (unsigned char)string[1] < 0xA0;
        if (length == 1)
            add_escaped(text, (unsigned char)*string);
        else if (is_control)
            hr_text_add(text, "\\u%04X", (unsigned)(unsigned char)string[1]);
        else
            hr_text_add_bytes(text, length == 0 ? replacement : string, length == 0 ? sizeof replacement - 1 : length);
        string += length == 0 ? 1 : length;
    }
    hr_text_add_bytes(text, "\"", 1);
}

void hrnet_json_key(hrnet_json_writer *json, const char *key)
{
    if (!begin_item(json, 1)) return;
    add_quoted(&json->text, key, strlen(key));
    hr_text_add(&json->text, json->indent ? ": " : ":");
    json->states[json->depth] = HR_JSON_VALUE;
}

void hr_json_text_n(hrnet_json_writer *json, const char *text, size_t n)
{
    if (!begin_item(json, 0)) return;
    add_quoted(&json->text, text, n);
    end_value(json);
}

void hrnet_json_text(hrnet_json_writer *json, const char *text)
{
    hr_json_text_n(json, text, strlen(text));
}

/* ---------------------------------------------------------------------------------------------- numbers */

static void add_plain(hrnet_json_writer *json, const char *text)
{
    if (!begin_item(json, 0)) return;
    hr_text_add(&json->text, "%s", text);
    end_value(json);
}

void hrnet_json_integer(hrnet_json_writer *json, int64_t value)
{
    if (!begin_item(json, 0)) return;
    hr_text_add(&json->text, "%" PRId64, value);
    end_value(json);
}

void hrnet_json_float(hrnet_json_writer *json, float value)
{
    char digits[HR_NUMBER_TEXT] = "null";
    if (isfinite(value)) hr_number_text_float(value, digits);
    add_plain(json, digits);
}

void hrnet_json_double(hrnet_json_writer *json, double value)
{
    char digits[HR_NUMBER_TEXT] = "null";
    if (isfinite(value)) hr_number_text(value, digits);
    add_plain(json, digits);
}

void hrnet_json_null(hrnet_json_writer *json)
{
    add_plain(json, "null");
}

void hr_json_floats(hrnet_json_writer *json, const float *values, int n)
{
    hrnet_json_array(json);
    for (int i = 0; i < n; i++) hrnet_json_float(json, values[i]);
    hrnet_json_close(json);
}

/* ---------------------------------------------------------------------------------------------- documents */

void hr_json_begin(hrnet_json_writer *json, int indented)
{
    json->indent = indented;
    json->depth = json->misused = 0;
    json->states[0] = HR_JSON_START;
}

hrnet_status hrnet_json_create(hrnet_json_writer **out, int indented)
{
    hrnet_json_writer *json;
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_json_create: out is NULL");
    HR_NEW(json, 1);
    hr_json_begin(json, indented);
    *out = json;
    return HRNET_OK;
}

hrnet_status hrnet_json_take(hrnet_json_writer *json, char **out)
{
    if (json == NULL || out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_json_take: an argument is NULL");
    const int is_whole = !json->misused && json->states[0] == HR_JSON_DONE;
    hr_json_begin(json, json->indent);
    if (!is_whole) {
        hr_text_free(&json->text);
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_json_take: the values do not make one whole JSON text");
    }
    hr_text_add_bytes(&json->text, "\n", 1);
    return hr_text_take(&json->text, out);
}

hrnet_status hrnet_json_save(hrnet_json_writer *json, const char *path)
{
    char *text = NULL;
    hr_file file;
    if (path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_json_save: path is NULL");
    HR_TRY(hrnet_json_take(json, &text));
    hrnet_status status = hr_file_create(&file, path);
    if (status == HRNET_OK) {
        fputs(text, file.stream); /* the stream remembers a failure until the commit */
        status = hr_file_commit(&file);
    }
    hr_free(text);
    return status;
}

void hrnet_json_free(hrnet_json_writer *json)
{
    if (json == NULL) return;
    hr_text_free(&json->text);
    hr_free(json);
}
