/*
 * json_feed.c - yajl gets the text in pieces. What it does not know (NaN), and what it is slow at (lists
 * of numbers), is read here; yajl gets "null" in its place, and the builder what the null stands for. So yajl still
 * decides about the grammar: whether a value may stand there.
 *
 *   text      {"score": NaN, "keypoints": [1, 2.5, 2], "id": 7}
 *   to yajl   {"score": null, "keypoints": null, "id": 7}         five pieces
 *
 * Lists outside of a tree are yajl's: there the list's opening decides what is read (json_stream.c).
 */
#include "io/json_feed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ------------------------------------------------------------------------------------------------ failures */

/* The failure at byte `at`: that of the callback which stopped yajl, if one did, else yajl's syntax error (its first
 * line; the rest is an excerpt of the text). "line L, byte B: " is put in front. */
static hrnet_status fail_at(const hr_json_feed *f, const char *at)
{
    const hrnet_status stopped = f->builder->status;
    size_t line = 1;
    char where[64];
    for (const char *p = f->text; (p = memchr(p, '\n', (size_t)(at - p))) != NULL; p++) line++;
    snprintf(where, sizeof where, "line %zu, byte %zu", line, (size_t)(at - f->text));
    if (stopped != HRNET_OK) return hr_fail_in(stopped, where);
    unsigned char *const reason = yajl_get_error(f->parser, 0, NULL, 0);
    const char *const text = reason != NULL ? (const char *)reason : "not JSON";
    const hrnet_status status = hr_fail(HRNET_ERR_FORMAT, "%s: %.*s", where, (int)strcspn(text, "\n"), text);
    if (reason != NULL) yajl_free_error(f->parser, reason);
    return status;
}

/* ------------------------------------------------------------------------------------------------ scanning */

typedef enum json_mark { PLAIN, QUOTE, LIST, OBJECT, CLOSE, NAME } json_mark;

static const unsigned char marks[256] = {['"'] = QUOTE, ['['] = LIST, ['{'] = OBJECT, [']'] = CLOSE,
                                         ['}'] = CLOSE, ['N'] = NAME, ['I'] = NAME,   ['-'] = NAME};

/* Step over a string whose opening quote is before p. Returns the byte behind its closing one. */
static const char *scan_string(hr_json_feed *f, const char *p)
{
    const char *const start = p, *const end = f->end;
    int is_escaped = 0;
    while (p < end && *p != '"') {
        const int is_escape = *p == '\\';
        is_escaped |= is_escape;
        p += is_escape && end - p > 1 ? 2 : 1;
    }
    const size_t length = (size_t)(p - start);
    f->open_string = p < end ? NULL : start - 1;
    if ((is_escaped || p == end) && length > f->bounds.longest_string) f->bounds.longest_string = length;
    return p < end ? p + 1 : p;
}

/* The length of NaN, Infinity or -Infinity at the beginning of text [n], and its value; 0: it is none of them. */
static size_t not_finite_length(const char *text, size_t n, double *value)
{
    static const struct {
        const char *word;
        size_t length;
        double value;
    } words[] = {{"NaN", 3, (double)NAN}, {"Infinity", 8, (double)INFINITY}, {"-Infinity", 9, -(double)INFINITY}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (n < words[i].length || memcmp(text, words[i].word, words[i].length) != 0) continue;
        *value = words[i].value;
        return words[i].length;
    }
    return 0;
}

static int is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* 1 if the bracket at p may open a list of numbers that is a value: in front of it stands what ends a token, so that
 * the text may be cut there. */
static int may_be_numbers(const hr_json_feed *f, const char *p)
{
    const char *before = p, *behind = p + 1;
    while (before > f->text && is_space(before[-1])) before--;
    if (before == f->text || (before[-1] != ':' && before[-1] != ',' && before[-1] != '[')) return 0;
    while (behind < f->end && is_space(*behind)) behind++;
    return behind < f->end && (*behind == '-' || (*behind >= '0' && *behind <= '9'));
}

static void open_container(hr_json_feed *f)
{
    if (++f->depth > f->bounds.depth) f->bounds.depth = f->depth;
}

/* The next place from p on, which is outside of strings, that may not be yajl's; f->end: there is none. Quotes are
 * paired as yajl does, up to where the text is no JSON any more, which is where yajl stops. */
static const char *find_stop(hr_json_feed *f, const char *p)
{
    double value;
    for (;;) {
        while (p < f->end && marks[(unsigned char)*p] == PLAIN) p++;
        if (p == f->end) return p;
        switch ((json_mark)marks[(unsigned char)*p]) {
        case QUOTE: p = scan_string(f, p + 1); continue;
        case LIST:
            if (may_be_numbers(f, p)) return p;
            open_container(f);
            break;
        case OBJECT: open_container(f); break;
        case CLOSE: f->depth -= f->depth > 0; break;
        case NAME:
            if (not_finite_length(p, (size_t)(f->end - p), &value) > 0) return p;
            break;
        case PLAIN: break;
        }
        p++;
    }
}

/* ------------------------------------------------------------------------------------------------ running yajl */

/* Give yajl the text from `at` to `stop`. What it keeps of a piece is the word that the piece's end may cut off. */
static hrnet_status feed_piece(hr_json_feed *f, const char *at, const char *stop)
{
    const char *word = stop;
    while (word > at && !is_space(word[-1]) && strchr("[]{},:\"", word[-1]) == NULL) word--;
    f->bounds.longest_word = (size_t)(stop - word);
    HR_TRY(hr_json_arena_reserve(&f->arena, &f->bounds));
    f->bounds = (hr_json_bounds){.depth = f->depth};
    if (yajl_parse(f->parser, (const unsigned char *)at, (size_t)(stop - at)) == yajl_status_ok) return HRNET_OK;
    return fail_at(f, at + yajl_get_bytes_consumed(f->parser));
}

/* Give yajl the stand-in for a value that begins at `stop`; `failed` is where a failure is. */
static hrnet_status feed_null(hr_json_feed *f, const char *failed)
{
    const int is_fine = yajl_parse(f->parser, (const unsigned char *)"null", 4) == yajl_status_ok;
    f->builder->not_finite = NULL;
    f->builder->n_prepared = 0;
    return is_fine ? HRNET_OK : fail_at(f, failed);
}

hrnet_status hr_json_feed_range(hr_json_feed *f, const char *from, const char *to)
{
    const char *at = from, *scanned = f->open_string != NULL ? f->open_string : from;
    f->end = to;
    for (;;) {
        double value = 0;
        const char *const stop = find_stop(f, scanned);
        const size_t rest = (size_t)(to - stop);
        HR_TRY(feed_piece(f, at, stop));
        if (rest == 0) return HRNET_OK;
        if (*stop != '[') {
            f->builder->not_finite = &value;
            at = scanned = stop + not_finite_length(stop, rest, &value);
            HR_TRY(feed_null(f, stop));
            continue;
        }
        const size_t length = hr_json_prepare_numbers(f->builder, stop, rest);
        at = scanned = stop + length;
        if (length > 0) {
            HR_TRY(feed_null(f, stop + 1));
        } else { /* yajl's, after all */
            open_container(f);
            scanned++;
        }
    }
}

hrnet_status hr_json_feed_bytes(hr_json_feed *f, const char *bytes)
{
    if (yajl_parse(f->parser, (const unsigned char *)bytes, strlen(bytes)) == yajl_status_ok) return HRNET_OK;
    return fail_at(f, f->text);
}

hrnet_status hr_json_feed_begin(hr_json_feed *f, const yajl_callbacks *events, void *context, hr_json_builder *builder,
                                const void *bytes, size_t n_bytes)
{
    *f = (hr_json_feed){.builder = builder};
    if (bytes == NULL) bytes = "";
    HR_TRY(hr_text_skip_mark(&bytes, &n_bytes));
    f->text = bytes;
    f->text_end = f->text + n_bytes;
    HR_TRY(hr_json_arena_reserve(&f->arena, &f->bounds));
    yajl_alloc_funcs memory = hr_json_arena_funcs(&f->arena); /* yajl copies it */
    f->parser = yajl_alloc(events, &memory, context);         /* the arena has room for it */
    return HRNET_OK;
}

hrnet_status hr_json_feed_end(hr_json_feed *f)
{
    return yajl_complete_parse(f->parser) == yajl_status_ok ? HRNET_OK : fail_at(f, f->text_end);
}

void hr_json_feed_free(hr_json_feed *f)
{
    yajl_free(f->parser);
    hr_json_arena_free(&f->arena);
}

hrnet_status hr_json_run(const yajl_callbacks *events, void *context, hr_json_builder *builder, const void *bytes,
                         size_t n_bytes)
{
    hr_json_feed feed;
    HR_TRY(hr_json_feed_begin(&feed, events, context, builder, bytes, n_bytes));
    hrnet_status status = hr_json_feed_range(&feed, feed.text, feed.text_end);
    if (status == HRNET_OK) status = hr_json_feed_end(&feed);
    hr_json_feed_free(&feed);
    return status;
}
