/*
 * pose_group.h - a group of pictures whose persons go through the network together. Pictures join until the group holds
 * a batch of persons; then all of them are run at once, written, and let go, so that memory does not grow with the
 * number of pictures.
 */
#ifndef TOOLS_POSE_GROUP_H
#define TOOLS_POSE_GROUP_H

#include <hrnet_results.h>

#include "person_boxes.h"

typedef struct pose_group {
    hrnet_people *people; /* [n_pictures] */
    hrnet_image *images;  /* [n_pictures]; rgb NULL for one that could not be loaded */
    float **heatmaps;     /* [n_pictures], NULL unless wanted; of a person that could not be looked at all 0 */
    int n_pictures, n_persons;
    size_t n_bytes; /* of all images */
} pose_group;

/* A group whose images have as many bytes is run, however few they are: pictures are bounded by their bytes, since a
 * small file may be a picture of 768 MiB. */
#define POSE_GROUP_BYTES ((size_t)256 << 20)

/* Load a picture and its boxes into the group. A picture that cannot be loaded is reported, and noted in its people; of
 * one that is damaged and could be read a warning is printed.
 * Returns the number of pictures that failed. */
int pose_group_add(pose_group *all, const char *path, const boxes *where, unsigned image_flags, int n_keypoints);

/* Find everybody. A person that cannot be looked at is reported by picture and number, and noted; the others are found.
 * options->statuses and what is called are set here. Returns the number of persons that failed. */
int pose_group_run(pose_group *all, hrnet_session *session, const hrnet_model_info *info,
                   const hrnet_pose_options *options, int want_heatmaps);

/* Empty the group for the next pictures. */
void pose_group_clear(pose_group *all);

#endif
