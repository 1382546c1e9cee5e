/* fuzz_run_log.c - the JSONL log of a training run. */
#include "report/run_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hr_run_log log;
    if (hr_run_log_parse(&log, data, size) == HRNET_OK) hr_run_log_free(&log);
    return 0;
}
