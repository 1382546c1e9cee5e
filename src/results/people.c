/* results/people.c - the memory of a picture's people, and the score of a pose. */
#include <string.h>

#include <hrnet_results.h>

#include "base/mem.h"
#include "pose/skeleton.h"

/* Blocks of one picture in a list, so that persons may be moved and dropped without losing what they point to. */
typedef struct block {
    struct block *next;
    _Alignas(HR_ALIGN) unsigned char bytes[];
} block;

static void *allocate(hrnet_people *people, size_t n_bytes)
{
    block *const one = hr_calloc(sizeof *one + n_bytes, 1);
    if (one == NULL) return NULL;
    one->next = people->memory;
    people->memory = one;
    return one->bytes;
}

static char *copy(hrnet_people *people, const char *text)
{
    const size_t n = strlen(text) + 1;
    char *const to = allocate(people, n);
    return to != NULL ? memcpy(to, text, n) : NULL;
}

static hrnet_status create(hrnet_people *people, const char *name)
{
    const size_t n = (size_t)people->n_persons, n_keypoints = (size_t)people->n_keypoints;
    hrnet_keypoint *const keypoints = allocate(people, n * n_keypoints * sizeof *keypoints);
    people->persons = allocate(people, n * sizeof *people->persons);
    people->name = copy(people, name);
    if (keypoints == NULL || people->persons == NULL || people->name == NULL) return hr_fail_memory(0);
    for (size_t i = 0; i < n; i++) {
        people->persons[i].box_score = 1;
        people->persons[i].keypoints = keypoints + i * n_keypoints;
    }
    return HRNET_OK;
}

hrnet_status hrnet_people_create(hrnet_people *out, const char *name, int n_persons, int n_keypoints)
{
    if (out == NULL || name == NULL || n_persons < 0 || n_keypoints < 0 || n_keypoints > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_ARGUMENT,
                       "hrnet_people_create: an argument is NULL, or %d persons or %d keypoints (at most %d)",
                       n_persons, n_keypoints, HR_MAX_KEYPOINTS);
    hrnet_people people = {.n_persons = n_persons, .n_keypoints = n_keypoints};
    const hrnet_status status = create(&people, name);
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
    const char *const kept = message != NULL ? copy(people, message) : NULL;
    if (person >= 0) {
        people->persons[person].status = status;
        people->persons[person].message = kept;
        return;
    }
    people->status = status;
    people->message = kept;
    people->n_persons = 0;
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
