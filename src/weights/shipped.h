/* shipped.h - the weights that are part of the library: a file of models/ as bytes, unless it was built without them.
 */
#ifndef HR_WEIGHTS_SHIPPED_H
#define HR_WEIGHTS_SHIPPED_H

#include "base/status.h"

/* The file's bytes. HRNET_ERR_UNSUPPORTED, saying what to do, in a build without them. */
hrnet_status hr_shipped_weights(const unsigned char **out, size_t *n_bytes);

/* What messages call it. */
#define HR_SHIPPED_NAME "the model that ships with hrnet"

#endif
