/*
 * draw.c - hrnet_draw_pose and hrnet_draw_people: poses over their picture. A dark outline below each figure keeps it
 * readable on any background. Orange (left), sky blue (right) and bluish green (middle) can be distinguished with every
 * common kind of colour blindness (from the set of Okabe and Ito).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "pose/digits.h"
#include "pose/paint.h"
#include "pose/skeleton.h"

static const hr_color outline_color = {{20, 22, 28}}, joint_color = {{255, 255, 255}};

/* The colours of one figure. */
typedef struct figure_colors {
    hr_color sides[3]; /* by hr_side */
    hr_color box;
} figure_colors;

static const figure_colors side_colors = {
    .sides = {[HR_SIDE_MIDDLE] = {{0, 190, 135}}, [HR_SIDE_LEFT] = {{245, 160, 0}}, [HR_SIDE_RIGHT] = {{86, 180, 233}}},
    .box = {{250, 250, 245}}};

/* Of persons, in an order in which neighbours differ most. Light enough to stand out from the outline. */
static const hr_color person_colors[] = {{{255, 176, 0}},   {{60, 170, 255}}, {{255, 95, 125}}, {{70, 215, 120}},
                                         {{200, 140, 255}}, {{240, 235, 70}}, {{0, 215, 215}},  {{255, 130, 50}},
                                         {{160, 215, 30}},  {{255, 150, 215}}};
enum { N_PERSON_COLORS = sizeof person_colors / sizeof *person_colors };

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
static hr_color bone_color(const hrnet_skeleton *skeleton, const int link[2], const figure_colors *colors)
{
    const hr_side a = hr_skeleton_side(skeleton, link[0]), b = hr_skeleton_side(skeleton, link[1]);
    if (a == b || b == HR_SIDE_MIDDLE) return colors->sides[a];
    return colors->sides[a == HR_SIDE_MIDDLE ? b : HR_SIDE_MIDDLE];
}

/* Four lines, first dark and wider, then light. */
static void draw_box(hrnet_image *image, const hrnet_box *box, double width, hr_color color)
{
    if (!isfinite(box->x) || !isfinite(box->y) || !(box->w > 0) || !(box->h > 0)) return;
    const double right = (double)box->x + box->w, bottom = (double)box->y + box->h;
    const hr_point corners[4] = {{box->x, box->y}, {right, box->y}, {right, bottom}, {box->x, bottom}};
    for (int i = 0; i < 8; i++) {
        const int is_outline = i < 4;
        hr_paint_capsule(image, corners[i % 4], corners[(i + 1) % 4], width / 2 + (is_outline ? 0.8 : 0),
                         is_outline ? outline_color : color);
    }
}

/* Draw the links, then the keypoints over them. outline > 0: draw both wider by that many pixels on each side and in
 * the outline's colour. */
static void draw_figure(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_keypoint *keypoints,
                        float threshold, double width, double outline, const figure_colors *colors)
{
    for (int i = 0; i < skeleton->n_links; i++) {
        const int *link = skeleton->links[i];
        const hrnet_keypoint *a = &keypoints[link[0]], *b = &keypoints[link[1]];
        if (!is_visible(a, threshold) || !is_visible(b, threshold)) continue;
        hr_paint_capsule(image, point_of(a), point_of(b), width / 2 + outline,
                         outline > 0 ? outline_color : bone_color(skeleton, link, colors));
    }
    for (int i = 0; i < skeleton->n_keypoints; i++) {
        if (!is_visible(&keypoints[i], threshold)) continue;
        const hr_point centre = point_of(&keypoints[i]);
        const hr_color color = colors->sides[hr_skeleton_side(skeleton, i)];
        hr_paint_capsule(image, centre, centre, width + outline, outline > 0 ? outline_color : color);
        if (outline <= 0) hr_paint_capsule(image, centre, centre, width * 0.45, joint_color);
    }
}

static void draw_pose(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_keypoint *keypoints,
                      float threshold, double width, const figure_colors *colors)
{
    draw_figure(image, skeleton, keypoints, threshold, width, clamp(width * 0.3, 0.8, 3), colors);
    draw_figure(image, skeleton, keypoints, threshold, width, 0, colors);
}

static hrnet_status check(const char *function, const hrnet_image *image, const hrnet_draw_options *o)
{
    if (image == NULL || image->rgb == NULL || image->width <= 0 || image->height <= 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: the picture is empty", function);
    if (!(o->size >= 0 && o->size <= 1000))
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: line width %g, expected 0 to 1000 pixels", function, (double)o->size);
    if (o->color < HRNET_COLOR_AUTO || o->color > HRNET_COLOR_PERSON)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: unknown colouring %d", function, (int)o->color);
    return HR_CHECK_RESERVED(o, "hrnet_draw_options");
}

/* ---------------------------------------------------------------------------------------------- several people */

static hr_color darker(hr_color color)
{
    for (int c = 0; c < 3; c++) color.rgb[c] = (uint8_t)(color.rgb[c] * 5 / 8);
    return color;
}

static figure_colors colors_of(uint32_t person, hrnet_draw_color color)
{
    if (color != HRNET_COLOR_PERSON) return side_colors;
    const hr_color own = person_colors[person % N_PERSON_COLORS];
    return (figure_colors){.sides = {[HR_SIDE_MIDDLE] = own, [HR_SIDE_LEFT] = own, [HR_SIDE_RIGHT] = darker(own)},
                           .box = own};
}

hrnet_status hrnet_draw_pose(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_keypoint *keypoints,
                             const hrnet_box *box, const hrnet_draw_options *options)
{
    static const hrnet_draw_options defaults;
    const hrnet_draw_options *o = options != NULL ? options : &defaults;
    HR_TRY(check("hrnet_draw_pose", image, o));
    if (skeleton == NULL || keypoints == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_draw_pose: skeleton or keypoints is NULL");
    HR_TRY(hr_skeleton_check(skeleton));
    const double width = o->size > 0 ? o->size : line_width(image, keypoints, skeleton->n_keypoints, o->threshold);
    const figure_colors colors = colors_of(0, o->color);
    if (box != NULL && o->show_box) draw_box(image, box, width * 0.6, colors.box);
    draw_pose(image, skeleton, keypoints, o->threshold, width, &colors);
    return HRNET_OK;
}

/* The line width for a box without keypoints: as for a person who fills it. */
static double box_line_width(const hrnet_image *image, const hrnet_box *box)
{
    const hrnet_keypoint corners[] = {{box->x, box->y, 1}, {box->x + box->w, box->y + box->h, 1}};
    return line_width(image, corners, 2, 0);
}

/* With two decimals and a point, whatever the locale has. */
static void write_score(float score, char text[16])
{
    const int hundredths = (int)lrint(fmin(fabs((double)score), 1e6) * 100);
    snprintf(text, 16, "%s%d.%02d", score < 0 ? "-" : "", hundredths / 100, hundredths % 100);
}

/* Numbers on a plate in the person's colour: above the box, or in it where the picture ends. */
static void draw_plate(hrnet_image *image, const hrnet_box *box, const char *text, double width, hr_color color)
{
    if (!isfinite(box->x) || !isfinite(box->y)) return;
    const double height = fmin(fmax(4.2 * width, 7), 0.2 * image->height), length = hr_digits_length(text, height);
    const double plate = height * 0.78, x = clamp(box->x, 0, image->width - length - 1.5 * plate);
    const double above = box->y - 2 * plate - width, y = clamp(above >= 0 ? above : box->y + width, 0, image->height);
    const hr_point a = {x + plate, y + plate}, b = {x + plate * 0.5 + length, y + plate};
    hr_paint_capsule(image, a, b, plate + clamp(width * 0.3, 0.8, 3), outline_color);
    hr_paint_capsule(image, a, b, plate, color);
    hr_paint_digits(image, (hr_point){x + plate * 0.75, y + plate - height / 2}, text, height, outline_color);
}

/* The number of the track, the score, or both. */
static void draw_numbers(hrnet_image *image, const hrnet_pose *who, float score, const hrnet_draw_options *o,
                         double width, hr_color color)
{
    char text[32] = "", number[16] = "";
    if (o->show_tracks && who->track != 0) snprintf(text, sizeof text, "%u", (unsigned)who->track);
    if (o->show_scores && isfinite(score)) write_score(score, number);
    if (text[0] != '\0' && number[0] != '\0') strcat(text, " ");
    strcat(text, number);
    if (text[0] != '\0') draw_plate(image, &who->box, text, width, color);
}

static void draw_person(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_people *people, int person,
                        const hrnet_draw_options *o, const figure_colors *colors)
{
    const hrnet_pose *const who = &people->persons[person];
    const int n = people->n_keypoints;
    const double scaled = n > 0 ? line_width(image, who->keypoints, n, o->threshold) : box_line_width(image, &who->box);
    const double width = o->size > 0 ? o->size : scaled;
    if (o->show_box || n == 0) draw_box(image, &who->box, width * (n > 0 ? 0.6 : 0.8), colors->box);
    if (n > 0) draw_pose(image, skeleton, who->keypoints, o->threshold, width, colors);
    draw_numbers(image, who, n > 0 ? who->score : who->box_score, o, width, colors->box);
}

hrnet_status hrnet_draw_people(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_people *people,
                               const hrnet_draw_options *options)
{
    static const hrnet_draw_options defaults;
    const hrnet_draw_options *o = options != NULL ? options : &defaults;
    HR_TRY(check("hrnet_draw_people", image, o));
    if (people == NULL || (people->n_persons > 0 && people->persons == NULL) ||
        (skeleton == NULL && people->n_persons > 0 && people->n_keypoints > 0))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_draw_people: people, their persons or the skeleton is NULL");
    if (people->n_persons > 0 && people->n_keypoints > 0) {
        HR_TRY(hr_skeleton_check(skeleton));
        HR_TRY(hr_skeleton_check_joints(skeleton, people->n_keypoints));
    }
    hrnet_draw_color color = o->color;
    int has_tracks = 0;
    for (int i = 0; i < people->n_persons; i++) has_tracks |= people->persons[i].track != 0;
    if (color == HRNET_COLOR_AUTO) color = people->n_persons > 1 || has_tracks ? HRNET_COLOR_PERSON : HRNET_COLOR_SIDE;
    for (int i = people->n_persons - 1; i >= 0; i--) {
        const hrnet_pose *const who = &people->persons[i];
        const uint32_t own = who->track != 0 ? who->track - 1 : (uint32_t)i;
        const figure_colors colors = colors_of(own, color);
        if (who->status == HRNET_OK) draw_person(image, skeleton, people, i, o, &colors);
    }
    return HRNET_OK;
}
