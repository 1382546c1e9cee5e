/* video_internal.h - what a video that is read consists of, for the writer that has it as its source. */
#ifndef HR_VIDEO_VIDEO_INTERNAL_H
#define HR_VIDEO_VIDEO_INTERNAL_H

#include "video/frame_clock.h"
#include "video/video_module.h"

struct hrnet_video {
    const hr_video_module *module;
    hr_video_reader *reader;
    char *path, *hardware;
    hrnet_video_options options; /* its strings are the two above */
    hrnet_video_info facts;      /* as they were when it was opened */
    hr_frame_clock clock;
    int64_t n_in_range; /* frames from options.from on */
    uint64_t n_read;
    uint64_t n_handed_out;
    int has_sought; /* 1: sought for options.from, and no frame has shown yet whether to the right place */
    int is_ended, has_failed;
};

/* A video over a module of the caller's, which hrnet_video_open has loaded: for tests. */
hrnet_status hr_video_open_with(hrnet_video **out, const hr_video_module *module, const char *path,
                                const hrnet_video_options *options);

#endif
