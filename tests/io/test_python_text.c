/* test_python_text.c - Python's literals as data; what is no literal is never run, and never stops the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/python_text.h"

/* Write a tree as JSON without spaces. */
static void dump(const hr_json *value, hr_text *out)
{
    int n = 0;
    char number[HR_NUMBER_TEXT];
    switch ((hr_json_kind)value->kind) {
    case HR_JSON_NULL: hr_text_add(out, "null"); return;
    case HR_JSON_BOOL: hr_text_add(out, value->as.integer ? "true" : "false"); return;
    case HR_JSON_INTEGER: hr_text_add(out, "%lld", (long long)value->as.integer); return;
    case HR_JSON_NOT_FINITE: hr_text_add(out, "not finite"); return;
    case HR_JSON_REAL: hr_number_text(value->as.real, number), hr_text_add(out, "%s", number); return;
    case HR_JSON_STRING: hr_json_add_string(out, value->as.text); return;
    case HR_JSON_ARRAY:
    case HR_JSON_OBJECT: break;
    }
    const int is_object = hr_json_is(value, HR_JSON_OBJECT);
    hr_text_add(out, is_object ? "{" : "[");
    for (const hr_json *item = hr_json_first(value); item != NULL; item = hr_json_next(value, item)) {
        if (n++ > 0) hr_text_add(out, ",");
        dump(item, out);
        if (is_object) hr_text_add(out, ":"), dump(hr_json_value(item), out);
    }
    hr_text_add(out, is_object ? "}" : "]");
}

static void same(const char *python, const char *json, const char *left_out)
{
    hr_json_document document = {0};
    hr_text out = {0}, left = {0};
    if (hr_python_parse(&document, python, strlen(python), &left) != HRNET_OK)
        fail_msg("%s: %s", python, hrnet_last_error());
    dump(document.root, &out);
    if (strcmp(out.data, json) != 0) fail_msg("%s:\nexpected %s\nfound    %s", python, json, out.data);
    assert_string_equal(left.data != NULL ? left.data : "", left_out);
    hr_text_free(&out);
    hr_text_free(&left);
    hr_json_free(&document);
}

static void literals(void **state)
{
    (void)state;
    same("", "{}", "");
    same("a = 1\nb = -2.5\nc = 1e-3\nd = 1_000\ne = +4\nf = 2.0",
         "{\"a\":1,\"b\":-2.5,\"c\":0.001,\"d\":1000,\"e\":4,\"f\":2}", "");
    same("a = True\nb = False\nc = None", "{\"a\":true,\"b\":false,\"c\":null}", "");
    same("a = 'x'\nb = \"it's\"\nc = r'\\d'\nd = 'a' 'b'\ne = '''two\nlines'''\nf = 'q\\'q\\n'",
         "{\"a\":\"x\",\"b\":\"it's\",\"c\":\"\\\\d\",\"d\":\"ab\",\"e\":\"two\\u000alines\",\"f\":\"q'q\\u000a\"}",
         "");
    same("a = [1, 2,\n     3]\nb = (288, 384)\nc = (1, )\nd = (7)\ne = []\nf = ()",
         "{\"a\":[1,2,3],\"b\":[288,384],\"c\":[1],\"d\":7,\"e\":[],\"f\":[]}", "");
    same("a = {'x': 1, 2: [3], }\nb = dict(\n    type='T',\n    deep=dict(n=(1, 2)),\n)\nc = {}\nd = dict()",
         "{\"a\":{\"x\":1,\"2\":[3]},\"b\":{\"type\":\"T\",\"deep\":{\"n\":[1,2]}},\"c\":{},\"d\":{}}", "");
}

static void lines_that_are_no_assignments(void **state)
{
    (void)state;
    same("# a = 1\nimport os\n_base_ = ['x.py']  # why\n\n    b = 2\nc == 3\nif c:\n    d = 4\n\"\"\"doc\"\"\"\ne = 5",
         "{\"_base_\":[\"x.py\"],\"e\":5}", "");
}

/* A name, a call, an index is null; an expression is left out, and the next line is read. */
static void other_values(void **state)
{
    (void)state;
    same("a = os.system('rm -rf /')\nb = x\nc = [f(1, 'a)'), y[2].z]\nd = 1",
         "{\"a\":null,\"b\":null,\"c\":[null,null],\"d\":1}", "");
    same("a = 2 * 3\nb = [1] + [2]\nc = 4\nd = lambda x: x\ne = 'open\nf = [1, 2\ng = 5", "{\"c\":4,\"g\":5}",
         "a, b, d, e, f");
    same("a = f'{x}'\nb = 1j\nc = 0x10\nd = 1", "{\"d\":1}", "a, b, c");
}

static void deep_and_long_texts_end(void **state)
{
    (void)state;
    enum { N = 200000 };
    char *text = test_malloc(N + 1);
    hr_json_document document = {0};
    text[N] = '\0';
    memset(text, '[', N);
    memcpy(text, "a = ", 4);
    assert_int_equal(hr_python_parse(&document, text, N, NULL), HRNET_OK);
    hr_json_free(&document);
    for (int i = 0; i + 5 <= N; i += 5) memcpy(text + i, "a=[1\n", 5); /* each goes on to the end */
    assert_int_equal(hr_python_parse(&document, text, N, NULL), HRNET_OK);
    assert_null(hr_json_first(document.root));
    hr_json_free(&document);
    assert_int_equal(hr_python_parse(&document, "a = '\xff'", 7, NULL), HRNET_ERR_FORMAT);
    test_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(literals), cmocka_unit_test(lines_that_are_no_assignments),
                                       cmocka_unit_test(other_values), cmocka_unit_test(deep_and_long_texts_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
