/* save_record.c - for read_events.sh: the records of a run that was killed and resumed, in FOLDER. */
#include <stdio.h>

#include "report/record.h"

static hrnet_status write_steps(const char *folder, int first, int end, int64_t resumed_step, double scale)
{
    char log_path[512];
    hr_record *record = NULL;
    snprintf(log_path, sizeof log_path, "%s/train.jsonl", folder);
    HR_TRY(hr_record_open(&record, log_path, folder, resumed_step));
    for (int step = first; step < end; step++) {
        const hr_record_value values[] = {{"train_loss", scale / (step + 3)}, {"learning_rate", 1e-3 * scale}};
        HR_TRY(hr_record_add(record, step, step / 5, values, step % 2 ? 2 : 1));
    }
    return hr_record_close(record);
}

int main(int argc, char **argv)
{
    if (argc != 2 || write_steps(argv[1], 0, 9, -1, 1) || write_steps(argv[1], 5, 12, 5, 0.7)) {
        fprintf(stderr, "save_record FOLDER: %s\n", hrnet_last_error());
        return 1;
    }
    return 0;
}
