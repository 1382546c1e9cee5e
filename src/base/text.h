/* text.h - a growing string. Appending remembers a failed allocation; the end is asked once. */
#ifndef HR_BASE_TEXT_H
#define HR_BASE_TEXT_H

#include "base/status.h"

typedef struct hr_text {
    char *data; /* NUL-terminated, or NULL when nothing was appended */
    size_t length, capacity;
    int failed;
} hr_text;

void hr_text_add(hr_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hr_text_add_bytes(hr_text *text, const void *bytes, size_t n);
/* Hand the string over (free with hr_free) or fail with HRNET_ERR_MEMORY; text is empty afterwards. */
hrnet_status hr_text_take(hr_text *text, char **out);
void hr_text_free(hr_text *text);

#endif
