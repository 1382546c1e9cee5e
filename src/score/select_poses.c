/*
 * select_poses.c - rescoring and suppression of poses, picture by picture, as upstream's COCODataset.evaluate does
 * before it writes the results file. Samples of one picture follow each other (samples.h), so a picture is a range.
 */
#include "score/select_poses.h"

#include "base/mem.h"

/* Inputs and output of one picture's suppression, allocated for the picture with most samples. */
typedef struct selection {
    float *areas, *scores;
    int *kept;
} selection;

/* Upstream's rescoring: mean of the keypoints' scores above IN_VIS_THRE, times the box's score. */
static double score_pose(const hrnet_keypoint *pose, int n_joints, double in_vis_thre, double box_score)
{
    double sum = 0;
    int n = 0;
    for (int j = 0; j < n_joints; j++) {
        if (!((double)pose[j].score > in_vis_thre)) continue;
        sum += (double)pose[j].score;
        n++;
    }
    return n > 0 ? sum / n * box_score : 0;
}

/* Suppress among the samples [first, first + n) of one picture; s->kept [*n_kept] counts from first. */
static hrnet_status suppress(const hr_samples *samples, const hrnet_keypoint *poses, size_t first, int n,
                             const hr_select_options *options, const double *scores, selection *s, int *n_kept)
{
    for (int i = 0; i < n; i++) {
        const float *scale = samples->list[first + (size_t)i].crop.scale;
        s->areas[i] = scale[0] * 200 * (scale[1] * 200); /* of the padded crop, as upstream: np.prod(s * 200, 1) */
        s->scores[i] = (float)scores[first + (size_t)i];
    }
    const hrnet_keypoint *these = poses + first * (size_t)samples->n_joints;
    return (options->soft_nms ? hrnet_oks_nms_soft : hrnet_oks_nms)(
        these, s->areas, s->scores, n, samples->n_joints, options->sigmas, (float)options->oks_thre, s->kept, n_kept);
}

static size_t end_of_picture(const hr_samples *samples, size_t first)
{
    size_t end = first;
    while (end < samples->n && samples->list[end].image == samples->list[first].image) end++;
    return end;
}

static hrnet_status make_scratch(selection *s, const hr_samples *samples)
{
    size_t most = 1;
    for (size_t i = 0; i < samples->n;) {
        const size_t end = end_of_picture(samples, i);
        if (end - i > most) most = end - i;
        i = end;
    }
    HR_NEW(s->areas, most);
    HR_NEW(s->scores, most);
    HR_NEW(s->kept, most);
    return HRNET_OK;
}

static hrnet_status select_all(const hr_samples *samples, const hrnet_keypoint *poses, const unsigned char *left_out,
                               const hr_select_options *options, double *scores, size_t *kept, size_t *n_kept,
                               selection *s)
{
    HR_TRY(make_scratch(s, samples));
    for (size_t i = 0; i < samples->n;) {
        const size_t end = end_of_picture(samples, i);
        const int skip = left_out[samples->list[i].image];
        int n = 0;
        for (size_t k = i; k < end; k++)
            scores[k] = score_pose(poses + k * (size_t)samples->n_joints, samples->n_joints, options->in_vis_thre,
                                   samples->list[k].score);
        /* the poses of a picture that could not be read are no poses; they are scored 0 and not kept */
        if (!skip) HR_TRY(suppress(samples, poses, i, (int)(end - i), options, scores, s, &n));
        for (int k = 0; k < n; k++) kept[(*n_kept)++] = i + (size_t)s->kept[k];
        i = end;
    }
    return HRNET_OK;
}

hrnet_status hr_select_poses(const hr_samples *samples, const hrnet_keypoint *poses, const unsigned char *left_out,
                             const hr_select_options *options, double *scores, size_t *kept, size_t *n_kept)
{
    selection s = {0};
    *n_kept = 0;
    const hrnet_status status = select_all(samples, poses, left_out, options, scores, kept, n_kept, &s);
    hr_free(s.areas);
    hr_free(s.scores);
    hr_free(s.kept);
    return status;
}
