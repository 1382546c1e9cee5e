/* file_hash.c - which weights a result was made with. */
#include <hrnet_eval.h>

#include "base/sha256.h"
#include "base/status.h"
#include "weights/shipped.h"

hrnet_status hrnet_file_sha256(const char *path, char out[65])
{
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_file_sha256: out is NULL");
    if (path != NULL) return hr_sha256_file(path, out);
    const unsigned char *bytes;
    size_t n_bytes;
    HR_TRY(hr_shipped_weights(&bytes, &n_bytes));
    hr_sha256 hash;
    hr_sha256_begin(&hash);
    hr_sha256_add(&hash, bytes, n_bytes);
    hr_sha256_end(&hash, out);
    return HRNET_OK;
}
