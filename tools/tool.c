/* tool.c - messages, memory and file names for the sub-commands. */
#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <strings.h>
#include <sys/stat.h>

static const char *name = "hrnet";

void tool_set_name(const char *new_name)
{
    name = new_name;
}

static void print_error(const char *format, va_list arguments)
{
    fflush(stdout); /* keeps the order of lines when both go to one place */
    char line[8192];
    vsnprintf(line, sizeof line, format, arguments);
    fprintf(stderr, "%s: %s\n", name, hrnet_printable(line));
}

void tool_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_error(format, arguments);
    va_end(arguments);
}

int tool_failed(void)
{
    tool_error("%s", hrnet_last_error());
    return STATUS_FAILED;
}

int tool_usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_error(format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try '%s --help'.\n", name);
    return STATUS_USAGE;
}

static void *or_end(void *block)
{
    if (block == NULL) {
        tool_error("out of memory");
        exit(STATUS_FAILED);
    }
    return block;
}

void *tool_alloc(size_t count, size_t size)
{
    return or_end(calloc(count != 0 ? count : 1, size));
}

void *tool_grow(void *block, size_t n, size_t size)
{
    if ((n & (n - 1)) != 0) return block;
    const size_t capacity = n == 0 ? 1 : 2 * n;
    return or_end(capacity > SIZE_MAX / size ? NULL : realloc(block, capacity * size));
}

char *tool_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) text = NULL;
    va_end(arguments);
    return or_end(text);
}

void tool_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *line = NULL;
    if (vasprintf(&line, format, arguments) < 0) line = NULL;
    va_end(arguments);
    puts(hrnet_printable(or_end(line)));
    free(line);
}

char *tool_stem(const char *path)
{
    if (strcmp(path, "-") == 0) return tool_text("stdin");
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(file, '.');
    return tool_text("%.*s", dot != NULL && dot != file ? (int)(dot - file) : (int)strlen(file), file);
}

int tool_has_ending(const char *path, const char *ending)
{
    const size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcasecmp(path + length - tail, ending) == 0;
}

int tool_is_picture(const char *path)
{
    return tool_has_ending(path, ".png") || tool_has_ending(path, ".jpg") || tool_has_ending(path, ".jpeg") ||
           tool_has_ending(path, ".webp");
}

int tool_data_format(const char *path)
{
    static const struct {
        const char *ending;
        int format;
    } endings[] = {{".json", HRNET_RESULTS_JSON},
                   {".jsonl", HRNET_RESULTS_JSONL},
                   {".csv", HRNET_RESULTS_CSV},
                   {".trc", HRNET_RESULTS_TRC}};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (tool_has_ending(path, endings[i].ending)) return endings[i].format;
    return -1;
}

int tool_names_folder(const char *path)
{
    struct stat status;
    const char *slash = strrchr(path, '/');
    if (stat(path, &status) == 0) return S_ISDIR(status.st_mode);
    return strchr(slash != NULL ? slash : path, '.') == NULL; /* a trailing slash, or a last part without ending */
}

int tool_make_folder(const char *path)
{
    struct stat status;
    if (mkdir(path, 0777) == 0) return 0;
    const int reason = errno;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return 0;
    tool_error("%s: cannot make the folder: %s", path, strerror(reason));
    return -1;
}

int tool_make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const int failed = tool_make_folder(path);
        *slash = '/';
        if (failed) return -1;
    }
    return tool_make_folder(path);
}

int tool_check_output(const char *output, const char *const *inputs, size_t n)
{
    struct stat to, from;
    if (output == NULL || strcmp(output, "-") == 0 || stat(output, &to) != 0 || !S_ISREG(to.st_mode)) return 0;
    for (size_t i = 0; i < n; i++)
        if (inputs[i] != NULL && strcmp(inputs[i], "-") != 0 && stat(inputs[i], &from) == 0 &&
            from.st_dev == to.st_dev && from.st_ino == to.st_ino)
            return tool_usage("%s: expected an output that is not an input too, found the file that %s names", output,
                              inputs[i]);
    return 0;
}

hrnet_json_writer *tool_json_begin(void)
{
    hrnet_json_writer *json = NULL;
    if (hrnet_json_create(&json, 1) != HRNET_OK) exit(tool_failed());
    return json;
}

void tool_json_end(hrnet_json_writer *json, FILE *stream)
{
    char *text = NULL;
    if (hrnet_json_take(json, &text) != HRNET_OK) exit(tool_failed());
    fputs(text, stream);
    hrnet_string_free(text);
    hrnet_json_free(json);
}

double tool_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}
