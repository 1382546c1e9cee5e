/* output.c - whole files or none. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

int output_open(output *out, const char *path)
{
    struct stat status;
    *out = (output){0};
    if (path == NULL || strcmp(path, "-") == 0) {
        out->stream = stdout;
        out->path = tool_text("standard output");
        return 0;
    }
    const int in_place = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
    out->path = tool_text("%s", path);
    out->temporary = in_place ? NULL : tool_text("%s.tmp-%ld", path, (long)getpid());
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (in_place ? 0 : O_EXCL);
    const int fd = open(in_place ? path : out->temporary, flags, 0666);
    out->stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out->stream != NULL) return 0;
    tool_error("%s: cannot create: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    free(out->path);
    free(out->temporary);
    *out = (output){0};
    return -1;
}

int output_close(output *out)
{
    int reason = 0;
    if (ferror(out->stream)) reason = EIO;
    if (fflush(out->stream) != 0) reason = errno;
    if (out->stream != stdout && fclose(out->stream) != 0 && reason == 0) reason = errno;
    out->stream = NULL;
    if (reason == 0 && out->temporary != NULL && rename(out->temporary, out->path) != 0) reason = errno;
    if (reason != 0) tool_error("%s: cannot write: %s", out->path, strerror(reason));
    if (reason != 0 && out->temporary != NULL) unlink(out->temporary);
    free(out->path);
    free(out->temporary);
    *out = (output){0};
    return reason != 0 ? -1 : 0;
}

void output_abandon(output *out)
{
    if (out->stream != NULL && out->stream != stdout) fclose(out->stream);
    if (out->temporary != NULL) unlink(out->temporary);
    free(out->path);
    free(out->temporary);
    *out = (output){0};
}
