/* backends.h - the backends there are, by name. */
#ifndef HR_SESSION_BACKENDS_H
#define HR_SESSION_BACKENDS_H

#include "graph/backend.h"

/* name NULL: "cpu". HRNET_ERR_ARGUMENT lists those there are. */
hrnet_status hr_backend_find(const hr_backend **out, const char *name);

#endif
