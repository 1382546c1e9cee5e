/* test_file_sweep.c - temporary files of writers that are dead go, those of the living stay. */
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
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/file_sweep.h"
#include "base/mem.h"

/* Every test has a folder of its own, because a process sweeps a folder once. They stay until the end, so that none
 * gets the inode of one before. */
enum { N_FOLDERS = 6 };
static char folders[N_FOLDERS][32];
static const char *folder;
static int n_folders;

static int make_folder(void **state)
{
    (void)state;
    char *const name = folders[n_folders++];
    strcpy(name, "/tmp/hrnet-test-sweep-XXXXXX");
    folder = mkdtemp(name);
    return folder == NULL;
}

static int n_entries(int remove)
{
    int n = 0;
    DIR *opened = opendir(folder);
    for (const struct dirent *entry; (entry = readdir(opened)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        if (remove) unlinkat(dirfd(opened), entry->d_name, 0);
        n++;
    }
    closedir(opened);
    return n;
}

static int remove_folders(void **state)
{
    (void)state;
    int failed = 0;
    for (int i = 0; i < n_folders; i++) {
        folder = folders[i];
        n_entries(1);
        failed |= rmdir(folder);
    }
    return failed;
}

static char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void touch(const char *name)
{
    const int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_EXCL, 0666);
    assert_true(fd >= 0);
    close(fd);
}

static int is_there(const char *name)
{
    return access(in_folder(name), F_OK) == 0;
}

static void put(const char *name)
{
    hr_file file;
    assert_int_equal(hr_file_create(&file, in_folder(name)), HRNET_OK);
    fputs("whole", file.stream);
    assert_int_equal(hr_file_commit(&file), HRNET_OK);
}

/* A child that has begun a file and waits; the parent's end of a pipe tells it to go on, into death. */
static pid_t start_writer(int *gate)
{
    int ready[2], go[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        hr_file file;
        close(go[1]);
        if (hr_file_create(&file, in_folder("theirs")) != HRNET_OK) _exit(1);
        fputs("half", file.stream);
        fflush(file.stream);
        if (write(ready[1], "", 1) != 1 || read(go[0], &byte, 1) != 0) _exit(1);
        raise(SIGKILL);
    }
    close(ready[1]);
    close(go[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    *gate = go[1];
    return child;
}

static void end_writer(pid_t child, int gate)
{
    int status;
    close(gate);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void what_a_killed_writer_left_goes(void **state)
{
    (void)state;
    int gate;
    const pid_t child = start_writer(&gate);
    end_writer(child, gate);
    assert_int_equal(n_entries(0), 1);
    put("ours");
    assert_int_equal(n_entries(0), 1);
    assert_true(is_there("ours"));
}

static void what_a_writer_is_at_stays(void **state)
{
    (void)state;
    int gate;
    const pid_t child = start_writer(&gate);
    put("ours");
    assert_int_equal(n_entries(0), 2);
    end_writer(child, gate);
}

/* As in containers that share a folder: the name's process is not here, but somebody holds the lock. */
static void a_lock_counts_more_than_the_process(void **state)
{
    (void)state;
    const char *const name = "x.tmp-hrnet-999999999-0";
    const int fd = open(in_folder(name), O_RDWR | O_CREAT, 0666);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    put("ours");
    assert_true(is_there(name));
    close(fd);
}

/* A container's first process has the same id in every run. */
static void a_file_of_this_id_that_is_not_ours_goes(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "x.tmp-hrnet-%ld-0", (long)getpid());
    touch(name);
    put("ours");
    assert_false(is_there(name));
}

static void files_of_other_names_stay(void **state)
{
    (void)state;
    static const char *const names[] = {"a.tmp-999999999-0",        "b.tmp-hrnet-",
                                        "c.tmp-hrnet-999999999",    "d.tmp-hrnet-999999999-",
                                        "e.tmp-hrnet-x999999999-0", "f.tmp-hrnet-999999999-0.png",
                                        "g.tmp-hrnet-0-0",          "h.tmp-hrnet-99999999999999999999-0"};
    const size_t n = sizeof names / sizeof *names;
    for (size_t i = 0; i < n; i++) touch(names[i]);
    assert_int_equal(symlink("a.tmp-999999999-0", in_folder("i.tmp-hrnet-999999999-0")), 0);
    put("ours");
    for (size_t i = 0; i < n; i++) assert_true(is_there(names[i]));
    assert_true(is_there("i.tmp-hrnet-999999999-0"));
}

/* O_EXCL refuses a name that is taken by somebody who cannot be swept; another one is found. */
static void a_name_that_is_taken_is_passed_over(void **state)
{
    (void)state;
    hr_file file;
    int held[8];
    assert_int_equal(hr_file_create(&file, in_folder("ours")), HRNET_OK);
    const unsigned n = (unsigned)strtoul(strrchr(file.temporary, '-') + 1, NULL, 10);
    hr_file_abandon(&file);
    for (unsigned i = 0; i < 8; i++) {
        char name[128];
        snprintf(name, sizeof name, "ours.tmp-hrnet-%ld-%u", (long)getpid(), n + 1 + i);
        held[i] = open(in_folder(name), O_RDWR | O_CREAT | O_EXCL, 0666);
        assert_int_equal(flock(held[i], LOCK_EX), 0);
    }
    put("ours");
    assert_int_equal(n_entries(0), 9);
    for (int i = 0; i < 8; i++) close(held[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_a_killed_writer_left_goes, make_folder),
        cmocka_unit_test_setup(what_a_writer_is_at_stays, make_folder),
        cmocka_unit_test_setup(a_lock_counts_more_than_the_process, make_folder),
        cmocka_unit_test_setup(a_file_of_this_id_that_is_not_ours_goes, make_folder),
        cmocka_unit_test_setup(files_of_other_names_stay, make_folder),
        cmocka_unit_test_setup(a_name_that_is_taken_is_passed_over, make_folder),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folders);
}
