/* options.c - the parser behind the option tables. */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum { LONGEST_WORD = 32 };

/* Number of single-letter edits between two words (Levenshtein's distance, one row at a time). */
static size_t edits(const char *a, const char *b)
{
    const size_t n = strlen(b);
    size_t row[LONGEST_WORD + 1];
    if (n > LONGEST_WORD || strlen(a) > LONGEST_WORD) return SIZE_MAX;
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const size_t above = row[j];
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[n];
}

const char *options_nearest(const char *word, const char *(*next)(const void *table, size_t i), const void *table)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2; /* more edits than this is another word */
    for (size_t i = 0; next(table, i) != NULL; i++) {
        const size_t distance = edits(word, next(table, i));
        if (distance >= least) continue;
        least = distance;
        nearest = next(table, i);
    }
    return nearest;
}

static const char *option_name(const void *table, size_t i)
{
    return ((const option *)table)[i].name;
}

static const option *find_long(const option *table, const char *name, size_t length)
{
    for (const option *row = table; row->name != NULL; row++)
        if (strlen(row->name) == length && strncmp(row->name, name, length) == 0) return row;
    return NULL;
}

static const option *find_letter(const option *table, char letter)
{
    for (const option *row = table; row->name != NULL; row++)
        if (row->letter == letter && letter != '\0') return row;
    return NULL;
}

static int read_number(const char *text, char **end, double *out)
{
    *out = strtod(text, end);
    return *end != text && isfinite(*out) && fabs(*out) < 1e30 ? 0 : -1;
}

int options_numbers(const char *text, float *out, int n)
{
    for (int i = 0; i < n; i++) {
        char *end;
        double value;
        if (read_number(text, &end, &value) != 0 || *end != (i + 1 < n ? ',' : '\0')) return -1;
        out[i] = (float)value;
        text = end + 1;
    }
    return 0;
}

/* Index of text among the words of "a|b|c", or -1. */
static int find_choice(const char *words, const char *text)
{
    const size_t length = strlen(text);
    for (int i = 0; words != NULL; i++) {
        const char *bar = strchr(words, '|');
        const size_t n = bar != NULL ? (size_t)(bar - words) : strlen(words);
        if (n == length && strncmp(words, text, n) == 0) return i;
        words = bar != NULL ? bar + 1 : NULL;
    }
    return -1;
}

static int store_int(const option *row, const char *text, char stop, const char **rest, int *out)
{
    char *end;
    errno = 0;
    const long number = strtol(text, &end, 10);
    if (end == text || *end != stop || errno != 0 || number < (long)row->least || number > (long)row->most) return -1;
    *out = (int)number;
    *rest = end + 1;
    return 0;
}

/* Put one value into the settings; -1 when it is not what the row allows. */
static int store(const option *row, const char *text, void *settings)
{
    void *member = (char *)settings + row->offset;
    const char *rest = text;
    char *end;
    double number;
    switch (row->kind) {
    case OPTION_FLAG: *(int *)member = 1; return 0;
    case OPTION_TEXT: *(const char **)member = text; return text[0] != '\0' ? 0 : -1;
    case OPTION_INT: return store_int(row, text, '\0', &rest, member);
    case OPTION_FLOAT:
        if (read_number(text, &end, &number) != 0 || *end != '\0' || number < row->least || number > row->most)
            return -1;
        *(float *)member = (float)number;
        return 0;
    case OPTION_CHOICE: *(int *)member = find_choice(row->value, text); return *(int *)member < 0 ? -1 : 0;
    case OPTION_SIZE:
        if (store_int(row, text, 'x', &rest, member) != 0) return -1;
        return store_int(row, rest, '\0', &rest, (int *)member + 1);
    case OPTION_PAIR: return options_numbers(text, member, 2);
    }
    return -1;
}

static int report_value(const option *row, const char *text)
{
    if (row->kind == OPTION_INT || row->kind == OPTION_FLOAT || row->kind == OPTION_SIZE)
        return tool_usage("--%s: '%s': expected %s in %g..%g", row->name, text, row->value, row->least, row->most);
    return tool_usage("--%s: '%s': expected %s", row->name, text, row->value);
}

static int report_unknown(const command *about, const char *argument)
{
    const char *nearest = argument[1] == '-' ? options_nearest(argument + 2, option_name, about->options) : NULL;
    if (nearest != NULL) return tool_usage("unknown option '%s'; did you mean --%s?", argument, nearest);
    return tool_usage("unknown option '%s'", argument);
}

int options_parse(const command *about, int argc, char **argv, void *settings, int *n_arguments)
{
    int n = 0, only_arguments = 0;
    for (int i = 1; i < argc; i++) {
        char *argument = argv[i];
        if (only_arguments || argument[0] != '-' || argument[1] == '\0') {
            argv[n++] = argument;
            continue;
        }
        if (strcmp(argument, "--") == 0) {
            only_arguments = 1;
            continue;
        }
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            options_help(about);
            return STATUS_DONE;
        }
        const int is_long = argument[1] == '-';
        const size_t length = is_long ? strcspn(argument + 2, "=") : 1;
        const option *row =
            is_long ? find_long(about->options, argument + 2, length) : find_letter(about->options, argument[1]);
        if (row == NULL) return report_unknown(about, argument);
        const char *inside = argument + (is_long ? 2 : 1) + length; /* "=value", or the value stuck to a letter */
        const char *value = NULL;
        if (*inside != '\0') value = is_long ? inside + 1 : inside;
        if (row->kind == OPTION_FLAG) {
            if (value != NULL) return tool_usage("--%s takes no value", row->name);
        } else if (value == NULL) {
            if (i + 1 == argc) return tool_usage("--%s: expected %s after it", row->name, row->value);
            value = argv[++i];
        }
        if (store(row, value, settings) != 0) return report_value(row, value);
    }
    *n_arguments = n;
    return OPTIONS_RUN;
}

/* Print words with lines of at most 100 columns, starting at column; later lines are indented. '\n' starts a line. */
static void print_wrapped(const char *text, int column, int indent)
{
    enum { WIDTH = 100 };
    for (;;) {
        const int length = (int)strcspn(text, " \n");
        if (column > indent && column + 1 + length > WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            column += printf(" ");
        }
        column += printf("%.*s", length, text);
        text += length;
        if (*text == '\0') break;
        if (*text == '\n') {
            printf("\n%*s", indent, "");
            column = indent;
        }
        text++;
    }
    putchar('\n');
}

void options_help(const command *about)
{
    enum { INDENT = 26 };
    printf("usage: hrnet %s %s\n\n", about->name, about->usage);
    print_wrapped(about->summary, 0, 0);
    printf("\noptions:\n");
    for (const option *row = about->options; row->name != NULL; row++) {
        int column =
            row->letter != '\0' ? printf("  -%c, --%s", row->letter, row->name) : printf("      --%s", row->name);
        if (row->value != NULL) column += printf(" %s", row->value);
        if (column + 2 > INDENT) column = printf("\n") - 1;
        column += printf("%*s", INDENT - column, "");
        print_wrapped(row->help, column, INDENT);
    }
    printf("  -h, --help              this page\n");
    if (about->details == NULL) return;
    putchar('\n');
    print_wrapped(about->details, 0, 0);
}
