/* checksum.c - CRC-32C bit by bit, and SHA-256. */
#include "base/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POLYNOMIAL 0x82F63B78u /* 0x1EDC6F41 with its bits in reverse order, as the reflected CRC shifts right */

/* No table: the event files it guards grow by a few hundred bytes a minute. */
uint32_t hr_crc32c(const void *bytes, size_t n)
{
    const unsigned char *byte = bytes;
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < n; i++) {
        crc ^= byte[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (POLYNOMIAL & (0u - (crc & 1)));
    }
    return ~crc;
}

/* ------------------------------------------------------------------------------------------------ SHA-256 */

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate_right(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* The compression function: mix 64 bytes of message into the state. s holds the working variables a..h. */
static void add_block(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64], s[8];
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 |
               block[4 * t + 3];
    for (int t = 16; t < 64; t++)
        w[t] = w[t - 16] + (rotate_right(w[t - 15], 7) ^ rotate_right(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 7] +
               (rotate_right(w[t - 2], 17) ^ rotate_right(w[t - 2], 19) ^ w[t - 2] >> 10);
    memcpy(s, state, sizeof s);
    for (int t = 0; t < 64; t++) {
        const uint32_t choose = (s[4] & s[5]) ^ (~s[4] & s[6]);
        const uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        const uint32_t t1 =
            s[7] + (rotate_right(s[4], 6) ^ rotate_right(s[4], 11) ^ rotate_right(s[4], 25)) + choose + k[t] + w[t];
        const uint32_t t2 = (rotate_right(s[0], 2) ^ rotate_right(s[0], 13) ^ rotate_right(s[0], 22)) + majority;
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

void hr_sha256_begin(hr_sha256 *hash)
{
    *hash = (hr_sha256){
        .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void hr_sha256_add(hr_sha256 *hash, const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    while (n > 0) {
        const size_t used = hash->n_bytes % 64, unused = 64 - used, part = n < unused ? n : unused;
        memcpy(hash->block + used, from, part);
        hash->n_bytes += part;
        from += part;
        n -= part;
        if (part == unused) add_block(hash->state, hash->block);
    }
}

/* Padding (section 5.1.1): a one bit, zeros up to 8 bytes before the end of a block, and the message's length in bits,
 * big-endian. */
void hr_sha256_end(hr_sha256 *hash, char text[HR_SHA256_TEXT])
{
    const uint64_t n_bits = hash->n_bytes * 8;
    unsigned char length[8];
    hr_sha256_add(hash, "\x80", 1);
    while (hash->n_bytes % 64 != 56) hr_sha256_add(hash, "", 1);
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(n_bits >> (56 - 8 * i));
    hr_sha256_add(hash, length, sizeof length);
    for (int i = 0; i < 8; i++) snprintf(text + (size_t)i * 8, 9, "%08x", hash->state[i]);
}

hrnet_status hr_sha256_file(const char *path, char text[HR_SHA256_TEXT])
{
    unsigned char bytes[1 << 16];
    hr_sha256 hash;
    ssize_t n = 1;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return hr_fail(HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    hr_sha256_begin(&hash);
    while (n != 0) {
        n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno != EINTR) break;
        if (n > 0) hr_sha256_add(&hash, bytes, (size_t)n);
    }
    const int reason = n < 0 ? errno : 0;
    close(fd);
    if (reason != 0) return hr_fail(HRNET_ERR_IO, "%s: cannot read: %s", path, strerror(reason));
    hr_sha256_end(&hash, text);
    return HRNET_OK;
}
