/* crc32c.h - the CRC-32C (Castagnoli) checksum: of iSCSI, ext4 and TensorBoard's event files. */
#ifndef HR_BASE_CRC32C_H
#define HR_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t hr_crc32c(const void *bytes, size_t n);

#endif
