/*
 * image.c - pictures in and out: which format a file is, how large a picture may be, and the order of steps. Knows
 * nothing of any format beyond its first bytes; the readers behind image.h know the rest.
 */
#include "io/image/image.h"

#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"

/* Larger than any camera's file; keeps a wrong path from filling the memory. */
#define MAX_FILE_BYTES ((size_t)1 << 29)

typedef hrnet_status reader(hrnet_image *out, int *orientation, const hr_image_source *source);
typedef hrnet_status writer(FILE *stream, const hrnet_image *image, const char *name);

static reader *reader_for(const hr_image_source *source)
{
    const unsigned char *bytes = source->bytes;
    if (source->n_bytes >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0) return hr_jpeg_decode;
    if (source->n_bytes >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0) return hr_png_decode;
    if (source->n_bytes >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return hr_webp_decode;
    return NULL;
}

static writer *writer_for(const char *path)
{
    static const struct {
        const char *ending;
        writer *write;
    } writers[] = {
        {".png", hr_png_encode}, {".jpg", hr_jpeg_encode}, {".jpeg", hr_jpeg_encode}, {".webp", hr_webp_encode}};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        const size_t n = strlen(writers[i].ending);
        if (length > n && strcasecmp(path + length - n, writers[i].ending) == 0) return writers[i].write;
    }
    return NULL;
}

hrnet_status hr_image_new(hrnet_image *out, uint64_t width, uint64_t height, const hr_image_source *source)
{
    if (width == 0 || height == 0) return hr_fail(HRNET_ERR_FORMAT, "%s: a picture without pixels", source->name);
    if (width > HR_IMAGE_MAX_SIDE || height > HR_IMAGE_MAX_SIDE || width * height > source->max_pixels)
        return hr_fail(HRNET_ERR_LIMIT, "%s: a picture of %llu x %llu pixels, the limit is %llu pixels and %d a side",
                       source->name, (unsigned long long)width, (unsigned long long)height,
                       (unsigned long long)source->max_pixels, HR_IMAGE_MAX_SIDE);
    uint8_t *rgb = hr_alloc((size_t)(width * height), 3);
    if (rgb == NULL) return hr_fail_memory((size_t)(width * height * 3));
    *out = (hrnet_image){(int)width, (int)height, rgb};
    return HRNET_OK;
}

hrnet_status hr_image_decode(hrnet_image *out, const hr_image_source *source, unsigned flags)
{
    reader *read = reader_for(source);
    if (read == NULL && source->n_bytes == 0) return hr_fail(HRNET_ERR_FORMAT, "%s: the file is empty", source->name);
    if (read == NULL)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected a JPEG, PNG or WebP picture, found something else",
                       source->name);
    hrnet_image image = {0};
    int orientation = 1;
    HR_TRY(read(&image, &orientation, source));
    if ((flags & HRNET_IMAGE_IGNORE_ORIENTATION) == 0) {
        const hrnet_status status = hr_image_turn(&image, orientation);
        if (status != HRNET_OK) {
            hrnet_image_free(&image);
            return status;
        }
    }
    *out = image;
    return HRNET_OK;
}

hrnet_status hrnet_image_decode(hrnet_image *out, const void *bytes, size_t n_bytes, const char *name, unsigned flags)
{
    if (out == NULL || (bytes == NULL && n_bytes != 0))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_decode: out or bytes is NULL");
    if ((flags & ~(unsigned)HRNET_IMAGE_IGNORE_ORIENTATION) != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_decode: unknown flags 0x%x", flags);
    const hr_image_source source = {bytes, n_bytes, name != NULL ? name : "picture", HR_IMAGE_MAX_PIXELS};
    return hr_image_decode(out, &source, flags);
}

hrnet_status hrnet_image_load(hrnet_image *out, const char *path, unsigned flags)
{
    if (out == NULL || path == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_image_load: out or path is NULL");
    hr_bytes file = {0};
    HR_TRY(hr_file_read(&file, path, MAX_FILE_BYTES));
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
    writer *write = writer_for(path);
    if (write == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: expected a name that ends in .png, .jpg, .jpeg or .webp", path);
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    const hrnet_status status = write(file.stream, image, path);
    if (status != HRNET_OK) {
        hr_file_abandon(&file);
        return status;
    }
    return hr_file_commit(&file);
}

void hrnet_image_free(hrnet_image *image)
{
    if (image == NULL) return;
    hr_free(image->rgb);
    *image = (hrnet_image){0};
}
