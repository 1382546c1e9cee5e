/* persons.h - what tests of sessions look at: noise, persons at all sorts of places in it, and photographs. */
#ifndef TESTS_NET_PERSONS_H
#define TESTS_NET_PERSONS_H

#include <stdlib.h>

#include "base/rng.h"
#include "../support/net_files.h"

enum { N_PERSONS = 5, MAX_JOINTS = 17 };

static inline hrnet_session *open_session(const hrnet_model *model, int threads, int max_batch)
{
    hrnet_session *session = NULL;
    MUST(hrnet_session_create(&session, model, &(hrnet_session_options){.threads = threads, .max_batch = max_batch}));
    return session;
}

/* A picture of noise; rgb is freed with test_free. */
static inline hrnet_image noise(int width, int height)
{
    hrnet_image image = {width, height, test_malloc((size_t)(width * height * 3))};
    for (int i = 0; i < width * height * 3; i++) image.rgb[i] = (uint8_t)hr_random_bits(1, (uint64_t)i);
    return image;
}

/* Boxes inside, across the border, turned, tall, wide. */
static inline void make_persons(hrnet_person persons[N_PERSONS], const hrnet_image *image)
{
    static const struct {
        hrnet_box box;
        float rotation;
    } places[N_PERSONS] = {{{10, 12, 40, 80}, 0},
                           {{-20, -30, 60, 60}, 0},
                           {{30, 5, 50.5f, 70.25f}, 30},
                           {{0, 0, 0, 0}, 0},
                           {{5, 40, 90, 9}, -75}};
    for (int i = 0; i < N_PERSONS; i++)
        persons[i] =
            (hrnet_person){.pixels = hrnet_image_pixels(image), .box = places[i].box, .rotation = places[i].rotation};
}

/* The folder of coco_small; without one the test is skipped, and says so. */
static inline const char *data_folder(void)
{
    const char *const data = getenv("HRNET_DATA");
    if (data != NULL && data[0] != '\0') return data;
    print_message("[  SKIPPED ] HRNET_DATA names no folder with coco_small\n");
    skip();
    return NULL;
}

#endif
