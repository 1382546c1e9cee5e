/*
 * output.h - a text file that is either whole or not there: written beside its name and renamed at the end. What is no
 * regular file (a device, a pipe) is written in place.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdio.h>

typedef struct output {
    FILE *stream;
    char *path, *temporary; /* temporary NULL: written in place */
} output;

/* Begin; path NULL or "-" is standard output. Returns 0, or -1 after a message. */
int output_open(output *out, const char *path);
/* Flush, close, rename. Returns 0, or -1 after a message (a full disk shows here); then nothing is left behind. */
int output_close(output *out);
/* Give up and leave nothing behind. Harmless on a closed one. */
void output_abandon(output *out);

#endif
