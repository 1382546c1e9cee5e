/*
 * json_numbers.c - reads a list of numbers without yajl. Such lists are nearly all of the text of poses: 51 numbers of
 * up to 18 characters each, for which yajl's automaton and a callback a number take most of the time.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/json_build.h"

enum { MAX_NODES_BEFORE = (1 << 26) - HR_JSON_MAX_PREPARED - 1 };

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Eight digits at once, if the eight bytes at p are digits: pairs of digits become numbers below 100, pairs of these
 * numbers below 10^4, and those one number. The first digit is the lowest byte. */
static int read_eight(const char *p, uint64_t *value)
{
    const uint64_t zeros = UINT64_C(0x3030303030303030), high = UINT64_C(0xF0F0F0F0F0F0F0F0);
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    /* '0'..'9' are 0x30..0x39: the upper half is 3, also after adding 6 */
    if ((v & high) != zeros || ((v + UINT64_C(0x0606060606060606)) & high) != zeros) return 0;
    v -= zeros;
    v = (v * 10 + (v >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    v = (v * 100 + (v >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    *value = (v * 10000 + (v >> 32)) & UINT32_MAX;
    return 1;
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

/* Append digits to a number. Returns the byte behind them. Of more than HR_DECIMALS digits the number is worth nothing.
 */
static const char *read_digits(const char *p, const char *end, uint64_t *number)
{
    for (; p < end && is_digit(*p); p++) *number = *number * 10 + (uint64_t)(*p - '0');
    return p;
}

/* Read the number at p, before end. Returns the byte behind it; NULL: it is none, or has another form. */
static const char *read_number(const char *p, const char *end, hr_json *node)
{
    const int is_negative = *p == '-';
    const char *const first = p + is_negative;
    uint64_t digits = 0, eight;
    size_t n_decimals = 0;
    p = read_digits(first, end, &digits);
    const size_t n_whole = (size_t)(p - first);
    if (n_whole == 0 || (n_whole > 1 && *first == '0')) return NULL;
    const int is_real = p < end && *p == '.';
    if (is_real) {
        const char *const point = ++p;
        for (; end - p >= 8 && read_eight(p, &eight); p += 8) digits = digits * 100000000 + eight;
        p = read_digits(p, end, &digits);
        n_decimals = (size_t)(p - point);
        if (n_decimals == 0) return NULL;
    }
    if (n_whole > HR_DECIMALS || n_decimals > HR_DECIMALS - n_whole || digits >= HR_DECIMAL_LIMIT) return NULL;
    if (is_real) {
        const double real = hr_decimal(digits, (unsigned)n_decimals);
        *node = (hr_json){.kind = HR_JSON_REAL, .span = 1, .as.real = is_negative ? -real : real};
    } else {
        const int64_t integer = (int64_t)digits;
        *node = (hr_json){.kind = HR_JSON_INTEGER, .span = 1, .as.integer = is_negative ? -integer : integer};
    }
    return p;
}

/* Room for the longest list behind the builder's nodes. */
static int reserve(hr_json_builder *b)
{
    if (b->n_nodes > MAX_NODES_BEFORE) return 0; /* yajl's way counts exactly */
    if (b->capacity - b->n_nodes > HR_JSON_MAX_PREPARED) return 1;
    const size_t capacity = 2 * b->capacity + HR_JSON_MAX_PREPARED + 1;
    hr_json *const grown = hr_resize(b->nodes, b->n_nodes, capacity, sizeof *grown);
    if (grown == NULL) return 0;
    b->nodes = grown;
    b->capacity = capacity;
    return 1;
}

size_t hr_json_prepare_numbers(hr_json_builder *builder, const char *text, size_t n)
{
    const char *const end = text + n;
    if (n == 0 || *text != '[' || builder->depth == 0 || builder->depth == HR_JSON_MAX_DEPTH || !reserve(builder))
        return 0;
    hr_json *const list = builder->nodes + builder->n_nodes;
    const char *p = skip_space(text + 1, end);
    for (uint32_t count = 1; count <= HR_JSON_MAX_PREPARED && p < end; count++) {
        p = read_number(p, end, list + count);
        if (p == NULL) return 0;
        p = skip_space(p, end);
        if (p == end) return 0;
        if (*p == ']') {
            *list = (hr_json){.kind = HR_JSON_ARRAY, .span = (count + 1) & ((1U << 29) - 1), .count = count};
            builder->n_prepared = count + 1;
            return (size_t)(p + 1 - text);
        }
        if (*p != ',') return 0;
        p = skip_space(p + 1, end);
    }
    return 0;
}
