/* main.c - the hrnet command: finds the sub-command, tells what there is. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet.h>

#include "command.h"
#include "tool.h"

static const command *const commands[] = {&command_pose,    &command_detect,
                                          &command_forward, &command_decode,
                                          &command_crop,    &command_info,
                                          &command_convert, &command_export,
                                          &command_bench,   &command_eval,
                                          &command_score,   &command_train,
                                          &command_fetch,   NULL};

static const command *find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static const char *command_name(const void *table, size_t i)
{
    const command *const *row = (const command *const *)table + i;
    return *row != NULL ? (*row)->name : NULL;
}

static int report_unknown(const char *name)
{
    const char *nearest = options_nearest(name, command_name, commands);
    if (nearest != NULL) return tool_usage("unknown sub-command '%s'; did you mean %s?", name, nearest);
    return tool_usage("unknown sub-command '%s'", name);
}

static void print_overview(void)
{
    printf("usage: hrnet SUB-COMMAND [arguments] [options]\n\nHRNet human pose estimation.\n\nsub-commands:\n");
    for (size_t i = 0; commands[i] != NULL; i++) printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n'hrnet help SUB-COMMAND' tells about one of them; 'hrnet --version' prints the version.\n"
           "\nexample: hrnet pose photo.jpg -o drawing.jpg\n");
}

static int help(const char *name)
{
    if (name == NULL) {
        print_overview();
        return STATUS_DONE;
    }
    const command *about = find(name);
    if (about == NULL) return report_unknown(name);
    options_help(about);
    return STATUS_DONE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_overview();
        return STATUS_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return help(NULL);
    if (strcmp(name, "help") == 0) return help(argv[2]);
    if (strcmp(name, "--version") == 0) {
        printf("hrnet %s\n", hrnet_version());
        return STATUS_DONE;
    }
    const command *chosen = find(name);
    if (chosen == NULL) return report_unknown(name);
    char *full_name = tool_text("hrnet %s", name);
    tool_set_name(full_name);
    const int status = chosen->run(argc - 1, argv + 1);
    tool_set_name("hrnet");
    free(full_name);
    return status;
}

int main(int argc, char **argv)
{
    /* a file that grows past the limit of its size (ulimit -f) is an error of the write, which names the file */
    signal(SIGXFSZ, SIG_IGN);
    int status = dispatch(argc, argv);
    if (status == STATUS_DONE && (fflush(stdout) != 0 || ferror(stdout))) { /* else it was reported already */
        tool_error("standard output: cannot write: %s", strerror(errno));
        status = STATUS_FAILED;
    }
    return status;
}
