/*
 * test_fetch.c - published weights by name without a network: the table, SHA256SUMS, the cache, and transfers over a
 * server that is played here. What libcurl does is a matter of test_fetch_http.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/calls.h"
#include "base/lock.h"
#include "base/mem.h"
#include "fake_server.h"
#include "fetch/fetch_internal.h"
#include "fetch/fetch_sums.h"

static const char content[] = "The weights of a network, which are as random as any.\n";
enum { N = sizeof content - 1 };
/* of content, by sha256sum(1) */
static const char digits[] = "1cdaf616";

static char folder[64];

/* Without and with digits in the table. */
static const hrnet_published unknown = {.name = "some", .url = "https://example.org/a/some.pth"};
static const hrnet_published known = {.name = "some", .url = "https://example.org/a/some.pth", .sha256 = digits};

static const char *path_of(const char *ending)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, ending);
    return path;
}

static int is_there(const char *ending)
{
    return access(path_of(ending), F_OK) == 0;
}

static void put(const char *ending, const char *text)
{
    FILE *const file = fopen(path_of(ending), "wb");
    fwrite(text, 1, strlen(text), file);
    fclose(file);
}

static void expect_content(const char *ending, const char *text)
{
    char found[4096] = "";
    FILE *const file = fopen(path_of(ending), "rb");
    if (file == NULL) fail_msg("%s: expected to be there", ending);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(found, text);
}

static void empty_folder(void)
{
    static const char *const names[] = {"some.pth", "some.pth.part", "some.pth.from", "SHA256SUMS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(path_of(names[i]));
}

static int begin(void **state)
{
    (void)state;
    static const char *const names[] = {"HRNET_OFFLINE", "HRNET_FETCH_MIRROR", "XDG_CACHE_HOME", "HRNET_CURL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unsetenv(names[i]);
    snprintf(folder, sizeof folder, "/tmp/test_fetch.XXXXXX");
    fake_begin(content, N);
    return mkdtemp(folder) == NULL;
}

static int end(void **state)
{
    (void)state;
    empty_folder();
    return rmdir(folder); /* nothing else is left */
}

static hrnet_status fetch(const hrnet_published *entry, hrnet_fetch_options options)
{
    char *path = NULL;
    options.folder = folder;
    const hrnet_status status = hr_fetch_entry(&path, entry, &fake_module, &options);
    if (status == HRNET_OK) assert_string_equal(path, path_of("some.pth"));
    if (status != HRNET_OK) assert_null(path);
    hrnet_string_free(path);
    return status;
}

/* ------------------------------------------------------------------------------------------------ the table */

static const char *file_of(const hrnet_published *entry)
{
    return strrchr(entry->url, '/') + 1;
}

static void the_table_is_whole(void **state)
{
    (void)state;
    const size_t n = hrnet_published_n();
    assert_true(n > 40);
    assert_null(hrnet_published_get(n));
    assert_null(hrnet_published_find("no-such-network"));
    for (size_t i = 0; i < n; i++) {
        const hrnet_published *const entry = hrnet_published_get(i);
        assert_ptr_equal(hrnet_published_find(entry->name), entry);
        assert_int_equal(strncmp(entry->url, "https://", 8), 0);
        assert_int_equal(strcmp(strrchr(entry->url, '.'), ".pth"), 0);
        assert_true(entry->score > 20 && entry->score < 100 && entry->licence != NULL && entry->network != NULL);
        assert_true(strcmp(entry->measure, "AP") == 0 || strcmp(entry->measure, "PCKh") == 0);
        if (entry->sha256 != NULL) {
            assert_int_equal(strlen(entry->sha256), 8);
            assert_int_equal(strspn(entry->sha256, "0123456789abcdef"), 8);
            assert_non_null(strstr(file_of(entry), entry->sha256));
        }
        for (size_t k = 0; k < i; k++) /* in the cache they lie side by side */
            assert_int_not_equal(strcmp(file_of(entry), file_of(hrnet_published_get(k))), 0);
    }
}

/* The number behind "w" or "res", "NxM" in a name is what the configuration says. */
static void expect_size(const hrnet_published *entry, const hrnet_config *config)
{
    char *size = NULL, expected[32];
    int height, width;
    const char *const x = strchr(entry->name, 'x');
    assert_int_equal(sscanf(x - 3, "%3dx%d", &height, &width), 2);
    MUST(hrnet_config_get(config, "MODEL.IMAGE_SIZE", &size));
    snprintf(expected, sizeof expected, "[%d, %d]", width, height);
    assert_string_equal(size, expected);
    hrnet_string_free(size);
}

static void the_configurations_are_published_ones(void **state)
{
    (void)state;
    int n = 0;
    for (size_t i = 0; i < hrnet_published_n(); i++) {
        const hrnet_published *const entry = hrnet_published_get(i);
        assert_int_equal(entry->config != NULL, entry->kind == HRNET_PUBLISHED_POSE);
        if (entry->config == NULL) continue;
        hrnet_config *config = NULL;
        MUST(hrnet_config_load(&config, entry->config, entry->overrides, NULL, NULL));
        expect_size(entry, config);
        hrnet_config_free(config);
        n++;
    }
    assert_int_equal(n, 23);
}

/* ------------------------------------------------------------------------------------------------ SHA256SUMS */

#define HASH_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HASH_B "FEDCBA9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void expect_hash(const char *text, const char *file, const char *hash)
{
    char found[HR_SHA256_TEXT] = "x";
    MUST(hr_sums_find(text, strlen(text), file, found));
    assert_string_equal(found, hash);
}

static void sums_are_read_as_sha256sum_writes_them(void **state)
{
    (void)state;
    static const char text[] = "# of today\n\n" HASH_A "  a.pth\r\n" HASH_B " *b b.pth\n" HASH_A "  b b.pth.x";
    expect_hash("", "a.pth", "");
    expect_hash(text, "a.pth", HASH_A);
    expect_hash(text, "b b.pth", "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210");
    expect_hash(text, "b.pth", "");
    expect_hash(HASH_B "  a\n" HASH_A "  a\n", "a", HASH_A);
}

static void lines_of_another_form_are_named(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "x\n", HASH_A "\n", HASH_A "  \n", HASH_A " a.pth\n", HASH_A "0  a.pth\n", "0123  a.pth\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[256], hash[HR_SHA256_TEXT] = "x";
        const int n = snprintf(text, sizeof text, "%s%s", HASH_A "  a.pth\n", lines[i]);
        REFUSED(hr_sums_find(text, (size_t)n, "a.pth", hash), HRNET_ERR_FORMAT,
                "line 2: expected 64 hexadecimal digits");
        assert_string_equal(hash, "x");
    }
}

static void a_new_hash_replaces_the_old(void **state)
{
    (void)state;
    put("SHA256SUMS", "# mine\n" HASH_A "  a.pth\n" HASH_A "  b.pth\n" HASH_A "  a.pth");
    MUST(hr_sums_keep(folder, "a.pth", HASH_B));
    expect_content("SHA256SUMS", "# mine\n" HASH_A "  b.pth\n" HASH_B "  a.pth\n");
    put("SHA256SUMS", "broken\n");
    REFUSED(hr_sums_keep(folder, "a.pth", HASH_B), HRNET_ERR_FORMAT, "SHA256SUMS: line 1");
    expect_content("SHA256SUMS", "broken\n");
}

/* ------------------------------------------------------------------------------------------------ the cache */

static void expect_path(const char *expected)
{
    char *path = NULL;
    int there = 7;
    MUST(hrnet_fetch_path(&path, &there, "yolox-s", NULL));
    assert_string_equal(path, expected);
    assert_int_equal(there, 0);
    hrnet_string_free(path);
}

static void the_cache_is_where_the_environment_says(void **state)
{
    (void)state;
    char *path = NULL;
    char *const home = strdup(getenv("HOME") != NULL ? getenv("HOME") : "/");
    setenv("HOME", "/nowhere/home", 1);
    expect_path("/nowhere/home/.cache/hrnet/yolox_s.pth");
    setenv("XDG_CACHE_HOME", "/nowhere/cache", 1);
    expect_path("/nowhere/cache/hrnet/yolox_s.pth");
    setenv("XDG_CACHE_HOME", "not/absolute", 1);
    expect_path("/nowhere/home/.cache/hrnet/yolox_s.pth");
    unsetenv("HOME");
    REFUSED(hrnet_fetch_path(&path, NULL, "yolox-s", NULL), HRNET_ERR_IO, "XDG_CACHE_HOME or HOME");
    REFUSED(hrnet_fetch_path(&path, NULL, "yolox-q", NULL), HRNET_ERR_ARGUMENT,
            "yolox-q: expected a name of the table");
    setenv("HOME", home, 1);
    free(home);
}

static void a_mirror_has_the_files_under_their_names(void **state)
{
    (void)state;
    char *url = NULL;
    setenv("HRNET_FETCH_MIRROR", "http://me:secret@mirror.example/weights", 1);
    MUST(hrnet_fetch_url(&url, "yolox-s", NULL));
    assert_string_equal(url, "http://mirror.example/weights/yolox_s.pth");
    hrnet_string_free(url);
    MUST(fetch(&unknown, (hrnet_fetch_options){0}));
    assert_string_equal(fake.asked_url, "http://me:secret@mirror.example/weights/some.pth");
    setenv("HRNET_FETCH_MIRROR", "file:///srv/weights", 1);
    REFUSED(hrnet_fetch_url(&url, "yolox-s", NULL), HRNET_ERR_ARGUMENT, "expected an address that begins with http://");
    unsetenv("HRNET_FETCH_MIRROR");
    MUST(hrnet_fetch_url(&url, "yolox-s", NULL));
    assert_string_equal(url, hrnet_published_find("yolox-s")->url);
    hrnet_string_free(url);
}

static void offline_nothing_is_fetched(void **state)
{
    (void)state;
    REFUSED(fetch(&known, (hrnet_fetch_options){.offline = 1}), HRNET_ERR_IO, "HRNET_OFFLINE");
    assert_non_null(strstr(hrnet_last_error(), path_of("some.pth")));
    setenv("HRNET_OFFLINE", "1", 1);
    REFUSED(fetch(&known, (hrnet_fetch_options){0}), HRNET_ERR_IO, known.url);
    assert_int_equal(fake.n_asked, 0);
    put("some.pth", content); /* by hand */
    MUST(fetch(&known, (hrnet_fetch_options){0}));
    assert_true(is_there("SHA256SUMS"));
    setenv("HRNET_OFFLINE", "0", 1);
    empty_folder();
    MUST(fetch(&known, (hrnet_fetch_options){0}));
    assert_int_equal(fake.n_asked, 1);
    unsetenv("HRNET_OFFLINE");
}

static void without_the_module_it_is_named(void **state)
{
    (void)state;
    char *path = NULL;
    const hrnet_fetch_options options = {.folder = folder};
    setenv("HRNET_CURL", "/nowhere/libhrnet_curl.so", 1);
    REFUSED(hrnet_fetch(&path, "yolox-s", &options), HRNET_ERR_UNSUPPORTED, "install libcurl4-openssl-dev");
    assert_non_null(strstr(hrnet_last_error(), "/nowhere/libhrnet_curl.so"));
    unsetenv("HRNET_CURL");
}

static void words_of_later_versions_are_refused(void **state)
{
    (void)state;
    REFUSED(fetch(&known, (hrnet_fetch_options){.reserved = {0, 0, 1}}), HRNET_ERR_ARGUMENT,
            "hrnet_fetch_options: reserved[2]");
    REFUSED(fetch(&known, (hrnet_fetch_options){.stall_seconds = -1}), HRNET_ERR_ARGUMENT, "stall_seconds");
}

/* ------------------------------------------------------------------------------------------------ transfers */

static void a_file_is_fetched_once(void **state)
{
    (void)state;
    MUST(fetch(&known, (hrnet_fetch_options){0}));
    expect_content("some.pth", content);
    assert_int_equal(fake.asked_from, 0);
    assert_false(is_there("some.pth.part") || is_there("some.pth.from") || is_there("some.pth.lock"));
    MUST(fetch(&known, (hrnet_fetch_options){.verify = 1}));
    assert_int_equal(fake.n_asked, 1);
    put("some.pth", "damaged");
    MUST(fetch(&known, (hrnet_fetch_options){0})); /* not looked at */
    REFUSED(fetch(&known, (hrnet_fetch_options){.verify = 1}), HRNET_ERR_MISMATCH, "begins with 1cdaf616, found ");
    expect_content("some.pth", "damaged");
}

static void a_transfer_goes_on(void **state)
{
    (void)state;
    fake.cut_after = 20; /* of each answer */
    MUST(fetch(&unknown, (hrnet_fetch_options){0}));
    expect_content("some.pth", content);
    assert_int_equal(fake.n_asked, 3);
    assert_int_equal(fake.asked_from, 40);
    assert_string_equal(fake.asked_validator, "\"v1\"");
}

static void what_came_stays_for_the_next_call(void **state)
{
    (void)state;
    fake.cut_after = 3;
    REFUSED(fetch(&unknown, (hrnet_fetch_options){0}), HRNET_ERR_IO, "what came is kept");
    assert_int_equal(fake.n_asked, 5);
    expect_content("some.pth.from", "\"v1\"");
    fake.cut_after = 0;
    MUST(fetch(&unknown, (hrnet_fetch_options){0}));
    assert_int_equal(fake.asked_from, 15);
    expect_content("some.pth", content);
}

/* Put the first bytes of a transfer there. */
static void leave(const char *part, const char *validator)
{
    empty_folder();
    put("some.pth.part", part);
    if (validator != NULL) put("some.pth.from", validator);
}

static void another_file_is_fetched_from_its_begin(void **state)
{
    (void)state;
    leave("The weights of an older network", "\"v0\"");
    MUST(fetch(&unknown, (hrnet_fetch_options){0}));
    assert_string_equal(fake.asked_validator, "\"v0\"");
    expect_content("some.pth", content);

    leave("The weights", NULL); /* of whichever version */
    MUST(fetch(&unknown, (hrnet_fetch_options){0}));
    assert_int_equal(fake.asked_from, 0);
    leave("The weights", NULL); /* but here the hash will tell */
    MUST(fetch(&known, (hrnet_fetch_options){0}));
    assert_int_equal(fake.asked_from, 11);
    expect_content("some.pth", content);

    fake.knows_parts = 0;
    leave("The weights", "\"v1\"");
    MUST(fetch(&known, (hrnet_fetch_options){0}));
    expect_content("some.pth", content);
}

static void a_part_that_is_all_is_taken(void **state)
{
    (void)state;
    leave(content, "\"v1\"");
    fake.n_asked = 0;
    MUST(fetch(&known, (hrnet_fetch_options){0}));
    assert_int_equal(fake.n_asked, 1);
    leave("The weights of a network, which are longer than those that the server has now.", "\"v1\"");
    MUST(fetch(&known, (hrnet_fetch_options){0}));
    assert_int_equal(fake.n_asked, 3);
    assert_int_equal(fake.asked_from, 0);
    expect_content("some.pth", content);
}

static void a_wrong_hash_is_refused(void **state)
{
    (void)state;
    static const hrnet_published other = {.name = "some", .url = "https://example.org/some.pth", .sha256 = "01234567"};
    REFUSED(fetch(&other, (hrnet_fetch_options){.accept = 1}), HRNET_ERR_MISMATCH,
            "expected a SHA-256 that begins with 01234567, found 1cdaf616");
    assert_false(is_there("some.pth") || is_there("some.pth.part") || is_there("SHA256SUMS"));

    put("SHA256SUMS", HASH_A "  some.pth\n");
    REFUSED(fetch(&unknown, (hrnet_fetch_options){0}), HRNET_ERR_MISMATCH, "expected the SHA-256 " HASH_A);
    assert_false(is_there("some.pth") || is_there("some.pth.part"));
    MUST(fetch(&unknown, (hrnet_fetch_options){.accept = 1}));
    MUST(fetch(&known, (hrnet_fetch_options){.verify = 1}));
}

static void answers_other_than_the_file_are_named(void **state)
{
    (void)state;
    static const int codes[] = {204, 304, 401, 404, 407, 416, 429, 500, 503};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char text[64];
        fake.code = codes[i];
        snprintf(text, sizeof text, "expected the file, found HTTP status %d", codes[i]);
        REFUSED(fetch(&known, (hrnet_fetch_options){0}), HRNET_ERR_IO, text);
        assert_false(is_there("some.pth") || is_there("some.pth.part"));
    }
    fake.code = 206; /* a part that nobody asked for */
    REFUSED(fetch(&known, (hrnet_fetch_options){0}), HRNET_ERR_IO, "expected bytes from 0 on");
}

static int cancel(void *context, uint64_t done, uint64_t total)
{
    assert_true(done <= total && total == N);
    return ++*(int *)context >= 1;
}

static void a_callback_ends_it(void **state)
{
    (void)state;
    int n = 0;
    REFUSED(fetch(&known, (hrnet_fetch_options){.on_progress = cancel, .context = &n}), HRNET_ERR_CANCELLED, "byte 7");
    assert_int_equal(n, 1);
    MUST(fetch(&known, (hrnet_fetch_options){0}));
    assert_int_equal(fake.asked_from, 7);
}

static void two_do_not_fetch_one_file(void **state)
{
    (void)state;
    hr_lock lock = {0};
    MUST(hr_lock_take(&lock, path_of("some.pth.lock")));
    REFUSED(fetch(&known, (hrnet_fetch_options){0}), HRNET_ERR_IO, "some.pth.lock: held by process ");
    hr_lock_release(&lock);
    MUST(fetch(&known, (hrnet_fetch_options){0}));
}

/* The limit of a file's size stands for a disk that fills up: its write fails alike. */
static void a_full_disk_is_named(void **state)
{
    (void)state;
    struct rlimit limit, kept;
    fake.says_no_length = 1;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &kept);
    limit = kept;
    limit.rlim_cur = 30;
    setrlimit(RLIMIT_FSIZE, &limit);
    const hrnet_status status = fetch(&known, (hrnet_fetch_options){0});
    setrlimit(RLIMIT_FSIZE, &kept);
    REFUSED(status, HRNET_ERR_IO, "some.pth.part: cannot write behind byte 30: ");
    assert_false(is_there("some.pth"));
    MUST(fetch(&known, (hrnet_fetch_options){0})); /* there is room again */
    assert_int_equal(fake.asked_from, 30);
    expect_content("some.pth", content);
}

static void no_memory_is_no_leak(void **state)
{
    (void)state;
    long n = 0;
    hrnet_status status = HRNET_ERR_MEMORY;
    const size_t held = hr_mem_held();
    for (; status != HRNET_OK && n < 1000; n++) {
        leave("The weights", "\"v1\"");
        put("SHA256SUMS", HASH_A "  other.pth\n");
        hr_mem_fail_after(n);
        status = fetch(&known, (hrnet_fetch_options){0});
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
        assert_int_equal(hr_mem_held(), held);
        assert_false(is_there("some.pth.lock") || is_there("SHA256SUMS.lock"));
        if (status != HRNET_OK) assert_false(is_there("some.pth"));
    }
    assert_true(n > 10);
    expect_content("some.pth", content);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_table_is_whole),
        CASE(the_configurations_are_published_ones),
        CASE(sums_are_read_as_sha256sum_writes_them),
        CASE(lines_of_another_form_are_named),
        CASE(a_new_hash_replaces_the_old),
        CASE(the_cache_is_where_the_environment_says),
        CASE(a_mirror_has_the_files_under_their_names),
        CASE(offline_nothing_is_fetched),
        CASE(without_the_module_it_is_named),
        CASE(words_of_later_versions_are_refused),
        CASE(a_file_is_fetched_once),
        CASE(a_transfer_goes_on),
        CASE(what_came_stays_for_the_next_call),
        CASE(another_file_is_fetched_from_its_begin),
        CASE(a_part_that_is_all_is_taken),
        CASE(a_wrong_hash_is_refused),
        CASE(answers_other_than_the_file_are_named),
        CASE(a_callback_ends_it),
        CASE(two_do_not_fetch_one_file),
        CASE(a_full_disk_is_named),
        CASE(no_memory_is_no_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
