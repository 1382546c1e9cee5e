/*
 * join_run.c CONFIG - begins a run through the public functions of libhrnet.so, in a folder without data, and prints
 * why that failed: because the processes did not find each other, or, later, because there are no data.
 */
#include <stdio.h>

#include <hrnet_train.h>

int main(int argc, char **argv)
{
    static const char *const overrides[] = {"DATASET.ROOT", "no-data-here", NULL};
    hrnet_config *config = NULL;
    hrnet_trainer *trainer = NULL;
    if (argc != 2 || hrnet_config_load(&config, argv[1], overrides, NULL, NULL) ||
        hrnet_trainer_create(&trainer, config, &(hrnet_trainer_options){.output = "run", .validate_every = -1}))
        fprintf(stderr, "%s\n", hrnet_last_error());
    hrnet_trainer_free(trainer);
    hrnet_config_free(config);
    return 0;
}
