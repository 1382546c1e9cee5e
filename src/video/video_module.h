/*
 * video_module.h - the interface between src/video and its module libhrnet_libav.so (src/video/libav), which talks to
 * FFmpeg's libraries. The module calls nothing of libhrnet but the functions of its host and of a sink. The division of
 * labour:
 *
 *   module   demultiplexes, decodes, converts and turns pixels; converts, encodes, multiplexes
 *   src/video   which frames are wanted, their timestamps and sizes as checked numbers; the file that is written
 */
#ifndef HR_VIDEO_VIDEO_MODULE_H
#define HR_VIDEO_VIDEO_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include <hrnet_video.h>

/* The symbol that the module exports, a hr_video_module. */
#define HR_VIDEO_MODULE_SYMBOL "hrnet_video_module"

enum {
    HR_VIDEO_MODULE_VERSION = 1, /* of this interface; increased with every change */
    HR_VIDEO_MOST_SIDE = 1 << 20,
    HR_VIDEO_MOST_PIXELS = 1 << 28,
    HR_VIDEO_MOST_SLOTS = 64
};

/* What the library does for the module. */
typedef struct hr_video_host {
    void (*fail)(const char *text);            /* set the thread's message, one line */
    void (*fail_in)(const char *where);        /* put "where: " in front of it */
    void *(*alloc)(size_t count, size_t size); /* zeroed; NULL: no memory */
    void (*release)(void *block);              /* NULL is allowed */
} hr_video_host;

/* Where a writer's bytes go. */
typedef struct hr_video_sink {
    void *context;
    int is_seekable;
    int (*write)(void *context, const void *bytes, size_t n); /* at the position, which moves; 0 or an errno */
    int64_t (*seek)(void *context, int64_t position);         /* the new position; below 0: a negative errno */
    int64_t (*size)(void *context);                           /* bytes up to the highest that was written */
    void (*reserve)(void *context,
                    int64_t n_bytes); /* set aside as much behind the last byte, from the next write on */
    int (*failure)(void *context); /* errno of the first failure, also when only the reserve could not be had; else 0 */
} hr_video_sink;

typedef struct hr_video_reader hr_video_reader;
typedef struct hr_video_encoder hr_video_encoder;

/* A decoded frame as the file has it: nothing here is checked. */
typedef struct hr_video_stamp {
    int is_end;  /* 1: there is no frame */
    int has_pts; /* 0: the file does not say */
    int is_damaged;
    int64_t pts;
    int64_t duration; /* units of pts; 0: not known */
} hr_video_stamp;

typedef struct hr_video_module {
    int version; /* HR_VIDEO_MODULE_VERSION of the module's build */

    /* path and options (checked by the caller) must outlive the reader. */
    hrnet_status (*open)(hr_video_reader **out, const hr_video_host *host, const char *path,
                         const hrnet_video_options *options);
    /* Fill in all that the module knows; n_read, n_moved and reserved stay as they are. */
    void (*info)(const hr_video_reader *reader, hrnet_video_info *out);
    /* Go to the key frame at or before pts. 0: the source cannot; it then stands where it stood. */
    int (*seek)(hr_video_reader *reader, int64_t pts);
    /* Go back to the beginning, if need be by opening it again. */
    hrnet_status (*rewind)(hr_video_reader *reader);
    /* Decode the next frame, which becomes the current one. */
    hrnet_status (*read)(hr_video_reader *reader, hr_video_stamp *out);
    /* The current frame's pixels, which live until this is called for the same slot again, in [0, n_valid). */
    hrnet_status (*pixels)(hr_video_reader *reader, int slot, hrnet_pixels *out);
    /* No frame is wanted any more: read what audio there is before pts, and keep none behind it. */
    void (*stop)(hr_video_reader *reader, int64_t pts);
    void (*close)(hr_video_reader *reader); /* NULL is allowed */

    /* options are complete (nothing is 0 that has a default but quality and threads), checked, and not needed
     * afterwards; first_pts: what is written as timestamp 0 (0: timestamps stay as they are). source NULL: none. */
    hrnet_status (*create)(hr_video_encoder **out, const hr_video_host *host, const hr_video_sink *sink,
                           const char *path, const hrnet_video_writer_options *options, const hr_video_reader *source,
                           int64_t first_pts);
    void (*written)(const hr_video_encoder *encoder, hrnet_video_writer_info *out); /* as info */
    hrnet_status (*write)(hr_video_encoder *encoder, const hrnet_pixels *pixels, int64_t pts);
    /* Write out all that is left. with_frames 0: the index alone, after a failure. */
    hrnet_status (*finish)(hr_video_encoder *encoder, int with_frames);
    void (*destroy)(hr_video_encoder *encoder); /* NULL is allowed */
} hr_video_module;

/* The module, loaded if need be. HRNET_ERR_UNSUPPORTED, "NAME: ...", if it is not there or of another build. */
hrnet_status hr_video_module_get(const hr_video_module **out, const char *name);

extern const hr_video_host hr_video_library_host;

#endif
