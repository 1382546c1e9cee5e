/* window_internal.h - a window over any module. */
#ifndef HR_WINDOW_WINDOW_INTERNAL_H
#define HR_WINDOW_WINDOW_INTERNAL_H

#include "window/window_module.h"

/* A window over a module of the caller's, which hrnet_window_open has loaded: for tests. */
hrnet_status hr_window_open_with(hrnet_window **out, const hr_window_module *module, const char *title, int width,
                                 int height, const hrnet_window_options *options);

#endif
