/* file.c - whole-file input and atomic output over POSIX calls. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_sweep.h"

#include "base/mem.h"
#include "base/text.h"

/* Read until the end. A regular file's size gives the first capacity; pipes, and files that grow meanwhile, double it.
 */
static hrnet_status read_all(hr_bytes *out, int fd, const char *path, size_t max_bytes)
{
    struct stat status;
    size_t capacity = 1 << 16;
    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
        return hr_fail(HRNET_ERR_IO, "%s: expected a file, found a folder", path);
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        if ((uint64_t)status.st_size > max_bytes)
            return hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %zu bytes, found %lld", path, max_bytes,
                           (long long)status.st_size);
        capacity = (size_t)status.st_size + 1; /* one more, so that the read that returns 0 needs no growth */
    }
    unsigned char *data = hr_alloc(capacity, 1);
    if (data == NULL) return hr_fail_memory(capacity);
    size_t size = 0;
    for (;;) {
        if (size == capacity) {
            unsigned char *grown = size > max_bytes ? NULL : hr_resize(data, size, capacity * 2, 1);
            if (grown == NULL) {
                hr_free(data);
                return size > max_bytes
                           ? hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %zu bytes, found more", path, max_bytes)
                           : hr_fail_memory(capacity * 2);
            }
            data = grown;
            capacity *= 2;
        }
        const ssize_t n = read(fd, data + size, capacity - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            hr_free(data);
            return hr_fail(HRNET_ERR_IO, "%s: cannot read: %s", path, strerror(errno));
        }
        if (n == 0) break;
        size += (size_t)n;
    }
    if (size > max_bytes) {
        hr_free(data);
        return hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %zu bytes, found more", path, max_bytes);
    }
    *out = (hr_bytes){data, size};
    return HRNET_OK;
}

hrnet_status hr_file_read(hr_bytes *out, const char *path, uint64_t max_bytes)
{
    const size_t most = max_bytes < SIZE_MAX / 4 ? (size_t)max_bytes : SIZE_MAX / 4; /* where pointers have 32 bits */
    if (strcmp(path, "-") == 0) return read_all(out, STDIN_FILENO, "standard input", most);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return hr_fail(HRNET_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    const hrnet_status status = read_all(out, fd, path, most);
    close(fd);
    return status;
}

/* Lock a temporary file for its lifetime, by which a sweeper (file_sweep.c) knows that its writer lives. Returns 0 if a
 * sweeper was faster: the file is then gone or about to be removed. File systems without locks are not an error. */
static int lock_temporary(int fd)
{
    struct stat status;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return 0;
    return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

/* Create the temporary file and lock it. It is in the target's folder, because rename works only inside a file system.
 * Its name has the process id and a counter, so that two writers of one path do not meet; O_EXCL makes sure. A name
 * that is taken belongs to a process of that id in another container, or to a dead one whose file could not be swept.
 * *fd is -1, with the reason in errno, if it cannot be created. */
static hrnet_status create_temporary(hr_file *file, const char *path, int *fd)
{
    enum { MOST_TRIES = 1000 };
    static atomic_uint counter;
    hr_sweep_folder_of(path);
    for (int i = 0; i < MOST_TRIES; i++) {
        hr_text name = {0};
        hr_text_add(&name, "%s" HR_TEMPORARY_MARK "%ld-%u", path, (long)getpid(), atomic_fetch_add(&counter, 1));
        HR_TRY(hr_text_take(&name, &file->temporary));
        *fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*fd >= 0 && lock_temporary(*fd)) return HRNET_OK;
        const int reason = *fd >= 0 ? EEXIST : errno;
        if (*fd >= 0) close(*fd);
        hr_free(file->temporary);
        file->temporary = NULL;
        *fd = -1;
        errno = reason;
        if (reason != EEXIST) break;
    }
    return HRNET_OK;
}

hrnet_status hr_file_create(hr_file *file, const char *path)
{
    *file = (hr_file){0};
    if (strcmp(path, "-") == 0) {
        file->stream = stdout;
        return HRNET_OK;
    }
    struct stat status;
    const int in_place = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
    int fd = -1;
    file->path = hr_strdup(path);
    hrnet_status result = file->path != NULL ? HRNET_OK : hr_fail_memory(strlen(path));
    if (result == HRNET_OK && !in_place) result = create_temporary(file, path, &fd);
    if (result == HRNET_OK && in_place) fd = open(path, O_WRONLY | O_CLOEXEC);
    const int reason = errno;
    file->stream = fd < 0 ? NULL : fdopen(fd, "wb");
    if (file->stream != NULL) return HRNET_OK;
    if (result == HRNET_OK) result = hr_fail(HRNET_ERR_IO, "%s: cannot create: %s", path, strerror(reason));
    if (fd >= 0) close(fd);
    hr_file_abandon(file);
    return result;
}

/* Sync the folder of path: a rename changes the folder, whose entries reach the disk separately from the file. Returns
 * 0 with errno on failure. Cuts path for the call and restores it. */
static int sync_folder_of(char *path)
{
    char *const slash = strrchr(path, '/'), *const name = slash != NULL ? slash + 1 : path;
    const char first = *name;
    *name = '\0';
    const int fd = open(name == path ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *name = first;
    if (fd < 0) return errno == EACCES; /* a folder with write but no read permission cannot be synced */
    const int is_synced =
        fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP; /* some file systems do not sync folders */
    const int reason = errno;
    close(fd);
    errno = reason;
    return is_synced;
}

/* The order matters: the content of a durable file reaches the disk (fsync) before the name points to it (rename).
 * Otherwise a crash could leave an empty file under the final name. */
hrnet_status hr_file_commit(hr_file *file)
{
    hrnet_status status = HRNET_OK;
    if (file->path == NULL) {
        if (fflush(file->stream) != 0 || ferror(file->stream))
            status = hr_fail(HRNET_ERR_IO, "standard output: cannot write: %s", strerror(errno));
        *file = (hr_file){0};
        return status;
    }
    const int in_place = file->temporary == NULL;
    const int must_sync = file->is_durable && !in_place; /* pipes and devices cannot be synced */
    const int written =
        !ferror(file->stream) && fflush(file->stream) == 0 && (!must_sync || fsync(fileno(file->stream)) == 0);
    int reason = errno;
    const int closed = fclose(file->stream) == 0;
    if (written && !closed) reason = errno;
    file->stream = NULL;
    if (!written || !closed) {
        status = hr_fail(HRNET_ERR_IO, "%s: cannot write: %s", file->path, strerror(reason));
    } else if (!in_place && rename(file->temporary, file->path) != 0) {
        status = hr_fail(HRNET_ERR_IO, "%s: cannot rename: %s", file->path, strerror(errno));
    } else if (must_sync && !sync_folder_of(file->path)) {
        status = hr_fail(HRNET_ERR_IO, "%s: cannot sync its folder: %s", file->path, strerror(errno));
    }
    if (status != HRNET_OK && !in_place) unlink(file->temporary);
    hr_free(file->path);
    hr_free(file->temporary);
    *file = (hr_file){0};
    return status;
}

void hr_file_abandon(hr_file *file)
{
    if (file->path != NULL) {
        if (file->stream != NULL) fclose(file->stream);
        if (file->temporary != NULL) unlink(file->temporary);
    }
    hr_free(file->path);
    hr_free(file->temporary);
    *file = (hr_file){0};
}

/* Creates every prefix of path that ends before a '/'. mkdir comes first and stat only explains its failure, so that
 * two processes may create the same folder at once. */
hrnet_status hr_file_make_folders(const char *path)
{
    char *const part = hr_strdup(path);
    if (part == NULL) return hr_fail_memory(strlen(path) + 1);
    hrnet_status status = HRNET_OK;
    for (char *end = part; status == HRNET_OK && *end != '\0';) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        const char kept = *end;
        struct stat info;
        *end = '\0';
        if (mkdir(part, 0777) != 0) {
            const int reason = errno;
            if (stat(part, &info) != 0 || !S_ISDIR(info.st_mode))
                status = hr_fail(HRNET_ERR_IO, "%s: cannot make the folder %s: %s", path, part, strerror(reason));
        }
        *end = kept;
    }
    hr_free(part);
    return status;
}
