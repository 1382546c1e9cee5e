/*
 * tool.h - what every sub-command shares: exit statuses, messages on standard error, memory. A command is a process of
 * its own, so running out of memory here ends it with a message; the library never does that.
 */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <stddef.h>
#include <stdio.h>

#include <hrnet_results.h>

enum {
    STATUS_DONE = 0,
    STATUS_FAILED = 1, /* some or all of the work could not be done; messages said what */
    STATUS_USAGE = 2   /* the command line is wrong; nothing was done */
};

/* The name that messages start with from now on: "hrnet pose". Static text. */
void tool_set_name(const char *name);

/* One line "NAME: message" on standard error, harmless to print whatever text of a file it has. */
void tool_error(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

/* The same with the library's last message; returns STATUS_FAILED, so that `return tool_failed()` is one statement. */
int tool_failed(void) __attribute__((cold));

/* The same with a hint how to get help; returns STATUS_USAGE. */
int tool_usage(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

/* count * size zeroed bytes; ends the program when there are none. Free with free. */
void *tool_alloc(size_t count, size_t size);
/* Make room for one more entry behind n: doubles the block when n is zero or a power of two. */
void *tool_grow(void *block, size_t n, size_t size);
/* Text as printf makes it; free with free. */
char *tool_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line on standard output, harmless to print as well; the format has no newline. */
void tool_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The file's name without folder and ending; "stdin" for "-". Free with free. */
char *tool_stem(const char *path);

/* Does path end in this ending (".png"), in any case of letters? */
int tool_has_ending(const char *path, const char *ending);

/* Is this the name of a picture that the library can write (.png .jpg .jpeg .webp)? */
int tool_is_picture(const char *path);

/* The format of the data file whose ending the name has, or -1. */
int tool_data_format(const char *path);

/* Is this a folder, or, if there is nothing of that name, the name of one to be made (a last part without ending)? */
int tool_names_folder(const char *path);

/* Make the folder unless it is there. Returns 0, or -1 after a message. */
int tool_make_folder(const char *path);

/* The same with those above it; path is changed meanwhile. */
int tool_make_folders(char *path);

/* Refuse to write over a file that is also read. inputs [n]: their paths; NULL, "-" and names of no file are passed
 * over, as is an output that is not there yet or is no regular file. Compares files, not names: links and ./x are
 * found. Returns 0, or STATUS_USAGE after a message. */
int tool_check_output(const char *output, const char *const *inputs, size_t n);
/* The inputs of tool_check_output as a list: tool_check_output(out, TOOL_INPUTS(a, b)). */
#define TOOL_INPUTS(...)                                                                                               \
    (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

/* An indented JSON text; ends the program when there is no memory. */
hrnet_json_writer *tool_json_begin(void);
/* Write it to stream, whose errors are the caller's to see, and free it. */
void tool_json_end(hrnet_json_writer *json, FILE *stream);

/* Seconds on a clock that only goes forward. */
double tool_seconds(void);

#endif
