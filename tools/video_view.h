/*
 * video_view.h - the window of --show, on a thread of its own, which answers keys at once however long a frame takes:
 *   space       pause, go on        . or right arrow  one frame more, then pause
 *   s           save the frame      q, Escape, close  end, as if the video had ended
 * A process has one at a time.
 */
#ifndef TOOLS_VIDEO_VIEW_H
#define TOOLS_VIDEO_VIEW_H

#include <hrnet_video.h>

typedef struct video_view video_view;

/* Open the window. stem: what saved frames are called. NULL after a message. */
video_view *video_view_open(const char *title, const char *stem, int width, int height);

/* Show a frame, of which the line `status` tells. Waits until the one before is shown, and while the view is paused. */
void video_view_show(video_view *view, const hrnet_image *image, int64_t frame, const char *status);

/* Whether the user has ended it, or the display is gone. Of any thread, also when there is no view. */
int video_view_is_over(void);

/* Close it; NULL is allowed. Returns 0, or -1 if the display was lost, after a message. */
int video_view_close(video_view *view);

#endif
