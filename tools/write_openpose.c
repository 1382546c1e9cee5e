/*
 * write_openpose.c - formats openpose (BODY_25) and openpose-18 (BODY_18): one document a picture with
 * people[].pose_keypoints_2d, as programs around OpenPose expect. The neck, which COCO lacks, is the middle of the
 * shoulders, the middle hip that of the hips, each with the lower of the two scores; MPII has both itself but no face.
 * Points that a network does not know (feet), or that score below the threshold, are 0, 0, 0 - OpenPose's "not found".
 */
#include <string.h>

#include "json_write.h"
#include "writer.h"

enum { NONE = -1 };

/* Where a point comes from: one keypoint, or the middle of two. */
typedef struct source {
    int first, second;
} source;

#define ONE(k)                                                                                                         \
    {                                                                                                                  \
        k, k                                                                                                           \
    }
#define NOT_FOUND                                                                                                      \
    {                                                                                                                  \
        NONE, NONE                                                                                                     \
    }

/* nose neck | right arm | left arm | middle hip | right leg | left leg | eyes ears | feet */
static const source body_25_of_coco[25] = {
    ONE(0),  {5, 6},    ONE(6),    ONE(8),    ONE(10),   ONE(5),    ONE(7),    ONE(9), {11, 12},
    ONE(12), ONE(14),   ONE(16),   ONE(11),   ONE(13),   ONE(15),   ONE(2),    ONE(1), ONE(4),
    ONE(3),  NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND,
};
static const source body_25_of_mpii[25] = {
    NOT_FOUND, ONE(8),    ONE(12),   ONE(11),   ONE(10),   ONE(13),   ONE(14),   ONE(15),   ONE(6),
    ONE(2),    ONE(1),    ONE(0),    ONE(3),    ONE(4),    ONE(5),    NOT_FOUND, NOT_FOUND, NOT_FOUND,
    NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND,
};
enum { MIDDLE_HIP = 8, N_BODY_18 = 18 }; /* BODY_18 is BODY_25 without the middle hip and the feet */

static hrnet_keypoint resolve(source from, const hrnet_keypoint *keypoints, float threshold)
{
    if (from.first == NONE) return (hrnet_keypoint){0};
    const hrnet_keypoint a = keypoints[from.first], b = keypoints[from.second];
    const float score = a.score < b.score ? a.score : b.score;
    if (!(score >= threshold)) return (hrnet_keypoint){0};
    return (hrnet_keypoint){0.5f * (a.x + b.x), 0.5f * (a.y + b.y), score};
}

static void write_person(writer *w, const person *one, int body_25)
{
    static const char *const empty[] = {"face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d"};
    const source *table = strcmp(w->subject->skeleton->name, "mpii") == 0 ? body_25_of_mpii : body_25_of_coco;
    yajl_gen_map_open(w->json);
    json_text(w->json, "person_id");
    json_numbers(w->json, (float[]){-1}, 1);
    json_text(w->json, "pose_keypoints_2d");
    yajl_gen_array_open(w->json);
    for (int i = 0; i < (body_25 ? 25 : N_BODY_18 + 1); i++) {
        if (!body_25 && i == MIDDLE_HIP) continue;
        const hrnet_keypoint point = resolve(table[i], one->keypoints, w->subject->threshold);
        json_number(w->json, point.x);
        json_number(w->json, point.y);
        json_number(w->json, point.score);
    }
    yajl_gen_array_close(w->json);
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        json_text(w->json, empty[i]);
        json_numbers(w->json, NULL, 0);
    }
    yajl_gen_map_close(w->json);
}

static void begin(writer *w)
{
    w->json = json_open(w->stream, 0);
    yajl_gen_map_open(w->json);
    json_text(w->json, "version");
    json_number(w->json, 1.3f);
    json_text(w->json, "people");
    yajl_gen_array_open(w->json);
}

static void add(writer *w, const picture *one)
{
    for (int i = 0; i < one->n_persons; i++) write_person(w, &one->persons[i], w->format == &writer_openpose);
}

static void end(writer *w)
{
    yajl_gen_array_close(w->json);
    yajl_gen_map_close(w->json);
    json_close(w->json, w->stream);
}

const writer_format writer_openpose = {"openpose", "_keypoints.json", 1, begin, add, end};
const writer_format writer_openpose_18 = {"openpose-18", "_keypoints.json", 1, begin, add, end};
