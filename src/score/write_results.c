/*
 * write_results.c - results files as JSON. COCO's have the layout of Python's json.dump(sort_keys=True, indent=4), so
 * that diff compares them with upstream's: keys sorted, four spaces a level, an element of a list a line.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "score/select_poses.h"
#include "base/text.h"
#include "io/json.h"

/* A float as Python's repr writes it: shortest digits that read back to it, always with a point or an exponent; NaN and
 * infinities in json.dump's words. */
static void write_number(FILE *stream, double value)
{
    char text[HR_NUMBER_TEXT];
    if (!isfinite(value)) {
        fputs(isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity", stream);
        return;
    }
    hr_number_text(value, text);
    fputs(text, stream);
    if (strpbrk(text, ".e") == NULL) fputs(".0", stream);
}

/* A list of n >= 1 numbers, one a line. */
static void write_list(FILE *stream, const double *values, int n, int indent)
{
    for (int i = 0; i < n; i++) {
        fprintf(stream, "%s\n%*s", i == 0 ? "[" : ",", indent + 4, "");
        write_number(stream, values[i]);
    }
    fprintf(stream, "\n%*s]", indent, "");
}

static void write_pair(FILE *stream, const char *key, const float pair[2])
{
    fprintf(stream, "        \"%s\": ", key);
    write_list(stream, (double[]){(double)pair[0], (double)pair[1]}, 2, 8);
    fputs(",\n", stream);
}

static void write_pose(FILE *stream, const hrnet_keypoint *pose, int n_joints)
{
    fputs("        \"keypoints\": ", stream);
    for (int j = 0; j < n_joints; j++) {
        const double values[] = {(double)pose[j].x, (double)pose[j].y, (double)pose[j].score};
        for (int i = 0; i < 3; i++) {
            fputs(i + j == 0 ? "[\n            " : ",\n            ", stream);
            write_number(stream, values[i]);
        }
    }
    fputs("\n        ],\n", stream);
}

void hr_write_coco_results(FILE *stream, const hr_samples *samples, const hrnet_keypoint *poses, const double *scores,
                           const size_t *kept, size_t n_kept)
{
    fputc('[', stream);
    for (size_t i = 0; i < n_kept; i++) {
        const hr_sample *const sample = &samples->list[kept[i]];
        fprintf(stream, "%s\n    {\n        \"category_id\": %" PRId64 ",\n", i == 0 ? "" : ",", sample->category);
        write_pair(stream, "center", sample->crop.center);
        fprintf(stream, "        \"image_id\": %" PRId64 ",\n", samples->images[sample->image].id);
        write_pose(stream, poses + kept[i] * (size_t)samples->n_joints, samples->n_joints);
        write_pair(stream, "scale", sample->crop.scale);
        fputs("        \"score\": ", stream);
        write_number(stream, scores[kept[i]]);
        fputs("\n    }", stream);
    }
    fputs(n_kept > 0 ? "\n]" : "]", stream);
}

void hr_write_box_results(FILE *stream, const hrnet_coco_results *results)
{
    fputc('[', stream);
    for (size_t i = 0; i < results->n; i++) {
        fprintf(stream, "%s\n    {\"image_id\": %" PRId64 ", \"category_id\": %" PRId64 ", \"bbox\": [",
                i == 0 ? "" : ",", results->image_ids[i], results->category_ids[i]);
        for (int k = 0; k < 4; k++) {
            if (k > 0) fputs(", ", stream);
            write_number(stream, results->boxes[i][k]);
        }
        fputs("], \"score\": ", stream);
        write_number(stream, results->scores[i]);
        fputc('}', stream);
    }
    fputs(results->n > 0 ? "\n]\n" : "]\n", stream);
}

static void write_point(FILE *stream, double x, double y)
{
    fputc('[', stream);
    write_number(stream, x);
    fputs(", ", stream);
    write_number(stream, y);
    fputc(']', stream);
}

static void write_mpii_pose(FILE *stream, const hrnet_keypoint *pose, int n_joints)
{
    fputs(", \"joints\": [", stream);
    for (int j = 0; j < n_joints; j++) {
        if (j > 0) fputs(", ", stream);
        write_point(stream, (double)pose[j].x + 1, (double)pose[j].y + 1);
    }
    fputs("], \"scores\": [", stream);
    for (int j = 0; j < n_joints; j++) {
        if (j > 0) fputs(", ", stream);
        write_number(stream, (double)pose[j].score);
    }
    fputs("]}", stream);
}

void hr_write_mpii_poses(FILE *stream, const hr_samples *samples, const hrnet_keypoint *poses)
{
    fputc('[', stream);
    for (size_t i = 0; i < samples->n; i++) {
        const hr_sample *const sample = &samples->list[i];
        /* undo hr_mpii_set_parse's change of center and scale, so that the file's values come back */
        const double scale = (double)sample->crop.scale[0] / 1.25;
        fprintf(stream, "%s\n    {\"image\": ", i == 0 ? "" : ",");
        hr_json_write_string(stream, samples->images[sample->image].name);
        fputs(", \"center\": ", stream);
        write_point(stream, (double)sample->crop.center[0] + 1, (double)sample->crop.center[1] + 1 - 15 * scale);
        fputs(", \"scale\": ", stream);
        write_number(stream, scale);
        write_mpii_pose(stream, poses + i * (size_t)samples->n_joints, samples->n_joints);
    }
    fputs(samples->n > 0 ? "\n]\n" : "]\n", stream);
}
