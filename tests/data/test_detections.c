/* test_detections.c - COCO detections and annotations. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "data/coco_json.h"

/* What readers note; every test ends with it empty. */
static hr_text notes;

static void test_detections(void **state)
{
    (void)state;
    static const char text[] = "[{\"image_id\": 785, \"category_id\": 1, \"bbox\": [1, 2.5, 3e1, 4], \"score\": 0.25},"
                               " {\"image_id\": 785, \"category_id\": 3, \"bbox\": \"a car is not read\"},"
                               " {\"image_id\": \"day/7\", \"category_id\": 1, \"bbox\": [-1, -2, 0.5, 4]},"
                               " {\"image_id\": 1, \"category_id\": 1, \"bbox\": [0, 0, 0, 4], \"score\": 1},"
                               " {\"image_id\": 2, \"file_name\": \"a.jpg\", \"bbox\": [0, 0, 3, 4], \"score\": 2}]";
    hrnet_detection *d = NULL;
    size_t n = 0;
    assert_int_equal(hr_detections_parse(&d, &n, text, sizeof text - 1, NULL, &notes), HRNET_OK);
    assert_int_equal(n, 3);
    assert_string_equal(d[0].image, "785");
    assert_true(d[0].box.x == 1 && d[0].box.y == 2.5f && d[0].box.w == 30 && d[0].box.h == 4 && d[0].score == 0.25f);
    assert_string_equal(d[1].image, "day/7");
    assert_true(d[1].box.x == -1 && d[1].score == 1);
    assert_string_equal(d[2].image, "a.jpg");
    hrnet_detections_free(d, n);
    assert_non_null(strstr(notes.data, "!1 of the boxes could not be read and are left out; the first: entry 1: "));
    hr_text_free(&notes);
}

static void test_annotations(void **state)
{
    (void)state;
    static const char text[] =
        "{\"images\": [{\"id\": 9, \"file_name\": \"nine.jpg\"}, {\"id\": 7, \"file_name\": \"seven.jpg\"}],"
        " \"annotations\": [{\"image_id\": 7, \"category_id\": 1, \"iscrowd\": 0, \"bbox\": [1, 2, 3, 4]},"
        " {\"image_id\": 7, \"category_id\": 1, \"iscrowd\": 1, \"bbox\": [1, 2, 3, 4]},"
        " {\"image_id\": 8, \"category_id\": 1, \"iscrowd\": 0, \"bbox\": [1, 2, 3, 4]}]}";
    hrnet_detection *d = NULL;
    size_t n = 0;
    assert_int_equal(hr_detections_parse(&d, &n, text, sizeof text - 1, NULL, &notes), HRNET_OK);
    assert_int_equal(n, 2);
    assert_string_equal(d[0].image, "seven.jpg");
    assert_string_equal(d[1].image, "8");
    assert_true(d[0].has_image_id && d[0].image_id == 7 && d[0].has_category && d[0].category_id == 1);
    hrnet_detections_free(d, n);
    hr_text_free(&notes);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"{}", "expected a list of detections"},
        {"3", "expected a list of detections"},
        {"[{\"image_id\": 1, \"bbox\": {}}]", "entry 0: expected \"bbox\": [x, y, width, height], found an object"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3]}, 7]", "entry 0: expected \"bbox\""},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, \"3\", 4]}]",
         "entry 0: bbox[2]: expected a number that a float can hold, "
         "found a string"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, NaN, 4]}]", "entry 0: bbox[2]: expected a number that a float can hold, "
                                                          "found NaN"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3, 1e39]}]", "entry 0: bbox[3]"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3, 4], \"score\": \"1\"}]", "entry 0: score"},
        {"[{\"image_id\": 1.5, \"bbox\": [1, 2, 3, 4]}]", "entry 0: expected image_id"},
        {"[[]]", "entry 0: expected an object"},
        {"{\"annotations\": [], \"images\": {}}", "images: expected a list"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3,\n x", "line 2"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hrnet_detection *d = NULL;
        size_t n = 0;
        assert_int_equal(hr_detections_parse(&d, &n, bad[i].text, strlen(bad[i].text), NULL, &notes), HRNET_ERR_FORMAT);
        if (strncmp(hrnet_last_error(), bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("%s", hrnet_last_error());
        assert_null(d);
        hr_text_free(&notes);
    }
}

/* ------------------------------------------------------------------------------------------------ categories */

#define BOX(image, category) "{\"image_id\": " #image ", \"category_id\": " #category ", \"bbox\": [1, 2, 3, 4]}"

/* Which boxes are taken, and what is told. */
static void test_categories(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
        hrnet_status status;
        const char *images; /* those of the boxes that are taken, one letter each */
        const char *told;   /* a part of the notes or of the message; NULL: nothing is noted */
    } cases[] = {
        /* lists of ids */
        {"[" BOX(1, 1) "," BOX(2, 1) "]", NULL, HRNET_OK, "12", NULL},
        {"[" BOX(1, 3) "," BOX(2, 3) "]", NULL, HRNET_OK, "12", "category 3 are taken, the only one"},
        {"[" BOX(1, 0) "]", NULL, HRNET_OK, "1", "category 0 are taken"},
        {"[" BOX(1, 1) "," BOX(2, 3) "]", NULL, HRNET_OK, "1", "category 1 are taken, which is COCO's person"},
        {"[" BOX(1, 1) "," BOX(2, 3) "]", NULL, HRNET_OK, "1", "1 of 2 boxes are of other categories"},
        {"[" BOX(1, 1) "," BOX(2, 3) "]", "3", HRNET_OK, "2", "1 of 2 boxes"},
        {"[" BOX(1, 2) "," BOX(2, 3) "]", NULL, HRNET_ERR_MISMATCH, "", "ids 2, 3: choose one (--category)"},
        {"[" BOX(1, 2) "," BOX(2, 3) "]", "person", HRNET_ERR_MISMATCH, "", "no names of categories: give an id"},
        {"[" BOX(1, 2) "]", "4", HRNET_ERR_MISMATCH, "", "category 4, found none"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3, 4]}, " BOX(2, 1) "," BOX(3, 2) "]", NULL, HRNET_OK, "12", "1 of 3"},
        {"[" BOX(1, 1.0) "," BOX(2, 3.0) "]", NULL, HRNET_OK, "1", "1 of 2"},
        /* files with names */
        {"{\"annotations\": [" BOX(1, 1) "," BOX(2, 3) "], \"categories\": [{\"id\": 1, \"name\": \"dog\"},"
                                                       " {\"id\": 3, \"name\": \"Person\"}]}",
         NULL, HRNET_OK, "2", "1 of 2 boxes"},
        {"{\"annotations\": [" BOX(1, 0) "], \"categories\": [{\"id\": 0, \"name\": \"person\"}]}", NULL, HRNET_OK, "1",
         NULL},
        {"{\"annotations\": [" BOX(1, 1) "," BOX(2, 3) "], \"categories\": [{\"id\": 1, \"name\": \"dog\"},"
                                                       " {\"id\": 3, \"name\": \"person\"}]}",
         "dog", HRNET_OK, "1", "1 of 2 boxes"},
        {"{\"annotations\": [" BOX(1, 4) "], \"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 4, \"name\": "
                                         "\"arrow\"}]}",
         NULL, HRNET_OK, "1", "category 4 are taken, the only one"},
        {"{\"annotations\": [" BOX(1, 3) "," BOX(2,
                                                 4) "], \"categories\": [{\"id\": 3, \"name\": \"cat\"}, {\"id\": 4}]}",
         NULL, HRNET_ERR_MISMATCH, "", "choose one (--category)"},
        {"{\"annotations\": [" BOX(1, 3) "," BOX(2, 4) "," BOX(
             3, 5) "], \"categories\": [{\"id\": 3, \"keypoints\": "
                   "[\"a\"]}, {\"id\": 4, \"keypoints\": []}, {\"id\": 5, \"keypoints\": [\"a\"]}]}",
         NULL, HRNET_OK, "13", "1 of 3"},
        {"{\"annotations\": [" BOX(1, 1) "], \"categories\": [{\"id\": 3, \"name\": \"person\"}]}", NULL,
         HRNET_ERR_MISMATCH, "", "category 3, found none: all 1 are of others (1)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hrnet_detections_options options = {.category = cases[i].wanted};
        hrnet_detection *d = NULL;
        size_t n = 0;
        char images[8] = "";
        const hrnet_status status = hr_detections_parse(&d, &n, cases[i].text, strlen(cases[i].text), &options, &notes);
        if (status != cases[i].status) fail_msg("case %zu: status %d, %s", i, status, hrnet_last_error());
        for (size_t k = 0; k < n && k < 7; k++) images[k] = d[k].image[0];
        assert_string_equal(images, cases[i].images);
        const char *const told = status != HRNET_OK ? hrnet_last_error() : notes.data != NULL ? notes.data : "";
        if (cases[i].told != NULL ? strstr(told, cases[i].told) == NULL : told[0] != '\0')
            fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].told, told);
        hrnet_detections_free(d, n);
        hr_text_free(&notes);
    }
}

/* The annotations' category decides where the boxes have it; the boxes keep theirs. */
static void test_categories_of_annotations(void **state)
{
    (void)state;
    static const char truth[] =
        "{\"images\": [{\"id\": 1}], \"annotations\": [], \"categories\": [{\"id\": 3, \"name\": "
        "\"arrow\", \"keypoints\": [\"a\"]}, {\"id\": 5, \"keypoints\": [\"a\"]}]}";
    static const struct {
        const char *text, *images, *told;
    } cases[] = {
        {"[" BOX(1, 1) "," BOX(2, 3) "," BOX(3, 5) "]", "23", "1 of 3"},
        {"[" BOX(1, 3) "]", "1", NULL},
        {"[" BOX(1, 1) "]", "1", "no box is of a category of the annotations (3 and others)"},
    };
    hrnet_annotations *annotations = NULL;
    assert_int_equal(hr_annotations_parse(&annotations, truth, sizeof truth - 1, NULL), HRNET_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const hrnet_detections_options options = {.annotations = annotations};
        hrnet_detection *d = NULL;
        size_t n = 0;
        char images[8] = "";
        assert_int_equal(hr_detections_parse(&d, &n, cases[i].text, strlen(cases[i].text), &options, &notes), HRNET_OK);
        for (size_t k = 0; k < n && k < 7; k++) images[k] = d[k].image[0];
        assert_string_equal(images, cases[i].images);
        assert_true(d[0].has_category);
        if (cases[i].told != NULL) assert_non_null(strstr(notes.data, cases[i].told));
        hrnet_detections_free(d, n);
        hr_text_free(&notes);
    }
    hrnet_annotations_free(annotations);
}

/* ------------------------------------------------------------------------------------------------ pictures */

static void test_pictures(void **state)
{
    (void)state;
    enum { NONE = -1, SEVERAL = -2, MOST = 4 };
    static const struct {
        const char *names[MOST], *paths[MOST];
        int pictures[MOST];
    } cases[] = {
        {{"785", "000000000785", "785.jpg"},
         {"/x/000000000785.jpg"},
         {NONE, 0, NONE}}, /* one that is equal to the letter is better */
        {{"785"}, {"b.png", "/x/000000000785.jpg"}, {1}},
        {{"000000000785"}, {"785.png"}, {0}},
        {{"786"}, {"785.png"}, {NONE}},
        {{"frame.0001", "frame.0002"}, {"/x/frame.0002.jpg", "/x/frame.0001.jpg"}, {1, 0}},
        {{"1.0", "1"}, {"1.0.jpg", "1.jpg"}, {0, 1}},
        {{"frame.0001.png"}, {"frame.0001.jpg"}, {0}},
        {{"frame.0001"}, {"frame.jpg"}, {NONE}},
        {{"vidA/000001.jpg", "vidB/000001.jpg"}, {"/x/vidA/000001.jpg", "/x/vidB/000001.jpg"}, {0, 1}},
        {{"vidA\\000001.jpg", "C:\\x\\vidB\\000001.jpg"}, {"/x/vidA/000001.jpg", "/x/vidB/000001.jpg"}, {0, 1}},
        {{"vidA/000001.jpg", "vidB/000001.jpg"}, {"/x/vidB/000001.jpg"}, {NONE, 0}},
        {{"vidA/000001.jpg", "vidB/000001.jpg"}, {"/x/other/000001.jpg"}, {SEVERAL, SEVERAL}},
        {{"000001.jpg"}, {"/x/vidA/000001.jpg", "/x/vidB/000001.jpg"}, {SEVERAL}},
        {{"train/000001.jpg"}, {"/x/val/000001.jpg"}, {0}},                     /* moved, but there is no other */
        {{"train/000001.jpg", "000001.jpg"}, {"/x/val/000001.jpg"}, {NONE, 0}}, /* there is a better one */
        {{"a.png", "a.jpg"}, {"a.jpg"}, {NONE, 0}},
        {{"a.png", "a.jpg"}, {"a.jpg", "a.png"}, {1, 0}},
        {{"b.jpg"}, {"b.jpg", "b.jpg"}, {0}}, /* one picture named twice */
        {{"0"}, {"/x/000.jpg"}, {0}},
        {{"stdin"}, {"stdin"}, {0}},
        {{""}, {"a.jpg"}, {NONE}},
        {{".jpg"}, {".jpg"}, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hrnet_detection detections[MOST] = {{0}};
        size_t n = 0, n_paths = 0, pictures[MOST];
        for (; n < MOST && cases[i].names[n] != NULL; n++) detections[n].image = (char *)(uintptr_t)cases[i].names[n];
        while (n_paths < MOST && cases[i].paths[n_paths] != NULL) n_paths++;
        assert_int_equal(hrnet_detections_match(detections, n, cases[i].paths, n_paths, pictures), HRNET_OK);
        for (size_t k = 0; k < n; k++) {
            const int wanted = cases[i].pictures[k];
            const size_t expected = wanted == NONE      ? HRNET_NO_PICTURE
                                    : wanted == SEVERAL ? HRNET_SEVERAL_PICTURES
                                                        : (size_t)wanted;
            if (pictures[k] != expected)
                fail_msg("case %zu, name %zu: expected %d, found %zd", i, k, wanted, pictures[k]);
        }
    }
    assert_int_equal(hrnet_detections_match(NULL, 0, NULL, 0, NULL), HRNET_OK);
    assert_int_equal(hrnet_detections_match(NULL, 1, NULL, 0, NULL), HRNET_ERR_ARGUMENT);
}

static void test_memory(void **state)
{
    (void)state;
    hrnet_detection *d = NULL;
    size_t n = 0;
    hrnet_status status = HRNET_ERR_MEMORY;
    for (long k = 0; status != HRNET_OK; k++) {
        hr_mem_fail_after(k);
        status = hrnet_detections_load(&d, &n, TEST_DATA "/fuzz/corpus/detections/annotations.json");
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    assert_int_equal(n, 1);
    assert_string_equal(d[0].image, "b.jpg");
    hrnet_detections_free(d, n);
    assert_int_equal(hrnet_detections_load(&d, &n, TEST_DATA "/none.json"), HRNET_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_detections),
                                       cmocka_unit_test(test_annotations),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_categories),
                                       cmocka_unit_test(test_categories_of_annotations),
                                       cmocka_unit_test(test_pictures),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
