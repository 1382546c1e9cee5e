/* fetch_sums.c - reads and writes SHA256SUMS. */
#include "fetch/fetch_sums.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"

enum {
    N_DIGITS = HR_SHA256_TEXT - 1,
    MOST_BYTES = 1 << 20,
    TRIES = 100, /* for the lock, NAP apart: 2 seconds */
    NAP = 20 * 1000 * 1000
};

/* A line without its end. digits NULL: it says nothing. */
typedef struct sums_line {
    const char *digits, *file;
    size_t n_file;
} sums_line;

static int is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* "DIGITS  FILE" or, as sha256sum writes it for --binary, "DIGITS *FILE". */
static hrnet_status read_line(sums_line *out, const char *line, size_t n, size_t number)
{
    size_t n_digits = 0;
    *out = (sums_line){0};
    if (n > 0 && line[n - 1] == '\r') n--;
    if (n == 0 || line[0] == '#') return HRNET_OK;
    while (n_digits < n && is_digit(line[n_digits])) n_digits++;
    if (n_digits != N_DIGITS || n < N_DIGITS + 3 || line[N_DIGITS] != ' ' ||
        (line[N_DIGITS + 1] != ' ' && line[N_DIGITS + 1] != '*'))
        return hr_fail(HRNET_ERR_FORMAT, "line %zu: expected 64 hexadecimal digits, two spaces and a name, found %.*s",
                       number, (int)(n < 100 ? n : 100), line);
    *out = (sums_line){line, line + N_DIGITS + 2, n - N_DIGITS - 2};
    return HRNET_OK;
}

/* The end of the line that begins at a byte. */
static size_t end_of_line(const char *text, size_t begin, size_t n)
{
    const char *const end = memchr(text + begin, '\n', n - begin);
    return end != NULL ? (size_t)(end - text) : n;
}

static int is_of(const sums_line *line, const char *file)
{
    return line->digits != NULL && line->n_file == strlen(file) && memcmp(line->file, file, line->n_file) == 0;
}

hrnet_status hr_sums_find(const void *bytes, size_t n_bytes, const char *file, char hash[HR_SHA256_TEXT])
{
    const char *const text = bytes;
    char found[HR_SHA256_TEXT] = "";
    size_t number = 0;
    for (size_t begin = 0, end; begin < n_bytes; begin = end + 1) {
        sums_line line;
        end = end_of_line(text, begin, n_bytes);
        HR_TRY(read_line(&line, text + begin, end - begin, ++number));
        if (!is_of(&line, file)) continue;
        for (int i = 0; i < N_DIGITS; i++)
            found[i] = (char)(line.digits[i] >= 'A' && line.digits[i] <= 'F' ? line.digits[i] + 32 : line.digits[i]);
        found[N_DIGITS] = '\0';
    }
    memcpy(hash, found, sizeof found);
    return HRNET_OK;
}

hrnet_status hr_sums_replace(hr_text *out, const void *bytes, size_t n_bytes, const char *file, const char *hash)
{
    const char *const text = bytes;
    size_t number = 0;
    for (size_t begin = 0, end; begin < n_bytes; begin = end + 1) {
        sums_line line;
        end = end_of_line(text, begin, n_bytes);
        HR_TRY(read_line(&line, text + begin, end - begin, ++number));
        if (is_of(&line, file)) continue;
        hr_text_add_bytes(out, text + begin, end - begin);
        hr_text_add(out, "\n");
    }
    hr_text_add(out, "%s  %s\n", hash, file);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ the file */

/* *path: SHA256SUMS of the folder, with that ending. */
static hrnet_status name_sums(char **path, const char *folder, const char *ending)
{
    hr_text name = {0};
    hr_text_add(&name, "%s/SHA256SUMS%s", folder, ending);
    return hr_text_take(&name, path);
}

static hrnet_status load(hr_bytes *out, const char *path)
{
    *out = (hr_bytes){0};
    if (access(path, F_OK) != 0 && errno == ENOENT) return HRNET_OK;
    return hr_file_read(out, path, MOST_BYTES);
}

hrnet_status hr_sums_read(const char *folder, const char *file, char hash[HR_SHA256_TEXT])
{
    char *path = NULL;
    hr_bytes bytes = {0};
    HR_TRY(name_sums(&path, folder, ""));
    hrnet_status status = load(&bytes, path);
    if (status == HRNET_OK) {
        status = hr_sums_find(bytes.data, bytes.size, file, hash);
        if (status != HRNET_OK) hr_fail_in(status, path);
    }
    hr_free(bytes.data);
    hr_free(path);
    return status;
}

static hrnet_status write_text(const char *path, hr_text *text)
{
    char *content = NULL;
    hr_file file;
    const size_t n = text->length;
    HR_TRY(hr_text_take(text, &content));
    hrnet_status status = hr_file_create(&file, path);
    if (status == HRNET_OK) {
        fwrite(content, 1, n, file.stream);
        status = hr_file_commit(&file);
    }
    hr_free(content);
    return status;
}

static hrnet_status replace_in(const char *path, const char *file, const char *hash)
{
    hr_bytes bytes = {0};
    hr_text text = {0};
    hrnet_status status = load(&bytes, path);
    if (status == HRNET_OK) {
        status = hr_sums_replace(&text, bytes.data, bytes.size, file, hash);
        if (status != HRNET_OK) hr_fail_in(status, path);
    }
    if (status == HRNET_OK) status = write_text(path, &text);
    hr_text_free(&text);
    hr_free(bytes.data);
    return status;
}

static hrnet_status take_lock(hr_lock *lock, const char *path)
{
    hrnet_status status = HRNET_OK;
    for (int i = 0; i < TRIES; i++) {
        status = hr_lock_take(lock, path);
        if (status != HRNET_ERR_IO) break;
        nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
    }
    return status;
}

hrnet_status hr_sums_keep(const char *folder, const char *file, const char *hash)
{
    char *path = NULL, *lock_path = NULL;
    hr_lock lock = {0};
    hrnet_status status = name_sums(&path, folder, "");
    if (status == HRNET_OK) status = name_sums(&lock_path, folder, ".lock");
    if (status == HRNET_OK) status = take_lock(&lock, lock_path);
    if (status == HRNET_OK) status = replace_in(path, file, hash);
    hr_lock_release(&lock);
    hr_free(lock_path);
    hr_free(path);
    return status;
}
