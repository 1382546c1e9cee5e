/* id_list.h - annotations by their ids, named in a text file: one a line, "#" begins a comment. */
#ifndef HR_DATA_ID_LIST_H
#define HR_DATA_ID_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct hr_id_list {
    int64_t *ids; /* ascending */
    size_t n;
} hr_id_list;

/* HRNET_ERR_FORMAT names the line that is no id. */
hrnet_status hr_id_list_load(hr_id_list *out, const char *path);
int hr_id_list_has(const hr_id_list *list, int64_t id);
/* Harmless on a zeroed list. */
void hr_id_list_free(hr_id_list *list);

#endif
