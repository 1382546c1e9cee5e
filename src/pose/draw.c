/*
 * draw.c - hrnet_draw_pose: a pose over its picture. A dark outline below the whole figure keeps it readable on any
 * background. Orange (left), sky blue (right) and bluish green (middle) can be distinguished with every common kind of
 * colour blindness (from the set of Okabe and Ito).
 */
#include <math.h>

#include "base/status.h"
#include "pose/paint.h"
#include "pose/skeleton.h"

static const hr_color outline_color = {{20, 22, 28}}, box_color = {{250, 250, 245}}, joint_color = {{255, 255, 255}};
static const hr_color side_colors[] = {
    [HR_SIDE_MIDDLE] = {{0, 190, 135}}, [HR_SIDE_LEFT] = {{245, 160, 0}}, [HR_SIDE_RIGHT] = {{86, 180, 233}}};

/* NaN gives low. */
static double clamp(double value, double low, double high)
{
    return !(value > low) ? low : value > high ? high : value;
}

static int is_visible(const hrnet_keypoint *keypoint, float threshold)
{
    return keypoint->score >= threshold && isfinite(keypoint->x) && isfinite(keypoint->y);
}

static hr_point point_of(const hrnet_keypoint *keypoint)
{
    return (hr_point){keypoint->x, keypoint->y};
}

/* The default line width in pixels: 1/90 of the diagonal of the visible keypoints' bounding box inside the picture; at
 * least 1.6, so that it is never a hairline, and at most 1/150 of the picture's diagonal. */
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

/* The colour of a link: its side's if both ends are on one side or one end is in the middle, else (between the hips,
 * say) the middle's. */
static hr_color bone_color(const hrnet_skeleton *skeleton, const int link[2])
{
    const hr_side a = hr_skeleton_side(skeleton, link[0]), b = hr_skeleton_side(skeleton, link[1]);
    if (a == b || b == HR_SIDE_MIDDLE) return side_colors[a];
    return side_colors[a == HR_SIDE_MIDDLE ? b : HR_SIDE_MIDDLE];
}

/* Four lines, first dark and wider, then light. */
static void draw_box(hrnet_image *image, const hrnet_box *box, double width)
{
    if (!isfinite(box->x) || !isfinite(box->y) || !(box->w > 0) || !(box->h > 0)) return;
    const double right = (double)box->x + box->w, bottom = (double)box->y + box->h;
    const hr_point corners[4] = {{box->x, box->y}, {right, box->y}, {right, bottom}, {box->x, bottom}};
    for (int i = 0; i < 8; i++) {
        const int is_outline = i < 4;
        hr_paint_capsule(image, corners[i % 4], corners[(i + 1) % 4], width / 2 + (is_outline ? 0.8 : 0),
                         is_outline ? outline_color : box_color);
    }
}

/* Draw the links, then the keypoints over them. outline > 0: draw both wider by that many pixels on each side and in
 * the outline's colour. */
static void draw_figure(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_keypoint *keypoints,
                        float threshold, double width, double outline)
{
    for (int i = 0; i < skeleton->n_links; i++) {
        const int *link = skeleton->links[i];
        const hrnet_keypoint *a = &keypoints[link[0]], *b = &keypoints[link[1]];
        if (!is_visible(a, threshold) || !is_visible(b, threshold)) continue;
        hr_paint_capsule(image, point_of(a), point_of(b), width / 2 + outline,
                         outline > 0 ? outline_color : bone_color(skeleton, link));
    }
    for (int i = 0; i < skeleton->n_keypoints; i++) {
        if (!is_visible(&keypoints[i], threshold)) continue;
        const hr_point centre = point_of(&keypoints[i]);
        const hr_color color = side_colors[hr_skeleton_side(skeleton, i)];
        hr_paint_capsule(image, centre, centre, width + outline, outline > 0 ? outline_color : color);
        if (outline <= 0) hr_paint_capsule(image, centre, centre, width * 0.45, joint_color);
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
