/*
 * options.h - one table a sub-command says everything about its options: the parser, the help text and the errors are
 * made from it. Values land in a plain struct of the sub-command, at the offset that the row names.
 */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stddef.h>

typedef enum option_kind {
    OPTION_FLAG,   /* int: 1 when given */
    OPTION_TEXT,   /* const char *, into argv */
    OPTION_INT,    /* int in least..most */
    OPTION_FLOAT,  /* float, finite, in least..most */
    OPTION_CHOICE, /* int: index of the word in `value`, "auto|shift|dark" */
    OPTION_SIZE,   /* int[2]: "WxH", both in least..most */
    OPTION_PAIR    /* float[2]: "x,y", finite */
} option_kind;

typedef struct option {
    const char *name; /* without the dashes; NULL ends the table */
    char letter;      /* short form, or 0 */
    option_kind kind;
    const char *value; /* how help calls the value; the words of a choice; NULL for a flag */
    const char *help;
    size_t offset; /* of the member in the settings struct */
    double least, most;
} option;

typedef struct command {
    const char *name;
    const char *usage;   /* what follows "hrnet NAME" in the usage line */
    const char *summary; /* one line, for the list of sub-commands */
    const char *details; /* paragraphs below the options, or NULL */
    const option *options;
    int (*run)(int argc, char **argv); /* argv[0] is the sub-command; returns the exit status */
} command;

enum { OPTIONS_RUN = -1 };

/* Read argv into settings, which holds the defaults. What is no option is moved to argv[0 .. *n_arguments-1], in order.
 * Returns OPTIONS_RUN, or the exit status to end with after help was printed or a mistake reported. */
int options_parse(const command *about, int argc, char **argv, void *settings, int *n_arguments);

/* Print the help page of a sub-command to standard output. */
void options_help(const command *about);

/* The one of n words nearest in spelling to a mistyped one, or NULL when none is near. `next` yields word i. */
const char *options_nearest(const char *word, const char *(*next)(const void *table, size_t i), const void *table);

/* Read exactly n finite numbers separated by commas. Returns 0, or -1. */
int options_numbers(const char *text, float *out, int n);

#endif
