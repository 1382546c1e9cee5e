/* progress.h - how far a long run is, on standard error: done, rate, time left. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stddef.h>

typedef struct progress {
    size_t total;
    const char *unit;      /* "pictures"; static text */
    double started, shown; /* seconds of the monotonic clock */
    int enabled, terminal;
} progress;

/* total 0: it is not known, and no time left is shown; it may be an estimate. forced: also when standard error is no
 * terminal (one line every few seconds then). */
progress progress_begin(size_t total, const char *unit, int forced);
/* Called whenever something is done; prints at most a few times a second, and nothing in the first second. */
void progress_update(progress *p, size_t done);
/* Wipe the line; when forced, print the last count. */
void progress_end(progress *p, size_t done);

#endif
