/* test_file.c - whole files in, whole files out: limits, atomicity, disks that are full. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"

static char folder[] = "/tmp/hrnet-test-file-XXXXXX";
static char path[sizeof folder + 16];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/out", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails when a test left a temporary file */
}

static int n_entries(void)
{
    int n = 0;
    DIR *opened = opendir(folder);
    while (readdir(opened) != NULL) n++;
    closedir(opened);
    return n - 2;
}

static void put(const char *text)
{
    hr_file file;
    assert_int_equal(hr_file_create(&file, path), HRNET_OK);
    fputs(text, file.stream);
    assert_int_equal(hr_file_commit(&file), HRNET_OK);
}

static void expect_content(const char *text)
{
    hr_bytes bytes = {0};
    assert_int_equal(hr_file_read(&bytes, path, 1000), HRNET_OK);
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
    hr_free(bytes.data);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    put("one");
    expect_content("one");
    put("");
    expect_content("");
}

static void the_old_content_stays_until_commit(void **state)
{
    (void)state;
    hr_file file;
    put("old");
    assert_int_equal(hr_file_create(&file, path), HRNET_OK);
    fputs("new", file.stream);
    fflush(file.stream);
    expect_content("old");
    assert_int_equal(hr_file_commit(&file), HRNET_OK);
    expect_content("new");
    assert_int_equal(n_entries(), 1);
}

/* Syncs by this process; the tests' fsync takes the place of the C library's. */
static int n_syncs;

int fsync(int fd);
int fsync(int fd)
{
    (void)fd;
    n_syncs++;
    return 0;
}

static void only_durable_files_wait_for_the_disk(void **state)
{
    (void)state;
    hr_file file;
    n_syncs = 0;
    put("whole");
    assert_int_equal(n_syncs, 0);
    assert_int_equal(hr_file_create(&file, path), HRNET_OK);
    file.is_durable = 1;
    fputs("durable", file.stream);
    assert_int_equal(hr_file_commit(&file), HRNET_OK);
    assert_int_equal(n_syncs, 2); /* the file, then its folder */
    expect_content("durable");
    assert_int_equal(n_entries(), 1);
}

static void giving_up_leaves_nothing(void **state)
{
    (void)state;
    hr_file file;
    put("old");
    assert_int_equal(hr_file_create(&file, path), HRNET_OK);
    fputs("new", file.stream);
    hr_file_abandon(&file);
    hr_file_abandon(&file);
    expect_content("old");
    assert_int_equal(n_entries(), 1);
}

static void folders_that_are_missing_are_named(void **state)
{
    (void)state;
    hr_file file;
    char deep[sizeof path + 8];
    snprintf(deep, sizeof deep, "%s/x/y", folder);
    assert_int_equal(hr_file_create(&file, deep), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), deep));
    assert_non_null(strstr(hrnet_last_error(), "No such file"));
}

static void a_full_disk_is_reported_and_the_old_file_stays(void **state)
{
    (void)state;
    struct rlimit before, small;
    hr_file file;
    put("old");
    /* a limit on the size of files has the effect of a full disk */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(hr_file_create(&file, path), HRNET_OK);
    for (int i = 0; i < 10000; i++) fputs("0123456789", file.stream);
    const hrnet_status status = hr_file_commit(&file);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "cannot write"));
    expect_content("old");
    assert_int_equal(n_entries(), 1);
}

/* Renaming a file to the device would replace it; the test goes through a link, so that a failure replaces that. */
static void devices_are_written_in_place(void **state)
{
    (void)state;
    hr_file file;
    struct stat status;
    unlink(path);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_int_equal(hr_file_create(&file, path), HRNET_OK);
    fputs("lost", file.stream);
    assert_int_equal(hr_file_commit(&file), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "No space left"));
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    unlink(path);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(hr_file_create(&file, path), HRNET_OK);
    fputs("gone", file.stream);
    assert_int_equal(hr_file_commit(&file), HRNET_OK);
    assert_int_equal(hr_file_create(&file, path), HRNET_OK);
    hr_file_abandon(&file);
    assert_int_equal(lstat(path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    unlink(path);
}

static void over_the_limit_is_refused(void **state)
{
    (void)state;
    hr_bytes bytes = {0};
    put("0123456789");
    assert_int_equal(hr_file_read(&bytes, path, 9), HRNET_ERR_LIMIT);
    assert_null(bytes.data);
    assert_int_equal(hr_file_read(&bytes, path, 10), HRNET_OK);
    hr_free(bytes.data);
    bytes = (hr_bytes){0};
    assert_int_equal(hr_file_read(&bytes, "/dev/zero", 1 << 20), HRNET_ERR_LIMIT);
    assert_null(bytes.data);
}

static void what_is_no_file_is_named(void **state)
{
    (void)state;
    hr_bytes bytes = {0};
    assert_int_equal(hr_file_read(&bytes, folder, 10), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), folder));
    assert_int_equal(hr_file_read(&bytes, "/nowhere/at/all", 10), HRNET_ERR_IO);
    assert_string_equal(hrnet_last_error(), "/nowhere/at/all: cannot open: No such file or directory");
}

static void pipes_are_read_whole(void **state)
{
    (void)state;
    int ends[2];
    char name[32];
    hr_bytes bytes = {0};
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "from a pipe", 11), 11);
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    assert_int_equal(hr_file_read(&bytes, name, 1000), HRNET_OK);
    close(ends[0]);
    assert_int_equal(bytes.size, 11);
    assert_memory_equal(bytes.data, "from a pipe", 11);
    hr_free(bytes.data);
}

static void no_memory_is_no_leak(void **state)
{
    (void)state;
    hr_bytes bytes = {0};
    hr_file file;
    put("old");
    hr_mem_fail_after(0);
    assert_int_equal(hr_file_read(&bytes, path, 1000), HRNET_ERR_MEMORY);
    assert_int_equal(hr_file_create(&file, path), HRNET_ERR_MEMORY);
    hr_mem_fail_after(1);
    assert_int_equal(hr_file_create(&file, path), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
    assert_int_equal(n_entries(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_old_content_stays_until_commit),
        cmocka_unit_test(only_durable_files_wait_for_the_disk),
        cmocka_unit_test(giving_up_leaves_nothing),
        cmocka_unit_test(folders_that_are_missing_are_named),
        cmocka_unit_test(a_full_disk_is_reported_and_the_old_file_stays),
        cmocka_unit_test(devices_are_written_in_place),
        cmocka_unit_test(over_the_limit_is_refused),
        cmocka_unit_test(what_is_no_file_is_named),
        cmocka_unit_test(pipes_are_read_whole),
        cmocka_unit_test(no_memory_is_no_leak),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
