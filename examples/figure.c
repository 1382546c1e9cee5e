/*
 * figure.c - figure OUT.png: the picture of README. A mannequin of our own, then what the library draws: heatmaps are
 * made at its joints, decoded through a crop as a network's would be, and drawn as a skeleton and as an overlay.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet.h>

enum { WIDTH = 300, HEIGHT = 400, PANELS = 3, MAP_W = 48, MAP_H = 64, JOINTS = 17 };

/* A runner, in COCO's order. */
static const float joints[JOINTS][2] = {{163, 72},  {168, 65},  {157, 65},  {174, 70},  {146, 70}, {178, 118},
                                        {124, 114}, {214, 152}, {92, 150},  {196, 196}, {62, 112}, {166, 214},
                                        {132, 212}, {196, 272}, {104, 268}, {232, 334}, {50, 300}};
static const struct {
    int from, to;
    float radius;
} limbs[] = {{6, 8, 13},  {8, 10, 10}, {12, 14, 18}, {14, 16, 13}, {5, 11, 20}, {6, 12, 20},  {5, 12, 22},
             {6, 11, 22}, {5, 6, 17},  {11, 12, 19}, {5, 7, 13},   {7, 9, 10},  {11, 13, 18}, {13, 15, 13}};

static void paint_ball(hrnet_image *image, float cx, float cy, float radius, const float color[3])
{
    for (int y = (int)(cy - radius) - 1; y <= (int)(cy + radius) + 1; y++) {
        for (int x = (int)(cx - radius) - 1; x <= (int)(cx + radius) + 1; x++) {
            if (x < 0 || y < 0 || x >= image->width || y >= image->height) continue;
            const float dx = ((float)x - cx) / radius, dy = ((float)y - cy) / radius, d = dx * dx + dy * dy;
            if (d > 1) continue;
            const float light = 0.45f + 0.55f * fmaxf(0, -0.5f * dx - 0.5f * dy + 0.7f * sqrtf(1 - d));
            for (int c = 0; c < 3; c++)
                image->rgb[(y * image->width + x) * 3 + c] = (unsigned char)fminf(255, 255 * color[c] * light);
        }
    }
}

static void paint_mannequin(hrnet_image *image)
{
    static const float shirt[3] = {0.80f, 0.72f, 0.62f}, skin[3] = {0.86f, 0.78f, 0.68f};
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            const int floor_y = 340, shade = y < floor_y ? 226 - y / 10 : 168 + (y - floor_y) / 4;
            unsigned char *pixel = image->rgb + (y * image->width + x) * 3;
            pixel[0] = (unsigned char)(shade - 6);
            pixel[1] = (unsigned char)shade;
            pixel[2] = (unsigned char)(shade + 8);
        }
    }
    for (size_t i = 0; i < sizeof limbs / sizeof *limbs; i++) {
        const float *a = joints[limbs[i].from], *b = joints[limbs[i].to];
        for (int k = 0; k <= 60; k++) {
            const float t = (float)k / 60;
            paint_ball(image, a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), limbs[i].radius * (1 - 0.15f * t),
                       shirt);
        }
    }
    for (int k = 0; k <= 20; k++) paint_ball(image, 152 + (float)k / 4, 112 - (float)k, 11, skin);
    paint_ball(image, 160, 70, 25, skin);
}

/* A Gaussian of two cells around every joint, as in training. */
static void make_heatmaps(float *maps, const hrnet_crop *crop)
{
    double m[6];
    hrnet_crop_matrix(crop, MAP_W, MAP_H, 0, m);
    for (int j = 0; j < JOINTS; j++) {
        const double x = m[0] * joints[j][0] + m[1] * joints[j][1] + m[2];
        const double y = m[3] * joints[j][0] + m[4] * joints[j][1] + m[5];
        for (int i = 0; i < MAP_W * MAP_H; i++) {
            const double dx = i % MAP_W - x, dy = i / MAP_W - y;
            maps[j * MAP_W * MAP_H + i] = (float)exp(-(dx * dx + dy * dy) / 8);
        }
    }
}

static void copy_panel(hrnet_image *out, const hrnet_image *panel, int index)
{
    for (int y = 0; y < HEIGHT; y++)
        memcpy(out->rgb + ((size_t)y * WIDTH * PANELS + (size_t)index * WIDTH) * 3, panel->rgb + (size_t)y * WIDTH * 3,
               (size_t)WIDTH * 3);
}

int main(int argc, char **argv)
{
    static unsigned char pixels[WIDTH * HEIGHT * 3], all[WIDTH * PANELS * HEIGHT * 3];
    static float maps[JOINTS * MAP_W * MAP_H];
    hrnet_image panel = {WIDTH, HEIGHT, pixels}, out = {WIDTH * PANELS, HEIGHT, all};
    const hrnet_box box = {40, 40, 210, 310};
    const hrnet_crop crop = hrnet_crop_from_box(box, (float)MAP_W / MAP_H);
    hrnet_keypoint found[JOINTS];
    if (argc != 2) {
        fprintf(stderr, "usage: figure OUT.png\n");
        return 2;
    }
    make_heatmaps(maps, &crop);
    paint_mannequin(&panel);
    copy_panel(&out, &panel, 0);
    int failed = hrnet_draw_heatmaps(&panel, maps, JOINTS, MAP_H, MAP_W, &crop, 0) != HRNET_OK;
    copy_panel(&out, &panel, 1);
    paint_mannequin(&panel);
    failed =
        failed ||
        hrnet_decode_heatmaps(maps, 1, JOINTS, MAP_H, MAP_W, &crop, HRNET_DECODE_DARK, 2, found) != HRNET_OK ||
        hrnet_draw_pose(&panel, hrnet_skeleton_coco(), found, &box, &(hrnet_draw_options){.show_box = 1}) != HRNET_OK;
    copy_panel(&out, &panel, 2);
    failed = failed || hrnet_image_save(&out, argv[1]) != HRNET_OK;
    if (failed) fprintf(stderr, "%s\n", hrnet_last_error());
    return failed;
}
