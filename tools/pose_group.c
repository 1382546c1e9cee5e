/* pose_group.c - groups of pictures through the network. */
#include "pose_group.h"

#include <stdlib.h>
#include <string.h>

#include "tool.h"

static void create_people(hrnet_people *people, const char *path, size_t n_persons, int n_keypoints)
{
    if (hrnet_people_create(people, path, (int)n_persons, n_keypoints) != HRNET_OK) exit(tool_failed());
}

int pose_group_add(pose_group *all, const char *path, const boxes *where, unsigned image_flags, int n_keypoints)
{
    const size_t n = (size_t)all->n_pictures++;
    all->people = tool_grow(all->people, n, sizeof *all->people);
    all->images = tool_grow(all->images, n, sizeof *all->images);
    all->heatmaps = tool_grow(all->heatmaps, n, sizeof *all->heatmaps);
    hrnet_people *const people = &all->people[n];
    hrnet_image *const image = &all->images[n];
    *people = (hrnet_people){0};
    *image = (hrnet_image){0};
    all->heatmaps[n] = NULL;
    const hrnet_status status = hrnet_image_load(image, path, image_flags);
    if (status != HRNET_OK) {
        create_people(people, path, 0, n_keypoints);
        hrnet_people_fail(people, -1, status, hrnet_last_error());
        tool_failed();
        return 1;
    }
    if (hrnet_image_warning()[0] != '\0') tool_error("warning: %s", hrnet_image_warning());
    all->n_bytes += (size_t)image->width * (size_t)image->height * 3;
    const hrnet_box whole = {0, 0, (float)image->width, (float)image->height};
    const hrnet_detection *found;
    const size_t n_found = boxes_of(where, path, &found);
    create_people(people, path, n_found, n_keypoints);
    people->width = image->width;
    people->height = image->height;
    for (size_t i = 0; i < n_found; i++) {
        people->persons[i].box = found[i].box.w > 0 ? found[i].box : whole;
        people->persons[i].box_score = found[i].score;
        people->persons[i].category_id = found[i].category_id;
        people->persons[i].has_category = found[i].has_category;
    }
    if (n_found > 0) { /* all boxes of a picture have its id */
        people->image_id = found[0].image_id;
        people->has_image_id = found[0].has_image_id;
        people->image_text = found[0].image_text;
    }
    all->n_persons += people->n_persons;
    return 0;
}

/* Person `index` of all persons of the group; *number is the one in its picture. */
static hrnet_people *find_person(pose_group *all, int index, int *number)
{
    hrnet_people *people = all->people;
    while (index >= people->n_persons) index -= (people++)->n_persons;
    *number = index;
    return people;
}

static void on_refused(void *context, int person, hrnet_status status, const char *reason)
{
    int number;
    hrnet_people *const people = find_person(context, person, &number);
    tool_error("%s: person %d: %s", people->name, number, reason);
    hrnet_people_fail(people, number, status, reason);
}

/* What was found to the people; returns how many persons failed. */
static int share_out(pose_group *all, const hrnet_keypoint *keypoints, const float *heatmaps, size_t map_size)
{
    int n_failed = 0;
    for (int i = 0; i < all->n_pictures; i++) {
        hrnet_people *const people = &all->people[i];
        const size_t n_here = (size_t)people->n_persons, n_keypoints = (size_t)people->n_keypoints;
        if (heatmaps != NULL) {
            all->heatmaps[i] = tool_alloc(n_here * map_size, sizeof *heatmaps);
            memcpy(all->heatmaps[i], heatmaps, n_here * map_size * sizeof *heatmaps);
            heatmaps += n_here * map_size;
        }
        for (size_t p = 0; p < n_here; p++, keypoints += n_keypoints) {
            hrnet_pose *const who = &people->persons[p];
            n_failed += who->status != HRNET_OK;
            memcpy(who->keypoints, keypoints, n_keypoints * sizeof *keypoints);
            who->score = hrnet_pose_score(who->keypoints, people->n_keypoints, who->box_score);
        }
    }
    return n_failed;
}

int pose_group_run(pose_group *all, hrnet_session *session, const hrnet_model_info *info,
                   const hrnet_pose_options *options, int want_heatmaps)
{
    const size_t n_joints = (size_t)info->n_joints, n = (size_t)all->n_persons,
                 map_size = n_joints * (size_t)info->heatmap_height * (size_t)info->heatmap_width;
    hrnet_pose_options how = *options;
    size_t at = 0;
    if (n == 0) return 0;
    hrnet_person *const persons = tool_alloc(n, sizeof *persons);
    hrnet_keypoint *const keypoints = tool_alloc(n * n_joints, sizeof *keypoints);
    float *const heatmaps = want_heatmaps ? tool_alloc(n * map_size, sizeof *heatmaps) : NULL;
    for (int i = 0; i < all->n_pictures; i++)
        for (int p = 0; p < all->people[i].n_persons; p++)
            persons[at++] =
                (hrnet_person){.pixels = hrnet_image_pixels(&all->images[i]), .box = all->people[i].persons[p].box};
    how.statuses = tool_alloc(n, sizeof *how.statuses);
    how.on_refused = on_refused;
    how.context = all;
    if (hrnet_session_pose(session, persons, (int)n, &how, keypoints, heatmaps) != HRNET_OK) exit(tool_failed());
    const int n_failed = share_out(all, keypoints, heatmaps, map_size);
    free(persons);
    free(keypoints);
    free(heatmaps);
    free(how.statuses);
    return n_failed;
}

void pose_group_clear(pose_group *all)
{
    for (int i = 0; i < all->n_pictures; i++) {
        hrnet_people_free(&all->people[i]);
        hrnet_image_free(&all->images[i]);
        free(all->heatmaps[i]);
    }
    free(all->people);
    free(all->images);
    free(all->heatmaps);
    *all = (pose_group){0};
}
