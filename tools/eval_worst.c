/* eval_worst.c - the persons that went worst, truth beside prediction. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_eval.h"
#include "tool.h"

enum { PANEL_WIDTH = 384, PANEL_HEIGHT = 512, GAP = 8 };

/* The part of the picture around everything that will be drawn, without letting a stray joint make it too large. */
static hrnet_crop frame(const hrnet_person_error *error, int n_joints)
{
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (int j = 0; j < n_joints; j++) {
        const double *k = error->truth + (ptrdiff_t)3 * j;
        if (!(k[2] > 0)) continue;
        x0 = fmin(x0, k[0]);
        x1 = fmax(x1, k[0]);
        y0 = fmin(y0, k[1]);
        y1 = fmax(y1, k[1]);
    }
    const double margin = fmax(8, 0.4 * fmax(sqrt(fmax(error->area, 0)), fmax(x1 - x0, y1 - y0)));
    const hrnet_box box = {(float)(x0 - margin), (float)(y0 - margin), (float)(x1 - x0 + 2 * margin),
                           (float)(y1 - y0 + 2 * margin)};
    return hrnet_crop_from_box(box, (float)PANEL_WIDTH / PANEL_HEIGHT);
}

/* One panel: the crop with a pose, given in pixels of the picture, drawn over it. */
static hrnet_status draw_panel(hrnet_image *out, const hrnet_image *image, const hrnet_crop *crop,
                               const hrnet_skeleton *skeleton, const hrnet_keypoint *pose)
{
    const hrnet_draw_options how = {0};
    const hrnet_pixels pixels = hrnet_image_pixels(image);
    double m[6];
    hrnet_status status = hrnet_crop_image(out, &pixels, crop, PANEL_WIDTH, PANEL_HEIGHT, HRNET_SAMPLE_FLOAT);
    if (status != HRNET_OK || pose == NULL) return status;
    hrnet_keypoint *moved = tool_alloc((size_t)skeleton->n_keypoints, sizeof *moved);
    hrnet_crop_matrix(crop, PANEL_WIDTH, PANEL_HEIGHT, 0, m);
    for (int j = 0; j < skeleton->n_keypoints; j++) {
        const double x = (double)pose[j].x, y = (double)pose[j].y;
        moved[j] =
            (hrnet_keypoint){(float)(m[0] * x + m[1] * y + m[2]), (float)(m[3] * x + m[4] * y + m[5]), pose[j].score};
    }
    status = hrnet_draw_pose(out, skeleton, moved, NULL, &how);
    free(moved);
    return status;
}

static void put_panel(hrnet_image *page, const hrnet_image *panel, int left)
{
    for (int y = 0; y < PANEL_HEIGHT; y++)
        memcpy(page->rgb + ((size_t)y * (size_t)page->width + (size_t)left) * 3,
               panel->rgb + (size_t)y * PANEL_WIDTH * 3, (size_t)PANEL_WIDTH * 3);
}

static hrnet_status draw_person(hrnet_evaluation *evaluation, const hrnet_person_error *error,
                                const hrnet_skeleton *skeleton, const char *path)
{
    const int n_joints = skeleton->n_keypoints;
    hrnet_image image = {0}, truth = {0}, found = {0};
    hrnet_keypoint *labels = tool_alloc((size_t)n_joints, sizeof *labels);
    for (int j = 0; j < n_joints; j++) {
        const double *k = error->truth + (ptrdiff_t)3 * j;
        labels[j] = (hrnet_keypoint){(float)k[0], (float)k[1], k[2] > 0 ? 1 : -1};
    }
    const hrnet_crop crop = frame(error, n_joints);
    hrnet_status status = hrnet_evaluation_image(evaluation, error->image_index, &image);
    if (status == HRNET_OK) status = draw_panel(&truth, &image, &crop, skeleton, labels);
    if (status == HRNET_OK) status = draw_panel(&found, &image, &crop, skeleton, error->pose);
    if (status == HRNET_OK) {
        hrnet_image page = {2 * PANEL_WIDTH + GAP, PANEL_HEIGHT, NULL};
        page.rgb = tool_alloc((size_t)page.width * (size_t)page.height, 3);
        put_panel(&page, &truth, 0);
        put_panel(&page, &found, PANEL_WIDTH + GAP);
        status = hrnet_image_save(&page, path);
        free(page.rgb);
    }
    free(labels);
    hrnet_image_free(&image);
    hrnet_image_free(&truth);
    hrnet_image_free(&found);
    return status;
}

int eval_draw_worst(hrnet_evaluation *evaluation, const hrnet_skeleton *skeleton, int n, const char *folder)
{
    hrnet_person_error *errors = NULL;
    size_t n_errors = 0;
    if (tool_make_folder(folder) != 0) return STATUS_FAILED;
    if (hrnet_evaluation_errors(evaluation, &errors, &n_errors) != HRNET_OK) return tool_failed();
    char *chart = tool_text("%s/joint_errors.svg", folder);
    int status = hrnet_person_errors_plot(errors, n_errors, skeleton, chart) == HRNET_OK ? 0 : tool_failed();
    free(chart);
    const size_t n_drawn = (size_t)n < n_errors ? (size_t)n : n_errors;
    for (size_t i = 0; i < n_drawn && status == 0; i++) {
        char *stem = tool_stem(errors[i].image);
        char *path = tool_text("%s/worst_%03zu_oks%.3f_%s.jpg", folder, i + 1, errors[i].oks, stem);
        if (draw_person(evaluation, &errors[i], skeleton, path) != HRNET_OK) status = tool_failed();
        free(path);
        free(stem);
    }
    if (status == 0) printf("worst:     %zu of %zu persons drawn in %s\n", n_drawn, n_errors, folder);
    hrnet_person_errors_free(errors);
    return status;
}
