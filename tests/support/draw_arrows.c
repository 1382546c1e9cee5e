/*
 * draw_arrows.c - draw_arrows LAYOUT FOLDER N WIDTH HEIGHT: N drawn arrows on coloured clutter, one a picture, each in
 * a direction of its own, with five keypoints: tip, left_barb, right_barb, middle, tail. The barbs are red (left) and
 * blue (right). Annotations are as a tool writes them, LAYOUT being coco
 * FOLDER/annotations/person_keypoints_{train,val}.json and FOLDER/images/{train,val}: a fifth validates cvat
 * FOLDER/annotations/person_keypoints_default.json and FOLDER/images/default annotator  FOLDER/export.json beside its
 * pictures; ids from 500, category 3, boxes and areas of its own roboflow   FOLDER/{train,valid}/_annotations.coco.json
 * beside their pictures; a category without keypoints
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet.h>

#include "base/file.h"
#include "base/rng.h"

enum { N_POINTS = 5, TIP = 0, LEFT, RIGHT, MIDDLE, TAIL };

static const char names[] = "\"tip\", \"left_barb\", \"right_barb\", \"middle\", \"tail\"";

/* A stream of random numbers. */
typedef struct dice {
    uint64_t stream, n;
} dice;

static double roll(dice *d, double low, double high)
{
    return low + (high - low) * (double)hr_random_uniform(d->stream, d->n++);
}

/* ---------------------------------------------------------------------------------------------- drawing */

typedef struct color {
    double c[3];
} color;

static color random_color(dice *d, double low, double high)
{
    return (color){{roll(d, low, high), roll(d, low, high), roll(d, low, high)}};
}

/* Mix a colour into a pixel; cover 0..1. */
static void mix(hrnet_image *image, int x, int y, const color *with, double cover)
{
    uint8_t *const p = image->rgb + 3 * ((ptrdiff_t)y * image->width + x);
    for (int k = 0; k < 3; k++) p[k] = (uint8_t)lround(p[k] + (with->c[k] - p[k]) * cover);
}

/* A line from a to b with round ends; a == b: a disc. */
static void draw_line(hrnet_image *image, const double a[2], const double b[2], double radius, color with)
{
    const double dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            double t = length > 0 ? ((x - a[0]) * dx + (y - a[1]) * dy) / length : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            const double away = hypot(x - a[0] - t * dx, y - a[1] - t * dy);
            if (away < radius + 0.5) mix(image, x, y, &with, fmin(1, radius + 0.5 - away));
        }
}

static void draw_clutter(hrnet_image *image, dice *d)
{
    const color ground = random_color(d, 70, 255);
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            const double noise = roll(d, -12, 12);
            const color grain = {
                {fmin(255, ground.c[0] + noise), fmin(255, ground.c[1] + noise), fmin(255, ground.c[2] + noise)}};
            mix(image, x, y, &grain, 1);
        }
    const int n = (int)roll(d, 2, 6);
    for (int i = 0; i < n; i++) {
        const double a[2] = {roll(d, 0, image->width), roll(d, 0, image->height)};
        const double b[2] = {a[0] + roll(d, 0, 20), a[1] + roll(d, 0, 20)};
        draw_line(image, a, b, roll(d, 2, image->width / 10.0), random_color(d, 0, 255));
    }
}

static void draw_arrow(hrnet_image *image, dice *d, double points[N_POINTS][2])
{
    const double side = fmin(image->width, image->height), length = side * roll(d, 0.55, 0.8),
                 angle = roll(d, -M_PI, M_PI);
    const double along[2] = {cos(angle), sin(angle)}, left[2] = {along[1], -along[0]};
    const double middle[2] = {image->width / 2.0 + side * roll(d, -0.07, 0.07),
                              image->height / 2.0 + side * roll(d, -0.07, 0.07)};
    const double radius = fmax(1.2, length * 0.025);
    const color body = random_color(d, 0, 110);
    for (int k = 0; k < 2; k++) {
        points[MIDDLE][k] = middle[k];
        points[TIP][k] = middle[k] + along[k] * length / 2;
        points[TAIL][k] = middle[k] - along[k] * length / 2;
        points[LEFT][k] = points[TIP][k] - along[k] * length * 0.28 + left[k] * length * 0.2;
        points[RIGHT][k] = points[TIP][k] - along[k] * length * 0.28 - left[k] * length * 0.2;
    }
    draw_line(image, points[TAIL], points[TIP], radius, body);
    draw_line(image, points[TIP], points[LEFT], radius, (color){{255, 0, 0}});
    draw_line(image, points[TIP], points[RIGHT], radius, (color){{0, 0, 255}});
    draw_line(image, points[MIDDLE], points[MIDDLE], 1.8 * radius, (color){{255, 255, 0}});
    draw_line(image, points[TAIL], points[TAIL], 1.4 * radius, body);
}

/* ---------------------------------------------------------------------------------------------- sets */

typedef struct layout {
    const char *name, *annotations, *images; /* below FOLDER, with the set's name for %s */
    const char *train, *valid;               /* names of sets; valid NULL: all pictures are in one */
    int first_id, category, whole_numbers;
    const char *more_category; /* JSON of a category without keypoints, or "" */
} layout;

static const layout layouts[] = {
    {"coco", "annotations/person_keypoints_%s.json", "images/%s", "train", "val", 1, 1, 0, ""},
    {"cvat", "annotations/person_keypoints_%s.json", "images/%s", "default", NULL, 1, 1, 0, ""},
    {"annotator", "%s.json", ".", "export", NULL, 500, 3, 1, ""},
    {"roboflow", "%s/_annotations.coco.json", "%s", "train", "valid", 0, 1, 0,
     "{\"id\": 0, \"name\": \"arrows\", \"supercategory\": \"none\"}, "},
};

static FILE *open_annotations(const layout *l, const char *folder, const char *set)
{
    char name[300], path[700];
    snprintf(name, sizeof name, l->annotations, set); // NOLINT: a format of the table above
    snprintf(path, sizeof path, "%s/%s", folder, name);
    *strrchr(path, '/') = '\0';
    if (hr_file_make_folders(path) != HRNET_OK) return NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "w");
}

static void write_person(FILE *to, const layout *l, int id, int image, double points[N_POINTS][2])
{
    double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
    fprintf(
        to,
        "{\"id\": %d, \"image_id\": %d, \"category_id\": %d, \"iscrowd\": %s, \"segmentation\": [], \"keypoints\": [",
        id, image, l->category, l->whole_numbers ? "false" : "0");
    for (int i = 0; i < N_POINTS; i++) {
        fprintf(to, l->whole_numbers ? "%s%.0f, %.0f, 2" : "%s%.2f, %.2f, 2", i > 0 ? ", " : "", points[i][0],
                points[i][1]);
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], points[i][k]);
            high[k] = fmax(high[k], points[i][k]);
        }
    }
    fprintf(to, "], \"num_keypoints\": %d, \"area\": %.1f, \"bbox\": [%.2f, %.2f, %.2f, %.2f]}", N_POINTS,
            (high[0] - low[0]) * (high[1] - low[1]), low[0], low[1], high[0] - low[0], high[1] - low[1]);
}

/* Arrows [first, last) as one set. */
static int write_set(const layout *l, const char *folder, const char *set, int first, int last, int width, int height)
{
    char place[300], path[700];
    double(*const points)[N_POINTS][2] = calloc((size_t)(last - first), sizeof *points);
    FILE *const to = open_annotations(l, folder, set);
    hrnet_image image = {width, height, malloc((size_t)width * (size_t)height * 3)};
    if (points == NULL || to == NULL || image.rgb == NULL) return 1;
    snprintf(place, sizeof place, l->images, set); // NOLINT: a format of the table above
    snprintf(path, sizeof path, "%s/%s", folder, place);
    int failed = hr_file_make_folders(path) != HRNET_OK;
    fprintf(to,
            "{\"licenses\": [], \"info\": {}, \"categories\": [%s{\"id\": %d, \"name\": \"arrow\", \"supercategory\": "
            "\"\", \"keypoints\": [%s], \"skeleton\": [[1, 2], [1, 3], [1, 4], [4, 5]]}], \"images\": [",
            l->more_category, l->category, names);
    for (int i = first; i < last && !failed; i++) {
        dice d = {hr_random_bits(hr_hash_text("arrows"), (uint64_t)i), 0};
        snprintf(path, sizeof path, "%s/%s/arrow_%03d.jpg", folder, place, i);
        draw_clutter(&image, &d);
        draw_arrow(&image, &d, points[i - first]);
        failed = hrnet_image_save(&image, path) != HRNET_OK;
        fprintf(to, "%s{\"id\": %d, \"file_name\": \"arrow_%03d.jpg\", \"width\": %d, \"height\": %d}",
                i > first ? ", " : "", l->first_id + i, i, width, height);
    }
    fprintf(to, "], \"annotations\": [");
    for (int i = first; i < last; i++) {
        fprintf(to, "%s", i > first ? ",\n" : "\n");
        write_person(to, l, 2 * l->first_id + i, l->first_id + i, points[i - first]);
    }
    fprintf(to, "]}\n");
    failed |= fclose(to) != 0;
    free(image.rgb);
    free(points);
    return failed;
}

int main(int argc, char **argv)
{
    const layout *l = NULL;
    for (size_t i = 0; argc == 6 && i < sizeof layouts / sizeof *layouts; i++)
        if (strcmp(layouts[i].name, argv[1]) == 0) l = &layouts[i];
    if (l == NULL) {
        fprintf(stderr, "usage: draw_arrows coco|cvat|annotator|roboflow FOLDER N WIDTH HEIGHT\n");
        return 2;
    }
    const int n = atoi(argv[3]), width = atoi(argv[4]), height = atoi(argv[5]),
              n_train = l->valid != NULL ? n - n / 5 : n;
    int failed = n < 1 || width < 16 || height < 16 || write_set(l, argv[2], l->train, 0, n_train, width, height);
    if (!failed && l->valid != NULL) failed = write_set(l, argv[2], l->valid, n_train, n, width, height);
    if (failed) fprintf(stderr, "draw_arrows: %s\n", hrnet_last_error());
    return failed;
}
