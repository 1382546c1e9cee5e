/* interrupt.c - a flag for loops, a pipe for waits, and death for waits inside the library. */
#include "interrupt.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int caught, n_waiting; /* n_waiting: threads whose reader waits; lock-free, so good in a handler */
static int pipe_ends[2] = {-1, -1};  /* the handler, which may run on any thread, wakes the poll below through it */

static void on_signal(int signal)
{
    caught = signal;
    if (n_waiting > 0) raise(signal); /* its default action: the handler is reset before it runs */
    const ssize_t written = write(pipe_ends[1], "", 1);
    (void)written;
}

void interrupt_catch(void)
{
    /* without SA_RESTART, so that opening a FIFO or writing to a full pipe ends too */
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int interrupt_signal(void)
{
    return caught;
}

/* Anything but a file or a folder may have a reader wait. */
static int may_wait(const char *path)
{
    struct stat status;
    const int failed = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(path, &status);
    return failed == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

int interrupt_read_begin(const char *path)
{
    if (caught) return -1;
    if (pipe_ends[0] < 0 || !may_wait(path)) return 0;
    if (strcmp(path, "-") == 0) {
        struct pollfd either[] = {{STDIN_FILENO, POLLIN, 0}, {pipe_ends[0], POLLIN, 0}};
        while (!caught && poll(either, 2, -1) < 0) {
        }
    }
    n_waiting++; /* before the last look at caught: a signal in between ends the program */
    if (!caught) return 1;
    n_waiting--;
    return -1;
}

void interrupt_read_done(int begun)
{
    if (begun > 0) n_waiting--;
}
