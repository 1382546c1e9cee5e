/*
 * xml_check.h - is a text well-formed XML, as far as our charts use it: one root, elements that nest, attributes in
 * single quotes, character references by number, no control characters.
 */
#ifndef TESTS_XML_CHECK_H
#define TESTS_XML_CHECK_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Behind text or an attribute's value, which ends at `end`. */
static const char *skip_characters(const char *at, char end)
{
    for (; *at != end; at++) {
        if (*at == '&') {
            assert_true(at[1] == '#' && strspn(at + 2, "0123456789") > 0);
            at += 2 + strspn(at + 2, "0123456789");
            assert_int_equal(*at, ';');
        } else if (*at == '\0' || *at == '<' || ((unsigned char)*at < ' ' && *at != '\n')) {
            fail_msg("not well-formed at \"%.60s\"", at);
        }
    }
    return at;
}

static void expect_xml(const char *at)
{
    enum { MAX_DEPTH = 16 };
    static const char names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    struct {
        const char *name;
        size_t length;
    } open[MAX_DEPTH];
    int depth = 0;
    do {
        assert_int_equal(*at, '<');
        const int is_end = at[1] == '/';
        const char *const name = at + 1 + is_end;
        const size_t length = strspn(name, names);
        assert_true(length > 0);
        at = name + length;
        if (is_end) {
            depth--;
            assert_true(depth >= 0 && open[depth].length == length && memcmp(open[depth].name, name, length) == 0);
        } else {
            while (*at == ' ') {
                const size_t attribute = strspn(at + 1, names);
                assert_true(attribute > 0 && strncmp(at + 1 + attribute, "='", 2) == 0);
                at = skip_characters(at + 1 + attribute + 2, '\'') + 1;
            }
            if (*at == '/')
                at++;
            else {
                assert_in_range(depth, 0, MAX_DEPTH - 1);
                open[depth].name = name;
                open[depth++].length = length;
            }
        }
        assert_int_equal(*at++, '>');
        if (depth > 0) at = skip_characters(at, '<');
    } while (depth > 0);
    assert_string_equal(at, "\n");
}

#endif
