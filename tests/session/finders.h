/* finders.h - what tests of finders look with: a small detector (golden/people/rtmdet_nano_w125_96x128 in half
 * precision, which finds "people" everywhere) and a small pose network. */
#ifndef TESTS_SESSION_FINDERS_H
#define TESTS_SESSION_FINDERS_H

#include "persons.h"

static hrnet_detector *the_detector;
static hrnet_model *the_model;

static inline int load_networks(void **state)
{
    (void)state;
    the_model = golden_model(net_names[0], NULL);
    return hrnet_detector_load(&the_detector, TEST_DATA "/golden/detect/rtmdet_nano.safetensors", NULL) != HRNET_OK;
}

static inline int free_networks(void **state)
{
    (void)state;
    hrnet_detector_free(the_detector);
    hrnet_model_free(the_model);
    return 0;
}

static inline hrnet_finder *open_finder(const hrnet_finder_options *options)
{
    hrnet_finder *finder = NULL;
    MUST(hrnet_finder_create(&finder, the_detector, the_model, options));
    return finder;
}

/* Both people are the same, bit for bit. */
static inline void assert_same_people(const hrnet_people *a, const hrnet_people *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->n_persons, b->n_persons);
    assert_int_equal(a->n_suppressed, b->n_suppressed);
    for (int p = 0; p < a->n_persons; p++) {
        const hrnet_pose *const one = &a->persons[p], *const other = &b->persons[p];
        assert_memory_equal(&one->box, &other->box, sizeof one->box);
        assert_memory_equal(&one->box_score, &other->box_score, sizeof one->box_score);
        assert_memory_equal(&one->score, &other->score, sizeof one->score);
        assert_memory_equal(one->keypoints, other->keypoints, (size_t)a->n_keypoints * sizeof *one->keypoints);
    }
}

#endif
