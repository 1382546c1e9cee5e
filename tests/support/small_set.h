/*
 * small_set.h - a made-up dataset in a folder of its own: pictures of coloured noise with persons whose joints are
 * known. */
#ifndef TESTS_TRAIN_SMALL_SET_H
#define TESTS_TRAIN_SMALL_SET_H

#include "config/config.h"

/* Pixel (x, y) of picture i is (SMALL_RED x, SMALL_GREEN y, 20 i + 40), which resampling keeps. */
enum { SMALL_WIDTH = 90, SMALL_HEIGHT = 70, SMALL_RED = 2, SMALL_GREEN = 3 };

/* A new folder below /tmp, its path in folder [64]. */
void small_folder(char *folder);
void small_folder_remove(const char *folder);

/* FOLDER/NAME as a COCO set "train": n_images pictures of SMALL_WIDTH x SMALL_HEIGHT with two persons each. keypoints:
 * the names as JSON, "\"nose\", ..."; NULL: COCO's 17. n_keypoints: how many these are. Person p (annotation id p + 1)
 * has joint k, visible unless (p + k) % 5 == 4, at small_joint. */
void small_set_make(const char *folder, const char *name, int n_images, const char *keypoints, int n_keypoints);
void small_joint(int person, int joint, double xy[2]);

/* Settings for a network of 64 x 96 pixels, 16 x 24 cells, and FOLDER/NAME as first set. */
void small_config(hr_config *config, const char *folder, const char *name);

/* Write text to FOLDER/NAME. */
void small_file(const char *folder, const char *name, const char *text);

#endif
