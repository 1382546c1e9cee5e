/* people.h - memory that lives as long as a picture's people (hrnet_people of <hrnet.h>). */
#ifndef HR_POSE_PEOPLE_H
#define HR_POSE_PEOPLE_H

#include "base/status.h"

/* Zeroed bytes, aligned to HR_ALIGN, that hrnet_people_free releases; NULL when there is no memory. */
void *hr_people_alloc(hrnet_people *people, size_t n_bytes);
/* The same with a copy of text. */
char *hr_people_text(hrnet_people *people, const char *text);

#endif
