/*
 * checksum.h - checksums of bytes: SHA-256 names the exact file of weights that a result was made with, CRC-32C guards
 * the records of TensorBoard's event files.
 *
 *   hr_sha256 hash;
 *   char text[HR_SHA256_TEXT];
 *   hr_sha256_begin(&hash);
 *   hr_sha256_add(&hash, bytes, n);      // any number of times
 *   hr_sha256_end(&hash, text);          // "e3b0c442..."
 */
#ifndef HR_BASE_CHECKSUM_H
#define HR_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* CRC-32C (Castagnoli polynomial 0x1EDC6F41, reflected, initial value and final xor 0xFFFFFFFF; RFC 3720, B.4). */
uint32_t hr_crc32c(const void *bytes, size_t n);

/* A SHA-256 (FIPS 180-4) in progress. Owns no memory. */
typedef struct hr_sha256 {
    uint32_t state[8];       /* the hash of all whole blocks so far */
    uint64_t n_bytes;        /* added so far */
    unsigned char block[64]; /* the last n_bytes % 64 of them, which wait for a whole block */
} hr_sha256;

enum { HR_SHA256_TEXT = 65 }; /* 64 lower-case hexadecimal digits and a NUL */

void hr_sha256_begin(hr_sha256 *hash);
void hr_sha256_add(hr_sha256 *hash, const void *bytes, size_t n);
/* Write the digits to text. Afterwards the only valid call on hash is hr_sha256_begin. */
void hr_sha256_end(hr_sha256 *hash, char text[HR_SHA256_TEXT]);

/* The SHA-256 of a whole file, read in blocks of 64 KiB. HRNET_ERR_IO; the message starts with the path. */
hrnet_status hr_sha256_file(const char *path, char text[HR_SHA256_TEXT]);

#endif
