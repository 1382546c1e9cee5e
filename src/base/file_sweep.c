/* file_sweep.c - removes the temporary files of writers that are dead. */
#include "base/file_sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The process id in the name of a temporary file; 0 if it is no such name. */
static pid_t owner_of(const char *name)
{
    const char *mark = NULL;
    for (const char *p = name; (p = strstr(p, HR_TEMPORARY_MARK)) != NULL; p++) mark = p;
    if (mark == NULL) return 0;
    const char *const digits = mark + strlen(HR_TEMPORARY_MARK);
    const size_t n_id = strspn(digits, "0123456789");
    if (n_id == 0 || n_id > 9 || digits[n_id] != '-') return 0;
    const char *const count = digits + n_id + 1;
    return count[0] != '\0' && count[strspn(count, "0123456789")] == '\0' ? (pid_t)strtol(digits, NULL, 10) : 0;
}

static int may_run(pid_t process)
{
    return process != getpid() && (kill(process, 0) == 0 || errno != ESRCH);
}

/* The lock is taken before the file is removed, so that a writer which has just created the file and not yet locked it
 * notices (lock_temporary in file.c). Opened for writing, which locks on NFS need; nothing is written. */
static void sweep_file(int folder, const char *name)
{
    struct stat status;
    const int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
        flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(fd);
}

/* Whether this process has not swept the folder yet. Remembers as many as a run usually writes into; who writes into
 * more sweeps some of them again, which only takes time. */
static int is_new_folder(int folder)
{
    enum { REMEMBERED = 16 };
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static struct {
        dev_t device;
        ino_t inode;
    } swept[REMEMBERED];
    static unsigned n_swept;
    struct stat status;
    int is_new = 1;
    if (fstat(folder, &status) != 0) return 0;
    pthread_mutex_lock(&mutex);
    for (unsigned i = 0; i < REMEMBERED && i < n_swept; i++)
        if (swept[i].device == status.st_dev && swept[i].inode == status.st_ino) is_new = 0;
    if (is_new) {
        swept[n_swept % REMEMBERED].device = status.st_dev;
        swept[n_swept++ % REMEMBERED].inode = status.st_ino;
    }
    pthread_mutex_unlock(&mutex);
    return is_new;
}

/* Allocates nothing through hr_alloc: a sweep that has no memory must not fail the file that is to be written. */
void hr_sweep_folder_of(const char *path)
{
    char name[PATH_MAX];
    const char *const slash = strrchr(path, '/');
    const size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    if (length >= sizeof name) return;
    memcpy(name, path, length);
    name[length] = '\0';
    const int fd = open(length > 0 ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const folder = fd >= 0 && is_new_folder(fd) ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        if (fd >= 0) close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const pid_t owner = owner_of(entry->d_name);
        if (owner > 0 && !may_run(owner)) sweep_file(fd, entry->d_name);
    }
    closedir(folder);
}
