/* test_mot_score.c - HOTA, MOTA and IDF1 against TrackEval's numbers, of files with and without classes, alone and
 * together; MOTChallenge files that are refused. */
#include "score_files.h"

#include <math.h>
#include <stdlib.h>

#include "score/mot_score.h"

/* ---------------------------------------------------------------------------------------------- helpers */

static void load(hrnet_mot_boxes *out, const char *name, const char *ending)
{
    char file[100];
    snprintf(file, sizeof file, "mot/%s_%s.txt", name, ending);
    *out = (hrnet_mot_boxes){0};
    MUST(hrnet_mot_boxes_load(out, golden_path(file)));
}

static void score_set(hrnet_mot_score *score, const char *name, hrnet_mot_benchmark benchmark)
{
    hrnet_mot_boxes truth, results;
    load(&truth, name, "gt");
    load(&results, name, "dt");
    MUST(hrnet_mot_evaluate(score, &truth, &results, &(hrnet_mot_options){.benchmark = benchmark}));
    hrnet_mot_boxes_free(&truth);
    hrnet_mot_boxes_free(&results);
}

static hrnet_mot_boxes parse(const char *text)
{
    hrnet_mot_boxes boxes = {0};
    MUST(hr_mot_parse(&boxes, text, strlen(text)));
    return boxes;
}

static double number_of(const hr_json *object, const char *name)
{
    double number = 0;
    if (!hr_json_number(hr_json_get(object, name), &number)) fail_msg("expected a number \"%s\"", name);
    return number;
}

static int index_of(const char *name)
{
    for (int i = 0; i < HRNET_MOT_NUMBERS; i++)
        if (strcmp(hrnet_mot_number_names()[i], name) == 0) return i;
    return -1;
}

/* ---------------------------------------------------------------------------------------------- golden values */

static void check_counts_at(const hr_json *list, const size_t counts[HRNET_MOT_THRESHOLDS])
{
    double values[HRNET_MOT_THRESHOLDS];
    for (int t = 0; t < HRNET_MOT_THRESHOLDS; t++) values[t] = (double)counts[t];
    assert_numbers(list, values, HRNET_MOT_THRESHOLDS, 0);
}

/* All that TrackEval says of a sequence, as {"HOTA": {..}, "CLEAR": {..}, "Identity": {..}}. */
static void check_all(const hrnet_mot_score *score, const hr_json *expected)
{
    const hr_json *const hota = hr_json_get(expected, "HOTA"), *const clear = hr_json_get(expected, "CLEAR");
    const hr_json *const identity = hr_json_get(expected, "Identity");
    for (int c = 0; c < HRNET_MOT_CURVES; c++)
        assert_numbers(hr_json_get(hota, hrnet_mot_number_names()[c]), score->curves[c], HRNET_MOT_THRESHOLDS, 1e-9);
    check_counts_at(hr_json_get(hota, "HOTA_TP"), score->n_matched_at);
    check_counts_at(hr_json_get(hota, "HOTA_FN"), score->n_missed_at);
    check_counts_at(hr_json_get(hota, "HOTA_FP"), score->n_false_at);
    assert_near(score->numbers[HRNET_MOT_MOTA], number_of(clear, "MOTA"), 1e-9);
    assert_near(score->numbers[HRNET_MOT_MOTP], number_of(clear, "MOTP"), 1e-9);
    assert_near(score->iou_sum, number_of(clear, "MOTP_sum"), 1e-9);
    assert_int_equal(score->n_matched, number_of(clear, "CLR_TP"));
    assert_int_equal(score->n_missed, number_of(clear, "CLR_FN"));
    assert_int_equal(score->n_false, number_of(clear, "CLR_FP"));
    assert_int_equal(score->n_switches, number_of(clear, "IDSW"));
    assert_int_equal(score->n_mostly_tracked, number_of(clear, "MT"));
    assert_int_equal(score->n_partly_tracked, number_of(clear, "PT"));
    assert_int_equal(score->n_mostly_lost, number_of(clear, "ML"));
    assert_int_equal(score->n_fragments, number_of(clear, "Frag"));
    assert_near(score->numbers[HRNET_MOT_IDF1], number_of(identity, "IDF1"), 1e-9);
    assert_near(score->numbers[HRNET_MOT_IDP], number_of(identity, "IDP"), 1e-9);
    assert_near(score->numbers[HRNET_MOT_IDR], number_of(identity, "IDR"), 1e-9);
    assert_int_equal(score->n_id_matched, number_of(identity, "IDTP"));
    assert_int_equal(score->n_id_missed, number_of(identity, "IDFN"));
    assert_int_equal(score->n_id_false, number_of(identity, "IDFP"));
}

/* Public sequences with a tracker's results, and made-up ones. */
static void test_published_numbers(void **state)
{
    static const char *const sets[] = {"made1", "made2", "made3", "TUD-Campus", "TUD-Stadtmitte"};
    static const char *const rates[] = {"HOTA", "DetA", "AssA", "LocA", "MOTA", "IDF1"};
    (void)state;
    hr_json_document document;
    read_json(&document, golden_path("mot/scores.json"));
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        hrnet_mot_score score;
        score_set(&score, sets[i], HRNET_MOT_AUTO);
        assert_int_equal(score.benchmark, HRNET_MOT15);
        const hr_json *const expected = hr_json_get(hr_json_get(document.root, sets[i]), "trackeval");
        for (size_t k = 0; k < sizeof rates / sizeof *rates; k++)
            assert_near(score.numbers[index_of(rates[k])], number_of(expected, rates[k]), 1e-9);
        assert_int_equal(score.n_switches, number_of(expected, "IDSW"));
        assert_int_equal(score.n_false, number_of(expected, "CLR_FP"));
        assert_int_equal(score.n_missed, number_of(expected, "CLR_FN"));
        assert_int_equal(score.n_mostly_tracked, number_of(expected, "MT"));
        assert_int_equal(score.n_mostly_lost, number_of(expected, "ML"));
        assert_int_equal(score.n_fragments, number_of(expected, "Frag"));
    }
    hr_json_free(&document);
}

/* Every number of every threshold. */
static void test_curves(void **state)
{
    static const char *const sets[] = {"good", "swaps", "poor", "empty_tracker"};
    (void)state;
    hr_json_document document;
    read_json(&document, golden_path("mot/tracking.json"));
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        hrnet_mot_score score;
        score_set(&score, sets[i], HRNET_MOT_AUTO);
        check_all(&score, hr_json_get(document.root, sets[i]));
    }
    hr_json_free(&document);
}

static const char *const streets[] = {"street-a", "street-b", "street-c", "street-d", "street-e"};
enum { N_STREETS = sizeof streets / sizeof *streets };

/* Rows of confidence 0, distractors, a sequence without results, one without people, one with many equally good
 * choices; and all of them together. */
static void test_classes(void **state)
{
    static const struct {
        const char *name;
        hrnet_mot_benchmark benchmark, expected;
    } cases[] = {{"mot15", HRNET_MOT15, HRNET_MOT15},
                 {"mot17", HRNET_MOT17, HRNET_MOT17},
                 {"mot17", HRNET_MOT_AUTO, HRNET_MOT17},
                 {"mot20", HRNET_MOT20, HRNET_MOT20}};
    (void)state;
    hr_json_document document;
    read_json(&document, golden_path("mot/street.json"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hr_json *const expected = hr_json_get(document.root, cases[i].name);
        hrnet_mot_score scores[N_STREETS];
        for (int k = 0; k < N_STREETS; k++) {
            const hr_json *const one = hr_json_get(expected, streets[k]), *const counts = hr_json_get(one, "Count");
            score_set(&scores[k], streets[k], cases[i].benchmark);
            check_all(&scores[k], one);
            assert_int_equal(scores[k].benchmark, cases[i].expected);
            assert_int_equal(scores[k].n_truths, number_of(counts, "GT_Dets"));
            assert_int_equal(scores[k].n_people, number_of(counts, "GT_IDs"));
            assert_int_equal(scores[k].n_results, number_of(counts, "Dets"));
            assert_int_equal(scores[k].n_tracks, number_of(counts, "IDs"));
        }
        MUST(hrnet_mot_combine(&scores[0], scores, N_STREETS)); /* in place */
        check_all(&scores[0], hr_json_get(expected, "COMBINED_SEQ"));
    }
    hr_json_free(&document);
}

/* ---------------------------------------------------------------------------------------------- small cases */

static void test_left_out(void **state)
{
    (void)state;
    /* frame 1: a pedestrian and a static person, both found; frame 2: a pedestrian to ignore, and a car; frame 3:
     * behind the last of the ground truth */
    hrnet_mot_boxes truth =
        parse("1,1,0,0,10,20,1,1,1\n1,2,100,0,10,20,0,7,1\n2,1,0,0,10,20,0.9,1,1\n2,3,50,0,9,9,0,3,1\n");
    hrnet_mot_boxes results = parse("1,7,0,0,10,20,1,-1,-1,-1\n1,8,100,1,10,20,1,-1,-1,-1\n3,7,0,0,10,20,1,-1,-1,-1\n");
    hrnet_mot_score score;
    MUST(hrnet_mot_evaluate(&score, &truth, &results, NULL));
    assert_int_equal(score.n_truths, 1);
    assert_int_equal(score.n_ignored, 3); /* the static person and the car have confidence 0, too */
    assert_int_equal(score.n_other_classes, 0);
    assert_int_equal(score.n_distracted, 1);
    assert_int_equal(score.n_results, 2);
    assert_int_equal(score.n_after, 1);
    assert_int_equal(score.n_frames, 3);
    assert_int_equal(score.n_matched, 1);
    assert_int_equal(score.n_false, 1);
    truth.boxes[1].confidence = 1;
    MUST(hrnet_mot_evaluate(&score, &truth, &results, NULL));
    assert_int_equal(score.n_ignored, 2);
    assert_int_equal(score.n_other_classes, 1);
    hrnet_mot_boxes_free(&truth);
    hrnet_mot_boxes_free(&results);
}

/* A frame without results does not end what is tracked: TrackEval passes over it, for fragments as well. */
static void test_gaps(void **state)
{
    (void)state;
    hrnet_mot_boxes truth =
        parse("1,1,0,0,10,20,1\n2,1,0,0,10,20,1\n3,1,0,0,10,20,1\n4,1,0,0,10,20,1\n5,1,0,0,10,20,1\n");
    hrnet_mot_boxes results = parse("1,7,0,0,10,20,1\n3,7,0,0,10,20,1\n4,9,300,0,10,20,1\n5,8,0,0,10,20,1\n");
    hrnet_mot_score score;
    MUST(hrnet_mot_evaluate(&score, &truth, &results, NULL));
    assert_int_equal(score.n_matched, 3);
    assert_int_equal(score.n_fragments, 1); /* frame 4 has a result elsewhere */
    assert_int_equal(score.n_switches, 1);
    assert_near(score.numbers[HRNET_MOT_MOTA], 1 - (2 + 1 + 1) / 5.0, 1e-15);
    assert_near(score.numbers[HRNET_MOT_IDF1], 2 * 2 / (2 * 2 + 3 + 2.0), 1e-15);
    hrnet_mot_boxes_free(&truth);
    hrnet_mot_boxes_free(&results);
}

/* The order of rows changes nothing, and neither do blanks, marks and empty lines. */
static void test_what_exporters_write(void **state)
{
    (void)state;
    hrnet_mot_boxes plain = parse("1,1,0,0,10,20,1,-1,-1,-1\n2,1,5,0,10,20,1,-1,-1,-1\n");
    static const char *const others[] = {"\xEF\xBB\xBF\x31,1,0,0,10,20,1,-1,-1,-1\r\n\r\n2,1,5,0,10,20,1,-1,-1,-1",
                                         "1 1 0 0 10 20 1 -1 -1 -1\n\n  \n2\t1\t5\t0\t10\t20\t1\t-1\t-1\t-1\n",
                                         "1.0, 1.0, 0.0, 0, 1e1, 20, 1, -1, -1, -1,\n2,1,5,0,10,20,1,-1,-1,-1,\n",
                                         "1,1,0,0,10,20,1,-1,-1\n2,1,5,0,10,20,1,-1,-1\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        hrnet_mot_boxes boxes = parse(others[i]);
        assert_int_equal(boxes.n, plain.n);
        assert_int_equal(boxes.has_classes, 0);
        for (size_t k = 0; k < plain.n; k++) {
            assert_int_equal(boxes.boxes[k].frame, plain.boxes[k].frame);
            assert_int_equal(boxes.boxes[k].id, plain.boxes[k].id);
            assert_near(boxes.boxes[k].left, plain.boxes[k].left, 0);
            assert_near(boxes.boxes[k].width, plain.boxes[k].width, 0);
        }
        hrnet_mot_boxes_free(&boxes);
    }
    hrnet_mot_boxes_free(&plain);
    hrnet_mot_boxes empty = parse("");
    hrnet_mot_score score;
    MUST(hrnet_mot_evaluate(&score, &empty, &empty, NULL));
    assert_near(score.numbers[HRNET_MOT_HOTA], 0, 0);
    assert_near(score.numbers[HRNET_MOT_MOTA], 0, 0);
    hrnet_mot_boxes_free(&empty);
}

/* What the results' format mot writes. */
static void test_our_own_files(void **state)
{
    (void)state;
    hrnet_mot_boxes boxes = {0};
    MUST(hrnet_mot_boxes_load(&boxes, golden_path("results/coco_tracks.txt")));
    assert_int_equal(boxes.n, 2);
    assert_int_equal(boxes.has_classes, 0);
    assert_int_equal(boxes.boxes[0].frame, 1);
    assert_int_equal(boxes.boxes[0].id, 7);
    assert_near(boxes.boxes[0].width, 50.5, 0);
    assert_near(boxes.boxes[0].confidence, 0.9, 0);
    assert_int_equal(boxes.boxes[1].frame, 2);
    assert_int_equal(boxes.boxes[1].id, UINT32_MAX);
    hrnet_mot_boxes_free(&boxes);
}

/* A track that has two boxes in a frame, which TrackEval's loader refuses and its measures count once for AssA and
 * IDF1. The files made1 to made3 have some, too. */
static void test_twice(void **state)
{
    (void)state;
    hrnet_mot_boxes truth = parse("2,1,0,0,10,20,1\n3,1,0,0,10,20,1\n");
    hrnet_mot_boxes results = parse("2,7,0,0,10,20,1\n\n3,7,0,0,10,20,1\n2,7,0,1,10,20,1\n2,7,90,1,10,20,1\n");
    hrnet_mot_score score;
    assert_int_equal(truth.n_twice, 0);
    assert_int_equal(results.n_twice, 2);
    assert_string_equal(results.first_twice, "line 4: frame 2 has id 7 in line 1 already");
    MUST(hrnet_mot_evaluate(&score, &truth, &results, NULL));
    assert_int_equal(score.n_twice, 2);
    assert_int_equal(score.n_false, 2);
    assert_int_equal(score.n_id_matched, 2);
    assert_int_equal(score.n_id_false, 0);
    hrnet_mot_boxes_free(&truth);
    hrnet_mot_boxes_free(&results);
}

/* ---------------------------------------------------------------------------------------------- refusals */

static void test_refused_files(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"1,1,0,0,10,20\n", "line 1: expected 7 to 10 numbers (frame,id,left,top,width,height,confidence), found 6"},
        {"1,1,0,0,10,20,1,1,1,1,1\n", "line 1: expected 7 to 10 numbers, found more"},
        {"\n1,1,0,0,10,20,1\n1,2,0,0,10,20,1,1\n", "line 3: expected 7 numbers, as in the rows above, found 8"},
        {"frame,id,left,top,width,height,conf\n", "line 1: frame: expected a number, found \"frame\""},
        {"1,1,0,,10,20,1\n", "line 1: top: expected a number, found \"\""},
        {"1,1,0,0,nan,20,1\n", "line 1: width: expected a number, found \"nan\""},
        {"1,1,0,0,10,inf,1\n", "line 1: height: expected a number, found \"inf\""},
        {"1,1,0,0,10,1e999,1\n", "line 1: height: expected a number"},
        {"0,1,0,0,10,20,1\n", "line 1: frame: expected a whole number from 1, found 0"},
        {"1.5,1,0,0,10,20,1\n", "line 1: frame: expected a whole number from 1, found 1.5"},
        {"1,-1,0,0,10,20,1\n", "line 1: id: expected a whole number from 0, found -1"},
        {"1,1e17,0,0,10,20,1\n", "line 1: id: expected a whole number from 0, found 1e+17"},
        {"1,1,0,0,10,20,1,1.5,1\n", "line 1: class: expected a whole number from -1, found 1.5"},
        {"\xFF\xFE\x31", "expected UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_mot_boxes boxes = {0};
        assert_int_equal(hr_mot_parse(&boxes, cases[i].text, strlen(cases[i].text)), HRNET_ERR_FORMAT);
        if (strstr(hrnet_last_error(), cases[i].message) == NULL)
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].message, hrnet_last_error());
        assert_null(boxes.boxes);
    }
    hrnet_mot_boxes boxes = {0};
    assert_int_equal(hrnet_mot_boxes_load(&boxes, "/no/such/gt.txt"), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "/no/such/gt.txt"));
}

static void refuse(hrnet_status expected, const char *message, const hrnet_mot_boxes *truth,
                   const hrnet_mot_boxes *results, hrnet_mot_benchmark benchmark)
{
    hrnet_mot_score score = {.n_frames = 77};
    assert_int_equal(hrnet_mot_evaluate(&score, truth, results, &(hrnet_mot_options){.benchmark = benchmark}),
                     expected);
    if (strstr(hrnet_last_error(), message) == NULL) fail_msg("expected '%s', found '%s'", message, hrnet_last_error());
    assert_int_equal(score.n_frames, 77);
}

static void test_refused_boxes(void **state)
{
    (void)state;
    hrnet_mot_boxes plain = parse("4,5,0,0,10,20,1\n"), classes = parse("4,5,0,0,10,20,1,14,1\n");
    hrnet_mot_box twice[] = {{.frame = 4, .id = 5}, {.frame = 4, .id = 6}, {.frame = 4, .id = 5}};
    hrnet_mot_box broken[] = {{.frame = 1, .id = 2, .height = NAN}};
    refuse(HRNET_ERR_ARGUMENT, "ground truth: frame 4, id 5: expected an id once in a frame",
           &(hrnet_mot_boxes){.n = 3, .boxes = twice}, &plain, HRNET_MOT_AUTO);
    refuse(HRNET_ERR_ARGUMENT, "results: frame 1, id 2: expected finite numbers", &plain,
           &(hrnet_mot_boxes){.n = 1, .boxes = broken}, HRNET_MOT_AUTO);
    broken[0] = (hrnet_mot_box){.frame = 0};
    refuse(HRNET_ERR_ARGUMENT, "ground truth: frame 0, id 0: expected frames from 1",
           &(hrnet_mot_boxes){.n = 1, .boxes = broken}, &plain, HRNET_MOT_AUTO);
    refuse(HRNET_ERR_ARGUMENT, "results: expected 3 boxes, found NULL", &plain, &(hrnet_mot_boxes){.n = 3},
           HRNET_MOT_AUTO);
    refuse(HRNET_ERR_MISMATCH, "ground truth: frame 4, id 5: class: expected 1 to 13, found 14", &classes, &plain,
           HRNET_MOT_AUTO);
    refuse(HRNET_ERR_MISMATCH, "results: frame 4, id 5: class: expected pedestrians (1), found 14", &plain, &classes,
           HRNET_MOT_AUTO);
    refuse(HRNET_ERR_MISMATCH, "ground truth: expected classes", &plain, &plain, HRNET_MOT17);
    refuse(HRNET_ERR_ARGUMENT, "benchmark: expected 0 to 3, found 9", &plain, &plain, (hrnet_mot_benchmark)9);
    hrnet_mot_score score;
    assert_int_equal(hrnet_mot_evaluate(&score, &plain, &plain, &(hrnet_mot_options){.reserved = {0, 0, 1}}),
                     HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_mot_combine(&score, &score, 0), HRNET_ERR_ARGUMENT);
    hrnet_mot_boxes_free(&plain);
    hrnet_mot_boxes_free(&classes);
    hrnet_mot_box *const crowd = calloc(HRNET_MOT_FRAME_BOXES + 1, sizeof *crowd);
    assert_non_null(crowd);
    for (int i = 0; i <= HRNET_MOT_FRAME_BOXES; i++) crowd[i] = (hrnet_mot_box){.frame = 3, .id = i, .confidence = 1};
    refuse(HRNET_ERR_LIMIT, "ground truth: frame 3: expected at most 2048 boxes, found 2049",
           &(hrnet_mot_boxes){.n = HRNET_MOT_FRAME_BOXES + 1, .boxes = crowd}, &(hrnet_mot_boxes){0}, HRNET_MOT_AUTO);
    free(crowd);
}

/* ---------------------------------------------------------------------------------------------- memory */

static hrnet_status attempt(void)
{
    hrnet_mot_boxes truth = {0}, results = {0};
    hrnet_mot_score score;
    hrnet_status status = hrnet_mot_boxes_load(&truth, golden_path("mot/street-a_gt.txt"));
    if (status == HRNET_OK) status = hrnet_mot_boxes_load(&results, golden_path("mot/street-a_dt.txt"));
    if (status == HRNET_OK) status = hrnet_mot_evaluate(&score, &truth, &results, NULL);
    hrnet_mot_boxes_free(&truth);
    hrnet_mot_boxes_free(&results);
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    const size_t held = hr_mem_held();
    fail_each_allocation(attempt);
    assert_int_equal(hr_mem_held(), held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_numbers),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_what_exporters_write),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_refused_boxes),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_our_own_files),
        cmocka_unit_test(test_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
