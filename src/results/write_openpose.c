/*
 * write_openpose.c - formats openpose (BODY_25), openpose-18 (BODY_18) and openpose-raw (the network's own keypoints in
 * their order): one document a picture with people[].pose_keypoints_2d, as programs around OpenPose expect. The neck,
 * which COCO lacks, is the middle of the shoulders, the middle hip that of the hips, each with the lower of the two
 * scores; MPII has both itself but no face. Points that a network does not know (feet), or that score below the
 * threshold, are 0, 0, 0 - OpenPose's "not found".
 */
#include <string.h>

#include "results/writer.h"

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

typedef enum point_set { BODY_25, BODY_18, RAW } point_set;

static void write_point(hrnet_json_writer *json, hrnet_keypoint point)
{
    hrnet_json_float(json, point.x);
    hrnet_json_float(json, point.y);
    hrnet_json_float(json, point.score);
}

static void write_points(hrnet_results_writer *w, const hrnet_pose *one, point_set set)
{
    const float threshold = w->options.threshold;
    const hrnet_skeleton *const skeleton = w->options.skeleton;
    const source *const table = strcmp(skeleton->name, "mpii") == 0 ? body_25_of_mpii : body_25_of_coco;
    const int n = set == RAW ? skeleton->n_keypoints : set == BODY_25 ? 25 : N_BODY_18 + 1;
    hrnet_json_array(&w->json);
    for (int i = 0; i < n; i++) {
        if (set == BODY_18 && i == MIDDLE_HIP) continue;
        write_point(&w->json, resolve(set == RAW ? (source)ONE(i) : table[i], one->keypoints, threshold));
    }
    hrnet_json_close(&w->json);
}

static void write_person(hrnet_results_writer *w, const hrnet_pose *one, point_set set)
{
    static const char *const empty[] = {"face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d"};
    hrnet_json_writer *const json = &w->json;
    hrnet_json_object(json);
    hrnet_json_key(json, "person_id");
    hrnet_json_array(json);
    hrnet_json_integer(json, one->track != 0 ? (int64_t)one->track : -1);
    hrnet_json_close(json);
    hrnet_json_key(json, "pose_keypoints_2d");
    write_points(w, one, set);
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        hrnet_json_key(json, empty[i]);
        hr_json_floats(json, NULL, 0);
    }
    hrnet_json_key(json, "box");
    hr_json_floats(json, (float[]){one->box.x, one->box.y, one->box.w, one->box.h}, 4);
    hrnet_json_key(json, "box_score");
    hrnet_json_float(json, one->box_score);
    hrnet_json_key(json, "score");
    hrnet_json_float(json, one->score);
    hrnet_json_close(json);
}

static void begin(hrnet_results_writer *w)
{
    hr_json_begin(&w->json, 0);
    hrnet_json_object(&w->json);
    hrnet_json_key(&w->json, "version");
    hrnet_json_float(&w->json, 1.3f);
    hrnet_json_key(&w->json, "people");
    hrnet_json_array(&w->json);
}

static void add(hrnet_results_writer *w, const hrnet_people *people, point_set set)
{
    for (int i = 0; i < people->n_persons; i++)
        if (hr_pose_is_good(&people->persons[i])) write_person(w, &people->persons[i], set);
}

static void add_body_25(hrnet_results_writer *w, const hrnet_people *people)
{
    add(w, people, BODY_25);
}

static void add_body_18(hrnet_results_writer *w, const hrnet_people *people)
{
    add(w, people, BODY_18);
}

static void add_raw(hrnet_results_writer *w, const hrnet_people *people)
{
    add(w, people, RAW);
}

static void end(hrnet_results_writer *w)
{
    hrnet_json_close(&w->json);
    hrnet_json_close(&w->json);
    hr_text_add(&w->json.text, "\n");
}

/* A row of the table of formats. */
#define WRITING(format, add_people, known)                                                                             \
    {                                                                                                                  \
        .info = {.name = format, .ending = "_keypoints.json", .single = 1}, .begin = begin, .add = add_people,         \
        .end = end, .needs_keypoints = 1, .known_skeletons_only = known                                                \
    }

const hr_results_writing hr_write_openpose = WRITING("openpose", add_body_25, 1);
const hr_results_writing hr_write_openpose_18 = WRITING("openpose-18", add_body_18, 1);
const hr_results_writing hr_write_openpose_raw = WRITING("openpose-raw", add_raw, 0);
