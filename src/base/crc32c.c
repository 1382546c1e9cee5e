/* crc32c.c - bit by bit: what it is used for is a few hundred bytes a minute. */
#include "base/crc32c.h"

#define POLYNOMIAL 0x82F63B78u /* 0x1EDC6F41, the lowest bit first */

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
