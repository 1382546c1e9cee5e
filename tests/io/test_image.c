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

/* Every picture, and the largest allowed difference of a sample: 0, but 1 where 16-bit alpha is rounded twice. */
static const struct {
    const char *name;
    int tolerance;
} pictures[] = {{"baseline.jpg", 0},
                {"full_chroma.jpg", 0},
                {"progressive.jpg", 0},
                {"grey.jpg", 0},
                {"cmyk.jpg", 0},
                {"ycck.jpg", 0},
                {"exif1.jpg", 0},
                {"exif2.jpg", 0},
                {"exif3.jpg", 0},
                {"exif4.jpg", 0},
                {"exif5.jpg", 0},
                {"exif6.jpg", 0},
                {"exif7.jpg", 0},
                {"exif8.jpg", 0},
                {"grey1.png", 0},
                {"grey2.png", 0},
                {"grey4.png", 0},
                {"grey8.png", 0},
                {"grey16.png", 0},
                {"palette1.png", 0},
                {"palette2.png", 0},
                {"palette4.png", 0},
                {"palette8.png", 0},
                {"rgb8.png", 0},
                {"rgb16.png", 0},
                {"rgba8.png", 0},
                {"rgba16.png", 1},
                {"grey_alpha8.png", 0},
                {"interlaced_rgb8.png", 0},
                {"interlaced_rgba8.png", 0},
                {"interlaced_palette4.png", 0},
                {"trns_palette.png", 0},
                {"trns_rgb.png", 0},
                {"trns_grey.png", 0},
                {"exif6.png", 0},
                {"lossy.webp", 0},
                {"lossless.webp", 0},
                {"alpha.webp", 0},
                {"lossy_alpha.webp", 0},
                {"exif8.webp", 0}};
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

static void check_pixels(const char *name, const hrnet_image *image, const hrnet_image *expected, int tolerance)
{
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
        if (hrnet_image_load(&image, path_of(path, pictures[i].name, ""), 0) != HRNET_OK)
            fail_msg("%s", hrnet_last_error());
        hrnet_image expected = read_ppm(path_of(path, pictures[i].name, ".ppm"));
        assert_true(expected.width > 0);
        check_pixels(pictures[i].name, &image, &expected, pictures[i].tolerance);
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
    check_pixels("exif6.jpg ignored", &stored, &upright, 0);
    hrnet_image_free(&upright);
    hrnet_image_free(&stored);
}

static void test_cut_files_are_errors(void **state)
{
    static const struct {
        const char *name;
        size_t n_spare; /* bytes at the end that no pixel needs: the end mark of a JPEG, the padding of a WebP */
    } cases[] = {{"baseline.jpg", 2}, {"progressive.jpg", 0},      {"grey.jpg", 2},   {"cmyk.jpg", 2},
                 {"rgb8.png", 0},     {"interlaced_rgba8.png", 0}, {"lossy.webp", 2}, {"alpha.webp", 2}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        hr_bytes bytes = read_picture(cases[k].name);
        for (size_t n = 0; n < bytes.size; n++) {
            /* a copy of its own size, so that the sanitizer sees a read past the cut */
            unsigned char *cut = malloc(n + 1);
            memcpy(cut, bytes.data, n);
            hrnet_image image = {0};
            const hrnet_status status = hrnet_image_decode(&image, cut, n, "cut", 0);
            const int may_pass = n + cases[k].n_spare >= bytes.size;
            if (status != HRNET_ERR_FORMAT && !(may_pass && status == HRNET_OK))
                fail_msg("%s cut to %zu of %zu bytes: status %d", cases[k].name, n, bytes.size, status);
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

static void test_flipped_bits_never_crash(void **state)
{
    (void)state;
    for (int i = 0; i < N_PICTURES; i++) {
        hr_bytes bytes = read_picture(pictures[i].name);
        for (size_t bit = 0; bit < bytes.size * 8; bit += 7) {
            bytes.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
            hrnet_image image = {0};
            const hr_image_source source = {bytes.data, bytes.size, "flipped", 1 << 16};
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

    const hr_image_source small_limit = {webp.data, webp.size, "webp", 23 * 17 - 1};
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
        cmocka_unit_test(test_cut_files_are_errors),
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
