/*
 * image_png.c - PNG through libpng, which converts every depth and palette to 8-bit RGB while it reads. Alpha is
 * dropped, and 16-bit samples lose their low byte, as in OpenCV's imread. libpng leaves with longjmp on errors;
 * image_jpeg.c explains why the work is split into three functions.
 *
 * Limits: libpng's own limit of a million pixels a side is lifted, since hr_image_begin checks the size. Chunks that no
 * pixel needs (text, profiles) are skipped unread, and all that libpng allocates together stays within
 * HR_LIMIT_PNG_MEMORY.
 */
#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "base/mem.h"
#include "io/cursor.h"
#include "io/image/image.h"

struct failure {
    const char *name;
    hrnet_status status, reason; /* reason: the status of libpng's next error; HRNET_ERR_MEMORY once memory ran out */
    uint64_t n_allocated;        /* bytes of all allocations so far */
};

/* libpng's error handler: its text, which names the chunk, becomes the message. */
static void fail_libpng(png_structp png, png_const_charp text)
{
    struct failure *failure = png_get_error_ptr(png);
    failure->status = hr_fail(failure->reason, "%s: %s", failure->name, text);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static png_voidp allocate(png_structp png, png_alloc_size_t n_bytes)
{
    struct failure *failure = png_get_mem_ptr(png);
    if (n_bytes > HR_LIMIT_PNG_MEMORY - failure->n_allocated) return NULL;
    failure->n_allocated += n_bytes;
    void *block = hr_alloc(n_bytes, 1);
    if (block == NULL) failure->reason = HRNET_ERR_MEMORY;
    return block;
}

static void release(png_structp png, png_voidp block)
{
    (void)png;
    hr_free(block);
}

/* The status of a finished call. If libpng gets no memory for an optional chunk (the EXIF block, say), it drops the
 * chunk and succeeds; that is a failure here, so that a result never depends on the memory at hand. */
static hrnet_status final_status(const struct failure *failure)
{
    if (failure->status == HRNET_OK && failure->reason == HRNET_ERR_MEMORY)
        return hr_fail(HRNET_ERR_MEMORY, "%s: out of memory in libpng", failure->name);
    return failure->status;
}

/* ------------------------------------------------------------------------------------------------ reading */

struct decoder {
    struct failure failure;
    png_structp png;
    png_infop info;
    const hr_image_source *source;
    size_t at;
    hr_image_canvas canvas;
    uint8_t *rgb; /* pixels as stored: a row, or all of an interlaced picture, whose passes add to them */
};

/* The orientation of the EXIF block, which may stand behind the pixels: found in advance, because the canvas needs it.
 * A file is a signature of 8 bytes and chunks: a size, four letters, a body, a checksum; numbers begin with their
 * highest byte. */
static int find_orientation(const hr_image_source *source)
{
    hr_cursor file = hr_cursor_over(source->bytes, source->n_bytes);
    hr_cursor_take(&file, 8);
    while (!file.failed) {
        const unsigned char *head = hr_cursor_take(&file, 8);
        const size_t size =
            head != NULL ? (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3] : 0;
        const unsigned char *body = hr_cursor_take(&file, size);
        if (body != NULL && memcmp(head + 4, "eXIf", 4) == 0) return hr_exif_orientation(body, size);
        hr_cursor_take(&file, 4);
    }
    return 1;
}

static void read_bytes(png_structp png, png_bytep out, size_t n)
{
    struct decoder *d = png_get_io_ptr(png);
    if (n > d->source->n_bytes - d->at) png_error(png, "the PNG picture is cut short");
    memcpy(out, d->source->bytes + d->at, n);
    d->at += n;
}

/* The conversions that make every PNG 8-bit RGB. */
static void request_rgb(png_structp png)
{
    png_set_expand(png); /* palettes, and 1, 2 and 4 bits; tRNS becomes alpha */
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    png_set_strip_alpha(png);
}

/* Any libpng call may end this function through longjmp. */
static void decode(struct decoder *d)
{
    png_set_read_fn(d->png, d, read_bytes);
    png_set_user_limits(d->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);         /* hr_image_begin checks the size */
    png_set_keep_unknown_chunks(d->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); /* -1: all that no pixel needs */
    png_read_info(d->png, d->info);
    const uint64_t width = png_get_image_width(d->png, d->info), height = png_get_image_height(d->png, d->info);
    const int is_interlaced = png_get_interlace_type(d->png, d->info) != PNG_INTERLACE_NONE;
    const uint64_t n_rows = is_interlaced ? height : 1;
    d->failure.status =
        hr_image_begin(&d->canvas, width, height, find_orientation(d->source), n_rows * width * 3, d->source);
    if (d->failure.status != HRNET_OK) return;

    request_rgb(d->png);
    const int n_passes = png_set_interlace_handling(d->png); /* 7 of an interlaced picture; else 1 */
    png_read_update_info(d->png, d->info);
    const size_t row_bytes = (size_t)width * 3;
    if (png_get_rowbytes(d->png, d->info) != row_bytes) png_error(d->png, "rows are not 8-bit RGB");
    d->rgb = hr_alloc((size_t)n_rows, row_bytes);
    if (d->rgb == NULL) {
        d->failure.status = hr_fail_memory((size_t)n_rows * row_bytes);
        return;
    }
    for (int pass = 0; pass < n_passes; pass++)
        for (int y = 0; y < d->canvas.height; y++) {
            uint8_t *const row = d->rgb + (is_interlaced ? (size_t)y * row_bytes : 0);
            png_read_row(d->png, row, NULL);
            if (pass == n_passes - 1) hr_image_put_row(&d->canvas, y, row);
        }
    png_read_end(d->png, d->info);
}

static void decode_or_escape(struct decoder *d)
{
    if (setjmp(png_jmpbuf(d->png)) == 0) decode(d);
}

hrnet_status hr_png_decode(hrnet_image *out, const hr_image_source *source)
{
    struct decoder d = {.failure = {.name = source->name, .reason = HRNET_ERR_FORMAT}, .source = source};
    d.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &d.failure, fail_libpng, ignore_warning, &d.failure,
                                     allocate, release);
    if (d.png != NULL) d.info = png_create_info_struct(d.png);
    if (d.info != NULL) decode_or_escape(&d);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    hr_free(d.rgb);
    const hrnet_status status = final_status(&d.failure);
    if (status != HRNET_OK) {
        hr_image_abandon(&d.canvas);
        return status;
    }
    hr_image_finish(&d.canvas, out);
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ writing */

struct encoder {
    struct failure failure;
    png_structp png;
    png_infop info;
    FILE *stream;
    const hrnet_image *image;
};

/* Any libpng call may end this function through longjmp. */
static void encode(struct encoder *e)
{
    png_init_io(e->png, e->stream);
    png_set_user_limits(e->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(e->png, e->info, (png_uint_32)e->image->width, (png_uint_32)e->image->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(e->png, e->info);
    for (int y = 0; y < e->image->height; y++)
        png_write_row(e->png, e->image->rgb + (size_t)y * (size_t)e->image->width * 3);
    png_write_end(e->png, e->info);
}

static void encode_or_escape(struct encoder *e)
{
    if (setjmp(png_jmpbuf(e->png)) == 0) encode(e);
}

hrnet_status hr_png_encode(FILE *stream, const hrnet_image *image, const char *name)
{
    struct encoder e = {.failure = {.name = name, .reason = HRNET_ERR_IO}, .stream = stream, .image = image};
    e.png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &e.failure, fail_libpng, ignore_warning, &e.failure,
                                      allocate, release);
    if (e.png != NULL) e.info = png_create_info_struct(e.png);
    if (e.info != NULL) encode_or_escape(&e);
    png_destroy_write_struct(&e.png, &e.info);
    return final_status(&e.failure);
}
