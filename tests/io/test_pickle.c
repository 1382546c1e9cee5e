/*
 * test_pickle.c - pickles written by hand, as the object of an old-style checkpoint: plain data is read, calls of
 * unknown functions are listed and not executed, and hostile pickles are refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/mem.h"
#include "io/tensors/tensors.h"

/* The pieces of a stream: magic, protocol 1001, an empty description of the machine. */
#define HEAD                                                                                                           \
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."                                                        \
    "\x80\x02M\xe9\x03."                                                                                               \
    "\x80\x02}."
/* tensor(n, size, stride): n float32 in storage '0' */
#define TENSOR(n, offset, size, stride)                                                                                \
    "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"                         \
    "0X\x03\0\0\0cpu" n "tQ" offset "(" size "t(" stride "t\x89)tR"
/* the list of keys, and one storage of six elements */
#define KEYS                                                                                                           \
    "\x80\x02](X\x01\0\0\0"                                                                                            \
    "0e."
static const float six[] = {0, 1, 2, 3, 4, 5};

typedef struct stream {
    unsigned char *bytes;
    size_t size;
    hr_tensors tensors;
} stream;

/* Open a stream of that object (n bytes), then keys, then the storage when there are keys. */
static hrnet_status open_object(stream *s, const void *object, size_t n, const char *keys, size_t n_keys)
{
    const uint64_t n_elements = 6;
    hr_text text = {0};
    char *bytes;
    hr_text_add_bytes(&text, HEAD, sizeof HEAD - 1);
    hr_text_add_bytes(&text, object, n);
    hr_text_add_bytes(&text, keys, n_keys);
    if (n_keys > 5) {
        hr_text_add_bytes(&text, &n_elements, 8);
        hr_text_add_bytes(&text, six, sizeof six);
    }
    s->size = text.length;
    assert_int_equal(hr_text_take(&text, &bytes), HRNET_OK);
    /* exactly its size, so that a sanitizer sees a read past the end */
    s->bytes = malloc(s->size);
    assert_non_null(s->bytes);
    memcpy(s->bytes, bytes, s->size);
    hr_free(bytes);
    s->tensors = (hr_tensors){0};
    return hr_tensors_open_memory(&s->tensors, s->bytes, s->size, "input");
}

static void close_stream(stream *s)
{
    hr_tensors_close(&s->tensors);
    free(s->bytes);
}

#define OPEN_PLAIN(s, object)  open_object((s), (object), sizeof(object) - 1, "\x80\x02].", 4)
#define OPEN_TENSOR(s, object) open_object((s), (object), sizeof(object) - 1, KEYS, sizeof KEYS - 1)

static void test_plain_data(void **state)
{
    (void)state;
    stream s;
    assert_int_equal(OPEN_PLAIN(&s, "\x80\x02}(X\x05\0\0\0epochK\xd2"
                                    "X\x01\0\0\0nJ\xff\xff\xff\xff"
                                    "U\x01tI01\n"
                                    "S'f'\nG?\xf8\0\0\0\0\0\0"
                                    "Vl\n](NK\x07Vx\ne"
                                    "L12L\nF2.5\n"
                                    "U\x01"
                                    "b\x8a\x02\0\x80u."),
                     HRNET_OK);
    const hr_tensors *const t = &s.tensors;
    assert_string_equal(hr_tensors_entry(t, "epoch"), "210");
    assert_string_equal(hr_tensors_entry(t, "n"), "-1");
    assert_string_equal(hr_tensors_entry(t, "t"), "true");
    assert_string_equal(hr_tensors_entry(t, "f"), "1.5");
    assert_string_equal(hr_tensors_entry(t, "l/1"), "7");
    assert_string_equal(hr_tensors_entry(t, "l/2"), "x");
    assert_string_equal(hr_tensors_entry(t, "12"), "2.5");
    assert_string_equal(hr_tensors_entry(t, "b"), "-32768");
    assert_null(hr_tensors_entry(t, "l/0"));
    assert_int_equal(t->n_entries, 8);
    assert_int_equal(t->n_items, 0);
    close_stream(&s);
}

static void test_ordered_dict_of_python2(void **state)
{
    (void)state;
    stream s;
    assert_int_equal(OPEN_PLAIN(&s, "\x80\x02"
                                    "ccollections\nOrderedDict\n](](U\x01"
                                    "aK\x01"
                                    "e](U\x01"
                                    "bK\x02"
                                    "ee\x85R."),
                     HRNET_OK);
    assert_string_equal(hr_tensors_entry(&s.tensors, "a"), "1");
    assert_string_equal(hr_tensors_entry(&s.tensors, "b"), "2");
    close_stream(&s);
}

/* numpy.float64(0.5) as protocol 2 writes it, bytes spelled through latin-1 */
static void test_numpy_scalar(void **state)
{
    (void)state;
    stream s;
    assert_int_equal(OPEN_PLAIN(&s, "\x80\x02}U\x04perfcnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(U\x02"
                                    "f8I00\nI01\n"
                                    "tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
                                    "c_codecs\nencode\n(X\x09\0\0\0\0\0\0\0\0\0\xc3\xa0?U\x06latin1tRtRs."),
                     HRNET_OK);
    assert_string_equal(hr_tensors_entry(&s.tensors, "perf"), "0.5");
    assert_int_equal(s.tensors.n_skipped, 0);
    close_stream(&s);
}

/* A transposed view with an offset: element [i][j] is number 1 + i + 2 j of the storage. */
static void test_view(void **state)
{
    (void)state;
    stream s;
    double out[4];
    assert_int_equal(OPEN_TENSOR(&s, "\x80\x02}X\x01\0\0\0w" TENSOR("K\x06", "K\x01", "K\x02K\x02", "K\x01K\x02") "s."),
                     HRNET_OK);
    assert_int_equal(s.tensors.n_items, 1);
    const hr_tensor *const w = &s.tensors.items[0];
    assert_string_equal(w->name, "w");
    assert_true(w->n_dims == 2 && w->shape[0] == 2 && w->shape[1] == 2 && w->n_elements == 4 && w->dtype == HR_F32);
    assert_int_equal(hr_tensor_read_double(&s.tensors, w, out), HRNET_OK);
    assert_true(out[0] == 1 && out[1] == 3 && out[2] == 2 && out[3] == 4);
    close_stream(&s);
}

/* Globals are names: none is called, each is listed once. */
static void test_nothing_is_executed(void **state)
{
    (void)state;
    stream s;
    static const char object[] = "\x80\x02}(U\x01"
                                 "acposix\nsystem\nU\x09"
                                 "exit 1234\x85RU\x01"
                                 "bcposix\nsystem\n)R"
                                 "U\x01"
                                 "c(ios\nNothing\nU\x01"
                                 "d(cbuiltins\neval\nU\x01"
                                 "0oU\x05"
                                 "epochK\x01u.";
    assert_int_equal(OPEN_PLAIN(&s, object), HRNET_OK);
    assert_int_equal(s.tensors.n_skipped, 3);
    assert_string_equal(s.tensors.skipped[0], "posix.system");
    assert_string_equal(s.tensors.skipped[1], "os.Nothing");
    assert_string_equal(s.tensors.skipped[2], "builtins.eval");
    assert_string_equal(hr_tensors_entry(&s.tensors, "epoch"), "1");
    assert_int_equal(s.tensors.n_entries, 1);
    close_stream(&s);
}

static void expect_refused(hrnet_status found, hrnet_status expected, stream *s, const char *message)
{
    if (found != expected || strstr(hrnet_last_error(), message) == NULL)
        fail_msg("status %d, expected %d; \"%s\", expected \"%s\"", found, expected, hrnet_last_error(), message);
    close_stream(s);
}

/* Rarer forms of a tensor, each over storage '0' of six elements: with the view that torch 0.4 and 1.0 could store in
 * the storage's id; with attributes (_rebuild_from_type_v2); with an element type of its own (_rebuild_tensor_v3). */
static void test_spellings(void **state)
{
    (void)state;
#define STORAGE(type)                                                                                                  \
    "(X\x07\0\0\0storagectorch" type "Storage\nX\x01\0\0\0"                                                            \
    "0X\x03\0\0\0cpu"
    static const char view[] =
        "\x80\x02}X\x01\0\0\0w" TENSOR("K\x06(X\x01\0\0\0vK\x02K\x04t", "K\x01", "K\x02", "K\x01") "s.";
    static const char retyped[] = "\x80\x02}X\x01\0\0\0wctorch._tensor\n_rebuild_from_type_v2\n("
                                  "ctorch._utils\n_rebuild_tensor_v2\nctorch.nn.parameter\nParameter\n(" STORAGE(
                                      "\nFloat") "K\x06tQK\x03K\x02\x85K\x01\x85\x89)t}tRs.";
    static const char typed[] = "\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v3\n(" STORAGE(
        ".storage\nUntyped") "K\x06tQK\x01K\x02\x85K\x01\x85\x89)ctorch\nfloat16\n}tRs.";
    stream s;
    float out[2];
    assert_int_equal(OPEN_TENSOR(&s, view), HRNET_OK);
    assert_int_equal(hr_tensor_read(&s.tensors, &s.tensors.items[0], out), HRNET_OK);
    assert_true(out[0] == 3 && out[1] == 4);
    close_stream(&s);
    assert_int_equal(OPEN_TENSOR(&s, retyped), HRNET_OK);
    assert_int_equal(s.tensors.n_skipped, 0);
    assert_int_equal(hr_tensor_read(&s.tensors, &s.tensors.items[0], out), HRNET_OK);
    assert_true(out[0] == 3 && out[1] == 4);
    close_stream(&s);
    assert_int_equal(OPEN_TENSOR(&s, typed), HRNET_OK); /* the first six bytes of the storage */
    assert_int_equal(s.tensors.items[0].dtype, HR_F16);
    assert_int_equal(hr_tensor_read(&s.tensors, &s.tensors.items[0], out), HRNET_OK);
    assert_true(out[0] == 0 && out[1] == 0);
    close_stream(&s);
}

static void test_broken_machines(void **state)
{
    (void)state;
    stream s;
#define BROKEN(object, message) expect_refused(OPEN_PLAIN(&s, object), HRNET_ERR_FORMAT, &s, message)
    BROKEN(".", "stack is empty");
    BROKEN("\x80\x02t.", "no mark");
    BROKEN("\x80\x02R.", "stack is empty");
    BROKEN("\x80\x02(K\x01"
           "d.",
           "key without a value");
    BROKEN("\x80\x02}K\x01s.", "stack is empty");
    BROKEN("\x80\x02K\x01K\x02"
           "a.",
           "not a container");
    BROKEN("\x80\x02h\x07.", "never stored");
    BROKEN("\x80\x02Nr\xff\xff\xff\xff.", "memo index");
    BROKEN("\x80\x02Np99999999999\n.", "memo index");
    BROKEN("\x80\x02X\xff\xff\xff\x7f"
           "abc",
           "ends inside");
    BROKEN("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
           "abc",
           "ends inside");
    BROKEN("\x80\x02\x8b\xff\xff\xff\xff"
           "abc",
           "ends inside");
    BROKEN("\x80\x02Iabc\n.", "not a number");
    BROKEN("\x80\x02S'abc\n.", "quotes");
    BROKEN("\x80\x02K\x01K\x02\x93.", "not text");
    BROKEN("\x80\x02"
           "ca\nb\nK\x01R.",
           "not a tuple");
    expect_refused(OPEN_PLAIN(&s, "\x80\x02\x82\x01."), HRNET_ERR_UNSUPPORTED, &s, "0x82");
}

/* A list in a list in a list ...; a list that contains itself; pairs of pairs of ..., exponentially many by sharing. */
static void test_nesting(void **state)
{
    (void)state;
    stream s;
    hr_text text = {0};
    for (int i = 0; i < 100000; i++) hr_text_add(&text, "]");
    for (int i = 0; i < 99999; i++) hr_text_add(&text, "a");
    hr_text_add(&text, ".");
    expect_refused(open_object(&s, text.data, text.length, "\x80\x02].", 4), HRNET_ERR_LIMIT, &s, "nested levels");
    hr_text_free(&text);

    assert_int_equal(OPEN_PLAIN(&s, "\x80\x02]q\x00(h\x00K\x07"
                                    "e."),
                     HRNET_OK);
    assert_string_equal(hr_tensors_entry(&s.tensors, "1"), "7");
    close_stream(&s);

    hr_text_add(&text, "]");
    for (int i = 0; i < 40; i++) hr_text_add(&text, "2\x86");
    hr_text_add(&text, ".");
    expect_refused(open_object(&s, text.data, text.length, "\x80\x02].", 4), HRNET_ERR_LIMIT, &s, "values");
    hr_text_free(&text);
}

/* A long key that is reached on many paths through shared parts counts against the limit of text each time. */
static void test_text_bomb(void **state)
{
    (void)state;
    stream s;
    hr_text text = {0};
    hr_text_add(&text, "\x80\x02}T");
    const uint32_t n = 1 << 20;
    hr_text_add_bytes(&text, &n, 4);
    for (uint32_t i = 0; i < n; i++) hr_text_add_bytes(&text, "k", 1);
    hr_text_add(&text, "K\x01s");
    for (int i = 0; i < 16; i++) hr_text_add(&text, "2\x86");
    hr_text_add(&text, ".");
    expect_refused(open_object(&s, text.data, text.length, "\x80\x02].", 4), HRNET_ERR_LIMIT, &s, "keys and text");
    hr_text_free(&text);
}

static void test_hostile_tensors(void **state)
{
    (void)state;
    stream s;
#define BAD(n, offset, size, stride, status, message)                                                                  \
    expect_refused(OPEN_TENSOR(&s, "\x80\x02}X\x01\0\0\0w" TENSOR(n, offset, size, stride) "s."), status, &s, message)
#define MANY "\x8a\x08\0\0\0\0\0\0\0\x40" /* 2^62 */
    BAD("K\x06", "K\0", "K\x07", "K\x01", HRNET_ERR_FORMAT, "reaches past");
    BAD("K\x06", "K\x01", "K\x06", "K\x01", HRNET_ERR_FORMAT, "reaches past");
    BAD("K\x06", "K\0", "K\x02K\x03", "K\x04K\x01", HRNET_ERR_FORMAT, "reaches past");
    BAD("K\x06", "K\0", MANY MANY, "K\x01K\x01", HRNET_ERR_FORMAT, "reaches past");
    BAD("K\x06", "K\0", "K\x03", MANY, HRNET_ERR_FORMAT, "reaches past");
    BAD("K\x06", MANY, "K\x01", "K\x01", HRNET_ERR_FORMAT, "reaches past");
    BAD("K\x06", "K\0", MANY, "K\0", HRNET_ERR_UNSUPPORTED, "over a storage of 6");
    BAD("K\x06", "K\0", "K\x07", "K\0", HRNET_ERR_UNSUPPORTED, "over a storage of 6");
    BAD("K\x06", "J\xff\xff\xff\xff", "K\x01", "K\x01", HRNET_ERR_FORMAT, "offset of at least 0, found -1");
    BAD("K\x06", "K\0", "J\xff\xff\xff\xff", "K\x01", HRNET_ERR_FORMAT, "negative");
    BAD("K\x06", "K\x05", "K\x02", "J\xff\xff\xff\xff", HRNET_ERR_FORMAT, "negative");
    BAD("K\x06", "K\0", "K\x06", "K\x01K\x01", HRNET_ERR_FORMAT, "1 sizes and 2 strides");
    BAD("K\x06", "K\0", "NN", "K\x01K\x01", HRNET_ERR_FORMAT, "expected integers");
    BAD("K\x06", "K\0", "K\1K\1K\1K\1K\1K\1K\1K\1K\1", "K\x01", HRNET_ERR_UNSUPPORTED, "dimensions");
    BAD("K\x07", "K\0", "K\x06", "K\x01", HRNET_ERR_FORMAT, "6 elements, the pickle expects 7");
    BAD(MANY, "K\0", "K\x06", "K\x01", HRNET_ERR_FORMAT, "elements");
    BAD("J\xff\xff\xff\xff", "K\0", "K\x06", "K\x01", HRNET_ERR_FORMAT, "found -1 elements");
    /* the stride of a dimension of size 1 does not matter */
    assert_int_equal(OPEN_TENSOR(&s, "\x80\x02}X\x01\0\0\0w" TENSOR("K\x06", "K\0", "K\x01K\x06", MANY "K\x01") "s."),
                     HRNET_OK);
    close_stream(&s);
}

static void test_memory(void **state)
{
    (void)state;
    stream s;
    hrnet_status status = HRNET_ERR_MEMORY;
    assert_int_equal(OPEN_TENSOR(&s, "\x80\x02}(X\x01\0\0\0w" TENSOR("K\x06", "K\0", "K\x06",
                                                                     "K\x01") "U\x01"
                                                                              "aK\x01U\x01xcposix\nsystem\nu."),
                     HRNET_OK);
    hr_tensors_close(&s.tensors);
    for (long k = 0; status != HRNET_OK; k++) {
        hr_mem_fail_after(k);
        status = hr_tensors_open_memory(&s.tensors, s.bytes, s.size, "input");
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    assert_int_equal(s.tensors.n_items, 1);
    close_stream(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain_data),
                                       cmocka_unit_test(test_ordered_dict_of_python2),
                                       cmocka_unit_test(test_numpy_scalar),
                                       cmocka_unit_test(test_view),
                                       cmocka_unit_test(test_nothing_is_executed),
                                       cmocka_unit_test(test_spellings),
                                       cmocka_unit_test(test_broken_machines),
                                       cmocka_unit_test(test_nesting),
                                       cmocka_unit_test(test_text_bomb),
                                       cmocka_unit_test(test_hostile_tensors),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
