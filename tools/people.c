/* people.c - groups of pictures through the network. */
#include "people.h"

#include <stdlib.h>
#include <string.h>

#include "tool.h"

static int fail(picture *one)
{
    one->error = tool_text("%s", hrnet_last_error());
    tool_failed();
    return 1;
}

/* The persons of a loaded picture, by its boxes. */
static void add_persons(picture *one, const hrnet_detection *found, size_t n, int n_keypoints)
{
    const hrnet_box whole = {0, 0, (float)one->width, (float)one->height};
    one->persons = tool_alloc(n, sizeof *one->persons);
    one->n_persons = (int)n;
    for (size_t i = 0; i < n; i++) {
        one->persons[i].box = found[i].box.w > 0 ? found[i].box : whole;
        one->persons[i].box_score = found[i].score;
        one->persons[i].keypoints = tool_alloc((size_t)n_keypoints, sizeof *one->persons[i].keypoints);
    }
}

int group_add(group *all, const char *path, const boxes *where, unsigned image_flags, int n_keypoints)
{
    const size_t n = (size_t)all->n_pictures++;
    all->pictures = tool_grow(all->pictures, n, sizeof *all->pictures);
    all->images = tool_grow(all->images, n, sizeof *all->images);
    all->heatmaps = tool_grow(all->heatmaps, n, sizeof *all->heatmaps);
    picture *one = &all->pictures[n];
    hrnet_image *image = &all->images[n];
    *one = (picture){.path = path};
    *image = (hrnet_image){0};
    all->heatmaps[n] = NULL;
    if (hrnet_image_load(image, path, image_flags) != HRNET_OK) return fail(one);
    one->width = image->width;
    one->height = image->height;
    const hrnet_detection *found;
    const size_t n_found = boxes_of(where, path, &found);
    add_persons(one, found, n_found, n_keypoints);
    all->n_persons += one->n_persons;
    return 0;
}

/* Mean of the keypoint scores above IN_VIS_THRE, times the box's score, 0 without any: upstream's evaluate. */
static float person_score(const person *who, int n_keypoints)
{
    const float visible = 0.2f;
    float sum = 0;
    int n = 0;
    for (int k = 0; k < n_keypoints; k++) {
        if (!(who->keypoints[k].score > visible)) continue;
        sum += who->keypoints[k].score;
        n++;
    }
    return n > 0 ? sum / (float)n * who->box_score : 0;
}

/* Run pictures first .. behind-1 in one call. Returns the library's status; nothing was changed on failure. */
static hrnet_status run_pictures(group *all, int first, int behind, hrnet_session *session,
                                 const hrnet_model_info *info, const hrnet_pose_options *options, int want_heatmaps)
{
    const size_t n_joints = (size_t)info->n_joints,
                 map_size = n_joints * (size_t)info->heatmap_height * (size_t)info->heatmap_width;
    size_t n = 0, at = 0;
    for (int i = first; i < behind; i++) n += (size_t)all->pictures[i].n_persons;
    if (n == 0) return HRNET_OK;
    hrnet_person *persons = tool_alloc(n, sizeof *persons);
    hrnet_keypoint *keypoints = tool_alloc(n * n_joints, sizeof *keypoints);
    float *heatmaps = want_heatmaps ? tool_alloc(n * map_size, sizeof *heatmaps) : NULL;
    for (int i = first; i < behind; i++)
        for (int p = 0; p < all->pictures[i].n_persons; p++)
            persons[at++] = (hrnet_person){&all->images[i], all->pictures[i].persons[p].box, 0, NULL};
    const hrnet_status status = hrnet_session_pose(session, persons, (int)n, options, keypoints, heatmaps);
    at = 0;
    for (int i = first; status == HRNET_OK && i < behind; i++) {
        picture *one = &all->pictures[i];
        const size_t n_here = (size_t)one->n_persons;
        if (want_heatmaps) {
            all->heatmaps[i] = tool_alloc(n_here * map_size, sizeof *heatmaps);
            memcpy(all->heatmaps[i], heatmaps + at * map_size, n_here * map_size * sizeof *heatmaps);
        }
        for (int p = 0; p < one->n_persons; p++, at++) {
            memcpy(one->persons[p].keypoints, keypoints + at * n_joints, n_joints * sizeof *keypoints);
            one->persons[p].score = person_score(&one->persons[p], info->n_joints);
        }
    }
    free(persons);
    free(keypoints);
    free(heatmaps);
    return status;
}

int group_run(group *all, hrnet_session *session, const hrnet_model_info *info, const hrnet_pose_options *options,
              int want_heatmaps)
{
    int n_failed = 0;
    if (run_pictures(all, 0, all->n_pictures, session, info, options, want_heatmaps) == HRNET_OK) return 0;
    /* one bad box fails the whole call: each picture on its own shows which */
    for (int i = 0; i < all->n_pictures; i++)
        if (run_pictures(all, i, i + 1, session, info, options, want_heatmaps) != HRNET_OK)
            n_failed += fail(&all->pictures[i]);
    return n_failed;
}

void group_clear(group *all)
{
    for (int i = 0; i < all->n_pictures; i++) {
        picture *one = &all->pictures[i];
        for (int p = 0; p < one->n_persons; p++) free(one->persons[p].keypoints);
        free(one->persons);
        free(one->error);
        free(all->heatmaps[i]);
        hrnet_image_free(&all->images[i]);
    }
    free(all->pictures);
    free(all->images);
    free(all->heatmaps);
    *all = (group){0};
}
