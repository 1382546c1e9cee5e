/*
 * python_text.c - translates Python's literals into a JSON text, which the JSON reader then checks and parses. The
 * recursion is bounded by MAX_DEPTH. An assignment that fails is passed over up to the next line that begins with a
 * name.
 */
#include "io/python_text.h"

#include <ctype.h>
#include <string.h>

/* Depth below the 64 levels of hr_json_parse. Each assignment that fails may have read up to the end of the text, so
 * that there must be few of them. */
enum { MAX_DEPTH = 48, MAX_NUMBER = 64, MAX_FAILED = 64 };

typedef struct python_reader {
    const char *at, *end;
    hr_text *out;
    int depth;
} python_reader;

static int read_value(python_reader *r);

/* ------------------------------------------------------------------------------------------------ characters */

static int is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static int is_name_part(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Pass over spaces, comments and continued lines. in_brackets: over ends of lines too. */
static void skip_space(python_reader *r, int in_brackets)
{
    while (r->at < r->end) {
        if (*r->at == '#')
            while (r->at < r->end && *r->at != '\n') r->at++;
        else if (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || (in_brackets && *r->at == '\n'))
            r->at++;
        else if (*r->at == '\\' && r->at + 1 < r->end && r->at[1] == '\n')
            r->at += 2;
        else
            return;
    }
}

/* Take the character c, after space inside brackets. */
static int take(python_reader *r, char c)
{
    skip_space(r, 1);
    if (r->at == r->end || *r->at != c) return 0;
    r->at++;
    return 1;
}

static size_t name_length(const python_reader *r)
{
    size_t n = 0;
    if (r->at == r->end || !is_name_start(*r->at)) return 0;
    while (r->at + n < r->end && is_name_part(r->at[n])) n++;
    return n;
}

static int is_name(const char *name, size_t n, const char *wanted)
{
    return n == strlen(wanted) && memcmp(name, wanted, n) == 0;
}

/* ------------------------------------------------------------------------------------------------ strings */

/* The length of a string's prefix ("r" of r'...'); 0: none. An f-string is code, not a value. */
static size_t string_prefix(const python_reader *r)
{
    size_t n = 0;
    while (n < 2 && r->at + n < r->end && strchr("rRbBuU", r->at[n]) != NULL && r->at[n] != '\0') n++;
    return n > 0 && r->at + n < r->end && (r->at[n] == '\'' || r->at[n] == '"') ? n : 0;
}

static int at_string(const python_reader *r)
{
    if (r->at == r->end) return 0;
    return *r->at == '\'' || *r->at == '"' || string_prefix(r) > 0;
}

static void add_character(hr_text *out, char c)
{
    if (c == '"' || c == '\\')
        hr_text_add(out, "\\%c", c);
    else if ((unsigned char)c < 0x20)
        hr_text_add(out, "\\u%04x", c != '\0' ? (unsigned)c : (unsigned)'?');
    else
        hr_text_add_bytes(out, &c, 1);
}

/* The character behind a backslash; numbered ones become '?'. */
static char escaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'x':
    case 'u':
    case 'U':
    case 'N': return '?';
    default: return c;
    }
}

/* One literal of a string, appended without quotes. */
static int read_string_part(python_reader *r)
{
    const size_t prefix = string_prefix(r);
    int raw = 0;
    for (size_t i = 0; i < prefix; i++) raw |= r->at[i] == 'r' || r->at[i] == 'R';
    r->at += prefix;
    const char quote = *r->at;
    const int is_long = r->end - r->at >= 3 && r->at[1] == quote && r->at[2] == quote;
    r->at += is_long ? 3 : 1;
    while (r->at < r->end) {
        const char c = *r->at;
        if (c == quote && (!is_long || (r->end - r->at >= 3 && r->at[1] == quote && r->at[2] == quote))) {
            r->at += is_long ? 3 : 1;
            return 1;
        }
        if (c == '\n' && !is_long) return 0;
        if (c == '\\' && !raw && r->end - r->at >= 2) {
            if (r->at[1] != '\n') add_character(r->out, escaped(r->at[1]));
            r->at += 2;
            continue;
        }
        add_character(r->out, c);
        r->at++;
    }
    return 0;
}

/* Literals that follow each other are one string. */
static int read_string(python_reader *r)
{
    hr_text_add(r->out, "\"");
    do {
        if (!read_string_part(r)) return 0;
        skip_space(r, r->depth > 0);
    } while (at_string(r));
    hr_text_add(r->out, "\"");
    return 1;
}

/* ------------------------------------------------------------------------------------------------ numbers, names */

static int read_number(python_reader *r)
{
    char digits[MAX_NUMBER], number[HR_NUMBER_TEXT];
    size_t n = 0;
    double value;
    int is_real = 0;
    const char *const start = r->at;
    for (; r->at < r->end && n + 1 < sizeof digits; r->at++) {
        const char c = *r->at;
        const int is_sign = c == '-' || c == '+';
        if (c == '_') continue;
        if (is_sign ? r->at != start && tolower((unsigned char)r->at[-1]) != 'e'
                    : !isdigit((unsigned char)c) && c != '.' && c != 'e' && c != 'E')
            break;
        is_real |= !is_sign && !isdigit((unsigned char)c);
        digits[n++] = c;
    }
    digits[n] = '\0';
    const size_t sign = n > 0 && digits[0] == '+';
    if (n == sign || !hr_number_parse(digits + sign, n - sign, &value)) return 0;
    hr_number_text(value, number);
    /* what is no literal of an integer stays a number with a point or an exponent */
    hr_text_add(r->out, "%s%s", number, is_real && number[strspn(number, "-0123456789")] == '\0' ? ".0" : "");
    return 1;
}

/* Pass over (...) or [...] with whatever is inside. */
static int skip_brackets(python_reader *r)
{
    hr_text nothing = {0};
    python_reader inside = {r->at, r->end, &nothing, 1};
    int open = 0;
    do {
        skip_space(&inside, 1);
        if (inside.at == inside.end) break;
        if (at_string(&inside)) {
            nothing.length = 0;
            if (!read_string_part(&inside)) break;
            continue;
        }
        open += strchr("([{", *inside.at) != NULL;
        open -= strchr(")]}", *inside.at) != NULL;
        inside.at++;
    } while (open > 0);
    const int done = open == 0 && !nothing.failed;
    hr_text_free(&nothing);
    r->at = inside.at;
    return done;
}

/* key=value, ... up to the closing bracket. */
static int read_keywords(python_reader *r)
{
    int n = 0;
    r->depth++;
    hr_text_add(r->out, "{");
    while (!take(r, ')')) {
        if (n > 0 && !take(r, ',')) return 0;
        if (n > 0 && take(r, ')')) break;
        skip_space(r, 1);
        const size_t length = name_length(r);
        if (length == 0) return 0;
        hr_text_add(r->out, "%s\"%.*s\":", n++ > 0 ? "," : "", (int)length, r->at);
        r->at += length;
        if (!take(r, '=')) return 0;
        if (!read_value(r)) return 0;
    }
    r->depth--;
    hr_text_add(r->out, "}");
    return 1;
}

/* True, False, None, dict(...); anything else is null, with the calls and indices that follow it. */
static int read_name(python_reader *r)
{
    static const char *const known[][2] = {{"True", "true"}, {"False", "false"}, {"None", "null"}};
    const char *const name = r->at;
    const size_t n = name_length(r);
    r->at += n;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_name(name, n, known[i][0])) {
            hr_text_add(r->out, "%s", known[i][1]);
            return 1;
        }
    if (is_name(name, n, "dict") && take(r, '(')) return read_keywords(r);
    hr_text_add(r->out, "null");
    for (;;) {
        skip_space(r, r->depth > 0);
        if (r->at < r->end && (*r->at == '(' || *r->at == '[')) {
            if (!skip_brackets(r)) return 0;
        } else if (r->at < r->end && *r->at == '.') {
            r->at++;
            skip_space(r, r->depth > 0);
            const size_t part = name_length(r);
            if (part == 0) return 0;
            r->at += part;
        } else {
            return 1;
        }
    }
}

/* ------------------------------------------------------------------------------------------------ containers */

/* Values up to the closing bracket. (x) is x itself; (x,) is a tuple. */
static int read_list(python_reader *r, char close)
{
    const size_t start = r->out->length;
    int n = 0, had_comma = 0;
    hr_text_add(r->out, "[");
    while (!take(r, close)) {
        if (n > 0 && !take(r, ',')) return 0;
        had_comma |= n > 0;
        if (n > 0 && take(r, close)) break;
        if (n++ > 0) hr_text_add(r->out, ",");
        if (!read_value(r)) return 0;
    }
    if (close == ')' && n == 1 && !had_comma && !r->out->failed)
        r->out->data[start] = ' ';
    else
        hr_text_add(r->out, "]");
    return 1;
}

/* A key of {...}: a string, or a number, which becomes one. */
static int read_key(python_reader *r)
{
    skip_space(r, 1);
    if (at_string(r)) return read_string(r);
    hr_text_add(r->out, "\"");
    const int done = read_number(r);
    hr_text_add(r->out, "\"");
    return done;
}

static int read_dictionary(python_reader *r)
{
    int n = 0;
    hr_text_add(r->out, "{");
    while (!take(r, '}')) {
        if (n > 0 && !take(r, ',')) return 0;
        if (n > 0 && take(r, '}')) break;
        if (n++ > 0) hr_text_add(r->out, ",");
        if (!read_key(r) || !take(r, ':')) return 0;
        hr_text_add(r->out, ":");
        if (!read_value(r)) return 0;
    }
    hr_text_add(r->out, "}");
    return 1;
}

/* A value, and nothing behind it that would make it another one. */
static int read_value(python_reader *r)
{
    int done = 0;
    if (r->depth == MAX_DEPTH) return 0;
    skip_space(r, r->depth > 0);
    if (r->at == r->end) return 0;
    const char c = *r->at;
    if (at_string(r)) {
        done = read_string(r);
    } else if (is_name_start(c)) {
        done = read_name(r);
    } else if (c == '[' || c == '(' || c == '{') {
        r->at++;
        r->depth++;
        done = c == '[' ? read_list(r, ']') : c == '(' ? read_list(r, ')') : read_dictionary(r);
        r->depth--;
    } else {
        done = read_number(r);
    }
    skip_space(r, r->depth > 0);
    return done && (r->at == r->end || strchr("\n,)]}:", *r->at) != NULL);
}

/* ------------------------------------------------------------------------------------------------ the file */

/* Go to the next line that begins with a name; 0: there is none. */
static int find_line(python_reader *r, const char *start)
{
    while (r->at < r->end && !((r->at == start || r->at[-1] == '\n') && is_name_start(*r->at))) r->at++;
    return r->at < r->end;
}

/* `name = value` at the reader, appended as a member; what fails is cut off again. Returns the name's length if it was
 * an assignment that is not understood, else 0. */
static size_t read_assignment(python_reader *r, int *n_members)
{
    const char *const name = r->at;
    const size_t n = name_length(r), before = r->out->length;
    r->at += n;
    skip_space(r, 0);
    if (r->at == r->end || *r->at != '=' || (r->at + 1 < r->end && r->at[1] == '=')) return 0;
    r->at++;
    hr_text_add(r->out, "%s\"%.*s\":", *n_members > 0 ? "," : "", (int)n, name);
    if (read_value(r) && (r->at == r->end || *r->at == '\n')) {
        ++*n_members;
        return 0;
    }
    r->out->length = before;
    r->depth = 0;
    r->at = name + n;
    return n;
}

hrnet_status hr_python_parse(hr_json_document *out, const char *text, size_t n, hr_text *left_out)
{
    hr_text json = {0};
    python_reader r = {text, text + n, &json, 0};
    int n_members = 0, n_failed = 0;
    hr_text_add(&json, "{");
    while (n_failed < MAX_FAILED && find_line(&r, text)) {
        const char *const name = r.at;
        const size_t failed = read_assignment(&r, &n_members);
        n_failed += failed > 0;
        if (failed > 0 && left_out != NULL)
            hr_text_add(left_out, "%s%.*s", left_out->length > 0 ? ", " : "", (int)failed, name);
    }
    hr_text_add(&json, "}");
    const hrnet_status status = json.failed ? hr_fail_memory(json.length) : hr_json_parse(out, json.data, json.length);
    hr_text_free(&json);
    return status;
}
