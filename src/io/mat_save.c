/* mat_save.c - one float32 array as a MATLAB 5 file, the way scipy.io.savemat writes it. */
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "io/mat.h"
#include "io/mat_format.h"

static void put_u32(FILE *stream, size_t value)
{
    const unsigned char bytes[] = {(unsigned char)value, (unsigned char)(value >> 8), (unsigned char)(value >> 16),
                                   (unsigned char)(value >> 24)};
    fwrite(bytes, 1, sizeof bytes, stream);
}

static size_t padded(size_t n)
{
    return (n + 7) / 8 * 8;
}

static void put_padding(FILE *stream, size_t n)
{
    for (; n % 8 != 0; n++) fputc(0, stream);
}

static void put_header(FILE *stream)
{
    char header[HR_MAT_HEADER] = "MATLAB 5.0 MAT-file, written by hrnet";
    memset(header + strlen(header), ' ', 116 - strlen(header)); /* text; the next 8 bytes are for MATLAB */
    memcpy(header + HR_MAT_HEADER - 4, "\0\1IM", 4);
    fwrite(header, 1, sizeof header, stream);
}

/* Content that follows is n bytes. */
static void put_tag(FILE *stream, uint32_t type, size_t n)
{
    put_u32(stream, type);
    put_u32(stream, n);
}

hrnet_status hr_mat_save(const char *path, const char *name, const float *values, const size_t *dims, int n_dims)
{
    const size_t n_name = strlen(name), n_dim_bytes = 4 * (size_t)n_dims;
    size_t count = 1;
    for (int d = 0; d < n_dims; d++)
        if (dims[d] > INT32_MAX || __builtin_mul_overflow(count, dims[d], &count) || count > INT32_MAX / 4 - 256)
            return hr_fail(HRNET_ERR_LIMIT, "%s: more values than the format holds", path);
    hr_file file;
    HR_TRY(hr_file_create(&file, path));
    put_header(file.stream);
    put_tag(file.stream, HR_MI_MATRIX, 16 + 8 + padded(n_dim_bytes) + 8 + padded(n_name) + 8 + padded(4 * count));
    put_tag(file.stream, HR_MI_UINT32, 8);
    put_tag(file.stream, HR_MX_SINGLE, 0); /* the class, and a number that only sparse arrays use */
    put_tag(file.stream, HR_MI_INT32, n_dim_bytes);
    for (int d = 0; d < n_dims; d++) put_u32(file.stream, dims[d]);
    put_padding(file.stream, n_dim_bytes);
    put_tag(file.stream, HR_MI_INT8, n_name);
    fwrite(name, 1, n_name, file.stream);
    put_padding(file.stream, n_name);
    put_tag(file.stream, HR_MI_SINGLE, 4 * count);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        put_u32(file.stream, bits);
    }
    put_padding(file.stream, 4 * count);
    return hr_file_commit(&file);
}
