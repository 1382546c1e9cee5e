/* pose.c - pose PICTURE [WEIGHTS]: one line a keypoint of the person who fills the picture. */
#include <stdio.h>
#include <stdlib.h>

#include <hrnet.h>

int main(int argc, char **argv)
{
    hrnet_model *model = NULL;
    hrnet_session *session = NULL;
    hrnet_image photo = {0};
    hrnet_keypoint *joints = NULL;
    int failed = argc < 2 || argc > 3;

    failed = failed || hrnet_model_load(&model, argv[2], NULL) || hrnet_session_create(&session, model, NULL) ||
             hrnet_image_load(&photo, argv[1], 0);
    const hrnet_skeleton *skeleton = failed ? NULL : hrnet_model_skeleton(model);
    failed = failed || (joints = calloc((size_t)skeleton->n_keypoints, sizeof *joints)) == NULL ||
             hrnet_session_pose(session, &(hrnet_person){.pixels = hrnet_image_pixels(&photo)}, 1, NULL, joints, NULL);
    for (int i = 0; !failed && i < skeleton->n_keypoints; i++)
        printf("%-16s %7.1f %7.1f  %.3f\n", skeleton->keypoint_names[i], joints[i].x, joints[i].y, joints[i].score);
    if (failed) fprintf(stderr, "%s\n", argc == 2 || argc == 3 ? hrnet_last_error() : "usage: pose PICTURE [WEIGHTS]");

    free(joints);
    hrnet_image_free(&photo);
    hrnet_session_free(session);
    hrnet_model_free(model);
    return failed;
}
