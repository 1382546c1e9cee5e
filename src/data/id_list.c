/* id_list.c - a sorted array of ids. */
#include "data/id_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { MAX_FILE = 1 << 28 };

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* 1 and *out when the line [at, end) is a whole number, 0 when it is blank, -1 when it is something else. */
static int parse_line(const char *at, const char *end, int64_t *out)
{
    int negative = 0, n_digits = 0;
    uint64_t value = 0;
    const char *const comment = memchr(at, '#', (size_t)(end - at));
    if (comment != NULL) end = comment;
    while (at < end && strchr(" \t\r", *at) != NULL && *at != '\0') at++;
    while (end > at && strchr(" \t\r", end[-1]) != NULL && end[-1] != '\0') end--;
    if (at == end) return 0;
    if (*at == '-') {
        negative = 1;
        at++;
    }
    for (; at < end; at++, n_digits++) {
        if (*at < '0' || *at > '9' || n_digits == 18) return -1;
        value = value * 10 + (uint64_t)(*at - '0');
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    return n_digits > 0 ? 1 : -1;
}

static hrnet_status parse(hr_id_list *list, const hr_bytes *bytes, const char *path)
{
    const char *at = (const char *)bytes->data, *const end = at + bytes->size;
    size_t n_lines = 0;
    for (size_t i = 0; i < bytes->size; i++) n_lines += at[i] == '\n';
    HR_NEW(list->ids, n_lines + 1);
    for (size_t line = 1; at < end; line++) {
        const char *const newline = memchr(at, '\n', (size_t)(end - at)), *const stop = newline != NULL ? newline : end;
        const int found = parse_line(at, stop, &list->ids[list->n]);
        if (found < 0)
            return hr_fail(HRNET_ERR_FORMAT, "%s:%zu: expected the id of an annotation, found \"%.*s\"", path, line,
                           (int)(stop - at < 60 ? stop - at : 60), at);
        list->n += (size_t)found;
        at = stop + 1;
    }
    qsort(list->ids, list->n, sizeof *list->ids, by_value);
    return HRNET_OK;
}

hrnet_status hr_id_list_load(hr_id_list *out, const char *path)
{
    hr_bytes bytes;
    hr_id_list list = {0};
    HR_TRY(hr_file_read(&bytes, path, MAX_FILE));
    const hrnet_status status = parse(&list, &bytes, path);
    hr_free(bytes.data);
    if (status == HRNET_OK)
        *out = list;
    else
        hr_id_list_free(&list);
    return status;
}

int hr_id_list_has(const hr_id_list *list, int64_t id)
{
    return list->n > 0 && bsearch(&id, list->ids, list->n, sizeof id, by_value) != NULL;
}

void hr_id_list_free(hr_id_list *list)
{
    hr_free(list->ids);
    *list = (hr_id_list){0};
}
