/* progress.c - one line that tells how far a run is. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "tool.h"

progress progress_begin(size_t total, const char *unit, int forced)
{
    const double started = tool_seconds();
    const int terminal = isatty(STDERR_FILENO);
    return (progress){total, unit, started, started, forced || terminal, terminal};
}

static void show(const progress *p, size_t done)
{
    const double rate = (double)done / (tool_seconds() - p->started + 1e-9);
    const double left = rate > 0 && p->total > done ? (double)(p->total - done) / rate : 0;
    const int minutes = (int)(left / 60), seconds = (int)(left - 60.0 * minutes);
    const char *const begin = p->terminal ? "\r" : "", *const end = p->terminal ? "\033[K" : "\n";
    if (p->total == 0)
        fprintf(stderr, "%s%zu %s, %.1f per second%s", begin, done, p->unit, rate, end);
    else
        fprintf(stderr, "%s%zu of %zu %s, %.1f per second, %d:%02d left%s", begin, done, p->total, p->unit, rate,
                minutes, seconds, end);
    fflush(stderr);
}

void progress_update(progress *p, size_t done)
{
    const double time = tool_seconds();
    if (!p->enabled || time - p->started < 1.0 || time - p->shown < (p->terminal ? 0.25 : 5.0)) return;
    p->shown = time;
    show(p, done);
}

void progress_end(progress *p, size_t done)
{
    if (p->enabled && p->terminal && p->shown > p->started) fputs("\r\033[K", stderr);
    if (p->enabled && !p->terminal) show(p, done);
}
