/*
 * image.c - pictures in and out: recognise the format, enforce the limits, decode, put rows upright. It knows a format
 * by its first bytes only; the decoders of image.h know the rest.
 */
#include "io/image/image.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"

typedef hrnet_status image_decoder(hrnet_image *out, const hr_image_source *source);
typedef hrnet_status image_encoder(FILE *stream, const hrnet_image *image, const char *name);

/* ------------------------------------------------------------------------------------------------ formats */

/* What a file's first bytes tell. decode NULL: known by name only. */
typedef struct image_format {
    const char *name; /* behind "a" or "an": "a GIF picture" */
    image_decoder *decode;
} image_format;

static const image_format avif = {"an AVIF picture", hr_avif_decode}, heif = {"a HEIC picture", hr_heif_decode},
                          film = {"a video or another file of that family", NULL};

/* AVIF, HEIC and videos begin with a box "ftyp" that lists brands: the main one, a version, then those that the file is
 * compatible with. mif1 says only that there is a picture; the others say how it is coded. */
static const image_format *find_brand(const hr_image_source *source)
{
    static const char *const heif_brands[] = {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"};
    const unsigned char *b = source->bytes;
    if (source->n_bytes < 16 || memcmp(b + 4, "ftyp", 4) != 0) return NULL;
    const size_t told = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
    const size_t end = told < source->n_bytes ? told : source->n_bytes;
    const image_format *found = &film;
    for (size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {
        if (memcmp(b + at, "avif", 4) == 0 || memcmp(b + at, "avis", 4) == 0) return &avif;
        for (size_t i = 0; i < sizeof heif_brands / sizeof *heif_brands; i++)
            if (memcmp(b + at, heif_brands[i], 4) == 0) found = &heif;
    }
    return found;
}

/* The format by the first bytes, whatever the file's name; NULL for unknown ones. */
static const image_format *find_format(const hr_image_source *source)
{
    static const struct {
        const char *bytes;
        size_t n, at;
        image_format format;
    } marks[] = {{"\xff\xd8\xff", 3, 0, {"a JPEG picture", hr_jpeg_decode}},
                 {"\x89PNG\r\n\x1a\n", 8, 0, {"a PNG picture", hr_png_decode}},
                 {"WEBP", 4, 8, {"a WebP picture", hr_webp_decode}},
                 {"BM", 2, 0, {"a BMP picture", hr_bmp_decode}},
                 {"II*\0", 4, 0, {"a TIFF picture", hr_tiff_decode}},
                 {"MM\0*", 4, 0, {"a TIFF picture", hr_tiff_decode}},
                 {"II+\0", 4, 0, {"a TIFF picture", hr_tiff_decode}},
                 {"MM\0+", 4, 0, {"a TIFF picture", hr_tiff_decode}},
                 {"GIF87a", 6, 0, {"a GIF picture", hr_gif_decode}},
                 {"GIF89a", 6, 0, {"a GIF picture", hr_gif_decode}},
                 {"jP  ", 4, 4, {"a JPEG 2000 picture", NULL}},
                 {"\xff\x4f\xff\x51", 4, 0, {"a JPEG 2000 picture", NULL}},
                 {"JXL ", 4, 4, {"a JPEG XL picture", NULL}},
                 {"\xff\x0a", 2, 0, {"a JPEG XL picture", NULL}},
                 {"8BPS", 4, 0, {"a Photoshop picture", NULL}},
                 {"v/1\x01", 4, 0, {"an OpenEXR picture", NULL}},
                 {"%PDF", 4, 0, {"a PDF document", NULL}},
                 {"<", 1, 0, {"a text of XML, SVG or HTML", NULL}}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (source->n_bytes >= marks[i].at + marks[i].n &&
            memcmp(source->bytes + marks[i].at, marks[i].bytes, marks[i].n) == 0)
            return &marks[i].format;
    return find_brand(source);
}

/* The encoder for a path's ending, in upper or lower case; NULL for unknown endings. */
static image_encoder *find_encoder(const char *path)
{
    static const struct {
        const char *ending;
        image_encoder *encode;
    } encoders[] = {
        {".png", hr_png_encode}, {".jpg", hr_jpeg_encode}, {".jpeg", hr_jpeg_encode}, {".webp", hr_webp_encode}};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i++) {
        const size_t n = strlen(encoders[i].ending);
        if (length > n && strcasecmp(path + length - n, encoders[i].ending) == 0) return encoders[i].encode;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------ warnings */

static _Thread_local char warning[1024];

void hr_image_warn(const hr_image_source *source, const char *format, ...)
{
    if (warning[0] != '\0') return;
    const int n = snprintf(warning, sizeof warning, "%.700s: ", source->name);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(warning + n, sizeof warning - (size_t)n, format, arguments);
    va_end(arguments);
}

const char *hrnet_image_warning(void)
{
    return warning;
}

/* ------------------------------------------------------------------------------------------------ canvas */

hrnet_status hr_image_new(hrnet_image *out, uint64_t width, uint64_t height, uint64_t extra_bytes,
                          const hr_image_source *source)
{
    const uint64_t n_bytes = width * height * 3; /* does not overflow where it is used */
    if (width == 0 || height == 0)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected pixels, found a picture of size 0", source->name);
    if (width > HR_LIMIT_PICTURE_SIDE || height > HR_LIMIT_PICTURE_SIDE || width * height > source->max_pixels)
        return hr_fail(HRNET_ERR_LIMIT,
                       "%s: expected at most %llu pixels and %d a side, found a picture of %llu x %llu", source->name,
                       (unsigned long long)source->max_pixels, (int)HR_LIMIT_PICTURE_SIDE, (unsigned long long)width,
                       (unsigned long long)height);
    if (extra_bytes > HR_LIMIT_PICTURE_MEMORY || n_bytes + extra_bytes > HR_LIMIT_PICTURE_MEMORY)
        return hr_fail(
            HRNET_ERR_LIMIT,
            "%s: expected a picture that is decoded in at most %llu MiB, found one of %llu x %llu that takes "
            "%llu MiB",
            source->name, (unsigned long long)(HR_LIMIT_PICTURE_MEMORY >> 20), (unsigned long long)width,
            (unsigned long long)height, (unsigned long long)((n_bytes + extra_bytes) >> 20));
    uint8_t *rgb = hr_alloc((size_t)(width * height), 3);
    if (rgb == NULL) return hr_fail_memory((size_t)n_bytes);
    *out = (hrnet_image){(int)width, (int)height, rgb};
    return HRNET_OK;
}

/* Room for the rows that put_kept takes together. A row's stride is an odd number of cache lines, or rows of a power of
 * two would all compete for the same few lines of the cache. */
static hrnet_status keep_rows(hr_image_canvas *canvas)
{
    enum { MOST_ROWS = 32, MOST_BYTES = 4 << 20 };
    canvas->keep_stride = (((size_t)canvas->width * 3 + HR_ALIGN - 1) / HR_ALIGN | 1) * HR_ALIGN;
    canvas->n_keep = (int)(MOST_BYTES / canvas->keep_stride);
    if (canvas->n_keep > MOST_ROWS) canvas->n_keep = MOST_ROWS;
    if (canvas->n_keep < 1) canvas->n_keep = 1;
    canvas->kept = hr_alloc((size_t)canvas->n_keep, canvas->keep_stride);
    return canvas->kept != NULL ? HRNET_OK : hr_fail_memory((size_t)canvas->n_keep * canvas->keep_stride);
}

/*
 * A picture stored with EXIF orientation 2..8 becomes upright by rotating and mirroring; 1 changes nothing. The tag
 * says where the stored first row and first column belong: 6, a phone held upright, means first row right, first column
 * top. Each value amounts to mirroring x, mirroring y, then exchanging x and y, each or not:
 *
 *   1 as stored    2 mirror x     3 mirror both (180 degrees)              4 mirror y
 *   5 transpose    6 mirror y, transpose (90 degrees clockwise)            7 mirror both, transpose
 *                  8 mirror x, transpose (90 degrees counter-clockwise)
 */
hrnet_status hr_image_begin(hr_image_canvas *out, uint64_t width, uint64_t height, int orientation,
                            uint64_t extra_bytes, const hr_image_source *source)
{
    static const struct {
        unsigned char mirror_x, mirror_y, exchange;
    } changes[9] = {{0, 0, 0}, {0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 0, 1}, {0, 1, 1}, {1, 1, 1}, {1, 0, 1}};
    if (orientation == HR_EXIF_NO_MEMORY) return hr_fail_memory(0);
    const int turn = source->ignore_orientation || orientation < 1 || orientation > 8 ? 1 : orientation;
    const int exchange = changes[turn].exchange;
    hr_image_canvas canvas = {.image = {0}};
    HR_TRY(hr_image_new(&canvas.image, exchange ? height : width, exchange ? width : height, extra_bytes, source));
    canvas.width = (int)width;
    canvas.height = (int)height;
    /* a step along x and y of the stored picture, as bytes of the upright one */
    const ptrdiff_t row = (ptrdiff_t)canvas.image.width * 3;
    canvas.dx = (exchange ? row : 3) * (changes[turn].mirror_x ? -1 : 1);
    canvas.dy = (exchange ? 3 : row) * (changes[turn].mirror_y ? -1 : 1);
    canvas.first = canvas.image.rgb;
    if (canvas.dx < 0) canvas.first -= canvas.dx * (canvas.width - 1);
    if (canvas.dy < 0) canvas.first -= canvas.dy * (canvas.height - 1);
    if (exchange) {
        const hrnet_status status = keep_rows(&canvas);
        if (status != HRNET_OK) {
            hr_image_abandon(&canvas);
            return status;
        }
    }
    *out = canvas;
    return HRNET_OK;
}

/* Put the rows that are kept: pixels that are neighbours in a column of the stored picture are neighbours in memory. */
static void put_kept(hr_image_canvas *canvas)
{
    if (canvas->n_kept == 0) return;
    uint8_t *column = canvas->first + canvas->first_kept * canvas->dy;
    for (int x = 0; x < canvas->width; x++, column += canvas->dx) {
        const uint8_t *from = canvas->kept + (size_t)x * 3;
        for (int i = 0; i < canvas->n_kept; i++, from += canvas->keep_stride) memcpy(column + i * canvas->dy, from, 3);
    }
    canvas->n_kept = 0;
}

void hr_image_put_row(hr_image_canvas *canvas, int y, const uint8_t *rgb)
{
    uint8_t *to = canvas->first + y * canvas->dy;
    if (canvas->kept != NULL) {
        if (canvas->n_kept == canvas->n_keep || y != canvas->first_kept + canvas->n_kept) put_kept(canvas);
        if (canvas->n_kept == 0) canvas->first_kept = y;
        memcpy(canvas->kept + (size_t)canvas->n_kept++ * canvas->keep_stride, rgb, (size_t)canvas->width * 3);
    } else if (canvas->dx == 3) {
        memcpy(to, rgb, (size_t)canvas->width * 3);
    } else {
        for (int x = 0; x < canvas->width; x++, to += canvas->dx, rgb += 3) memcpy(to, rgb, 3);
    }
}

void hr_image_finish(hr_image_canvas *canvas, hrnet_image *out)
{
    put_kept(canvas);
    hr_free(canvas->kept);
    *out = canvas->image;
    *canvas = (hr_image_canvas){.image = {0}};
}

void hr_image_abandon(hr_image_canvas *canvas)
{
    hr_free(canvas->kept);
    hrnet_image_free(&canvas->image);
    *canvas = (hr_image_canvas){.image = {0}};
}

/* ------------------------------------------------------------------------------------------------ decoding and
 * encoding */

hrnet_status hr_image_decode(hrnet_image *out, const hr_image_source *source, unsigned flags)
{
    static const char readable[] = "a JPEG, PNG, WebP, BMP, TIFF, GIF, AVIF or HEIC picture";
    hr_image_source as_asked = *source;
    warning[0] = '\0';
    if (source->n_bytes == 0)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected %s, found an empty file", source->name, readable);
    const image_format *format = find_format(source);
    if (format == NULL || format->decode == NULL)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected %s, found %s", source->name, readable,
                       format != NULL ? format->name : "something else");
    as_asked.ignore_orientation |= (flags & HRNET_IMAGE_IGNORE_ORIENTATION) != 0;
    return format->decode(out, &as_asked);
}

hrnet_status hrnet_image_decode(hrnet_image *out, const void *bytes, size_t n_bytes, const char *name, unsigned flags)
{
    if (out == NULL || (bytes == NULL && n_bytes != 0))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_decode: out or bytes is NULL");
    if ((flags & ~(unsigned)HRNET_IMAGE_IGNORE_ORIENTATION) != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_decode: unknown flags 0x%x", flags);
    const hr_image_source source = {bytes, n_bytes, name != NULL ? name : "picture", HR_LIMIT_PICTURE_PIXELS, 0};
    return hr_image_decode(out, &source, flags);
}

hrnet_status hrnet_image_load(hrnet_image *out, const char *path, unsigned flags)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_load: out or path is NULL");
    hr_bytes file = {0};
    HR_TRY(hr_file_read(&file, path, HR_LIMIT_PICTURE_FILE));
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    const hrnet_status status = hrnet_image_decode(out, file.data, file.size, name, flags);
    hr_free(file.data);
    return status;
}

hrnet_status hrnet_image_save(const hrnet_image *image, const char *path)
{
    if (image == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_save: image or path is NULL");
    if (image->rgb == NULL || image->width <= 0 || image->height <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: cannot save an empty picture", path);
    image_encoder *encode = find_encoder(path);
    if (encode == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: expected a name that ends in .png, .jpg, .jpeg or .webp", path);
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    errno = 0;
    const hrnet_status status = encode(file.stream, image, path);
    const int reason = errno, is_short = ferror(file.stream);
    if (status == HRNET_OK) return hr_file_commit(&file);
    hr_file_abandon(&file);
    /* what the format's library says of a full disk is less */
    return is_short && reason != 0 ? hr_fail(HRNET_ERR_IO, "%s: cannot write: %s", path, strerror(reason)) : status;
}

void hrnet_image_free(hrnet_image *image)
{
    if (image == NULL) return;
    hr_free(image->rgb);
    *image = (hrnet_image){0};
}
