/* small_set.c - see small_set.h. */
#include "small_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <hrnet.h>

#include "base/file.h"
#include "base/rng.h"

void small_folder(char *folder)
{
    strcpy(folder, "/tmp/hrnet_train_XXXXXX");
    assert_non_null(mkdtemp(folder));
}

void small_folder_remove(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

void small_file(const char *folder, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

void small_joint(int person, int joint, double xy[2])
{
    const uint64_t stream = (uint64_t)person * 64 + (uint64_t)joint;
    xy[0] = 20 + 50 * (double)hr_random_uniform(stream, 0);
    xy[1] = 8 + 50 * (double)hr_random_uniform(stream, 1);
}

static void write_picture(const char *path, int number)
{
    static uint8_t rgb[SMALL_HEIGHT][SMALL_WIDTH][3];
    hrnet_image image = {SMALL_WIDTH, SMALL_HEIGHT, &rgb[0][0][0]};
    for (int y = 0; y < SMALL_HEIGHT; y++)
        for (int x = 0; x < SMALL_WIDTH; x++) {
            rgb[y][x][0] = (uint8_t)(SMALL_RED * x);
            rgb[y][x][1] = (uint8_t)(SMALL_GREEN * y);
            rgb[y][x][2] = (uint8_t)(20 * number + 40);
        }
    assert_int_equal(hrnet_image_save(&image, path), HRNET_OK);
}

static void write_person(FILE *f, int person, int n_keypoints)
{
    fprintf(f,
            "%s{\"id\": %d, \"image_id\": %d, \"category_id\": 1, \"iscrowd\": 0, \"area\": 900, \"num_keypoints\": 9, "
            "\"bbox\": [%d, 4, %d, 60], \"keypoints\": [",
            person > 0 ? ",\n" : "", person + 1, person / 2 + 1, 15 + person % 7, 50 + person % 5);
    for (int k = 0; k < n_keypoints; k++) {
        double at[2];
        small_joint(person, k, at);
        fprintf(f, "%s%.17g, %.17g, %d", k > 0 ? ", " : "", at[0], at[1], (person + k) % 5 == 4 ? 0 : 1 + k % 2);
    }
    fprintf(f, "]}");
}

void small_set_make(const char *folder, const char *name, int n_images, const char *keypoints, int n_keypoints)
{
    char path[512];
    if (keypoints == NULL) {
        keypoints =
            "\"nose\", \"left_eye\", \"right_eye\", \"left_ear\", \"right_ear\", \"left_shoulder\", "
            "\"right_shoulder\", \"left_elbow\", \"right_elbow\", \"left_wrist\", \"right_wrist\", \"left_hip\", "
            "\"right_hip\", \"left_knee\", \"right_knee\", \"left_ankle\", \"right_ankle\"";
        n_keypoints = 17;
    }
    snprintf(path, sizeof path, "%s/%s/images/train", folder, name);
    assert_int_equal(hr_file_make_folders(path), HRNET_OK);
    snprintf(path, sizeof path, "%s/%s/annotations", folder, name);
    assert_int_equal(hr_file_make_folders(path), HRNET_OK);
    snprintf(path, sizeof path, "%s/%s/annotations/person_keypoints_train.json", folder, name);
    FILE *const f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "{\"categories\": [{\"id\": 1, \"name\": \"person\", \"keypoints\": [%s]}], \"images\": [", keypoints);
    for (int i = 0; i < n_images; i++) {
        fprintf(f, "%s{\"id\": %d, \"file_name\": \"%d.png\", \"width\": %d, \"height\": %d}", i > 0 ? ", " : "", i + 1,
                i, SMALL_WIDTH, SMALL_HEIGHT);
        snprintf(path, sizeof path, "%s/%s/images/train/%d.png", folder, name, i);
        write_picture(path, i);
    }
    fprintf(f, "], \"annotations\": [\n");
    for (int p = 0; p < 2 * n_images; p++) write_person(f, p, n_keypoints);
    fprintf(f, "]}\n");
    assert_int_equal(fclose(f), 0);
}

void small_config(hr_config *config, const char *folder, const char *name)
{
    hr_config_defaults(config);
    snprintf(config->dataset.root, sizeof config->dataset.root, "%s/%s", folder, name);
    strcpy(config->dataset.dataset, "coco");
    config->model.image_size[0] = 64;
    config->model.image_size[1] = 96;
    config->model.heatmap_size[0] = 16;
    config->model.heatmap_size[1] = 24;
    config->dataset.color_rgb = 1;
    config->dataset.prob_half_body = 0.3;
}
