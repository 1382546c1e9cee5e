/* x11_client.h - what another client of an X server can do to a window: find it by its title, send it keys. */
#ifndef TESTS_X11_CLIENT_H
#define TESTS_X11_CLIENT_H

#include <string.h>

#include <X11/Xlib.h>
#include <X11/keysym.h>

/* The window below `parent` whose title begins with this one, or None. */
static inline Window x11_window(Display *display, Window parent, const char *title)
{
    Window root, up, *children = NULL, found = None;
    unsigned n = 0;
    if (!XQueryTree(display, parent, &root, &up, &children, &n)) return None;
    for (unsigned i = 0; i < n && found == None; i++) {
        char *name = NULL;
        if (XFetchName(display, children[i], &name) && name != NULL && strncmp(name, title, strlen(title)) == 0)
            found = children[i];
        if (name != NULL) XFree(name);
        if (found == None) found = x11_window(display, children[i], title);
    }
    if (children != NULL) XFree(children);
    return found;
}

/* type: KeyPress or KeyRelease. */
static inline void x11_send_key(Display *display, Window window, KeySym symbol, int type)
{
    XKeyEvent key = {.type = type,
                     .display = display,
                     .window = window,
                     .root = DefaultRootWindow(display),
                     .same_screen = True,
                     .keycode = XKeysymToKeycode(display, symbol)};
    XSendEvent(display, window, True, type == KeyPress ? KeyPressMask : KeyReleaseMask, (XEvent *)&key);
    XSync(display, False);
}

/* Press and release a key. */
static inline void x11_strike(Display *display, Window window, KeySym symbol)
{
    x11_send_key(display, window, symbol, KeyPress);
    x11_send_key(display, window, symbol, KeyRelease);
}

#endif
