/* libav_folder.c - FFmpeg reads pictures of one ending by a pattern of glob(3), sorted by name. */
#include "video/libav/libav_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <libavutil/mem.h>

static int is_picture(const char *name)
{
    static const char *const endings[] = {"jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"};
    const char *const point = strrchr(name, '.');
    for (size_t i = 0; name[0] != '.' && point != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(point + 1, endings[i]) == 0) return 1;
    return 0;
}

/* The picture whose name is the first, or "". */
static void find_first(DIR *folder, char *first, size_t size)
{
    const struct dirent *entry;
    first[0] = '\0';
    while ((entry = readdir(folder)) != NULL)
        if (is_picture(entry->d_name) && (first[0] == '\0' || strcmp(entry->d_name, first) < 0))
            snprintf(first, size, "%s", entry->d_name);
}

/* Pictures whose names do not end so. */
static int count_others(DIR *folder, const char *ending)
{
    const struct dirent *entry;
    int n = 0;
    rewinddir(folder);
    while ((entry = readdir(folder)) != NULL)
        n += is_picture(entry->d_name) && strcmp(strrchr(entry->d_name, '.'), ending) != 0;
    return n;
}

/* "PATH/" and "*ENDING", with what glob(3) reads as its own in PATH marked as text. */
static char *make_pattern(const char *path, const char *ending)
{
    char *const pattern = av_malloc(2 * strlen(path) + strlen(ending) + 3);
    char *to = pattern;
    if (pattern == NULL) return NULL;
    for (const char *from = path; *from != '\0'; from++) {
        if (strchr("*?[]{}\\~", *from) != NULL) *to++ = '\\';
        *to++ = *from;
    }
    strcpy(to, "/*");
    strcat(to, ending);
    return pattern;
}

hrnet_status hr_libav_folder_pattern(char **out, const hr_video_host *host, const char *path,
                                     const hrnet_video_options *options)
{
    char first[512], line[256];
    DIR *const folder = opendir(path);
    if (folder == NULL)
        return hr_libav_fail(host, HRNET_ERR_IO, "%s: cannot read the folder: %s", path, strerror(errno));
    find_first(folder, first, sizeof first);
    const char *const ending = strrchr(first, '.');
    const int n_others = ending != NULL ? count_others(folder, ending) : 0;
    closedir(folder);
    if (ending == NULL)
        return hr_libav_fail(host, HRNET_ERR_FORMAT, "%s: expected a folder of pictures, found none in it", path);
    if (n_others > 0 && options->on_message != NULL) {
        snprintf(line, sizeof line, "the pictures that end in %s are read; %d others in the folder are left out",
                 ending, n_others);
        options->on_message(options->context, line);
    }
    *out = make_pattern(path, ending);
    return *out != NULL ? HRNET_OK : hr_libav_fail_memory(host);
}
