/* config_names.h - the published experiments inside the library, and finding one by its name or the beginning of it. */
#ifndef HR_CONFIG_CONFIG_NAMES_H
#define HR_CONFIG_CONFIG_NAMES_H

#include "base/status.h"

/* Made by scripts/embed.sh from configs/: names ("coco/hrnet/w32_256x192_adam_lr1e-3"), NULL-terminated, and the YAML
 * text of each. */
extern const char *const hr_builtin_names[];
extern const char *const hr_builtin_texts[];

/* Index of the experiment of that name, or of the only one that begins so. A leading "experiments/" or "configs/" and
 * the ending ".yaml" are taken off first. HRNET_ERR_CONFIG lists the candidates when there are several or none. */
hrnet_status hr_builtin_find(const char *name, int *out_index);

#endif
