/*
 * image_module.h - the interface between io/image/image_module.c and the modules of src/pictures, libhrnet_tiff.so and
 * the like: one decoder each, over a library that libhrnet itself is not linked to. A module is loaded when the first
 * picture of its kind is read. It calls nothing of libhrnet but the functions of its host, and keeps no state.
 */
#ifndef HR_IO_IMAGE_IMAGE_MODULE_H
#define HR_IO_IMAGE_IMAGE_MODULE_H

#include <stddef.h>
#include <stdint.h>

/* The symbol that every module exports, a hr_image_module. */
#define HR_IMAGE_MODULE_SYMBOL "hrnet_image_module"

enum {
    HR_IMAGE_MODULE_VERSION = 1, /* of this interface; increased with every change */
    HR_IMAGE_MODULE_TEXT = 256
};

typedef enum hr_image_result {
    HR_IMAGE_DONE,
    HR_IMAGE_BROKEN,      /* the bytes are no whole picture of the kind; the text says what is wrong */
    HR_IMAGE_UNSUPPORTED, /* a feature that the library or the module does not have; the text names it */
    HR_IMAGE_NO_MEMORY,
    HR_IMAGE_REFUSED /* by host->begin, which knows why */
} hr_image_result;

/* What the library does for a module. The limits are those of image_limits.h, for libraries that check their own. */
typedef struct hr_image_host {
    void *context;
    int ignore_orientation; /* 1: leave the pixels as they are stored */
    uint64_t max_pixels, max_side, max_memory;
    /* Called once, before the library takes memory of the order of the picture. orientation: EXIF's, 1..8; 1 if the
     * library turns the picture itself. extra_bytes: what is taken beside the RGB pixels. 0, or -1: stop. */
    int (*begin)(void *context, uint64_t width, uint64_t height, int orientation, uint64_t extra_bytes);
    /* Row y of the picture, rgb [width][3]; rows in any order. */
    void (*put_row)(void *context, int y, const unsigned char *rgb);
    /* The picture is damaged but can be used. */
    void (*warn)(void *context, const char *text);
    void *(*alloc)(size_t n_bytes); /* uninitialised; NULL: no memory */
    void (*release)(void *block);   /* NULL is allowed */
} hr_image_host;

typedef struct hr_image_module {
    int version; /* HR_IMAGE_MODULE_VERSION of the module's build */
    /* Decode a picture through the host. text is set for HR_IMAGE_BROKEN and HR_IMAGE_UNSUPPORTED. */
    hr_image_result (*decode)(const hr_image_host *host, const unsigned char *bytes, size_t n_bytes,
                              char text[HR_IMAGE_MODULE_TEXT]);
} hr_image_module;

/* Every module defines it: HR_IMAGE_MODULE(decode). */
#define HR_IMAGE_MODULE(function)                                                                                      \
    __attribute__((visibility("default"))) extern const hr_image_module hrnet_image_module;                            \
    const hr_image_module hrnet_image_module = {HR_IMAGE_MODULE_VERSION, function}

#endif
