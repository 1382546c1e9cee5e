/*
 * image_jpeg.c - JPEG through libjpeg: baseline, progressive, grey, RGB, CMYK and YCCK. The settings are libjpeg's
 * defaults (accurate integer DCT, fancy upsampling), as in OpenCV's imread: the published scores come from those
 * pixels.
 *
 * Errors: libjpeg calls an error handler that must not return, and ours leaves with longjmp. After a longjmp the local
 * variables of the function that called setjmp may hold stale values. So the work is split in three functions:
 *   hr_jpeg_decode     owns a struct decoder with everything that must be freed, and frees it in one place;
 *   decode_or_escape   calls setjmp and has no variables of its own but the pointer to the struct;
 *   decode             does the work and may end at any libjpeg call.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "io/image/image.h"

enum {
    QUALITY = 92,
    MAX_SCANS = 500 /* of a progressive file: a scan may have few bytes but takes time for the whole picture */
};

/* ------------------------------------------------------------------------------------------------ errors */

struct failure {
    struct jpeg_error_mgr manager; /* first member: libjpeg passes a pointer to it, which we cast to the struct */
    jmp_buf escape;
    const char *name;
    hrnet_status status;
};

static void fail_libjpeg(j_common_ptr info)
{
    struct failure *failure = (struct failure *)info->err;
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    if (info->err->msg_code == JERR_OUT_OF_MEMORY)
        failure->status = hr_fail(HRNET_ERR_MEMORY, "%s: out of memory in libjpeg", failure->name);
    else if (info->err->msg_code == JERR_FILE_WRITE)
        failure->status = hr_fail(HRNET_ERR_IO, "%s: cannot write", failure->name);
    else
        failure->status = hr_fail(HRNET_ERR_FORMAT, "%s: %s", failure->name, text);
    longjmp(failure->escape, 1);
}

static void fail_truncated(struct failure *failure)
{
    failure->status = hr_fail(HRNET_ERR_FORMAT, "%s: the JPEG picture is cut short", failure->name);
    longjmp(failure->escape, 1);
}

/* libjpeg reports damaged data as a warning and goes on; imread accepts that, and so do we. Missing data is a failure
 * here, as libjpeg would fill the missing pixels with grey: coded data that ends inside the only scan, or a file that
 * ends where further scans may be missing. level < 0: a warning; else a trace message. */
static void check_warning(j_common_ptr info, int level)
{
    if (level >= 0) return;
    info->err->num_warnings++;
    if (info->err->msg_code == JWRN_HIT_MARKER) fail_truncated((struct failure *)info->err);
    if (info->err->msg_code == JWRN_JPEG_EOF && info->is_decompressor) {
        j_decompress_ptr reader = (j_decompress_ptr)info;
        if (reader->arith_code || jpeg_has_multiple_scans(reader)) fail_truncated((struct failure *)info->err);
    }
}

static struct jpeg_error_mgr *catch_failures(struct failure *failure, const char *name)
{
    jpeg_std_error(&failure->manager);
    failure->manager.error_exit = fail_libjpeg;
    failure->manager.emit_message = check_warning;
    failure->name = name;
    return &failure->manager;
}

/* ------------------------------------------------------------------------------------------------ reading */

struct decoder {
    struct failure failure;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress;
    const hr_image_source *source;
    hrnet_image image;
    int orientation;
};

/* libjpeg's progress callback, which it calls several times a scan. */
static void limit_scans(j_common_ptr info)
{
    struct failure *failure = (struct failure *)info->err;
    if (((j_decompress_ptr)info)->input_scan_number <= MAX_SCANS) return;
    failure->status = hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %d scans, found more", failure->name, MAX_SCANS);
    longjmp(failure->escape, 1);
}

/* CMYK to RGB with imread's rounding: k - (255 - c) * k / 256 for each ink c and black k. Values are inverted (255: no
 * ink), as Adobe's programs store them; imread assumes this for every four-channel file. */
static void inks_to_rgb(const JSAMPLE *cmyk, uint8_t *rgb, int width)
{
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        const int black = cmyk[3];
        for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(black - (((255 - cmyk[c]) * black) >> 8));
    }
}

/* From the first APP1 marker that is EXIF; XMP uses the same marker. */
static void read_orientation(struct decoder *d)
{
    for (jpeg_saved_marker_ptr marker = d->jpeg.marker_list; marker != NULL; marker = marker->next) {
        if (marker->data_length < 6 || memcmp(marker->data, "Exif\0", 6) != 0) continue;
        d->orientation = hr_exif_orientation(marker->data, marker->data_length);
        return;
    }
}

/* Any libjpeg call may end this function through longjmp. */
static void decode(struct decoder *d)
{
    j_decompress_ptr jpeg = &d->jpeg;
    jpeg_create_decompress(jpeg);
    d->progress.progress_monitor = limit_scans;
    jpeg->progress = &d->progress;
    jpeg_mem_src(jpeg, d->source->bytes, d->source->n_bytes);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    read_orientation(d);
    d->failure.status = hr_image_new(&d->image, jpeg->image_width, jpeg->image_height, d->source);
    if (d->failure.status != HRNET_OK) return;

    const int inks = jpeg->num_components == 4;
    jpeg->out_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(jpeg);
    JSAMPARRAY ink_row =
        inks ? jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1) : NULL;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = d->image.rgb + (size_t)jpeg->output_scanline * jpeg->output_width * 3;
        jpeg_read_scanlines(jpeg, inks ? ink_row : &row, 1);
        if (inks) inks_to_rgb(ink_row[0], row, d->image.width);
    }
    jpeg_finish_decompress(jpeg);
}

static void decode_or_escape(struct decoder *d)
{
    if (setjmp(d->failure.escape) == 0) decode(d);
}

hrnet_status hr_jpeg_decode(hrnet_image *out, int *orientation, const hr_image_source *source)
{
    struct decoder d = {.source = source, .orientation = 1};
    d.jpeg.err = catch_failures(&d.failure, source->name);
    decode_or_escape(&d);
    jpeg_destroy_decompress(&d.jpeg);
    if (d.failure.status != HRNET_OK) {
        hrnet_image_free(&d.image);
        return d.failure.status;
    }
    *out = d.image;
    *orientation = d.orientation;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ writing */

struct encoder {
    struct failure failure;
    struct jpeg_compress_struct jpeg;
    FILE *stream;
    const hrnet_image *image;
};

/* May leave through longjmp anywhere. */
static void encode(struct encoder *e)
{
    j_compress_ptr jpeg = &e->jpeg;
    jpeg_create_compress(jpeg);
    jpeg_stdio_dest(jpeg, e->stream);
    jpeg->image_width = (JDIMENSION)e->image->width;
    jpeg->image_height = (JDIMENSION)e->image->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = e->image->rgb + (size_t)jpeg->next_scanline * jpeg->image_width * 3;
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

static void encode_or_escape(struct encoder *e)
{
    if (setjmp(e->failure.escape) == 0) encode(e);
}

hrnet_status hr_jpeg_encode(FILE *stream, const hrnet_image *image, const char *name)
{
    if (image->width > JPEG_MAX_DIMENSION || image->height > JPEG_MAX_DIMENSION)
        return hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %ld pixels a side for JPEG, found %d x %d", name,
                       JPEG_MAX_DIMENSION, image->width, image->height);
    struct encoder e = {.stream = stream, .image = image};
    e.jpeg.err = catch_failures(&e.failure, name);
    encode_or_escape(&e);
    jpeg_destroy_compress(&e.jpeg);
    return e.failure.status;
}
