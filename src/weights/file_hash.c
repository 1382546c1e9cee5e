/* file_hash.c - which weights a result was made with. */
#include <hrnet_eval.h>

#include "base/checksum.h"
#include "base/status.h"
#include "weights/shipped.h"

hrnet_status hrnet_file_sha256(const char *path, char out[65])
{
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_file_sha256: out is NULL");
    if (path != NULL) return hr_sha256_file(path, out);
    hr_sha256 hash;
    hr_sha256_begin(&hash);
    hr_sha256_add(&hash, hr_shipped_weights, (size_t)(hr_shipped_weights_end - hr_shipped_weights));
    hr_sha256_end(&hash, out);
    return HRNET_OK;
}
