/*
 * test_pixels.c - views of every format, with any stride, against the same picture as RGB without gaps; NV12 and I420
 * against cv2.cvtColor; and what no view may be. Pixels lie between forbidden pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../support/guard.h"
#include "../support/ppm.h"
#include "base/mem.h"
#include "pose/pixels.h"
#include "pose/affine.h"
#include "pose/crop.h"
#include "pose/pixels.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

enum { W = 37, H = 29, CROP_W = 48, CROP_H = 40, N_CROPS = 12 };

/* ---------------------------------------------------------------------------------------------- making views */

/* A plane between forbidden pages: its last row ends where reading ends, or its first begins where reading begins. */
typedef struct plane {
    guarded memory;
    uint8_t *first; /* row */
    ptrdiff_t stride;
} plane;

/* bottom_up: rows are stored from the last to the first. */
static plane make_plane(int row_bytes, int height, int gap, int bottom_up, guard_place place)
{
    const size_t stride = (size_t)(row_bytes + gap), bytes = stride * (size_t)(height - 1) + (size_t)row_bytes;
    const size_t n = (bytes + sizeof(float) - 1) / sizeof(float);
    plane p = {.memory = guard(n, place)};
    uint8_t *const lowest = place == GUARD_BEGIN ? (uint8_t *)p.memory.data : (uint8_t *)(p.memory.data + n) - bytes;
    p.stride = bottom_up ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
    p.first = bottom_up ? lowest + stride * (size_t)(height - 1) : lowest;
    return p;
}

/* The picture that all views show. */
static uint8_t shown(int x, int y, int color)
{
    return (uint8_t)hr_random_bits(7, (uint64_t)((y * W + x) * 3 + color));
}

/* In a view of grey, red is everything. */
static hrnet_pixels make_view(plane *p, hrnet_pixel_format format, int gap, int bottom_up, guard_place place)
{
    static const int places[5][3] = {{0, 1, 2}, {2, 1, 0}, {0, 1, 2}, {2, 1, 0}, {0, 0, 0}}, steps[5] = {3, 3, 4, 4, 1};
    const int step = steps[format];
    *p = make_plane(W * step, H, gap, bottom_up, place);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            uint8_t *const pixel = p->first + y * p->stride + x * step;
            if (step == 4) pixel[3] = (uint8_t)(x * 7);
            for (int c = format == HRNET_PIXELS_GREY ? 0 : 2; c >= 0; c--) pixel[places[format][c]] = shown(x, y, c);
        }
    return (hrnet_pixels){.width = W,
                          .height = H,
                          .format = format,
                          .planes = {p->first},
                          .strides = {gap == 0 && !bottom_up ? 0 : p->stride}};
}

/* The same as RGB without gaps. */
static hrnet_image make_image(int is_grey)
{
    hrnet_image image = {W, H, malloc((size_t)W * H * 3)};
    for (int i = 0; i < W * H * 3; i++) image.rgb[i] = shown(i / 3 % W, i / 3 / W, is_grey ? 0 : i % 3);
    return image;
}

/* ---------------------------------------------------------------------------------------------- crops */

/* Crops inside, across every border, turned, smaller and larger than the picture. */
static void sample(const hrnet_pixels *pixels, int index, hrnet_sampler sampler, int mirrored, uint8_t *rgb)
{
    const float t = (float)index;
    const hrnet_crop crop = {{W * 0.1f * t, H - H * 0.09f * t}, {0.03f + 0.03f * t, 0.03f + 0.04f * t}, 25 * t};
    double matrix[6];
    hr_warp warp;
    hrnet_crop_matrix(&crop, CROP_W, CROP_H, 0, matrix);
    MUST(hr_warp_init(&warp, pixels, matrix, CROP_W, CROP_H, sampler));
    warp.mirrored = mirrored;
    hr_warp_rows(&warp, 0, CROP_H, rgb);
}

static void crops_are_equal(const hrnet_pixels *view, const hrnet_pixels *reference)
{
    static uint8_t found[CROP_W * CROP_H * 3], expected[CROP_W * CROP_H * 3];
    for (int i = 0; i < 4 * N_CROPS; i++) {
        sample(reference, i / 4, (hrnet_sampler)(i & 1), i >> 1 & 1, expected);
        sample(view, i / 4, (hrnet_sampler)(i & 1), i >> 1 & 1, found);
        assert_memory_equal(found, expected, sizeof found);
    }
}

/* As copies and as rows of 32-bit pixels. */
static void copies_are_equal(const hrnet_pixels *view, const hrnet_image *reference)
{
    hrnet_image copy = {0};
    hrnet_pixels checked;
    uint32_t row[64];
    MUST(hr_pixels_check(view, &checked));
    for (int y = 0; y < reference->height; y++) {
        hr_pixels_pack_row(&checked, y, row);
        for (int x = 0; x < reference->width; x++) {
            const uint8_t *rgb = reference->rgb + (y * reference->width + x) * 3;
            assert_int_equal(row[x], 0xff000000u | (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2]);
        }
    }
    MUST(hrnet_image_copy(&copy, view));
    assert_int_equal(copy.width, reference->width);
    assert_int_equal(copy.height, reference->height);
    assert_memory_equal(copy.rgb, reference->rgb, (size_t)copy.width * (size_t)copy.height * 3);
    hr_free(copy.rgb);
}

/* Every format of one plane, without and with gaps, from the top and from the bottom. */
static void formats_and_strides_change_nothing(void **state)
{
    (void)state;
    static const int gaps[] = {0, 1, 3, 64, 4096};
    for (hrnet_pixel_format format = HRNET_PIXELS_RGB; format <= HRNET_PIXELS_GREY; format++) {
        hrnet_image image = make_image(format == HRNET_PIXELS_GREY);
        const hrnet_pixels reference = hrnet_image_pixels(&image);
        for (int k = 0; k < 20; k++) {
            plane p;
            const hrnet_pixels view = make_view(&p, format, gaps[k / 4], k & 1, k & 2 ? GUARD_BEGIN : GUARD_END);
            copies_are_equal(&view, &image);
            crops_are_equal(&view, &reference);
            unguard(p.memory);
        }
        free(image.rgb);
    }
}

/* ---------------------------------------------------------------------------------------------- several planes */

/* NV12 or I420 of the picture that tests/golden/pose/make.py converts, or of its part at the top left. */
static hrnet_pixels make_planar(plane planes[3], hrnet_pixel_format format, int width, int height, int gap,
                                int bottom_up, guard_place place)
{
    const int is_nv12 = format == HRNET_PIXELS_NV12, half_w = (width + 1) / 2, half_h = (height + 1) / 2;
    hrnet_pixels view = {.width = width, .height = height, .format = format};
    planes[0] = make_plane(width, height, gap, bottom_up, place);
    planes[1] = make_plane(is_nv12 ? 2 * half_w : half_w, half_h, gap, bottom_up, place);
    planes[2] = make_plane(half_w, half_h, gap + 1, bottom_up, place);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) planes[0].first[y * planes[0].stride + x] = (uint8_t)(x * 37 + y * 91);
    for (int y = 0; y < half_h; y++)
        for (int x = 0; x < half_w; x++) {
            const uint8_t u = (uint8_t)(x * 53 + y * 29), v = (uint8_t)(x * 17 + y * 83 + 128);
            uint8_t *const second = planes[1].first + y * planes[1].stride;
            second[is_nv12 ? 2 * x : x] = u;
            *(is_nv12 ? &second[2 * x + 1] : &planes[2].first[y * planes[2].stride + x]) = v;
        }
    for (int i = 0; i < (is_nv12 ? 2 : 3); i++) {
        view.planes[i] = planes[i].first;
        view.strides[i] = gap == 0 && i < 2 && !bottom_up ? 0 : planes[i].stride;
    }
    return view;
}

/* The top left of the expected picture. */
static hrnet_image cut(const hrnet_image *whole, int width, int height)
{
    hrnet_image part = {width, height, malloc((size_t)(width * height * 3))};
    for (int y = 0; y < height; y++)
        memcpy(part.rgb + y * width * 3, whole->rgb + y * whole->width * 3, (size_t)width * 3);
    return part;
}

static void planes_equal_opencv(void **state)
{
    (void)state;
    static const int sizes[][2] = {{64, 48}, {63, 47}, {1, 1}, {2, 1}, {33, 2}};
    hrnet_image whole = read_ppm(TEST_DATA "/golden/pose/yuv.ppm");
    assert_int_equal(whole.width, 64);
    for (int s = 0; s < 5; s++) {
        hrnet_image image = cut(&whole, sizes[s][0], sizes[s][1]);
        const hrnet_pixels reference = hrnet_image_pixels(&image);
        for (int k = 0; k < 16; k++) {
            plane planes[3];
            const hrnet_pixels view = make_planar(planes, k & 8 ? HRNET_PIXELS_NV12 : HRNET_PIXELS_I420, image.width,
                                                  image.height, k & 4 ? 5 : 0, k & 1, k & 2 ? GUARD_BEGIN : GUARD_END);
            copies_are_equal(&view, &image);
            crops_are_equal(&view, &reference);
            for (int i = 0; i < 3; i++) unguard(planes[i].memory);
        }
        free(image.rgb);
    }
    free(whole.rgb);
}

/* Rows are converted to the same numbers as pixels: all 2^24 values of Y, U and V. */
static void rows_equal_pixels(void **state)
{
    (void)state;
    uint8_t light[256], u[128], v[128], rgbx[256 * 4], rgb[4] = {0};
    const hrnet_pixels view = {
        .width = 256, .height = 1, .format = HRNET_PIXELS_I420, .planes = {light, u, v}, .strides = {256, 128, 128}};
    for (int i = 0; i < 256; i++) light[i] = (uint8_t)i;
    for (int chroma = 0; chroma < 1 << 16; chroma++) {
        memset(u, chroma & 255, sizeof u);
        memset(v, chroma >> 8, sizeof v);
        hr_pixels_convert_row(&view, 0, 0, 256, rgbx);
        for (int i = 0; i < 256; i++) {
            hr_pixels_convert(&view, i, 0, rgb);
            if (memcmp(rgb, rgbx + 4 * i, 4) != 0) fail_msg("Y %d U %d V %d", i, chroma & 255, chroma >> 8);
        }
    }
}

/* Parts of rows, of any length and from any pixel on, and nothing behind them. */
static void parts_of_rows(void **state)
{
    (void)state;
    static const int lengths[] = {1, 2, 3, 63, 64, 65, 128, 131};
    for (int k = 0; k < 2; k++) {
        plane planes[3];
        const hrnet_pixels view =
            make_planar(planes, k ? HRNET_PIXELS_NV12 : HRNET_PIXELS_I420, 135, 3, 5, 0, GUARD_END);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
            for (int x = 0; x < 4 && x + lengths[i] <= 135; x++) {
                uint8_t rgbx[136 * 4], rgb[4] = {0};
                memset(rgbx, 99, sizeof rgbx);
                hr_pixels_convert_row(&view, x, 2, lengths[i], rgbx);
                for (int at = 0; at < lengths[i]; at++) {
                    hr_pixels_convert(&view, x + at, 2, rgb);
                    assert_memory_equal(rgb, rgbx + 4 * at, 4);
                }
                assert_int_equal(rgbx[4 * lengths[i]], 99);
            }
        for (int i = 0; i < 3; i++) unguard(planes[i].memory);
    }
}

/* ---------------------------------------------------------------------------------------------- refusals */

static void refuse(hrnet_pixels view, const char *reason)
{
    hrnet_image out = {0};
    assert_int_equal(hrnet_image_copy(&out, &view), HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(hrnet_last_error(), reason));
    assert_null(out.rgb);
}

static void refused_views(void **state)
{
    (void)state;
    static uint8_t bytes[300];
    const hrnet_pixels good = {.width = 4, .height = 4, .planes = {bytes, bytes, bytes}};
    hrnet_pixels view = good;
    hrnet_image out = {0};
    refuse((hrnet_pixels){0}, "found none");
    view.width = 0;
    refuse(view, "found none");
    view = good;
    view.height = -1;
    refuse(view, "found none");
    view = good;
    view.format = (hrnet_pixel_format)7;
    refuse(view, "format 7");
    for (int stride = -11; stride < 12; stride++) {
        view = good;
        view.strides[0] = stride;
        if (stride != 0) refuse(view, "at least 12");
    }
    view.strides[0] = PTRDIFF_MAX / 2; /* the third row would lie beyond all addresses */
    refuse(view, "stride");
    view = good;
    view.format = HRNET_PIXELS_NV12;
    view.planes[1] = NULL;
    refuse(view, "plane 1");
    view = good;
    view.format = HRNET_PIXELS_I420;
    view.planes[2] = NULL;
    refuse(view, "plane 2");
    view.planes[2] = bytes;
    view.strides[2] = 1;
    refuse(view, "at least 2");
    view = good;
    view.reserved[1] = 1;
    refuse(view, "reserved[1]");
    assert_int_equal(hrnet_image_copy(&out, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_image_copy(NULL, &good), HRNET_ERR_ARGUMENT);
    view = good;
    view.width = view.height = 1 << 15;
    assert_int_equal(hrnet_image_copy(&out, &view), HRNET_ERR_LIMIT);
    hr_mem_fail_after(0);
    assert_int_equal(hrnet_image_copy(&out, &good), HRNET_ERR_MEMORY);
    hr_mem_fail_after(-1);
    assert_null(out.rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_strides_change_nothing),
        cmocka_unit_test(planes_equal_opencv),
        cmocka_unit_test(rows_equal_pixels),
        cmocka_unit_test(parts_of_rows),
        cmocka_unit_test(refused_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
