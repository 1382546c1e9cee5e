/* people.c - the memory of a picture's people, and the score of a pose. */
#include "pose/people.h"

#include <string.h>

#include "base/mem.h"
#include "pose/skeleton.h"

/* Blocks of one picture in a list, so that persons may be moved and dropped without losing what they point to. */
typedef struct block {
    struct block *next;
    _Alignas(HR_ALIGN) unsigned char bytes[];
} block;

void *hr_people_alloc(hrnet_people *people, size_t n_bytes)
{
    if (n_bytes > SIZE_MAX - sizeof(block)) return NULL;
    block *const one = hr_calloc(sizeof *one + n_bytes, 1);
    if (one == NULL) return NULL;
    one->next = people->memory;
    people->memory = one;
    return one->bytes;
}

char *hr_people_text(hrnet_people *people, const char *text)
{
    const size_t n = strlen(text) + 1;
    char *const to = hr_people_alloc(people, n);
    return to != NULL ? memcpy(to, text, n) : NULL;
}

static hrnet_status check_numbers(const char *function, int n_persons, int n_keypoints)
{
    if (n_persons >= 0 && n_keypoints >= 0 && n_keypoints <= HR_MAX_KEYPOINTS) return HRNET_OK;
    return hr_fail(HRNET_ERR_ARGUMENT,
                   "%s: expected no negative numbers, found %d persons and %d keypoints (at most %d)", function,
                   n_persons, n_keypoints, HR_MAX_KEYPOINTS);
}

hrnet_status hrnet_people_add(hrnet_people *people, int n_persons, int n_keypoints)
{
    if (people == NULL || people->n_persons != 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_add: people is NULL, or has persons");
    HR_TRY(check_numbers("hrnet_people_add", n_persons, n_keypoints));
    const size_t n = (size_t)n_persons, n_bytes = n * (size_t)n_keypoints * sizeof(hrnet_keypoint);
    hrnet_keypoint *const keypoints = hr_people_alloc(people, n_bytes);
    hrnet_pose *const persons = hr_people_alloc(people, n * sizeof *persons);
    if (keypoints == NULL || persons == NULL) return hr_fail_memory(n_bytes);
    for (size_t i = 0; i < n; i++) {
        persons[i].box_score = 1;
        persons[i].keypoints = keypoints + i * (size_t)n_keypoints;
    }
    people->persons = persons;
    people->n_persons = n_persons;
    people->n_keypoints = n_keypoints;
    return HRNET_OK;
}

hrnet_status hrnet_people_create(hrnet_people *out, const char *name, int n_persons, int n_keypoints)
{
    hrnet_people people = {0};
    if (out == NULL || name == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_people_create: out or name is NULL");
    HR_TRY(check_numbers("hrnet_people_create", n_persons, n_keypoints));
    people.name = hr_people_text(&people, name);
    const hrnet_status status =
        people.name != NULL ? hrnet_people_add(&people, n_persons, n_keypoints) : hr_fail_memory(strlen(name) + 1);
    if (status != HRNET_OK) {
        hrnet_people_free(&people);
        return status;
    }
    *out = people;
    return HRNET_OK;
}

void hrnet_people_fail(hrnet_people *people, int person, hrnet_status status, const char *message)
{
    if (people == NULL || person < -1 || person >= people->n_persons || status == HRNET_OK) return;
    const char *const kept = message != NULL ? hr_people_text(people, message) : NULL;
    if (person >= 0) {
        people->persons[person].status = status;
        people->persons[person].message = kept;
        return;
    }
    people->status = status;
    people->message = kept;
    people->n_persons = 0;
}

hrnet_status hr_people_append(hrnet_people *people, const hrnet_people *more, size_t map_floats)
{
    const size_t n = (size_t)people->n_persons, n_more = (size_t)more->n_persons;
    const size_t n_numbers = n_more * (size_t)more->n_keypoints;
    const size_t n_maps = more->heatmaps != NULL ? (n + n_more) * map_floats : 0;
    hrnet_pose *const persons = hr_people_alloc(people, (n + n_more) * sizeof *persons);
    hrnet_keypoint *const keypoints = hr_people_alloc(people, n_numbers * sizeof *keypoints);
    float *const heatmaps = n_maps > 0 ? hr_people_alloc(people, n_maps * sizeof *heatmaps) : NULL;
    if (persons == NULL || keypoints == NULL || (n_maps > 0 && heatmaps == NULL))
        return hr_fail_memory((n + n_more) * sizeof *persons);
    if (n > 0) memcpy(persons, people->persons, n * sizeof *persons);
    for (size_t i = 0; i < n_more; i++) {
        hrnet_pose *const one = &persons[n + i];
        *one = more->persons[i];
        one->keypoints = keypoints + i * (size_t)more->n_keypoints;
        if (more->n_keypoints > 0)
            memcpy(one->keypoints, more->persons[i].keypoints, (size_t)more->n_keypoints * sizeof *keypoints);
        if (one->message != NULL) one->message = hr_people_text(people, one->message);
    }
    if (heatmaps != NULL) {
        if (people->heatmaps != NULL) memcpy(heatmaps, people->heatmaps, n * map_floats * sizeof *heatmaps);
        memcpy(heatmaps + n * map_floats, more->heatmaps, n_more * map_floats * sizeof *heatmaps);
        people->heatmaps = heatmaps;
    }
    people->persons = persons;
    people->n_persons = (int)(n + n_more);
    people->n_keypoints = more->n_keypoints;
    return HRNET_OK;
}

void hr_people_drop_untracked(hrnet_people *people, size_t map_floats)
{
    int n = 0;
    for (int i = 0; i < people->n_persons; i++) {
        if (people->persons[i].track == 0 && people->persons[i].status == HRNET_OK) continue;
        people->persons[n] = people->persons[i];
        if (people->heatmaps != NULL)
            memmove(people->heatmaps + (size_t)n * map_floats, people->heatmaps + (size_t)i * map_floats,
                    map_floats * sizeof *people->heatmaps);
        n++;
    }
    people->n_persons = n;
}

void hrnet_people_free(hrnet_people *people)
{
    if (people == NULL) return;
    for (block *one = people->memory, *next; one != NULL; one = next) {
        next = one->next;
        hr_free(one);
    }
    *people = (hrnet_people){0};
}

float hrnet_pose_score(const hrnet_keypoint *keypoints, int n_keypoints, float box_score)
{
    const float visible = 0.2f; /* TEST.IN_VIS_THRE */
    float sum = 0;
    int n = 0;
    for (int k = 0; k < n_keypoints; k++) {
        if (!(keypoints[k].score > visible)) continue;
        sum += keypoints[k].score;
        n++;
    }
    return n > 0 ? sum / (float)n * box_score : 0;
}
