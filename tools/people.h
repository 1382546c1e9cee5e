/*
 * people.h - a group of pictures whose persons go through the network together. Pictures join until the group holds a
 * batch of persons; then all of them are run at once, written, and let go, so that memory does not grow with the number
 * of pictures.
 */
#ifndef TOOLS_PEOPLE_H
#define TOOLS_PEOPLE_H

#include <hrnet.h>

#include "person_boxes.h"
#include "writer.h"

typedef struct group {
    picture *pictures;
    hrnet_image *images; /* [n_pictures]; rgb NULL for one that could not be loaded */
    float **heatmaps;    /* [n_pictures], NULL unless wanted */
    int n_pictures, n_persons;
} group;

/* Load a picture and its boxes into the group. What goes wrong is reported, and noted in the picture's `error`. Returns
 * the number of pictures that failed. */
int group_add(group *all, const char *path, const boxes *where, unsigned image_flags, int n_keypoints);

/* Find everybody. Pictures that fail are reported and noted. Returns the number of pictures that failed. */
int group_run(group *all, hrnet_session *session, const hrnet_model_info *info, const hrnet_pose_options *options,
              int want_heatmaps);

/* Empty the group for the next pictures. */
void group_clear(group *all);

#endif
