/*
 * inputs.h - the pictures that a command line names: files, folders, patterns, lists, standard input. It names them
 * only; whether one can be read shows when it is loaded.
 */
#ifndef TOOLS_INPUTS_H
#define TOOLS_INPUTS_H

#include <stddef.h>

typedef struct inputs {
    char **paths; /* [n], "-" for standard input */
    size_t n;
    int n_failed; /* arguments that named nothing; each was reported */
} inputs;

/* What one argument stands for:
 *   "-"                one picture on standard input
 *   a folder           the pictures in it by name, folders below it not
 *   "@LIST" or *.txt   a file with one path a line, as seen from the current folder; empty lines are skipped
 *   a pattern (* ? [)  the files it matches, by name, unless a file has that very name
 *   anything else      itself */
void inputs_add(inputs *in, const char *argument);
void inputs_free(inputs *in);

#endif
