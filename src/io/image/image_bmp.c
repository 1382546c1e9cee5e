/*
 * image_bmp.c - BMP, for which there is no library of note: 1, 4 and 8 bits with a palette, run-length coded too (RLE4,
 * RLE8), 16, 24 and 32 bits, masks of bits, rows from the bottom or the top. As OpenCV's imread reads them: 5 and 6
 * bits of 16 are shifted up (31 becomes 248), pixels that a run-length coded picture leaves out have colour 0 of the
 * palette, alpha is dropped.
 *
 *   file    "BM", 8 bytes, offset of the pixels; a header that begins with its own size; masks; palette; pixels
 *   pixels  rows padded to a multiple of 4 bytes; of a run-length coded picture a stream of codes
 */
#include <string.h>

#include "base/mem.h"
#include "io/cursor.h"
#include "io/image/image.h"

enum { FILE_HEAD = 14, OLD_HEAD = 12, USUAL_HEAD = 40 };

typedef enum bmp_coding { BMP_PLAIN = 0, BMP_RLE8 = 1, BMP_RLE4 = 2, BMP_MASKS = 3, BMP_ALPHA_MASKS = 6 } bmp_coding;

/* One colour of a pixel with masks: (pixel >> shift) & most, as a number of up to `most`. */
typedef struct bmp_channel {
    uint32_t shift, most;
} bmp_channel;

typedef struct bmp_reader {
    const hr_image_source *source;
    uint32_t n_bits, coding, pixels_at;
    uint64_t width, height;
    int is_top_down;
    bmp_channel channels[3]; /* red, green, blue */
    uint8_t palette[256][3]; /* RGB; black where the file has none */
    hr_image_canvas canvas;
    uint8_t *rgb, *indices; /* [width][3], [width]: the row at hand */
    int n_rows;             /* that the canvas has */
} bmp_reader;

static hrnet_status fail_cut(const bmp_reader *r)
{
    return hr_fail(HRNET_ERR_FORMAT, "%s: the BMP picture is cut short", r->source->name);
}

/* ------------------------------------------------------------------------------------------------ head */

/* A mask of neighbouring bits, or none (a colour that is always 0). */
static hrnet_status read_mask(bmp_reader *r, bmp_channel *channel, uint32_t mask)
{
    *channel = (bmp_channel){0, 0};
    if (mask == 0) return HRNET_OK;
    while ((mask & 1) == 0) {
        mask >>= 1;
        channel->shift++;
    }
    channel->most = mask;
    if ((mask & (mask + 1)) == 0) return HRNET_OK;
    return hr_fail(HRNET_ERR_FORMAT, "%s: expected masks of neighbouring bits in a BMP picture", r->source->name);
}

static hrnet_status read_masks(bmp_reader *r, hr_cursor *file)
{
    uint32_t masks[3] = {0xff0000, 0xff00, 0xff};
    if (r->n_bits == 16) memcpy(masks, (const uint32_t[]){0x7c00, 0x3e0, 0x1f}, sizeof masks);
    /* behind the usual head, or inside a longer one: the same place */
    for (int c = 0; c < 3 && r->coding != BMP_PLAIN; c++) masks[c] = hr_cursor_u32(file);
    for (int c = 0; c < 3; c++) HR_TRY(read_mask(r, &r->channels[c], masks[c]));
    return HRNET_OK;
}

static int is_known(const bmp_reader *r)
{
    switch (r->coding) {
    case BMP_PLAIN:
        return r->n_bits == 1 || r->n_bits == 4 || r->n_bits == 8 || r->n_bits == 16 || r->n_bits == 24 ||
               r->n_bits == 32;
    case BMP_RLE8: return r->n_bits == 8 && !r->is_top_down;
    case BMP_RLE4: return r->n_bits == 4 && !r->is_top_down;
    case BMP_MASKS:
    case BMP_ALPHA_MASKS: return r->n_bits == 16 || r->n_bits == 32;
    default: return 0;
    }
}

static hrnet_status read_head(bmp_reader *r)
{
    hr_cursor file = hr_cursor_over(r->source->bytes, r->source->n_bytes);
    hr_cursor_take(&file, 10);
    r->pixels_at = hr_cursor_u32(&file);
    const uint32_t head = hr_cursor_u32(&file);
    uint32_t n_colors = 0;
    int64_t height;
    if (head == OLD_HEAD) {
        r->width = hr_cursor_uint(&file, 2);
        height = (int64_t)hr_cursor_uint(&file, 2);
    } else {
        r->width = hr_cursor_u32(&file);
        height = (int32_t)hr_cursor_u32(&file);
    }
    hr_cursor_take(&file, 2);
    r->n_bits = (uint32_t)hr_cursor_uint(&file, 2);
    if (head >= USUAL_HEAD) {
        r->coding = hr_cursor_u32(&file);
        hr_cursor_take(&file, 12);
        n_colors = hr_cursor_u32(&file);
        hr_cursor_take(&file, 4);
    }
    if (file.failed) return fail_cut(r);
    r->is_top_down = height < 0;
    r->height = (uint64_t)(height < 0 ? -height : height);
    if ((head != OLD_HEAD && head < USUAL_HEAD) || !is_known(r))
        return hr_fail(
            HRNET_ERR_UNSUPPORTED,
            "%s: expected a BMP picture of 1, 4, 8, 16, 24 or 32 bits, found %u bits, coding %u, a head of %u "
            "bytes",
            r->source->name, r->n_bits, r->coding, head);
    if (r->n_bits > 8) {
        if (r->n_bits != 24) HR_TRY(read_masks(r, &file));
        return file.failed ? fail_cut(r) : HRNET_OK;
    }
    const size_t most = (size_t)1 << r->n_bits, entry = head == OLD_HEAD ? 3 : 4;
    const size_t n = n_colors == 0 || n_colors > most ? most : n_colors;
    hr_cursor colors = hr_cursor_over(r->source->bytes, r->source->n_bytes);
    hr_cursor_take(&colors, FILE_HEAD);
    hr_cursor_take(&colors, head);
    for (size_t i = 0; i < n; i++) {
        const unsigned char *bgr = hr_cursor_take(&colors, entry);
        if (bgr == NULL) return fail_cut(r);
        for (int c = 0; c < 3; c++) r->palette[i][c] = bgr[2 - c];
    }
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ rows */

static void put_row(bmp_reader *r)
{
    const int y = r->is_top_down ? r->n_rows : r->canvas.height - 1 - r->n_rows;
    hr_image_put_row(&r->canvas, y, r->rgb);
    r->n_rows++;
}

static void put_indices(bmp_reader *r)
{
    for (int x = 0; x < r->canvas.width; x++) memcpy(r->rgb + 3 * x, r->palette[r->indices[x]], 3);
    put_row(r);
}

/* A colour of a pixel as a byte. 16 bits: shifted up, as OpenCV does; else scaled so that `most` becomes 255. */
static uint8_t channel_of(const bmp_reader *r, uint32_t pixel, const bmp_channel *channel)
{
    const uint32_t value = pixel >> channel->shift & channel->most;
    if (channel->most == 255 || channel->most == 0) return (uint8_t)value;
    if (r->n_bits == 16 && channel->most == 31) return (uint8_t)(value << 3);
    if (r->n_bits == 16 && channel->most == 63) return (uint8_t)(value << 2);
    return (uint8_t)(((uint64_t)value * 255 + channel->most / 2) / channel->most);
}

static void read_colors(bmp_reader *r, const unsigned char *row)
{
    const size_t n_bytes = r->n_bits / 8;
    for (int x = 0; x < r->canvas.width; x++, row += n_bytes) {
        uint32_t pixel = 0;
        for (size_t b = 0; b < n_bytes; b++) pixel |= (uint32_t)row[b] << (8 * b);
        for (int c = 0; c < 3; c++)
            r->rgb[3 * x + c] = n_bytes == 3 ? row[2 - c] : channel_of(r, pixel, &r->channels[c]);
    }
    put_row(r);
}

static void read_indices(bmp_reader *r, const unsigned char *row)
{
    const unsigned n_bits = r->n_bits, per_byte = 8 / n_bits;
    for (unsigned x = 0; x < (unsigned)r->canvas.width; x++)
        r->indices[x] = (uint8_t)(row[x / per_byte] >> (8 - n_bits - x % per_byte * n_bits) & ((1U << n_bits) - 1));
    put_indices(r);
}

/* ------------------------------------------------------------------------------------------------ run lengths */

/* Pixels of a run: the low 4 bits of a code's n nibbles or n whole bytes, from `bytes`; of an encoded run the one byte
 * is repeated. Returns -1 if they do not fit into the row. */
static int put_run(bmp_reader *r, uint64_t *x, const unsigned char *bytes, unsigned n, int is_repeated)
{
    if (n > r->width - *x) return -1;
    for (unsigned i = 0; i < n; i++) {
        const unsigned char byte = bytes[is_repeated ? 0 : r->coding == BMP_RLE4 ? i / 2 : i];
        r->indices[(*x)++] = r->coding == BMP_RLE8 ? byte : i % 2 == 0 ? byte >> 4 : byte & 15;
    }
    return 0;
}

/* End n rows: the one at hand, then empty ones. Rows beyond the last are left out. */
static void end_rows(bmp_reader *r, unsigned n)
{
    for (unsigned i = 0; i < n && r->n_rows < r->canvas.height; i++) {
        put_indices(r);
        memset(r->indices, 0, (size_t)r->width);
    }
}

/* Codes: n > 0, byte: a run of n pixels. 0, 0: end of the row. 0, 1: end of the picture. 0, 2, dx, dy: leave out
 * pixels. 0, n > 2, bytes: n pixels one by one, padded to an even number of bytes. */
static hrnet_status read_runs(bmp_reader *r, hr_cursor *pixels)
{
    uint64_t x = 0;
    while (r->n_rows < r->canvas.height) {
        const unsigned char *code = hr_cursor_take(pixels, 2);
        int is_wrong = 0;
        if (code == NULL) return fail_cut(r);
        if (code[0] > 0) {
            is_wrong = put_run(r, &x, code + 1, code[0], 1);
        } else if (code[1] == 0) {
            end_rows(r, 1);
            x = 0;
        } else if (code[1] == 1) {
            end_rows(r, (unsigned)(r->canvas.height - r->n_rows));
        } else if (code[1] == 2) {
            const unsigned char *step = hr_cursor_take(pixels, 2);
            if (step == NULL) return fail_cut(r);
            end_rows(r, step[1]);
            x += step[0];
            is_wrong = x > r->width;
        } else {
            const size_t n_bytes = r->coding == BMP_RLE8 ? code[1] : (code[1] + 1U) / 2;
            const unsigned char *bytes = hr_cursor_take(pixels, n_bytes + n_bytes % 2);
            if (bytes == NULL) return fail_cut(r);
            is_wrong = put_run(r, &x, bytes, code[1], 0);
        }
        if (is_wrong)
            return hr_fail(HRNET_ERR_FORMAT, "%s: broken BMP picture: a run of pixels leaves its row", r->source->name);
    }
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ picture */

static hrnet_status read_pixels(bmp_reader *r)
{
    const uint64_t row_bytes = (r->width * r->n_bits + 31) / 32 * 4;
    const int is_coded = r->coding == BMP_RLE8 || r->coding == BMP_RLE4;
    hr_cursor pixels = hr_cursor_over(r->source->bytes, r->source->n_bytes);
    hr_cursor_take(&pixels, r->pixels_at);
    if (pixels.failed) return fail_cut(r);
    /* before memory is taken for rows that are not there; the sides have at most 32 bits. The last row's padding may be
     * missing. */
    if (!is_coded && r->width != 0 && r->height != 0 &&
        (hr_cursor_left(&pixels) < (r->width * r->n_bits + 7) / 8 ||
         (hr_cursor_left(&pixels) - (r->width * r->n_bits + 7) / 8) / row_bytes < r->height - 1))
        return fail_cut(r);
    HR_TRY(hr_image_begin(&r->canvas, r->width, r->height, 1, 0, r->source));
    HR_NEW(r->indices, (size_t)r->width);
    HR_NEW(r->rgb, (size_t)r->width * 3);
    if (is_coded) return read_runs(r, &pixels);
    for (int y = 0; y < r->canvas.height; y++) {
        const unsigned char *row = r->source->bytes + pixels.at + (uint64_t)y * row_bytes;
        if (r->n_bits <= 8)
            read_indices(r, row);
        else
            read_colors(r, row);
    }
    return HRNET_OK;
}

hrnet_status hr_bmp_decode(hrnet_image *out, const hr_image_source *source)
{
    bmp_reader r = {.source = source};
    hrnet_status status = read_head(&r);
    if (status == HRNET_OK) status = read_pixels(&r);
    hr_free(r.indices);
    hr_free(r.rgb);
    if (status != HRNET_OK) {
        hr_image_abandon(&r.canvas);
        return status;
    }
    hr_image_finish(&r.canvas, out);
    return HRNET_OK;
}
