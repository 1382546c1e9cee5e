/* sha256.h - SHA-256 (FIPS 180-4), so that a result can name the exact file of weights it was made with. */
#ifndef HR_BASE_SHA256_H
#define HR_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct hr_sha256 {
    uint32_t state[8];
    uint64_t n_bytes;
    unsigned char block[64]; /* the last n_bytes % 64 bytes */
} hr_sha256;

enum { HR_SHA256_TEXT = 65 }; /* hexadecimal digits and a NUL */

void hr_sha256_begin(hr_sha256 *hash);
void hr_sha256_add(hr_sha256 *hash, const void *bytes, size_t n);
void hr_sha256_end(hr_sha256 *hash, char text[HR_SHA256_TEXT]);

/* Of a whole file. Messages start with the path. */
hrnet_status hr_sha256_file(const char *path, char text[HR_SHA256_TEXT]);

#endif
