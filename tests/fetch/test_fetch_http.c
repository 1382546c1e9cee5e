/*
 * test_fetch_http.c FOLDER PORT LOG - fetching over libcurl from tests/fetch/server.py, which serves the files of
 * FOLDER on PORT of this machine and writes what it was asked to LOG. test_fetch_http.sh runs both.
 * FETCH_TLS_PORT in the environment is where another one speaks https with a certificate of its own making,
 * FETCH_SMALL_DISK a folder on a disk of 64 KiB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

#include "../support/calls.h"
#include "base/checksum.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "fetch/fetch_internal.h"

enum { N = 300000 }; /* bytes of the file */

static const char *served, *port, *log_path;
static char cache[64], hash[HR_SHA256_TEXT];

static const char *path_of(const char *ending)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/net.pth%s", cache, ending);
    return path;
}

/* The file that the server has, of N bytes that begin is not found in again. */
static void serve(unsigned seed)
{
    char path[256];
    snprintf(path, sizeof path, "%s/net.pth", served);
    FILE *const file = fopen(path, "wb");
    for (int i = 0; i < N / 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        fwrite(&seed, 4, 1, file);
    }
    fclose(file);
    MUST(hr_sha256_file(path, hash));
}

#define NEEDS(variable, what)                                                                                          \
    do {                                                                                                               \
        if (getenv(variable) != NULL) break;                                                                           \
        print_message("needs %s\n", what);                                                                             \
        skip();                                                                                                        \
    } while (0)

static int begin(void **state)
{
    (void)state;
    snprintf(cache, sizeof cache, "/tmp/test_fetch_http.XXXXXX");
    serve(1);
    return mkdtemp(cache) == NULL || truncate(log_path, 0) != 0;
}

static int end(void **state)
{
    (void)state;
    static const char *const endings[] = {"", ".part", ".from"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) unlink(path_of(endings[i]));
    char sums[96];
    snprintf(sums, sizeof sums, "%s/SHA256SUMS", cache);
    unlink(sums);
    return rmdir(cache); /* nothing else is left */
}

/* Fetch /MODE/net.pth. digits: of the hash in the table, or NULL. */
static hrnet_status fetch_with(const char *mode, const char *digits, hrnet_fetch_options options)
{
    char url[256], *path = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%s/%s/net.pth", port, mode);
    const hrnet_published entry = {.name = "net", .url = url, .sha256 = digits};
    options.folder = cache;
    const hrnet_status status = hr_fetch_entry(&path, &entry, NULL, &options);
    hrnet_string_free(path);
    return status;
}

static hrnet_status fetch(const char *mode)
{
    return fetch_with(mode, NULL, (hrnet_fetch_options){0});
}

static void expect_whole(void)
{
    char found[HR_SHA256_TEXT];
    MUST(hr_sha256_file(path_of(""), found));
    assert_string_equal(found, hash);
    assert_int_not_equal(access(path_of(".part"), F_OK), 0);
}

/* Lines of the server's log that hold a text. */
static int count_log(const char *text)
{
    hr_bytes bytes;
    int n = 0;
    MUST(hr_file_read(&bytes, log_path, 1 << 20));
    for (size_t i = 0; i + strlen(text) <= bytes.size; i++) n += memcmp(bytes.data + i, text, strlen(text)) == 0;
    hr_free(bytes.data);
    return n;
}

/* Begin a transfer that stops after half of the file. */
static void begin_transfer(void)
{
    REFUSED(fetch("error/503"), HRNET_ERR_IO, "503");
    FILE *const file = fopen(path_of(".part"), "wb");
    char from[256];
    snprintf(from, sizeof from, "%s/net.pth", served);
    hr_bytes bytes;
    MUST(hr_file_read(&bytes, from, N));
    fwrite(bytes.data, 1, N / 2, file);
    fclose(file);
    hr_free(bytes.data);
}

/* ------------------------------------------------------------------------------------------------ cases */

static void whole_files_come_in_every_manner(void **state)
{
    static const char *const modes[] = {"plain", "dated", "bare", "whole", "chunked", "to", "relative", "mixed"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        MUST(fetch(modes[i]));
        expect_whole();
        end(state);
        begin(state);
    }
}

static void what_breaks_off_is_gone_on_with(void **state)
{
    (void)state;
    MUST(fetch("drop"));
    expect_whole();
    assert_int_equal(count_log("GET /drop/net.pth None None"), 1);
    assert_int_equal(count_log("GET /drop/net.pth bytes=150000- \""), 1); /* with the ETag */
}

static void the_next_call_goes_on(void **state)
{
    (void)state;
    REFUSED(fetch("cut"), HRNET_ERR_IO, "what came is kept, the next call goes on");
    assert_int_equal(count_log("GET"), 5);
    assert_int_equal(access(path_of(""), F_OK), -1);
    MUST(fetch("plain"));
    assert_int_equal(count_log("GET /plain/net.pth bytes=290625- \""), 1);
    expect_whole();
}

static void a_server_without_parts_begins_anew(void **state)
{
    (void)state;
    begin_transfer();
    MUST(fetch_with("whole", hash, (hrnet_fetch_options){0}));
    assert_int_equal(count_log("GET /whole/net.pth bytes=150000-"), 1);
    expect_whole();
}

static void a_file_that_changed_begins_anew(void **state)
{
    (void)state;
    REFUSED(fetch("cut"), HRNET_ERR_IO, "what came is kept");
    serve(2);
    MUST(fetch("plain"));
    expect_whole();
    end(state);
    begin(state);
    MUST(fetch("dated"));
    end(state);
    begin(state);
    begin_transfer(); /* no validator, and bytes of another file: the hash tells */
    serve(3);
    REFUSED(fetch_with("plain", hash, (hrnet_fetch_options){0}), HRNET_ERR_MISMATCH, "expected a SHA-256 that begins");
    assert_int_equal(count_log("GET /plain/net.pth bytes=150000- None"), 1);
    MUST(fetch_with("plain", hash, (hrnet_fetch_options){0}));
    expect_whole();
}

static void a_part_that_begins_elsewhere_is_refused(void **state)
{
    (void)state;
    begin_transfer();
    REFUSED(fetch_with("wrong", hash, (hrnet_fetch_options){0}), HRNET_ERR_IO, "expected bytes from 150000 on");
    MUST(fetch_with("plain", hash, (hrnet_fetch_options){0}));
    expect_whole();
}

static void wrong_answers_are_named(void **state)
{
    (void)state;
    REFUSED(fetch("error/404"), HRNET_ERR_IO, "/error/404/net.pth: expected the file, found HTTP status 404");
    REFUSED(fetch("error/500"), HRNET_ERR_IO, "found HTTP status 500, the server's own trouble");
    REFUSED(fetch("loop"), HRNET_ERR_IO, "redirects");
    assert_int_equal(count_log("GET /loop/"), 6);
    REFUSED(fetch("file"), HRNET_ERR_IO, "file");
    REFUSED(fetch("huge"), HRNET_ERR_LIMIT, "expected at most 8589934592 bytes, found 1125899906842624");
    assert_int_equal(access(path_of(".part"), F_OK), -1);
    port = "1"; /* where nobody listens */
    REFUSED(fetch("plain"), HRNET_ERR_IO, "127.0.0.1");
}

static void proxies_of_the_environment_are_asked(void **state)
{
    (void)state;
    char proxy[64], *path = NULL, *const none = strdup(getenv("no_proxy") != NULL ? getenv("no_proxy") : "");
    const hrnet_published entry = {.name = "net", .url = "http://no-such-host.example/plain/net.pth"};
    const hrnet_fetch_options options = {.folder = cache};
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%s", port);
    setenv("http_proxy", proxy, 1);
    unsetenv("no_proxy");
    MUST(hr_fetch_entry(&path, &entry, NULL, &options));
    unsetenv("http_proxy");
    setenv("no_proxy", none, 1);
    free(none);
    hrnet_string_free(path);
    assert_int_equal(count_log("GET http://no-such-host.example/plain/net.pth None None hrnet/"), 1);
    expect_whole();
}

/* Whatever the way that leads to it. */
static void certificates_are_verified(void **state)
{
    (void)state;
    char *path = NULL, url[64];
    NEEDS("FETCH_TLS_PORT", "openssl");
    snprintf(url, sizeof url, "https://127.0.0.1:%s/plain/net.pth", getenv("FETCH_TLS_PORT"));
    const hrnet_published entry = {.name = "net", .url = url};
    const hrnet_fetch_options options = {.folder = cache};
    REFUSED(hr_fetch_entry(&path, &entry, NULL, &options), HRNET_ERR_IO, "certificate");
    char mode[64];
    snprintf(mode, sizeof mode, "secure/%s", getenv("FETCH_TLS_PORT"));
    REFUSED(fetch(mode), HRNET_ERR_IO, "certificate");
    assert_int_equal(count_log("GET /plain/"), 0);
}

static void a_disk_without_room_is_named(void **state)
{
    (void)state;
    char kept[sizeof cache];
    NEEDS("FETCH_SMALL_DISK", "file systems that may be mounted");
    memcpy(kept, cache, sizeof kept);
    snprintf(cache, sizeof cache, "%s", getenv("FETCH_SMALL_DISK"));
    REFUSED(fetch("plain"), HRNET_ERR_IO, "net.pth.part: expected room for 300000 bytes on its disk, found ");
    assert_int_not_equal(access(path_of(".part"), F_OK), 0);
    REFUSED(fetch("chunked"), HRNET_ERR_IO, "No space left on device"); /* whose length nobody knows before */
    assert_int_not_equal(access(path_of(""), F_OK), 0);
    memcpy(cache, kept, sizeof kept);
}

static void a_wrong_hash_leaves_nothing(void **state)
{
    (void)state;
    REFUSED(fetch_with("plain", "00000000", (hrnet_fetch_options){0}), HRNET_ERR_MISMATCH, hash);
    assert_int_equal(access(path_of(""), F_OK), -1);
    assert_int_equal(access(path_of(".part"), F_OK), -1);
}

static void slow_servers_are_given_up(void **state)
{
    (void)state;
    double started = hr_clock_now();
    REFUSED(fetch_with("hang", NULL, (hrnet_fetch_options){.stall_seconds = 1}), HRNET_ERR_IO, "too slow");
    assert_true(hr_clock_now() - started < 20);
    started = hr_clock_now();
    REFUSED(fetch_with("slow", NULL, (hrnet_fetch_options){.stall_seconds = 1}), HRNET_ERR_IO, "too slow");
    assert_true(hr_clock_now() - started < 40);
}

static int cancel_at_once(void *context, uint64_t done, uint64_t total)
{
    (void)context, (void)done, (void)total;
    return 1;
}

/* While nothing comes, too. */
static void it_can_be_cancelled(void **state)
{
    (void)state;
    const double started = hr_clock_now();
    REFUSED(fetch_with("hang", NULL, (hrnet_fetch_options){.on_progress = cancel_at_once}), HRNET_ERR_CANCELLED, "");
    assert_true(hr_clock_now() - started < 20);
}

static void *fetch_slowly(void *context)
{
    *(hrnet_status *)context = fetch_with("slow", NULL, (hrnet_fetch_options){.stall_seconds = 2});
    return NULL;
}

static void two_do_not_fetch_one_file(void **state)
{
    (void)state;
    pthread_t thread;
    hrnet_status other = HRNET_OK;
    pthread_create(&thread, NULL, fetch_slowly, &other);
    while (count_log("GET /slow/") == 0) usleep(10000);
    REFUSED(fetch("plain"), HRNET_ERR_IO, "held by process");
    pthread_join(thread, NULL);
    assert_int_equal(other, HRNET_ERR_IO);
    MUST(fetch("plain"));
    expect_whole();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(whole_files_come_in_every_manner),
        CASE(what_breaks_off_is_gone_on_with),
        CASE(the_next_call_goes_on),
        CASE(a_server_without_parts_begins_anew),
        CASE(a_file_that_changed_begins_anew),
        CASE(a_part_that_begins_elsewhere_is_refused),
        CASE(proxies_of_the_environment_are_asked),
        CASE(certificates_are_verified),
        CASE(a_disk_without_room_is_named),
        CASE(a_wrong_hash_leaves_nothing),
        CASE(slow_servers_are_given_up),
        CASE(it_can_be_cancelled),
        CASE(two_do_not_fetch_one_file),
        CASE(wrong_answers_are_named),
    };
    if (argc != 4) return 2;
    served = argv[1];
    port = argv[2];
    log_path = argv[3];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
