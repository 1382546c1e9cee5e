/*
 * interrupt.h - SIGINT and SIGTERM in a command that writes several things. The first one lets the command finish what
 * it is at, so that what was done is kept and no half-written file stays; a second one ends the program at once. Where
 * the program waits for others, on standard input or a FIFO, the first one ends the wait.
 */
#ifndef TOOLS_INTERRUPT_H
#define TOOLS_INTERRUPT_H

/* Catch the signals from now on. */
void interrupt_catch(void);

/* The signal that came; 0: none. Raise it when all is tidied up: its default action is back by then. */
int interrupt_signal(void);

/* Call before path ("-": standard input) is read, and interrupt_read_done with what it returned behind it. Waits until
 * standard input has something to read; returns -1 if a signal came instead. While a pipe or a FIFO is being read a
 * signal ends the program at once, because the writer may never go on. Several threads may read at once. */
int interrupt_read_begin(const char *path);
void interrupt_read_done(int begun);

#endif
