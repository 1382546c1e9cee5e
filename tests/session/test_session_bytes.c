/*
 * test_session_bytes.c - hrnet_session_bytes beside what the system says: private memory that a session and its first
 * passes have added. Measured: within 0.5 %; the bound of 10 % leaves room for pages that a pass does not touch.
 */
#include "persons.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* Bytes of private memory that are there; 0 when the system does not tell. */
static double private_bytes(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double kibibytes = 0;
    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0) kibibytes = strtod(line + 8, NULL);
    fclose(file);
    return 1024 * kibibytes;
}

static void check(const hrnet_model *model, int threads, int max_batch)
{
    enum { N = 4 }; /* with their mirror images a pass of eight */
    hrnet_image image = noise(60, 60);
    hrnet_person persons[N];
    hrnet_keypoint keypoints[N * MAX_JOINTS];
    for (int i = 0; i < N; i++)
        persons[i] = (hrnet_person){.pixels = hrnet_image_pixels(&image), .box = {0, 0, 50, 50}};
    memset(keypoints, 1, sizeof keypoints);
    malloc_trim(0); /* what loading has left must not become the session's */
    const double before = private_bytes();
    hrnet_session *session = open_session(model, threads, max_batch);
    for (int d = HRNET_DECODE_ARGMAX; d <= HRNET_DECODE_UDP; d++)
        MUST(hrnet_session_pose(session, persons, d == HRNET_DECODE_UDP && max_batch > 1 ? N : 1,
                                &(hrnet_pose_options){.flip_test = 1, .decoder = (hrnet_decoder)d}, keypoints, NULL));
    const double found = private_bytes() - before, told = (double)hrnet_session_bytes(session);
    print_message("%s, %d threads, %d pictures: %.2f MB told, %.2f MB found\n", hrnet_model_get_info(model).name,
                  threads, max_batch, told / 1e6, found / 1e6);
    hrnet_session_free(session);
    test_free(image.rgb);
    assert_true(told > 0.9 * found && told < 1.1 * found);
}

static void as_the_system_says(void **state)
{
    static const char *const names[] = {"coco/hrnet/w32_256x192", "coco/resnet/res50_256x192"};
    (void)state;
    if (IS_SANITIZED || private_bytes() <= 0) skip(); /* sanitizers have memory of their own */
    mallopt(M_MMAP_THRESHOLD, 1 << 17);               /* large blocks go back when they are freed */
    mallopt(M_PERTURB, 0); /* meson's filling of fresh memory would touch what alignment leaves unused */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hrnet_config *config = NULL;
        hrnet_model *model = NULL;
        MUST(hrnet_config_load(&config, names[i], NULL, NULL, NULL));
        MUST(hrnet_model_load(&model, NULL, &(hrnet_model_options){.config = config}));
        for (int threads = 1; threads <= 2; threads++) {
            check(model, threads, 1);
            check(model, threads, 8);
        }
        hrnet_model_free(model);
        hrnet_config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_system_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
