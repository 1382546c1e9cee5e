/*
 * press_keys.c - press_keys TITLE KEY...: waits for the window whose title begins with TITLE, and strikes keys of X11's
 * names ("space", "period", "s") in it. Exits with 1 if there is no such window within 20 s.
 */
#include <stdio.h>
#include <time.h>

#include "x11_client.h"

int main(int argc, char **argv)
{
    Display *const display = XOpenDisplay(NULL);
    Window window = None;
    if (display == NULL || argc < 3) return 2;
    for (int i = 0; i < 200 && window == None; i++) {
        if (i > 0) nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        window = x11_window(display, DefaultRootWindow(display), argv[1]);
    }
    for (int i = 2; i < argc && window != None; i++) x11_strike(display, window, XStringToKeysym(argv[i]));
    XCloseDisplay(display);
    if (window == None) fprintf(stderr, "no window called %s\n", argv[1]);
    return window == None;
}
