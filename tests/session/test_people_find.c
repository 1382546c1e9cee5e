/*
 * test_people_find.c - hrnet_people_find against the calls that it joins (detector, pose, OKS suppression), bit for
 * bit, whatever the batch, the threads and the other pictures; nobody, many people, and memory that runs out.
 */
#include "finders.h"

#include <math.h>

#include "base/mem.h"

enum { N_PICTURES = 4 };

static hrnet_image images[N_PICTURES];
static hrnet_pixels pictures[N_PICTURES];
static const char *const names[N_PICTURES] = {"photo", "dot", "noise", "card"};

static int open_pictures(void **state)
{
    static uint8_t dot[3] = {9, 99, 199};
    if (load_networks(state) != 0) return -1;
    MUST(hrnet_image_load(&images[0], TEST_DATA "/golden/detect/crop_source.png", 0));
    images[1] = (hrnet_image){1, 1, dot};
    images[2] = noise(130, 70);
    MUST(hrnet_image_load(&images[3], TEST_DATA "/cli/data/card.png", 0));
    for (int i = 0; i < N_PICTURES; i++) pictures[i] = hrnet_image_pixels(&images[i]);
    return 0;
}

static int close_pictures(void **state)
{
    hrnet_image_free(&images[0]);
    test_free(images[2].rgb);
    hrnet_image_free(&images[3]);
    return free_networks(state);
}

/* The people of one picture by the separate calls; the poses of all boxes are in all [n] and heatmaps, kept [*n_kept]
 * are the indices of those that stay. */
typedef struct separate {
    hrnet_objects found;
    hrnet_keypoint *keypoints;
    float *heatmaps, *scores;
    int *kept, n_kept;
} separate;

static separate find_separately(const hrnet_pixels *picture, float oks)
{
    separate s = {.n_kept = 0};
    const hrnet_model_info info = hrnet_model_get_info(the_model);
    hrnet_detector_session *detector = NULL;
    hrnet_session *session = open_session(the_model, 1, 1);
    MUST(hrnet_detector_session_create(&detector, the_detector, &(hrnet_detector_session_options){.threads = 1}));
    MUST(
        hrnet_detector_session_detect(detector, picture, 1, &(hrnet_detect_options){.max_detections = 1001}, &s.found));
    const size_t n = (size_t)s.found.n;
    float *const areas = test_malloc((n + 1) * sizeof *areas);
    s.keypoints = test_malloc((n * (size_t)info.n_joints + 1) * sizeof *s.keypoints);
    s.heatmaps = test_malloc((n + 1) * map_floats(the_model) * sizeof *s.heatmaps);
    s.scores = test_malloc((n + 1) * sizeof *s.scores);
    s.kept = test_malloc((n + 1) * sizeof *s.kept);
    for (size_t p = 0; p < n; p++) {
        const hrnet_object *const one = &s.found.objects[p];
        const hrnet_crop crop = hrnet_crop_from_box(one->box, (float)info.input_width / (float)info.input_height);
        hrnet_keypoint *const keypoints = s.keypoints + p * (size_t)info.n_joints;
        MUST(hrnet_session_pose(session, &(hrnet_person){.pixels = *picture, .box = one->box}, 1, NULL, keypoints,
                                s.heatmaps + p * map_floats(the_model)));
        s.scores[p] = hrnet_pose_score(keypoints, info.n_joints, one->score);
        areas[p] = crop.scale[0] * 200 * (crop.scale[1] * 200);
    }
    MUST(hrnet_oks_nms(s.keypoints, areas, s.scores, (int)n, info.n_joints, hrnet_model_skeleton(the_model)->sigmas,
                       oks, s.kept, &s.n_kept));
    test_free(areas);
    hrnet_session_free(session);
    hrnet_detector_session_free(detector);
    return s;
}

static void free_separate(separate *s)
{
    hrnet_objects_free(&s->found);
    test_free(s->keypoints);
    test_free(s->heatmaps);
    test_free(s->scores);
    test_free(s->kept);
}

static void assert_people_are(const hrnet_people *people, const separate *s)
{
    const size_t n_joints = (size_t)hrnet_model_get_info(the_model).n_joints;
    assert_int_equal(people->status, HRNET_OK);
    assert_int_equal(people->n_persons, s->n_kept);
    assert_int_equal(people->n_suppressed, s->found.n - s->n_kept);
    for (int p = 0; p < people->n_persons; p++) {
        const hrnet_pose *const who = &people->persons[p];
        const size_t from = (size_t)s->kept[p];
        assert_memory_equal(&who->box, &s->found.objects[from].box, sizeof who->box);
        assert_true(who->box_score == s->found.objects[from].score && who->score == s->scores[from]);
        assert_true(p == 0 || who->score <= people->persons[p - 1].score);
        assert_memory_equal(who->keypoints, s->keypoints + from * n_joints, n_joints * sizeof *who->keypoints);
        if (people->heatmaps != NULL)
            assert_memory_equal(people->heatmaps + (size_t)p * map_floats(the_model),
                                s->heatmaps + from * map_floats(the_model), map_floats(the_model) * sizeof(float));
    }
}

/* In one call and picture by picture, in both orders. */
static void check_finder(const hrnet_finder_options *options, const separate expected[N_PICTURES])
{
    hrnet_finder *finder = open_finder(options);
    hrnet_people people[N_PICTURES];
    hrnet_pixels turned[N_PICTURES];
    MUST(hrnet_people_find(finder, pictures, N_PICTURES, names, people));
    for (int i = 0; i < N_PICTURES; i++) {
        assert_string_equal(people[i].name, names[i]);
        assert_int_equal(people[i].width, images[i].width);
        assert_int_equal(people[i].height, images[i].height);
        assert_people_are(&people[i], &expected[i]);
        hrnet_people_free(&people[i]);
        turned[N_PICTURES - 1 - i] = pictures[i];
    }
    MUST(hrnet_people_find(finder, turned, N_PICTURES, NULL, people));
    for (int i = 0; i < N_PICTURES; i++) {
        assert_people_are(&people[i], &expected[N_PICTURES - 1 - i]);
        hrnet_people_free(&people[i]);
        MUST(hrnet_people_find(finder, &pictures[i], 1, NULL, &people[i]));
        assert_people_are(&people[i], &expected[i]);
        hrnet_people_free(&people[i]);
    }
    hrnet_finder_free(finder);
}

static void people_are_those_of_the_separate_calls(void **state)
{
    (void)state;
    static const hrnet_finder_options ways[] = {
        {.threads = 1, .max_batch = 1}, {.threads = 1, .max_batch = 8, .heatmaps = 1}, {.threads = 3, .max_batch = 3}};
    separate expected[N_PICTURES];
    int n_boxes = 0, n_people = 0;
    for (int i = 0; i < N_PICTURES; i++) {
        expected[i] = find_separately(&pictures[i], 0.9f);
        n_boxes += expected[i].found.n;
        n_people += expected[i].n_kept;
    }
    print_message("%d boxes, %d people\n", n_boxes, n_people);
    assert_true(n_people > 10 && expected[0].n_kept > 1);
#ifdef SLOW_BUILD
    const size_t first = 2;
#else
    const size_t first = 0;
#endif
    for (size_t w = first; w < sizeof ways / sizeof *ways; w++) check_finder(&ways[w], expected);
    for (int i = 0; i < N_PICTURES; i++) free_separate(&expected[i]);
}

static void suppression_has_its_options(void **state)
{
    (void)state;
    hrnet_people people;
    separate strict = find_separately(&pictures[3], 0.05f), none = find_separately(&pictures[3], 1);
    int n_good = 0;
    while (n_good < none.found.n && none.found.objects[n_good].score >= 0.4f) n_good++;
    assert_true(n_good > 1 && n_good < none.found.n);
    assert_true(strict.n_kept < none.n_kept && none.n_kept == none.found.n && none.n_kept > 20);
    const struct {
        hrnet_finder_options options;
        int n_kept;
    } ways[] = {{{.threads = 1, .oks_threshold = 0.05f}, strict.n_kept},
                {{.threads = 1, .oks_threshold = 1}, none.n_kept},
                {{.threads = 1, .soft_oks = 1}, 20},
                {{.threads = 1, .threshold = 0.999f}, 0},
                {{.threads = 1, .oks_threshold = 1, .threshold = 0.4f}, n_good}};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        hrnet_finder *finder = open_finder(&ways[w].options);
        MUST(hrnet_people_find(finder, &pictures[3], 1, NULL, &people));
        assert_int_equal(people.n_persons, ways[w].n_kept);
        assert_int_equal(people.is_cut, 0);
        hrnet_people_free(&people);
        hrnet_finder_free(finder);
    }
    hrnet_finder *few = open_finder(&(hrnet_finder_options){.threads = 1, .max_persons = 3, .oks_threshold = 1});
    MUST(hrnet_people_find(few, &pictures[3], 1, NULL, &people));
    assert_int_equal(people.n_persons, 3);
    assert_int_equal(people.is_cut, 1);
    for (int p = 0; p < 3; p++) assert_true(people.persons[p].box_score >= none.found.objects[2].score);
    hrnet_people_free(&people);
    hrnet_finder_free(few);
    free_separate(&strict);
    free_separate(&none);
}

/* Without a pose network: the detector's boxes, in its order. */
static void boxes_alone(void **state)
{
    (void)state;
    hrnet_finder *finder = NULL;
    hrnet_people people;
    separate expected = find_separately(&pictures[0], 1);
    MUST(hrnet_finder_create(&finder, the_detector, NULL, NULL));
    MUST(hrnet_people_find(finder, &pictures[0], 1, NULL, &people));
    assert_int_equal(people.n_persons, expected.found.n);
    assert_int_equal(people.n_keypoints, 0);
    for (int p = 0; p < people.n_persons; p++) {
        assert_memory_equal(&people.persons[p].box, &expected.found.objects[p].box, sizeof(hrnet_box));
        assert_true(people.persons[p].box_score == expected.found.objects[p].score);
    }
    REFUSED(hrnet_people_pose(finder, pictures, 1, &people), HRNET_ERR_ARGUMENT, "no pose network");
    hrnet_people_free(&people);
    hrnet_finder_free(finder);
    free_separate(&expected);
}

/* Persons with given boxes keep their order; one that cannot be looked at says why, and the others are found. */
static void boxes_that_are_given(void **state)
{
    (void)state;
    enum { MANY = 500 };
    const hrnet_model_info info = hrnet_model_get_info(the_model);
    hrnet_finder *finder = NULL;
    hrnet_people people[2] = {{0}, {0}};
    hrnet_keypoint expected[MAX_JOINTS];
    hrnet_session *session = open_session(the_model, 1, 1);
    MUST(hrnet_finder_create(&finder, NULL, the_model, &(hrnet_finder_options){.threads = 2, .heatmaps = 1}));
    MUST(hrnet_people_create(&people[0], "many", MANY, info.n_joints));
    MUST(hrnet_people_create(&people[1], "nobody", 0, info.n_joints));
    for (int p = 0; p < MANY; p++)
        people[0].persons[p].box = (hrnet_box){(float)(p % 50), (float)(p / 50), 20 + (float)(p % 7), 30};
    people[0].persons[7].box = (hrnet_box){NAN, 1, 2, 3};
    people[0].persons[8].box = (hrnet_box){0};
    MUST(hrnet_people_pose(finder, pictures, 2, people));
    assert_int_equal(people[0].n_persons, MANY);
    assert_int_equal(people[0].persons[7].status, HRNET_ERR_ARGUMENT);
    assert_non_null(strstr(people[0].persons[7].message, "box"));
    for (int p = 0; p < MANY; p += p < 20 ? 1 : 97) {
        const hrnet_pose *const who = &people[0].persons[p];
        if (p == 7) continue;
        const hrnet_person person = {.pixels = pictures[0], .box = who->box};
        float *const maps = test_malloc(map_floats(the_model) * sizeof *maps);
        MUST(hrnet_session_pose(session, &person, 1, NULL, expected, maps));
        assert_int_equal(who->status, HRNET_OK);
        assert_memory_equal(who->keypoints, expected, (size_t)info.n_joints * sizeof *expected);
        assert_memory_equal(people[0].heatmaps + (size_t)p * map_floats(the_model), maps,
                            map_floats(the_model) * sizeof *maps);
        assert_true(who->score == hrnet_pose_score(expected, info.n_joints, 1));
        test_free(maps);
    }
    REFUSED(hrnet_people_find(finder, pictures, 1, NULL, people), HRNET_ERR_ARGUMENT, "no detector");
    people[1].n_persons = 1;
    people[1].n_keypoints = info.n_joints + 1;
    people[1].persons = people[0].persons;
    REFUSED(hrnet_people_pose(finder, pictures, 2, people), HRNET_ERR_MISMATCH, "keypoints a person");
    hrnet_people_free(&people[0]);
    hrnet_people_free(&people[1]);
    hrnet_session_free(session);
    hrnet_finder_free(finder);
}

/* An empty view has a status of its own. */
static void one_picture_does_not_stop_the_rest(void **state)
{
    (void)state;
    hrnet_finder *finder = open_finder(NULL);
    const hrnet_pixels some[] = {pictures[3], {0}, pictures[3]};
    hrnet_people people[3];
    MUST(hrnet_people_find(finder, some, 3, NULL, people));
    assert_int_equal(people[0].status, HRNET_OK);
    assert_int_equal(people[1].status, HRNET_ERR_ARGUMENT);
    assert_non_null(people[1].message);
    assert_int_equal(people[1].n_persons, 0);
    assert_true(people[2].n_persons > 0);
    assert_same_people(&people[0], &people[2]);
    for (int i = 0; i < 3; i++) hrnet_people_free(&people[i]);
    MUST(hrnet_people_find(finder, NULL, 0, NULL, NULL));
    hrnet_finder_free(finder);
}

static int always(void *context)
{
    return ++*(int *)context;
}

/* Three classes, of which nobody knows what they are. */
static void a_detector_of_other_things_is_refused(void **state)
{
    (void)state;
    static const char *const overrides[] = {"MODEL.NAME",
                                            "yolox",
                                            "MODEL.NUM_CLASSES",
                                            "3",
                                            "MODEL.EXTRA.STEM_CHANNELS",
                                            "8",
                                            "MODEL.EXTRA.NUM_BLOCKS",
                                            "[1, 1, 1, 1]",
                                            "MODEL.EXTRA.NECK_BLOCKS",
                                            "1",
                                            "MODEL.EXTRA.HEAD_CHANNELS",
                                            "16",
                                            "MODEL.IMAGE_SIZE",
                                            "[64, 64]",
                                            NULL};
    hrnet_config *config = NULL;
    hrnet_detector *other = NULL;
    hrnet_finder *finder = NULL;
    MUST(hrnet_config_load(&config, NULL, overrides, NULL, NULL));
    MUST(hrnet_detector_load(&other, NULL, &(hrnet_detector_options){.config = config}));
    REFUSED(hrnet_finder_create(&finder, other, the_model, NULL), HRNET_ERR_MISMATCH,
            "yolox: expected a detector of people, found one of 3 classes");
    assert_null(finder);
    hrnet_detector_free(other);
    hrnet_config_free(config);
}

static void refusals(void **state)
{
    (void)state;
    hrnet_finder *finder = NULL;
    int n_asked = 0;
    hrnet_people people = {.width = 77};
    const hrnet_model *const network = hrnet_detector_model(the_detector);
    REFUSED(hrnet_finder_create(&finder, NULL, NULL, NULL), HRNET_ERR_ARGUMENT, "NULL");
    REFUSED(hrnet_finder_create(&finder, the_detector, network, NULL), HRNET_ERR_MISMATCH, "found the detector rtmdet");
    const hrnet_finder_options bad[] = {{.max_persons = -1},       {.max_persons = 30000}, {.oks_threshold = NAN},
                                        {.oks_threshold = 1.5f},   {.max_batch = 65},      {.detector_size = 100},
                                        {.reserved = {0, 0, 0, 1}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hrnet_finder_create(&finder, the_detector, the_model, &bad[i]), HRNET_ERR_ARGUMENT);
    assert_null(finder);
    finder = open_finder(&(hrnet_finder_options){.cancelled = always, .context = &n_asked});
    REFUSED(hrnet_people_find(finder, pictures, 1, NULL, &people), HRNET_ERR_CANCELLED, "");
    assert_int_equal(people.width, 77);
    assert_true(n_asked > 0);
    REFUSED(hrnet_people_find(finder, pictures, 1, (const char *const[]){NULL}, &people), HRNET_ERR_ARGUMENT, "name 0");
    hrnet_finder_free(finder);
    hrnet_finder_free(NULL);
}

/* Every allocation of a search fails once: people stay as they were, and nothing leaks. */
static void memory_that_runs_out(void **state)
{
    (void)state;
    hrnet_finder *finder = open_finder(&(hrnet_finder_options){.threads = 1, .heatmaps = 1, .max_persons = 5});
    hrnet_people people[2] = {{0}, {0}};
    const hrnet_pixels two[] = {pictures[3], pictures[1]};
    MUST(hrnet_people_find(finder, two, 2, NULL, people));
    hrnet_people_free(&people[0]);
    hrnet_people_free(&people[1]);
    const size_t held = hr_mem_held();
    hrnet_status status = HRNET_ERR_MEMORY;
    long k = 0;
    for (; status != HRNET_OK; k++) {
        people[0] = people[1] = (hrnet_people){.width = 55};
        hr_mem_fail_after(k);
        status = hrnet_people_find(finder, two, 2, NULL, people);
        hr_mem_fail_after(-1);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_MEMORY);
        assert_true(people[0].width == 55 && people[1].width == 55);
        assert_int_equal(hr_mem_held(), held);
    }
    print_message("failed at %ld allocations\n", k);
    assert_true(k > 10);
    hrnet_people_free(&people[0]);
    hrnet_people_free(&people[1]);
    hrnet_finder_free(finder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_those_of_the_separate_calls),
        cmocka_unit_test(suppression_has_its_options),
        cmocka_unit_test(boxes_alone),
        cmocka_unit_test(boxes_that_are_given),
        cmocka_unit_test(one_picture_does_not_stop_the_rest),
        cmocka_unit_test(a_detector_of_other_things_is_refused),
        cmocka_unit_test(refusals),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, open_pictures, close_pictures);
}
