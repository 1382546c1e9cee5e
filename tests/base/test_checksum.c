/* test_checksum.c - published examples of CRC-32C and SHA-256 (FIPS 180-4), and lengths around a block. */
#include "base/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* RFC 3720, appendix B.4, and the check value that CRC catalogues list. */
static void crc32c_examples(void **state)
{
    (void)state;
    unsigned char bytes[32];
    memset(bytes, 0, sizeof bytes);
    assert_true(hr_crc32c(bytes, sizeof bytes) == 0x8A9136AAu);
    memset(bytes, 0xFF, sizeof bytes);
    assert_true(hr_crc32c(bytes, sizeof bytes) == 0x62A8AB43u);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
    assert_true(hr_crc32c(bytes, sizeof bytes) == 0x46DD794Eu);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)(31 - i);
    assert_true(hr_crc32c(bytes, sizeof bytes) == 0x113FDB5Cu);
    assert_true(hr_crc32c("123456789", 9) == 0xE3069283u);
    assert_true(hr_crc32c("", 0) == 0);
}

/* Hash in parts of `step` bytes. */
static void expect(const char *text, size_t n, size_t step, const char *digest)
{
    char found[HR_SHA256_TEXT];
    hr_sha256 hash;
    hr_sha256_begin(&hash);
    for (size_t i = 0; i < n; i += step) hr_sha256_add(&hash, text + i, n - i < step ? n - i : step);
    hr_sha256_end(&hash, found);
    assert_string_equal(found, digest);
}

static void published_examples(void **state)
{
    (void)state;
    expect("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect("abc", 3, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, 56,
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_letters_in_any_steps(void **state)
{
    static char letters[1000000];
    static const size_t steps[] = {1, 63, 64, 65, 4096, sizeof letters};
    (void)state;
    memset(letters, 'a', sizeof letters);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        expect(letters, sizeof letters, steps[i], "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Where the padding does and does not need another block; the digests are those of sha256sum. */
static void lengths_around_a_block(void **state)
{
    static const struct {
        size_t n;
        const char *digest;
    } cases[] = {
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
    };
    char letters[65];
    (void)state;
    memset(letters, 'a', sizeof letters);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) expect(letters, cases[i].n, 7, cases[i].digest);
}

static void files(void **state)
{
    char path[] = "/tmp/test_sha256_XXXXXX", found[HR_SHA256_TEXT];
    (void)state;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "abc", 3), 3);
    close(fd);
    assert_int_equal(hr_sha256_file(path, found), HRNET_OK);
    assert_string_equal(found, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    unlink(path);
    assert_int_equal(hr_sha256_file(path, found), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), path));
    assert_int_equal(hr_sha256_file("/", found), HRNET_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32c_examples),
        cmocka_unit_test(published_examples),
        cmocka_unit_test(a_million_letters_in_any_steps),
        cmocka_unit_test(lengths_around_a_block),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
