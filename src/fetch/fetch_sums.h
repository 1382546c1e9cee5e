/*
 * fetch_sums.h - SHA256SUMS in the cache: the hash that every file has to have, in the lines that sha256sum(1) writes
 * and checks ("sha256sum -c SHA256SUMS"):
 *
 *   81c58e40...9f0e  td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth
 *
 * Empty lines and those that begin with # are passed over. Of several lines for one file the last counts.
 */
#ifndef HR_FETCH_FETCH_SUMS_H
#define HR_FETCH_FETCH_SUMS_H

#include "base/checksum.h"
#include "base/text.h"

/* The hash of a file in the text of SHA256SUMS, in small letters; "" if it has none. HRNET_ERR_FORMAT for a line of
 * another form, which is named by its number. */
hrnet_status hr_sums_find(const void *bytes, size_t n_bytes, const char *file, char hash[HR_SHA256_TEXT]);

/* Append the text to out with the file's lines left out and one with its hash at the end. */
hrnet_status hr_sums_replace(hr_text *out, const void *bytes, size_t n_bytes, const char *file, const char *hash);

/* The same for SHA256SUMS in a folder. A file that is not there has no hashes. hr_sums_keep waits a moment for another
 * process that writes it, and is done whole or not at all. */
hrnet_status hr_sums_read(const char *folder, const char *file, char hash[HR_SHA256_TEXT]);
hrnet_status hr_sums_keep(const char *folder, const char *file, const char *hash);

#endif
