/*
 * test_image.c - pictures of every kind against the pixels of other decoders (golden/images/make.py); broken pictures,
 * limits, failing allocations, and writing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "../support/ppm.h"
#include "base/file.h"
#include "base/mem.h"
#include "io/image/image.h"

static const char folder[] = TEST_DATA "/golden/images/";

/* Every picture, and whose module reads it; NULL: the library itself. All samples are equal to those of the other
 * decoder, but in lossy.heic: libheif 1.15 and the one inside pillow_heif round 42 of 1173 samples differently, by 1.
 */
static const struct {
    const char *name, *module;
} pictures[] = {{"baseline.jpg", NULL},
                {"full_chroma.jpg", NULL},
                {"progressive.jpg", NULL},
                {"grey.jpg", NULL},
                {"cmyk.jpg", NULL},
                {"ycck.jpg", NULL},
                {"exif1.jpg", NULL},
                {"exif2.jpg", NULL},
                {"exif3.jpg", NULL},
                {"exif4.jpg", NULL},
                {"exif5.jpg", NULL},
                {"exif6.jpg", NULL},
                {"exif7.jpg", NULL},
                {"exif8.jpg", NULL},
                {"damaged.jpg", NULL},
                {"damaged_progressive.jpg", NULL},
                {"cut.jpg", NULL},
                {"cut_progressive.jpg", NULL},
                {"grey1.png", NULL},
                {"grey2.png", NULL},
                {"grey4.png", NULL},
                {"grey8.png", NULL},
                {"grey16.png", NULL},
                {"palette1.png", NULL},
                {"palette2.png", NULL},
                {"palette4.png", NULL},
                {"palette8.png", NULL},
                {"rgb8.png", NULL},
                {"rgb16.png", NULL},
                {"rgba8.png", NULL},
                {"rgba16.png", NULL},
                {"grey_alpha8.png", NULL},
                {"interlaced_rgb8.png", NULL},
                {"interlaced_rgba8.png", NULL},
                {"interlaced_palette4.png", NULL},
                {"trns_palette.png", NULL},
                {"trns_rgb.png", NULL},
                {"trns_grey.png", NULL},
                {"exif6.png", NULL},
                {"lossy.webp", NULL},
                {"lossless.webp", NULL},
                {"alpha.webp", NULL},
                {"lossy_alpha.webp", NULL},
                {"exif8.webp", NULL},
                {"animated.webp", NULL},
                {"animated_part.webp", NULL},
                {"bmp1.bmp", NULL},
                {"bmp4.bmp", NULL},
                {"bmp8.bmp", NULL},
                {"os2.bmp", NULL},
                {"rle8.bmp", NULL},
                {"rle4.bmp", NULL},
                {"rle4_steps.bmp", NULL},
                {"bmp555.bmp", NULL},
                {"bmp565.bmp", NULL},
                {"bmp24.bmp", NULL},
                {"top_down.bmp", NULL},
                {"bmp32.bmp", NULL},
                {"masks32.bmp", NULL},
                {"raw.tif", "tiff"},
                {"lzw.tif", "tiff"},
                {"deflate.tif", "tiff"},
                {"packbits.tif", "tiff"},
                {"jpeg.tif", "tiff"},
                {"fax.tif", "tiff"},
                {"palette.tif", "tiff"},
                {"big_endian16.tif", "tiff"},
                {"grey16.tif", "tiff"},
                {"planes.tif", "tiff"},
                {"tiles.tif", "tiff"},
                {"alpha.tif", "tiff"},
                {"premultiplied.tif", "tiff"},
                {"turned2.tif", "tiff"},
                {"turned6.tif", "tiff"},
                {"turned8.tif", "tiff"},
                {"plain.gif", "gif"},
                {"interlaced.gif", "gif"},
                {"film.gif", "gif"},
                {"part.gif", "gif"},
                {"transparent.gif", "gif"},
                {"long_codes.gif", "gif"},
                {"lossless.avif", "avif"},
                {"lossy.avif", "avif"},
                {"alpha.avif", "avif"},
                {"turned2.avif", "avif"},
                {"turned3.avif", "avif"},
                {"turned4.avif", "avif"},
                {"turned5.avif", "avif"},
                {"turned6.avif", "avif"},
                {"turned7.avif", "avif"},
                {"turned8.avif", "avif"},
                {"lossless.heic", "heif"},
                {"lossy.heic", "heif"},
                {"alpha.heic", "heif"}};
enum { N_PICTURES = sizeof pictures / sizeof *pictures };

static char *path_of(char path[512], const char *name, const char *ending)
{
    snprintf(path, 512, "%s%s%s", folder, name, ending);
    return path;
}

static hr_bytes read_picture(const char *name)
{
    char path[512];
    hr_bytes bytes = {0};
    assert_int_equal(hr_file_read(&bytes, path_of(path, name, ""), 1 << 20), HRNET_OK);
    return bytes;
}

/* Whether this build has the module; NULL is no module. */
static int is_built(const char *module)
{
    static const char *const built[] = {PICTURE_MODULES NULL};
    for (int i = 0; module != NULL && (built[i] == NULL || strcmp(built[i], module) != 0); i++)
        if (built[i] == NULL) return 0;
    return 1;
}

/* Bytes of a JPEG before its first pixels: up to the end of its first start-of-scan segment. */
static size_t find_pixels(const hr_bytes *jpeg)
{
    for (size_t at = 2; at + 4 < jpeg->size;) {
        const size_t next = at + 2 + ((size_t)jpeg->data[at + 2] << 8) + jpeg->data[at + 3];
        if (jpeg->data[at + 1] == 0xda) return next;
        at = next;
    }
    fail_msg("no scan");
    return 0;
}

static void check_pixels(const char *name, const hrnet_image *image, const hrnet_image *expected)
{
    const int tolerance = strcmp(name, "lossy.heic") == 0;
    if (image->width != expected->width || image->height != expected->height)
        fail_msg("%s: %d x %d, expected %d x %d", name, image->width, image->height, expected->width, expected->height);
    for (int i = 0; i < expected->width * expected->height * 3; i++) {
        if (abs(image->rgb[i] - expected->rgb[i]) > tolerance)
            fail_msg("%s: sample %d is %d, expected %d", name, i, image->rgb[i], expected->rgb[i]);
    }
}

static void test_pixels_equal_other_decoders(void **state)
{
    (void)state;
    for (int i = 0; i < N_PICTURES; i++) {
        char path[512];
        hrnet_image image = {0};
        if (!is_built(pictures[i].module)) continue;
        if (hrnet_image_load(&image, path_of(path, pictures[i].name, ""), 0) != HRNET_OK)
            fail_msg("%s", hrnet_last_error());
        hrnet_image expected = read_ppm(path_of(path, pictures[i].name, ".ppm"));
        assert_true(expected.width > 0);
        check_pixels(pictures[i].name, &image, &expected);
        hrnet_image_free(&image);
        free(expected.rgb);
    }
}

static void test_orientation_can_be_ignored(void **state)
{
    (void)state;
    char path[512];
    hrnet_image upright = {0}, stored = {0};
    assert_int_equal(hrnet_image_load(&upright, path_of(path, "exif1.jpg", ""), 0), HRNET_OK);
    assert_int_equal(hrnet_image_load(&stored, path_of(path, "exif6.jpg", ""), HRNET_IMAGE_IGNORE_ORIENTATION),
                     HRNET_OK);
    check_pixels("exif6.jpg ignored", &stored, &upright);
    hrnet_image_free(&upright);
    hrnet_image_free(&stored);
}

/* A file that ends early is an error; but a JPEG whose pixels have begun is read with a warning, as imread reads it
 * (the pixels are those of cut.jpg and cut_progressive.jpg). */
static void test_cut_files_are_told_of(void **state)
{
    static const struct {
        const char *name, *module;
        size_t n_spare; /* bytes at the end that no pixel needs: the end mark of a JPEG, the padding of a WebP */
    } cases[] = {{"baseline.jpg", NULL, 2},   {"progressive.jpg", NULL, 0}, {"grey.jpg", NULL, 2},
                 {"cmyk.jpg", NULL, 2},       {"rgb8.png", NULL, 0},        {"interlaced_rgba8.png", NULL, 0},
                 {"lossy.webp", NULL, 2},     {"alpha.webp", NULL, 2},      {"bmp24.bmp", NULL, 3},
                 {"rle8.bmp", NULL, 2},       {"interlaced.gif", "gif", 3}, {"lossless.avif", "avif", 0},
                 {"lossless.heic", "heif", 0}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        if (!is_built(cases[k].module)) continue;
        hr_bytes bytes = read_picture(cases[k].name);
        const size_t n_header = strstr(cases[k].name, ".jpg") != NULL ? find_pixels(&bytes) : bytes.size;
        for (size_t n = 0; n < bytes.size; n++) {
            /* a copy of its own size, so that the sanitizer sees a read past the cut */
            unsigned char *cut = malloc(n + 1);
            memcpy(cut, bytes.data, n);
            hrnet_image image = {0};
            const hrnet_status status = hrnet_image_decode(&image, cut, n, "cut", 0);
            const int may_pass = n > n_header || n + cases[k].n_spare >= bytes.size;
            if (status == HRNET_OK ? !may_pass : status != HRNET_ERR_FORMAT && status != HRNET_ERR_UNSUPPORTED)
                fail_msg("%s cut to %zu of %zu bytes: status %d", cases[k].name, n, bytes.size, status);
            if (status == HRNET_OK && n + cases[k].n_spare < bytes.size)
                assert_memory_equal(hrnet_image_warning(), "cut: the JPEG picture is cut short", 34);
            else
                assert_string_equal(hrnet_image_warning(), "");
            if (status != HRNET_OK) {
                assert_null(image.rgb);
                assert_memory_equal(hrnet_last_error(), "cut: ", 5);
            }
            hrnet_image_free(&image);
            free(cut);
        }
        hr_free(bytes.data);
    }
}

static void test_damage_is_told_of(void **state)
{
    static const struct {
        const char *name, *warning;
    } cases[] = {{"damaged.jpg", "damaged.jpg: the JPEG picture is damaged and was read as far as it goes: "},
                 {"damaged_progressive.jpg", "damaged_progressive.jpg: the JPEG picture is damaged and was read"},
                 {"cut.jpg", "cut.jpg: the JPEG picture is cut short and was read as far as it goes: "},
                 {"cut_progressive.jpg", "cut_progressive.jpg: the JPEG picture is cut short and was read"},
                 {"baseline.jpg", ""}}; /* a warning does not outlive its picture */
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char path[512];
        hrnet_image image = {0};
        assert_int_equal(hrnet_image_load(&image, path_of(path, cases[k].name, ""), 0), HRNET_OK);
        const int is_as_expected = cases[k].warning[0] != '\0' ? strstr(hrnet_image_warning(), cases[k].warning) != NULL
                                                               : hrnet_image_warning()[0] == '\0';
        if (!is_as_expected) fail_msg("%s: found \"%s\"", cases[k].name, hrnet_image_warning());
        hrnet_image_free(&image);
    }
}

static void test_flipped_bits_never_crash(void **state)
{
    (void)state;
    for (int i = 0; i < N_PICTURES; i++) {
        if (!is_built(pictures[i].module)) continue;
        hr_bytes bytes = read_picture(pictures[i].name);
        for (size_t bit = 0; bit < bytes.size * 8; bit += 7) {
            bytes.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
            hrnet_image image = {0};
            const hr_image_source source = {bytes.data, bytes.size, "flipped", 1 << 16, 0};
            const hrnet_status status = hr_image_decode(&image, &source, 0);
            assert_true((status == HRNET_OK) == (image.rgb != NULL));
            hrnet_image_free(&image);
            bytes.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        hr_free(bytes.data);
    }
}

static void test_refusals_say_why(void **state)
{
    (void)state;
    char path[512];
    hrnet_image image = {0};
    assert_int_equal(hrnet_image_load(&image, path_of(path, "make.py", ""), 0), HRNET_ERR_FORMAT);
    assert_int_equal(hrnet_image_load(&image, path_of(path, "none.png", ""), 0), HRNET_ERR_IO);
    assert_int_equal(hrnet_image_decode(&image, "", 0, NULL, 0), HRNET_ERR_FORMAT);
    assert_int_equal(hrnet_image_decode(&image, "x", 1, NULL, 2), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_image_decode(NULL, "x", 1, NULL, 0), HRNET_ERR_ARGUMENT);
    assert_null(image.rgb);
    hrnet_image_free(NULL);
}

/* 60000 x 60000 pixels: refused from the head alone, in every format. */
static void test_huge_pictures_are_refused(void **state)
{
    (void)state;
    hr_bytes jpeg = read_picture("baseline.jpg"), webp = read_picture("lossless.webp");
    for (size_t i = 0; i + 9 < jpeg.size; i++) {
        if (jpeg.data[i] == 0xff && jpeg.data[i + 1] == 0xc0) memcpy(jpeg.data + i + 5, "\xea\x60\xea\x60", 4);
    }
    hrnet_image image = {0};
    assert_int_equal(hrnet_image_decode(&image, jpeg.data, jpeg.size, "huge.jpg", 0), HRNET_ERR_LIMIT);
    assert_non_null(
        strstr(hrnet_last_error(),
               "huge.jpg: expected at most 268435456 pixels and 1048576 a side, found a picture of 60000 x 60000"));

    hr_bytes png = read_picture("rgb8.png");
    memcpy(png.data + 16, "\0\0\xea\x60\0\0\xea\x60", 8);
    memcpy(png.data + 29, "\x0f\xb0\xe2\x15", 4); /* the head's CRC-32 */
    assert_int_equal(hrnet_image_decode(&image, png.data, png.size, "huge.png", 0), HRNET_ERR_LIMIT);

    const hr_image_source small_limit = {webp.data, webp.size, "webp", 23 * 17 - 1, 0};
    assert_int_equal(hr_image_decode(&image, &small_limit, 0), HRNET_ERR_LIMIT);
    assert_null(image.rgb);
    hr_free(jpeg.data);
    hr_free(png.data);
    hr_free(webp.data);
}

/* ---------------------------------------------------------------------------------------------- cost */

/* A file that is made byte by byte. */
typedef struct made_file {
    unsigned char bytes[1 << 18];
    size_t n;
} made_file;

static void put(made_file *file, const void *bytes, size_t n)
{
    assert_true(n <= sizeof file->bytes - file->n);
    memcpy(file->bytes + file->n, bytes, n);
    file->n += n;
}

/* A progressive JPEG of `side` x `side` pixels whose many scans have no bytes: arithmetic coding reads zeros then. */
static void make_empty_scans(made_file *file, unsigned side, int n_components, int n_scans)
{
    const unsigned char high = (unsigned char)(side >> 8), low = (unsigned char)side;
    unsigned char table[64];
    memset(table, 1, sizeof table);
    file->n = 0;
    put(file, "\xff\xd8\xff\xdb\0\x43\0", 7);
    put(file, table, sizeof table);
    put(file, (unsigned char[]){0xff, 0xca, 0, (unsigned char)(8 + 3 * n_components), 8, high, low, high, low}, 9);
    put(file, (unsigned char[]){(unsigned char)n_components}, 1);
    for (int c = 1; c <= n_components; c++) put(file, (unsigned char[]){(unsigned char)c, 0x11, 0}, 3);
    for (int scan = 0; scan < n_scans; scan++)
        put(file, (unsigned char[]){0xff, 0xda, 0, 8, 1, (unsigned char)(scan % n_components + 1), 0, 1, 63, 0x10}, 10);
    put(file, "\xff\xd9", 2);
}

static void put_chunk(made_file *file, const char *letters, const void *body, size_t n)
{
    const unsigned long first = crc32(crc32(0, NULL, 0), (const unsigned char *)letters, 4);
    const unsigned long sum = n > 0 ? crc32(first, body, (unsigned)n) : first;
    for (int shift = 24; shift >= 0; shift -= 8) put(file, (unsigned char[]){(unsigned char)(n >> shift)}, 1);
    put(file, letters, 4);
    put(file, body, n);
    for (int shift = 24; shift >= 0; shift -= 8) put(file, (unsigned char[]){(unsigned char)(sum >> shift)}, 1);
}

/* A PNG of one pixel with 9 compressed texts and 3 profiles of 7.9 MB each. */
static void make_long_texts(made_file *file)
{
    enum { N_TEXT = 7900000 };
    static unsigned char text[N_TEXT], packed[N_TEXT / 500];
    unsigned long n_packed = sizeof packed - 16;
    unsigned char pixel[64];
    unsigned long n_pixel = sizeof pixel;
    memset(text, 'A', sizeof text);
    memcpy(packed, "key\0\0", 5);
    assert_int_equal(compress(packed + 5, &n_packed, text, sizeof text), Z_OK);
    assert_int_equal(compress(pixel, &n_pixel, (const unsigned char *)"\0\x11\x22\x33", 4), Z_OK);
    file->n = 0;
    put(file, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(file, "IHDR", "\0\0\0\1\0\0\0\1\x8\2\0\0\0", 13);
    for (int i = 0; i < 6; i++) put_chunk(file, i % 2 == 0 ? "zTXt" : "iCCP", packed, n_packed + 5);
    put_chunk(file, "IDAT", pixel, n_pixel);
    for (int i = 0; i < 6; i++) put_chunk(file, "zTXt", packed, n_packed + 5);
    put_chunk(file, "IEND", "", 0);
}

/* A sanitizer keeps freed memory for a while, and a shadow of all of it. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { COST_FACTOR = 2 };
#else
enum { COST_FACTOR = 1 };
#endif

/* Decode in a process of its own, which must end with this status within 10 seconds and 1 GB. */
static void check_cost(const char *name, const void *bytes, size_t n, hrnet_status expected)
{
    struct rusage cost = {0};
    int end = 0;
    const pid_t child = fork();
    if (child == 0) {
        hrnet_image image = {0};
        const hrnet_status status = hrnet_image_decode(&image, bytes, n, name, 0);
        hrnet_image_free(&image);
        _exit(status == expected ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(wait4(child, &end, 0, &cost), child);
    if (!WIFEXITED(end) || WEXITSTATUS(end) != 0) fail_msg("%s: another status than %d", name, (int)expected);
    const double seconds = (double)(cost.ru_utime.tv_sec + cost.ru_stime.tv_sec) +
                           (double)(cost.ru_utime.tv_usec + cost.ru_stime.tv_usec) * 1e-6;
    if (seconds > 10 * COST_FACTOR || cost.ru_maxrss > 1000000L * COST_FACTOR)
        fail_msg("%s: %g s, %ld KB", name, seconds, cost.ru_maxrss);
}

static void test_costs_are_bounded(void **state)
{
    static made_file file;
    (void)state;
    make_empty_scans(&file, 16384, 4, 499); /* 2.9 GB of coefficients and pixels */
    check_cost("memory.jpg", file.bytes, file.n, HRNET_ERR_LIMIT);
    make_empty_scans(&file, 4096, 4, 499); /* 499 scans of 262144 blocks */
    check_cost("scans.jpg", file.bytes, file.n, HRNET_ERR_LIMIT);
    make_empty_scans(&file, 64, 1, 501);
    check_cost("501.jpg", file.bytes, file.n, HRNET_ERR_LIMIT);
    make_empty_scans(&file, 64, 1, 500);
    check_cost("500.jpg", file.bytes, file.n, HRNET_OK);
    make_long_texts(&file);
    check_cost("texts.png", file.bytes, file.n, HRNET_OK);
    /* 16383 x 16383, lossless with alpha, in 40 bytes */
    hr_bytes webp = read_picture("huge.webp");
    check_cost("huge.webp", webp.data, webp.size, HRNET_ERR_LIMIT);
    hr_free(webp.data);
}

/* Text and profiles are skipped, not unpacked: what libpng allocates stays small. */
static void test_texts_of_a_png_are_not_unpacked(void **state)
{
    static made_file file;
    (void)state;
    make_long_texts(&file);
    hrnet_image image = {0};
    assert_int_equal(hrnet_image_decode(&image, file.bytes, file.n, "texts.png", 0), HRNET_OK);
    assert_memory_equal(image.rgb, "\x11\x22\x33", 3);
    hrnet_image_free(&image);
}

static void test_other_formats_are_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *found;
    } cases[] = {{"\0\0\0\x0cjP  \r\n\x87\n", 12, "found a JPEG 2000 picture"},
                 {"\0\0\0\x0cJXL \r\n\x87\n", 12, "found a JPEG XL picture"},
                 {"\0\0\0\x18"
                  "ftypisom\0\0\0\0mp42avc1",
                  24, "found a video"},
                 {"<!DOCTYPE html>", 15, "found a text of XML, SVG or HTML"},
                 {"%PDF-1.7", 8, "found a PDF document"},
                 {"something", 9, "found something else"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_image image = {0};
        assert_int_equal(hrnet_image_decode(&image, cases[i].bytes, cases[i].n, "x", 0), HRNET_ERR_FORMAT);
        if (strstr(hrnet_last_error(), cases[i].found) == NULL)
            fail_msg("expected \"%s\", found \"%s\"", cases[i].found, hrnet_last_error());
    }
}

static void test_failing_allocations_are_reported(void **state)
{
    static const char *const names[] = {"exif6.jpg",          "cmyk.jpg",   "exif6.png",  "interlaced_rgb8.png",
                                        "animated_part.webp", "exif8.webp", "alpha.webp", "rle8.bmp"};
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char path[512];
        path_of(path, names[k], "");
        hrnet_status status = HRNET_ERR_MEMORY;
        for (long n = 0; status != HRNET_OK; n++) {
            assert_true(n < 100);
            hrnet_image image = {0};
            hr_mem_fail_after(n);
            status = hrnet_image_load(&image, path, 0);
            hr_mem_fail_after(-1);
            if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
            assert_true((status == HRNET_OK) == (image.rgb != NULL));
            hrnet_image_free(&image);
        }
    }
}

static void test_failing_allocations_while_saving(void **state)
{
    (void)state;
    uint8_t rgb[8 * 8 * 3] = {0};
    const hrnet_image image = {8, 8, rgb};
    hrnet_status status = HRNET_ERR_MEMORY;
    for (long n = 0; status != HRNET_OK; n++) {
        assert_true(n < 100);
        FILE *stream = tmpfile();
        assert_non_null(stream);
        hr_mem_fail_after(n);
        status = hr_png_encode(stream, &image, "memory.png");
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
        fclose(stream);
    }
}

static void test_saved_pictures_come_back(void **state)
{
    static const struct {
        const char *ending;
        double tolerance; /* mean distance per sample; the picture has one hard edge */
    } cases[] = {{".png", 0}, {".jpg", 8}, {".JPEG", 8}, {".webp", 8}};
    (void)state;
    char path[512];
    hrnet_image image = {0};
    assert_int_equal(hrnet_image_load(&image, path_of(path, "rgb8.png", ""), 0), HRNET_OK);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        snprintf(path, sizeof path, "test_image-%ld%s", (long)getpid(), cases[k].ending);
        assert_int_equal(hrnet_image_save(&image, path), HRNET_OK);
        hrnet_image again = {0};
        assert_int_equal(hrnet_image_load(&again, path, 0), HRNET_OK);
        unlink(path);
        assert_int_equal(again.width, image.width);
        assert_int_equal(again.height, image.height);
        const int n = image.width * image.height * 3;
        double sum = 0;
        for (int i = 0; i < n; i++) sum += abs(again.rgb[i] - image.rgb[i]);
        if (sum / n > cases[k].tolerance) fail_msg("%s: mean distance %g", cases[k].ending, sum / n);
        hrnet_image_free(&again);
    }
    assert_int_equal(hrnet_image_save(&image, "picture.bmp"), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_image_save(&(hrnet_image){0}, "picture.png"), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_image_save(&image, "no/such/folder/picture.png"), HRNET_ERR_IO);
    hrnet_image_free(&image);
}

static void test_a_full_disk_is_an_error(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "wb");
    if (full == NULL) {
        print_message("skipped: no /dev/full here\n");
        skip();
    }
    setvbuf(full, NULL, _IONBF, 0);
    char path[512];
    hrnet_image image = {0};
    assert_int_equal(hrnet_image_load(&image, path_of(path, "rgb8.png", ""), 0), HRNET_OK);
    assert_int_equal(hr_png_encode(full, &image, "full.png"), HRNET_ERR_IO);
    assert_int_equal(hr_jpeg_encode(full, &image, "full.jpg"), HRNET_ERR_IO);
    assert_int_equal(hr_webp_encode(full, &image, "full.webp"), HRNET_ERR_IO);
    assert_string_equal(hrnet_last_error(), "full.webp: cannot write");
    hrnet_image_free(&image);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_equal_other_decoders),
        cmocka_unit_test(test_orientation_can_be_ignored),
        cmocka_unit_test(test_cut_files_are_told_of),
        cmocka_unit_test(test_damage_is_told_of),
        cmocka_unit_test(test_flipped_bits_never_crash),
        cmocka_unit_test(test_refusals_say_why),
        cmocka_unit_test(test_huge_pictures_are_refused),
        cmocka_unit_test(test_costs_are_bounded),
        cmocka_unit_test(test_texts_of_a_png_are_not_unpacked),
        cmocka_unit_test(test_other_formats_are_named),
        cmocka_unit_test(test_failing_allocations_are_reported),
        cmocka_unit_test(test_failing_allocations_while_saving),
        cmocka_unit_test(test_saved_pictures_come_back),
        cmocka_unit_test(test_a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
