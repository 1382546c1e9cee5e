/*
 * fuzz_yaml.c - experiments: the YAML tree and the table of keys. What is accepted is dumped and read again, and must
 * be the same configuration.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hr_config config, again;
    hr_config_defaults(&config);
    hr_config_defaults(&again);
    if (hr_config_parse(&config, data, size, "fuzz", NULL, NULL) != HRNET_OK) return 0;
    hr_config_check(&config);
    char *text;
    if (hrnet_config_dump(&config, &text) != HRNET_OK) abort();
    /* a dump leaves out the other family's keys: it is the second dump that must be the first */
    if (hr_config_parse(&again, text, strlen(text), "fuzz", NULL, NULL) != HRNET_OK) abort();
    char *second;
    if (hrnet_config_dump(&again, &second) != HRNET_OK || strcmp(text, second) != 0) abort();
    hr_free(text);
    hr_free(second);
    return 0;
}
