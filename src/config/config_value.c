/*
 * config_value.c - one key's value: from a YAML node into hr_config, and back into YAML text.
 *
 * Scalars follow yacs, upstream's configuration library, which evaluates text as a Python literal and then compares its
 * type with the default's: "(0,1,2,3)" is a list, True and yes are bools, 1e-3 is a float, and 12 is not text unless it
 * is quoted. Values are stored so that equal ones are equal as memory: the unused rest of strings and lists is 0.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/config_keys.h"

/* The address of the key's value in its owner. */
static void *value_of(const hr_key *key, void *owner)
{
    return (char *)owner + key->offset;
}

static const void *const_value_of(const hr_key *key, const void *owner)
{
    return (const char *)owner + key->offset;
}

/* ---------------------------------------------------------------------------------------------- reading */

/* The key that is being set, and "FILE:LINE" for messages. */
typedef struct value_target {
    const hr_key *key;
    const char *where;
} value_target;

static hrnet_status fail_value(const value_target *t, const char *expected, const char *text)
{
    return hr_fail(HRNET_ERR_CONFIG, "%s: %s: expected %s, found \"%.200s\"", t->where, t->key->path, expected, text);
}

static int is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasecmp(text, *words) == 0) return 1;
    return 0;
}

/* 1 or 0 for a bool of YAML 1.1, -1 for other text. */
static int bool_of(const char *text)
{
    static const char *const yes[] = {"true", "yes", "on", NULL}, *const no[] = {"false", "no", "off", NULL};
    return is_one_of(text, yes) ? 1 : is_one_of(text, no) ? 0 : -1;
}

/* Whether text is a decimal number. *out_whole: it has neither a point nor an exponent, and so is an int in Python. */
static int number_of(const char *text, double *out, int *out_whole)
{
    *out_whole = strpbrk(text, ".eE") == NULL;
    return hr_number_parse(text, strlen(text), out);
}

static hrnet_status set_bool(const value_target *t, const char *text, int *out)
{
    const int value = bool_of(text);
    if (value < 0) return fail_value(t, "true or false", text);
    *out = value;
    return HRNET_OK;
}

/* "3.0" is a float in Python and so not an int. */
static hrnet_status set_int(const value_target *t, const char *text, int *out)
{
    double value;
    int whole;
    if (!number_of(text, &value, &whole) || !whole || !(value >= t->key->low && value <= t->key->high)) {
        char expected[80];
        snprintf(expected, sizeof expected, "an integer from %.0f to %.0f", t->key->low, t->key->high);
        return fail_value(t, expected, text);
    }
    *out = (int)value;
    return HRNET_OK;
}

static hrnet_status set_double(const value_target *t, const char *text, double *out)
{
    double value;
    int whole;
    if (!number_of(text, &value, &whole)) return fail_value(t, "a finite number", text);
    if (!hr_key_in_range(t->key, value)) {
        char expected[80];
        snprintf(expected, sizeof expected, "a number from %g to %g", t->key->low, t->key->high);
        return fail_value(t, expected, text);
    }
    *out = value;
    return HRNET_OK;
}

/* Whether text has a character that YAML refuses, or changes when it is read again: control characters, U+0080..U+009F,
 * U+2028 and U+2029 (line breaks), U+FEFF, U+FFFE, U+FFFF; here by their UTF-8 bytes. A dump must be readable again. */
static int has_unprintable(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)) return 1;
        if (*p == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) return 1;
        if (*p == 0xef && ((p[1] == 0xbb && p[2] == 0xbf) || (p[1] == 0xbf && p[2] >= 0xbe))) return 1;
    }
    return 0;
}

/* Whether text without quotes is a bool, a null or a number. */
static int is_not_text(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", NULL};
    double number;
    int whole;
    return strcmp(text, "None") == 0 || is_one_of(text, nulls) || bool_of(text) >= 0 ||
           number_of(text, &number, &whole);
}

static hrnet_status set_text(const value_target *t, const char *text, int quoted, char *out, size_t size)
{
    if (!quoted && is_not_text(text)) return fail_value(t, "text (in quotes if this is meant)", text);
    if (has_unprintable(text)) return fail_value(t, "printable text", text);
    const size_t length = strlen(text);
    if (length >= size)
        return hr_fail(HRNET_ERR_LIMIT, "%s: %s: expected at most %zu bytes of text, found %zu", t->where, t->key->path,
                       size - 1, length);
    memset(out, 0, size);
    memcpy(out, text, length);
    return HRNET_OK;
}

static hrnet_status set_block(const value_target *t, const char *text, hr_block *out)
{
    if (strcmp(text, "BASIC") == 0)
        *out = HR_BLOCK_BASIC;
    else if (strcmp(text, "BOTTLENECK") == 0)
        *out = HR_BLOCK_BOTTLENECK;
    else
        return fail_value(t, "BASIC or BOTTLENECK", text);
    return HRNET_OK;
}

/* Entries that a list has memory for. */
static int capacity(const hr_key *key)
{
    return (int)(key->size / (key->type == HR_KEY_INTS ? sizeof(int) : (size_t)HR_NAME_SIZE));
}

/* Set one entry of a list of ints or names. */
static hrnet_status set_entry(const value_target *t, void *list, int index, const char *text, int quoted)
{
    if (index >= capacity(t->key))
        return hr_fail(HRNET_ERR_LIMIT, "%s: %s: more than %d entries", t->where, t->key->path, capacity(t->key));
    if (t->key->type == HR_KEY_INTS) return set_int(t, text, (int *)list + index);
    return set_text(t, text, quoted, (char *)list + (size_t)index * HR_NAME_SIZE, HR_NAME_SIZE);
}

/* Read a Python tuple or list that is a YAML scalar: "(0,1,2,3)", "(0,)", "['a', 'b']", "()". An entry cannot hold a
 * comma: no int or module name has one. */
static hrnet_status set_literal(const value_target *t, const char *text, void *list, int *n)
{
    const size_t length = strlen(text);
    const char close = *text == '(' ? ')' : *text == '[' ? ']' : '\0';
    if (close == '\0' || text[length - 1] != close) return fail_value(t, "a list", text);
    const char *at = text + 1, *const end = text + length - 1;
    while (at < end) {
        char entry[HR_NAME_SIZE + 2];
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma != NULL ? comma : end;
        while (at < stop && isspace((unsigned char)*at)) at++;
        while (stop > at && isspace((unsigned char)stop[-1])) stop--;
        const int quoted = stop - at >= 2 && (*at == '\'' || *at == '"') && stop[-1] == *at;
        const size_t n_bytes = (size_t)(stop - at) - (quoted ? 2 : 0);
        const int is_blank = at == stop; /* only allowed at the end: "(0,)", "()" */
        if (n_bytes >= sizeof entry || (is_blank && comma != NULL)) return fail_value(t, "a list", text);
        memcpy(entry, at + quoted, n_bytes);
        entry[n_bytes] = '\0';
        if (!is_blank) HR_TRY(set_entry(t, list, (*n)++, entry, quoted));
        at = comma != NULL ? comma + 1 : end;
    }
    return HRNET_OK;
}

/* A list of ints or names, as a YAML sequence or as a Python literal. */
static hrnet_status set_list(const value_target *t, void *owner, const hr_yaml *node)
{
    const hr_key *key = t->key;
    void *list = value_of(key, owner);
    int n = 0;
    memset(list, 0, key->size);
    if (node->kind == HR_YAML_SCALAR) {
        HR_TRY(set_literal(t, node->text, list, &n));
    } else {
        for (const hr_yaml *child = node->first; child != NULL; child = child->next, n++) {
            if (child->kind != HR_YAML_SCALAR)
                return fail_value(t, "scalars in this list", hr_yaml_kind_name(child->kind));
            HR_TRY(set_entry(t, list, n, child->text, child->quoted));
        }
    }
    if (n < key->min_count)
        return hr_fail(HRNET_ERR_CONFIG, "%s: %s: expected %d entries, found %d", t->where, key->path, key->min_count,
                       n);
    if (key->count_offset != 0) *(int *)((char *)owner + key->count_offset) = n;
    return HRNET_OK;
}

/* A list may be a scalar (set_literal), a single value must be one. */
hrnet_status hr_key_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where)
{
    const value_target t = {key, where};
    if (key->type == HR_KEY_PAIRS) return hr_pairs_set(key, owner, node, where);
    if (key->type == HR_KEY_SETS) return hr_sets_set(key, owner, node, where);
    const int is_list = key->type == HR_KEY_INTS || key->type == HR_KEY_NAMES;
    if (node->kind == HR_YAML_MAPPING || (node->kind == HR_YAML_SEQUENCE && !is_list))
        return fail_value(&t, is_list ? "a list" : "a single value", hr_yaml_kind_name(node->kind));
    switch (key->type) {
    case HR_KEY_BOOL: return set_bool(&t, node->text, value_of(key, owner));
    case HR_KEY_INT: return set_int(&t, node->text, value_of(key, owner));
    case HR_KEY_FLOAT:
    case HR_KEY_NUMBER: return set_double(&t, node->text, value_of(key, owner));
    case HR_KEY_STRING: return set_text(&t, node->text, node->quoted, value_of(key, owner), key->size);
    case HR_KEY_BLOCK: return set_block(&t, node->text, value_of(key, owner));
    case HR_KEY_INTS:
    case HR_KEY_NAMES: return set_list(&t, owner, node);
    case HR_KEY_PAIRS:
    case HR_KEY_SETS: break;
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- writing */

/* Append the shortest decimal that reads back as the same double; with a point, unless it may look like an int. */
static void write_double(double value, int may_be_whole, hr_text *out)
{
    char text[HR_NUMBER_TEXT];
    hr_number_text(value, text);
    if (may_be_whole || strchr(text, '.') != NULL) {
        hr_text_add(out, "%s", text);
        return;
    }
    /* "1e-05" is text in YAML 1.1, "1.0e-05" is a number */
    const size_t mantissa = strcspn(text, "e");
    hr_text_add(out, "%.*s.0%s", (int)mantissa, text, text + mantissa);
}

/* Append text without quotes if nothing in it has a meaning in YAML, else in single quotes. */
static void write_string(const char *text, hr_text *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    const size_t plain = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-");
    if (text[0] != '\0' && text[plain] == '\0' && strchr(letters, text[0]) != NULL && !is_not_text(text)) {
        hr_text_add(out, "%s", text);
        return;
    }
    hr_text_add(out, "'");
    for (; *text != '\0'; text++) hr_text_add(out, *text == '\'' ? "''" : "%c", *text);
    hr_text_add(out, "'");
}

/* Lists without a counter hold ints of which none may be 0. */
int hr_key_count(const hr_key *key, const void *owner)
{
    if (key->count_offset != 0) return *(const int *)((const char *)owner + key->count_offset);
    const int *list = const_value_of(key, owner);
    int n = 0;
    while (n < capacity(key) && list[n] != 0) n++;
    return n;
}

static void write_list(const hr_key *key, const void *owner, hr_text *out)
{
    const void *list = const_value_of(key, owner);
    const int n = hr_key_count(key, owner);
    hr_text_add(out, "[");
    for (int i = 0; i < n; i++) {
        if (i > 0) hr_text_add(out, ", ");
        if (key->type == HR_KEY_INTS)
            hr_text_add(out, "%d", ((const int *)list)[i]);
        else
            write_string((const char *)list + (size_t)i * HR_NAME_SIZE, out);
    }
    hr_text_add(out, "]");
}

void hr_key_write(const hr_key *key, const void *owner, hr_text *out)
{
    const void *value = const_value_of(key, owner);
    switch (key->type) {
    case HR_KEY_BOOL: hr_text_add(out, "%s", *(const int *)value != 0 ? "true" : "false"); break;
    case HR_KEY_INT: hr_text_add(out, "%d", *(const int *)value); break;
    case HR_KEY_FLOAT: write_double(*(const double *)value, 0, out); break;
    case HR_KEY_NUMBER: write_double(*(const double *)value, 1, out); break;
    case HR_KEY_STRING: write_string(value, out); break;
    case HR_KEY_BLOCK:
        hr_text_add(out, "%s", *(const hr_block *)value == HR_BLOCK_BASIC ? "BASIC" : "BOTTLENECK");
        break;
    case HR_KEY_INTS:
    case HR_KEY_NAMES: write_list(key, owner, out); break;
    case HR_KEY_PAIRS: hr_pairs_write(key, owner, out); break;
    case HR_KEY_SETS: hr_sets_write(key, owner, out); break;
    }
}
