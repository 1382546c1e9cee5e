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

enum { QUALITY = 92 };

/* ------------------------------------------------------------------------------------------------ errors */

struct failure {
    struct jpeg_error_mgr manager; /* first member: libjpeg passes a pointer to it, which we cast to the struct */
    jmp_buf escape;
    const char *name;
    hrnet_status status;
    int n_warnings, is_cut;      /* what libjpeg found damaged and went on; 1: the file ended before the picture did */
    char first[JMSG_LENGTH_MAX]; /* its words for the first */
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

/* libjpeg reports damaged or missing data as a warning, fills in grey or what was there before, and goes on. So does
 * imread, and so do we, but the caller is told. level < 0: a warning; else a trace message. A file that ends early is
 * told of as JWRN_JPEG_EOF, which alone says little: in a single Huffman-coded scan only the end mark may be missing,
 * and JWRN_HIT_MARKER follows if pixels are. */
static void note_warning(j_common_ptr info, int level)
{
    struct failure *failure = (struct failure *)info->err;
    if (level >= 0) return;
    if (info->err->msg_code == JWRN_JPEG_EOF && info->is_decompressor) {
        j_decompress_ptr reader = (j_decompress_ptr)info;
        failure->is_cut = 1;
        if (!reader->arith_code && !jpeg_has_multiple_scans(reader)) return;
    }
    if (failure->n_warnings++ == 0) info->err->format_message(info, failure->first);
}

static struct jpeg_error_mgr *catch_failures(struct failure *failure, const char *name)
{
    jpeg_std_error(&failure->manager);
    failure->manager.error_exit = fail_libjpeg;
    failure->manager.emit_message = note_warning;
    failure->name = name;
    return &failure->manager;
}

/* ------------------------------------------------------------------------------------------------ reading */

struct decoder {
    struct failure failure; /* first member, as manager is its first: limit_scans casts a pointer to it */
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress;
    const hr_image_source *source;
    hr_image_canvas canvas;
    int scan;        /* number of the scan whose blocks were counted last */
    uint64_t visits; /* of blocks, by all scans so far */
};

/* libjpeg's progress callback, which it calls several times a scan. A scan may have few bytes and still takes time for
 * every block of its components. */
static void limit_scans(j_common_ptr info)
{
    struct decoder *d = (struct decoder *)info->err;
    const j_decompress_ptr jpeg = (j_decompress_ptr)info;
    if (jpeg->input_scan_number == d->scan) return;
    d->scan = jpeg->input_scan_number;
    for (int i = 0; i < jpeg->comps_in_scan; i++)
        d->visits += (uint64_t)jpeg->cur_comp_info[i]->width_in_blocks * jpeg->cur_comp_info[i]->height_in_blocks;
    if (d->scan > HR_LIMIT_JPEG_SCANS)
        d->failure.status =
            hr_fail(HRNET_ERR_LIMIT, "%s: expected at most %d scans, found more", d->failure.name, HR_LIMIT_JPEG_SCANS);
    else if (d->visits > HR_LIMIT_JPEG_VISITS)
        d->failure.status = hr_fail(
            HRNET_ERR_LIMIT, "%s: expected at most %llu blocks of 8 x 8 in all scans together, found more in scan %d",
            d->failure.name, (unsigned long long)HR_LIMIT_JPEG_VISITS, d->scan);
    if (d->failure.status != HRNET_OK) longjmp(d->failure.escape, 1);
}

/* Bytes of the coefficients that libjpeg keeps of a picture in several scans. */
static uint64_t coefficient_bytes(j_decompress_ptr jpeg)
{
    uint64_t n_blocks = 0;
    if (!jpeg_has_multiple_scans(jpeg)) return 0;
    for (int i = 0; i < jpeg->num_components; i++)
        n_blocks += (uint64_t)jpeg->comp_info[i].width_in_blocks * jpeg->comp_info[i].height_in_blocks;
    return n_blocks * sizeof(JBLOCK);
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

/* From the first APP1 marker that is EXIF; XMP uses the same marker. 1 without one. */
static int find_orientation(j_decompress_ptr jpeg)
{
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker != NULL; marker = marker->next)
        if (marker->data_length >= 6 && memcmp(marker->data, "Exif\0", 6) == 0)
            return hr_exif_orientation(marker->data, marker->data_length);
    return 1;
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
    if (jpeg_read_header(jpeg, TRUE) != JPEG_HEADER_OK || jpeg->src->bytes_in_buffer == 0) {
        d->failure.status =
            hr_fail(HRNET_ERR_FORMAT, "%s: the JPEG picture is cut short: it ends before its pixels", d->source->name);
        return;
    }
    d->failure.status = hr_image_begin(&d->canvas, jpeg->image_width, jpeg->image_height, find_orientation(jpeg),
                                       coefficient_bytes(jpeg), d->source);
    if (d->failure.status != HRNET_OK) return;

    const int inks = jpeg->num_components == 4;
    jpeg->out_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(jpeg);
    JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 3, 1);
    JSAMPARRAY ink_row =
        inks ? jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1) : NULL;
    while (jpeg->output_scanline < jpeg->output_height) {
        const int y = (int)jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, inks ? ink_row : row, 1);
        if (inks) inks_to_rgb(ink_row[0], row[0], d->canvas.width);
        hr_image_put_row(&d->canvas, y, row[0]);
    }
    /* no jpeg_finish_decompress: what stands behind the last row, broken or not, is of no use */
}

static void decode_or_escape(struct decoder *d)
{
    if (setjmp(d->failure.escape) == 0) decode(d);
}

hrnet_status hr_jpeg_decode(hrnet_image *out, const hr_image_source *source)
{
    struct decoder d = {.source = source};
    d.jpeg.err = catch_failures(&d.failure, source->name);
    decode_or_escape(&d);
    jpeg_destroy_decompress(&d.jpeg);
    if (d.failure.status != HRNET_OK) {
        hr_image_abandon(&d.canvas);
        return d.failure.status;
    }
    if (d.failure.n_warnings > 0)
        hr_image_warn(source, "the JPEG picture is %s and was read as far as it goes: %s (%d place%s)",
                      d.failure.is_cut ? "cut short" : "damaged", d.failure.first, d.failure.n_warnings,
                      d.failure.n_warnings > 1 ? "s" : "");
    hr_image_finish(&d.canvas, out);
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
