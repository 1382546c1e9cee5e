/* test_detections.c - COCO detections and annotations. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "data/coco_json.h"

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
    assert_int_equal(hr_detections_parse(&d, &n, text, sizeof text - 1), HRNET_OK);
    assert_int_equal(n, 3);
    assert_string_equal(d[0].image, "785");
    assert_true(d[0].box.x == 1 && d[0].box.y == 2.5f && d[0].box.w == 30 && d[0].box.h == 4 && d[0].score == 0.25f);
    assert_string_equal(d[1].image, "day/7");
    assert_true(d[1].box.x == -1 && d[1].score == 1);
    assert_string_equal(d[2].image, "a.jpg");
    hrnet_detections_free(d, n);
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
    assert_int_equal(hr_detections_parse(&d, &n, text, sizeof text - 1), HRNET_OK);
    assert_int_equal(n, 2);
    assert_string_equal(d[0].image, "seven.jpg");
    assert_string_equal(d[1].image, "8");
    hrnet_detections_free(d, n);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"{}", "expected a list of detections"},
        {"3", "expected a list of detections"},
        {"[{\"image_id\": 1}]", "entry 0: expected \"bbox\""},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3, 4]}, {\"image_id\": 1, \"bbox\": [1, 2, 3]}]", "entry 1: "},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, \"3\", 4]}]", "entry 0: bbox[2]"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3, 1e39]}]", "entry 0: bbox[3]"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3, 4], \"score\": null}]", "entry 0: score"},
        {"[{\"image_id\": 1.5, \"bbox\": [1, 2, 3, 4]}]", "entry 0: expected image_id"},
        {"[[]]", "entry 0: expected an object"},
        {"{\"annotations\": [], \"images\": [{}]}", "images[0]"},
        {"[{\"image_id\": 1, \"bbox\": [1, 2, 3,\n x", "line 2"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hrnet_detection *d = NULL;
        size_t n = 0;
        assert_int_equal(hr_detections_parse(&d, &n, bad[i].text, strlen(bad[i].text)), HRNET_ERR_FORMAT);
        if (strncmp(hrnet_last_error(), bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("%s", hrnet_last_error());
        assert_null(d);
    }
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_detections), cmocka_unit_test(test_annotations),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
