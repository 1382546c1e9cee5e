/*
 * test_image.c - pictures of every kind against the pixels of other decoders (golden/images/make.py); broken pictures,
 * limits, failing allocations, and writing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
    assert_int_equal(hrnet_image_load(&image, path_of(path, "animated.webp", ""), 0), HRNET_ERR_UNSUPPORTED);
    assert_non_null(strstr(hrnet_last_error(), "animated"));
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

static void test_failing_allocations_are_reported(void **state)
{
    static const char *const names[] = {"exif6.jpg", "cmyk.jpg", "exif6.png", "exif8.webp", "alpha.webp"};
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
        cmocka_unit_test(test_failing_allocations_are_reported),
        cmocka_unit_test(test_failing_allocations_while_saving),
        cmocka_unit_test(test_saved_pictures_come_back),
        cmocka_unit_test(test_a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
