/*
 * draw.c - a pose over its picture. Everything drawn is a capsule (the points within a radius of a segment; a disc when
 * its ends meet), and a pixel takes as much of the colour as the capsule covers of it, which its distance to the
 * segment tells well enough: clamp(radius + 1/2 - distance, 0, 1).
 *
 * A dark outline under the whole figure keeps it readable on any background. Orange, sky blue and bluish green are told
 * apart with every common kind of colour blindness (Okabe and Ito's set).
 */
#include <math.h>

#include "base/status.h"
#include "pose/skeleton.h"

typedef struct color {
    uint8_t rgb[3];
} color;

typedef struct point {
    double x, y;
} point;

static const color outline_color = {{20, 22, 28}}, box_color = {{250, 250, 245}}, joint_color = {{255, 255, 255}};
static const color side_colors[] = {
    [HR_SIDE_MIDDLE] = {{0, 190, 135}}, [HR_SIDE_LEFT] = {{245, 160, 0}}, [HR_SIDE_RIGHT] = {{86, 180, 233}}};

static double clamp(double value, double low, double high)
{
    return !(value > low) ? low : value > high ? high : value;
}

static void blend(uint8_t *pixel, color paint, double coverage)
{
    const int share = (int)(coverage * 256 + 0.5);
    for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)(pixel[c] + (((paint.rgb[c] - pixel[c]) * share + 128) >> 8));
}

static double distance_to_segment(point p, point a, point b)
{
    const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    const double t = length2 > 0 ? clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0, 1) : 0;
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/* Only the pixels near the segment are visited, so that a long bone costs its own area, not its bounding box. */
static void draw_capsule(hrnet_image *image, point a, point b, double radius, color paint)
{
    const double reach = radius + 0.5, last_x = image->width - 1, last_y = image->height - 1;
    const double top = fmin(a.y, b.y) - reach, bottom = fmax(a.y, b.y) + reach;
    if (bottom < 0 || top > last_y) return;
    const int y0 = (int)ceil(clamp(top, 0, last_y)), y1 = (int)floor(clamp(bottom, 0, last_y));
    for (int y = y0; y <= y1; y++) {
        /* the part of the segment, from share t0 to t1, that this row can reach */
        double t0 = 0, t1 = 1;
        if (a.y != b.y) {
            const double enter = (y - reach - a.y) / (b.y - a.y), leave = (y + reach - a.y) / (b.y - a.y);
            t0 = clamp(fmin(enter, leave), 0, 1);
            t1 = clamp(fmax(enter, leave), 0, 1);
        }
        const double start = a.x + t0 * (b.x - a.x), end = a.x + t1 * (b.x - a.x);
        const double left = fmin(start, end) - reach, right = fmax(start, end) + reach;
        if (right < 0 || left > last_x) continue;
        const int x0 = (int)ceil(clamp(left, 0, last_x)), x1 = (int)floor(clamp(right, 0, last_x));
        uint8_t *pixel = image->rgb + ((size_t)y * (size_t)image->width + (size_t)x0) * 3;
        for (int x = x0; x <= x1; x++, pixel += 3) {
            const double distance = distance_to_segment((point){x, y}, a, b);
            if (distance < reach) blend(pixel, paint, clamp(reach - distance, 0, 1));
        }
    }
}

static int is_visible(const hrnet_keypoint *keypoint, float threshold)
{
    return keypoint->score >= threshold && isfinite(keypoint->x) && isfinite(keypoint->y);
}

static point point_of(const hrnet_keypoint *keypoint)
{
    return (point){keypoint->x, keypoint->y};
}

/* A hundredth of the person's extent inside the picture, but never a hairline, nor fat beside the picture. */
static double line_width(const hrnet_image *image, const hrnet_keypoint *keypoints, int n, float threshold)
{
    double x0 = image->width, y0 = image->height, x1 = 0, y1 = 0;
    for (int i = 0; i < n; i++) {
        if (!is_visible(&keypoints[i], threshold)) continue;
        const double x = clamp(keypoints[i].x, 0, image->width), y = clamp(keypoints[i].y, 0, image->height);
        x0 = fmin(x0, x);
        x1 = fmax(x1, x);
        y0 = fmin(y0, y);
        y1 = fmax(y1, y);
    }
    const double extent = hypot(fmax(x1 - x0, 0), fmax(y1 - y0, 0));
    return clamp(extent / 90, 1.6, fmax(1.6, hypot(image->width, image->height) / 150));
}

static color bone_color(const hrnet_skeleton *skeleton, const int link[2])
{
    const hr_side a = hr_skeleton_side(skeleton, link[0]), b = hr_skeleton_side(skeleton, link[1]);
    if (a == b || b == HR_SIDE_MIDDLE) return side_colors[a];
    return side_colors[a == HR_SIDE_MIDDLE ? b : HR_SIDE_MIDDLE];
}

static void draw_box(hrnet_image *image, const hrnet_box *box, double width)
{
    if (!isfinite(box->x) || !isfinite(box->y) || !(box->w > 0) || !(box->h > 0)) return;
    const double right = (double)box->x + box->w, bottom = (double)box->y + box->h;
    const point corners[4] = {{box->x, box->y}, {right, box->y}, {right, bottom}, {box->x, bottom}};
    for (int i = 0; i < 8; i++) {
        const int is_outline = i < 4;
        draw_capsule(image, corners[i % 4], corners[(i + 1) % 4], width / 2 + (is_outline ? 0.8 : 0),
                     is_outline ? outline_color : box_color);
    }
}

/* Bones, then joints over them. outline > 0 draws both that much wider and dark. */
static void draw_figure(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_keypoint *keypoints,
                        float threshold, double width, double outline)
{
    for (int i = 0; i < skeleton->n_links; i++) {
        const int *link = skeleton->links[i];
        const hrnet_keypoint *a = &keypoints[link[0]], *b = &keypoints[link[1]];
        if (!is_visible(a, threshold) || !is_visible(b, threshold)) continue;
        draw_capsule(image, point_of(a), point_of(b), width / 2 + outline,
                     outline > 0 ? outline_color : bone_color(skeleton, link));
    }
    for (int i = 0; i < skeleton->n_keypoints; i++) {
        if (!is_visible(&keypoints[i], threshold)) continue;
        const point centre = point_of(&keypoints[i]);
        const color paint = side_colors[hr_skeleton_side(skeleton, i)];
        draw_capsule(image, centre, centre, width + outline, outline > 0 ? outline_color : paint);
        if (outline <= 0) draw_capsule(image, centre, centre, width * 0.45, joint_color);
    }
}

hrnet_status hrnet_draw_pose(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_keypoint *keypoints,
                             const hrnet_box *box, const hrnet_draw_options *options)
{
    static const hrnet_draw_options defaults;
    const hrnet_draw_options *o = options != NULL ? options : &defaults;
    if (image == NULL || image->rgb == NULL || image->width <= 0 || image->height <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_draw_pose: the picture is empty");
    if (skeleton == NULL || keypoints == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_draw_pose: skeleton or keypoints is NULL");
    if (!(o->size >= 0 && o->size <= 1000))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_draw_pose: line width %g, expected 0 to 1000 pixels", o->size);
    HR_TRY(hr_skeleton_check(skeleton));
    const double width = o->size > 0 ? o->size : line_width(image, keypoints, skeleton->n_keypoints, o->threshold);
    if (box != NULL && o->show_box) draw_box(image, box, width * 0.6);
    draw_figure(image, skeleton, keypoints, o->threshold, width, clamp(width * 0.3, 0.8, 3));
    draw_figure(image, skeleton, keypoints, o->threshold, width, 0);
    return HRNET_OK;
}
