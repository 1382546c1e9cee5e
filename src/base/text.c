/* text.c - a growing string. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static int reserve(hr_text *text, size_t extra)
{
    if (text->failed) return 0;
    if (text->data != NULL && text->capacity - text->length > extra) return 1;
    size_t capacity = text->capacity < 64 ? 64 : text->capacity * 2;
    while (capacity - text->length <= extra) capacity *= 2;
    char *grown = hr_resize(text->data, text->length + (text->data != NULL), capacity, 1);
    if (grown == NULL) {
        text->failed = 1;
        return 0;
    }
    text->data = grown;
    text->capacity = capacity;
    return 1;
}

void hr_text_add_bytes(hr_text *text, const void *bytes, size_t n)
{
    if (!reserve(text, n)) return;
    memcpy(text->data + text->length, bytes, n);
    text->length += n;
    text->data[text->length] = '\0';
}

void hr_text_add(hr_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n >= 0 && reserve(text, (size_t)n)) {
        vsnprintf(text->data + text->length, (size_t)n + 1, format, again);
        text->length += (size_t)n;
    }
    va_end(again);
}

hrnet_status hr_text_take(hr_text *text, char **out)
{
    hr_text_add_bytes(text, "", 0);
    if (text->failed) {
        hr_text_free(text);
        return hr_fail_memory(0);
    }
    *out = text->data;
    *text = (hr_text){0};
    return HRNET_OK;
}

void hr_text_free(hr_text *text)
{
    hr_free(text->data);
    *text = (hr_text){0};
}
