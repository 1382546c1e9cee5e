/* fetch_internal.h - fetching any entry over any module, for tests. */
#ifndef HR_FETCH_FETCH_INTERNAL_H
#define HR_FETCH_FETCH_INTERNAL_H

#include "fetch/fetch_module.h"

/* hrnet_fetch of an entry that need not be in the table. module NULL: the one that hr_fetch_module_get finds. */
hrnet_status hr_fetch_entry(char **path, const hrnet_published *entry, const hr_fetch_module *module,
                            const hrnet_fetch_options *options);

#endif
