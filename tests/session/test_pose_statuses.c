/*
 * test_pose_statuses.c - what becomes of each person: bad ones are left out and told, a cancelled call keeps what was
 * done; and pictures of every format give the same poses.
 */
#include "persons.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static hrnet_model *model;

static int load_model(void **state)
{
    (void)state;
    model = golden_model(net_names[0], NULL);
    return 0;
}

static int free_model(void **state)
{
    (void)state;
    hrnet_model_free(model);
    return 0;
}

/* ---------------------------------------------------------------------------------------------- bad persons */

enum { N_ALL = 2 * N_PERSONS, POSES = N_ALL * MAX_JOINTS };

typedef struct refusals {
    int persons[N_ALL], n;
    char reasons[N_ALL][200];
} refusals;

static void note_refusal(void *context, int person, hrnet_status status, const char *reason)
{
    refusals *const r = context;
    assert_int_equal(status, HRNET_ERR_ARGUMENT);
    r->persons[r->n] = person;
    snprintf(r->reasons[r->n++], sizeof r->reasons[0], "%s", reason);
}

/* Good persons at the places of `good`, bad ones of every kind elsewhere. */
static void mix_persons(hrnet_person persons[N_ALL], const hrnet_image *image, const int good[N_PERSONS])
{
    hrnet_person of_image[N_PERSONS];
    make_persons(of_image, image);
    for (int i = 0; i < N_ALL; i++) {
        persons[i] = of_image[0];
        if (i % 3 == 0) persons[i].box = (hrnet_box){0, 0, NAN, 1};
        if (i % 3 == 1) persons[i].pixels = (hrnet_pixels){0};
        if (i % 3 == 2) persons[i].pixels.format = (hrnet_pixel_format)99;
    }
    for (int i = 0; i < N_PERSONS; i++) persons[good[i]] = of_image[i];
}

/* Good persons have the bits that they have alone, however passes are cut; outputs of bad ones are left as they were.
 */
static void bad_persons_do_not_fail_the_others(void **state)
{
    (void)state;
    static const int orders[][N_PERSONS] = {{0, 1, 2, 3, 4}, {5, 6, 7, 8, 9}, {1, 3, 5, 7, 9}, {0, 4, 5, 6, 9}};
    hrnet_image image = noise(100, 90);
    hrnet_person alone[N_PERSONS], persons[N_ALL];
    const size_t n_maps = map_floats(model);
    float *const maps = test_malloc(N_ALL * n_maps * sizeof *maps), *const expected_maps =
                                                                        test_malloc(N_PERSONS * n_maps * sizeof *maps);
    make_persons(alone, &image);
    for (int k = 0; k < 16; k++) {
        const int *const good = orders[k / 4];
        hrnet_session *session = open_session(model, 2, k % 4 + 1);
        hrnet_keypoint expected[N_PERSONS * MAX_JOINTS], found[POSES], untouched[POSES];
        hrnet_status statuses[N_ALL];
        refusals told = {.n = 0};
        const hrnet_pose_options how = {
            .flip_test = k & 1, .statuses = statuses, .on_refused = note_refusal, .context = &told};
        MUST(hrnet_session_pose(session, alone, N_PERSONS, &(hrnet_pose_options){.flip_test = k & 1}, expected,
                                expected_maps));
        mix_persons(persons, &image, good);
        memset(found, 0x5A, sizeof found);
        memset(untouched, 0x5A, sizeof untouched);
        memset(maps, 0x5A, N_ALL * n_maps * sizeof *maps);
        MUST(hrnet_session_pose(session, persons, N_ALL, &how, found, maps));
        for (int i = 0, g = 0, b = 0; i < N_ALL; i++) {
            const int is_good = g < N_PERSONS && good[g] == i;
            assert_int_equal(statuses[i], is_good ? HRNET_OK : HRNET_ERR_ARGUMENT);
            assert_memory_equal(found + i * MAX_JOINTS, is_good ? expected + g * MAX_JOINTS : untouched,
                                MAX_JOINTS * sizeof *found);
            if (is_good) {
                assert_memory_equal(maps + (size_t)i * n_maps, expected_maps + (size_t)g * n_maps,
                                    n_maps * sizeof *maps);
                g++;
            } else {
                static const char *const reasons[] = {"box: expected finite", "expected a picture", "format 99"};
                assert_int_equal(told.persons[b], i);
                assert_non_null(strstr(told.reasons[b++], reasons[i % 3]));
            }
        }
        assert_int_equal(told.n, N_ALL - N_PERSONS);
        hrnet_session_free(session);
    }
    test_free(maps);
    test_free(expected_maps);
    test_free(image.rgb);
}

/* Nobody good is no failure either, and nobody need be told. */
static void all_may_be_bad(void **state)
{
    (void)state;
    const hrnet_person persons[2] = {{.box = {1, 2, 3, 4}}, {.box = {1, 2, 3, 4}}};
    hrnet_session *session = open_session(model, 1, 2);
    hrnet_keypoint found[2 * MAX_JOINTS] = {{0}};
    hrnet_status statuses[2] = {HRNET_OK, HRNET_OK};
    MUST(hrnet_session_pose(session, persons, 2, &(hrnet_pose_options){.statuses = statuses}, found, NULL));
    assert_int_equal(statuses[0], HRNET_ERR_ARGUMENT);
    assert_int_equal(statuses[1], HRNET_ERR_ARGUMENT);
    REFUSED(hrnet_session_pose(session, persons, 2, &(hrnet_pose_options){.reserved = {0, 1}}, found, NULL),
            HRNET_ERR_ARGUMENT, "reserved[1]");
    hrnet_session_free(session);
}

/* ---------------------------------------------------------------------------------------------- cancelling */

typedef struct patience {
    int n_asked, limit; /* the call is cancelled when asked after `limit` times */
} patience;

static int run_out(void *context)
{
    patience *const p = context;
    return p->n_asked++ == p->limit;
}

/* Asked before each pass; passes that were finished count, with the bits of a whole call, the others did nothing. */
static void cancelled_calls_keep_what_was_done(void **state)
{
    (void)state;
    enum { BATCH = 2, PASSES = (N_PERSONS + BATCH - 1) / BATCH };
    hrnet_image image = noise(100, 90);
    hrnet_person persons[N_PERSONS];
    hrnet_session *session = open_session(model, 2, BATCH);
    hrnet_keypoint expected[N_PERSONS * MAX_JOINTS], found[N_PERSONS * MAX_JOINTS], untouched[N_PERSONS * MAX_JOINTS];
    make_persons(persons, &image);
    MUST(hrnet_session_pose(session, persons, N_PERSONS, NULL, expected, NULL));
    memset(untouched, 0x5A, sizeof untouched);
    for (int limit = 0; limit <= PASSES; limit++) {
        for (int with_statuses = 0; with_statuses < 2; with_statuses++) {
            patience p = {.limit = limit};
            hrnet_status statuses[N_PERSONS];
            const hrnet_pose_options how = {
                .statuses = with_statuses ? statuses : NULL, .cancelled = run_out, .context = &p};
            const int n_done = limit < PASSES ? limit * BATCH : N_PERSONS;
            memset(found, 0x5A, sizeof found);
            const hrnet_status status = hrnet_session_pose(session, persons, N_PERSONS, &how, found, NULL);
            assert_int_equal(status, limit < PASSES ? HRNET_ERR_CANCELLED : HRNET_OK);
            assert_int_equal(p.n_asked, limit < PASSES ? limit + 1 : PASSES);
            for (int i = 0; i < N_PERSONS; i++) {
                assert_memory_equal(found + i * MAX_JOINTS, (i < n_done ? expected : untouched) + i * MAX_JOINTS,
                                    MAX_JOINTS * sizeof *found);
                if (with_statuses) assert_int_equal(statuses[i], i < n_done ? HRNET_OK : HRNET_ERR_CANCELLED);
            }
        }
    }
    assert_string_equal(hrnet_status_text(HRNET_ERR_CANCELLED), "cancelled");
    hrnet_session_free(session);
    test_free(image.rgb);
}

/* ---------------------------------------------------------------------------------------------- formats */

/* The picture as BGRA with a gap behind each row, stored from the bottom up: the same bits as the image. */
static void a_view_gives_the_same_poses(void **state)
{
    (void)state;
    enum { W = 100, H = 90, STRIDE = 4 * W + 12 };
    hrnet_image image = noise(W, H);
    uint8_t *const bytes = test_calloc(STRIDE * H, 1), *const top = bytes + STRIDE * (H - 1);
    for (int i = 0; i < W * H; i++)
        for (int c = 0; c < 3; c++) top[-(i / W) * STRIDE + i % W * 4 + 2 - c] = image.rgb[3 * i + c];
    hrnet_person persons[N_PERSONS];
    hrnet_session *session = open_session(model, 2, 3);
    hrnet_keypoint expected[N_PERSONS * MAX_JOINTS], found[N_PERSONS * MAX_JOINTS];
    make_persons(persons, &image);
    MUST(hrnet_session_pose(session, persons, N_PERSONS, NULL, expected, NULL));
    for (int i = 0; i < N_PERSONS; i++)
        persons[i].pixels =
            (hrnet_pixels){.width = W, .height = H, .format = HRNET_PIXELS_BGRA, .planes = {top}, .strides = {-STRIDE}};
    MUST(hrnet_session_pose(session, persons, N_PERSONS, NULL, found, NULL));
    assert_memory_equal(found, expected, sizeof found);
    hrnet_session_free(session);
    test_free(bytes);
    test_free(image.rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_persons_do_not_fail_the_others),
        cmocka_unit_test(all_may_be_bad),
        cmocka_unit_test(cancelled_calls_keep_what_was_done),
        cmocka_unit_test(a_view_gives_the_same_poses),
    };
    return cmocka_run_group_tests(tests, load_model, free_model);
}
