/*
 * gif_module.c - libhrnet_gif.so: the first picture of a GIF through giflib, on a canvas of the file's background
 * colour where it is smaller than the screen that the file describes. A transparent pixel has the colour of its index.
 */
#include <stdio.h>
#include <string.h>

#include <gif_lib.h>

#include "io/image/image_module.h"

/* A pixel of LZW takes no less: a code of 12 bits stands for at most 4095 of them. */
enum { MAX_PIXELS_PER_BYTE = 4096 };

typedef struct gif_source {
    const unsigned char *bytes;
    size_t n_bytes, at;
} gif_source;

static int read_bytes(GifFileType *gif, GifByteType *out, int n)
{
    gif_source *source = gif->UserData;
    const size_t left = source->n_bytes - source->at, got = n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;
    memcpy(out, source->bytes + source->at, got);
    source->at += got;
    return (int)got;
}

static hr_image_result fail(int error, char *text)
{
    const char *reason = GifErrorString(error);
    snprintf(text, HR_IMAGE_MODULE_TEXT, "giflib: %s", reason != NULL ? reason : "unknown error");
    return error == D_GIF_ERR_NOT_ENOUGH_MEM ? HR_IMAGE_NO_MEMORY : HR_IMAGE_BROKEN;
}

/* Go to the first picture, past extensions. */
static hr_image_result find_picture(GifFileType *gif, char *text)
{
    for (;;) {
        GifRecordType type;
        if (DGifGetRecordType(gif, &type) == GIF_ERROR) return fail(gif->Error, text);
        if (type == IMAGE_DESC_RECORD_TYPE) break;
        if (type != EXTENSION_RECORD_TYPE) {
            snprintf(text, HR_IMAGE_MODULE_TEXT, "it has no picture");
            return HR_IMAGE_BROKEN;
        }
        GifByteType *block;
        int code, status = DGifGetExtension(gif, &code, &block);
        while (status != GIF_ERROR && block != NULL) status = DGifGetExtensionNext(gif, &block);
        if (status == GIF_ERROR) return fail(gif->Error, text);
    }
    return DGifGetImageDesc(gif) == GIF_ERROR ? fail(gif->Error, text) : HR_IMAGE_DONE;
}

static void put_color(unsigned char *rgb, const ColorMapObject *map, int index)
{
    static const GifColorType black = {0, 0, 0};
    const GifColorType *color = map != NULL && index < map->ColorCount ? &map->Colors[index] : &black;
    rgb[0] = color->Red;
    rgb[1] = color->Green;
    rgb[2] = color->Blue;
}

/* The rows of an interlaced picture come in four passes: every 8th from 0, every 8th from 4, every 4th from 2, every
 * 2nd from 1. row [canvas width][3] holds the background; indices [frame width]. */
static hr_image_result put_rows(const hr_image_host *host, GifFileType *gif, int height, unsigned char *row,
                                GifPixelType *indices, char *text)
{
    static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    const GifImageDesc *frame = &gif->Image;
    const ColorMapObject *map = frame->ColorMap != NULL ? frame->ColorMap : gif->SColorMap;
    for (int y = 0; y < height; y++)
        if (y < frame->Top || y >= frame->Top + frame->Height) host->put_row(host->context, y, row);
    for (int pass = frame->Interlace ? 0 : 3; pass < 4; pass++) {
        const int start = frame->Interlace ? starts[pass] : 0, step = frame->Interlace ? steps[pass] : 1;
        for (int y = start; y < frame->Height; y += step) {
            if (DGifGetLine(gif, indices, frame->Width) == GIF_ERROR) return fail(gif->Error, text);
            for (int x = 0; x < frame->Width; x++) put_color(row + 3 * (frame->Left + x), map, indices[x]);
            host->put_row(host->context, frame->Top + y, row);
        }
    }
    return HR_IMAGE_DONE;
}

static hr_image_result decode_frame(const hr_image_host *host, GifFileType *gif, size_t n_bytes, char *text)
{
    const hr_image_result found = find_picture(gif, text);
    if (found != HR_IMAGE_DONE) return found;
    const GifImageDesc *frame = &gif->Image;
    const int right = frame->Left + frame->Width, bottom = frame->Top + frame->Height;
    const int width = right > gif->SWidth ? right : gif->SWidth, height = bottom > gif->SHeight ? bottom : gif->SHeight;
    if ((uint64_t)frame->Width * (uint64_t)frame->Height > (uint64_t)n_bytes * MAX_PIXELS_PER_BYTE) {
        snprintf(text, HR_IMAGE_MODULE_TEXT, "%zu bytes cannot hold %d x %d pixels", n_bytes, frame->Width,
                 frame->Height);
        return HR_IMAGE_BROKEN;
    }
    if (host->begin(host->context, (uint64_t)width, (uint64_t)height, 1, 0) != 0) return HR_IMAGE_REFUSED;
    unsigned char *const row = host->alloc((size_t)width * 3), *const indices = host->alloc((size_t)frame->Width + 1);
    hr_image_result result = row != NULL && indices != NULL ? HR_IMAGE_DONE : HR_IMAGE_NO_MEMORY;
    if (result == HR_IMAGE_DONE) {
        for (int x = 0; x < width; x++) put_color(row + 3 * x, gif->SColorMap, gif->SBackGroundColor);
        result = put_rows(host, gif, height, row, indices, text);
    }
    host->release(row);
    host->release(indices);
    return result;
}

static hr_image_result decode(const hr_image_host *host, const unsigned char *bytes, size_t n_bytes, char *text)
{
    gif_source source = {bytes, n_bytes, 0};
    int error = 0;
    GifFileType *gif = DGifOpen(&source, read_bytes, &error);
    if (gif == NULL) return fail(error, text);
    const hr_image_result result = decode_frame(host, gif, n_bytes, text);
    DGifCloseFile(gif, &error);
    return result;
}

HR_IMAGE_MODULE(decode);
