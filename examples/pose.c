/* pose.c - pose PICTURE [DETECTOR [WEIGHTS]]: one line a person: the score, the box, and where the nose is. */
#include <stdio.h>

#include <hrnet.h>

int main(int argc, char **argv)
{
    hrnet_detector *detector = NULL;
    hrnet_model *model = NULL;
    hrnet_finder *finder = NULL;
    hrnet_image photo = {0};
    hrnet_people people = {0};
    const char *const files[] = {argc > 1 ? argv[1] : "photo.jpg", argc > 2 ? argv[2] : NULL,
                                 argc > 3 ? argv[3] : NULL};

    int failed = hrnet_detector_load(&detector, files[1], NULL) || hrnet_model_load(&model, files[2], NULL) ||
                 hrnet_finder_create(&finder, detector, model, NULL) || hrnet_image_load(&photo, files[0], 0);
    const hrnet_pixels pixels = hrnet_image_pixels(&photo);
    failed = failed || hrnet_people_find(finder, &pixels, 1, files, &people);
    for (int i = 0; i < people.n_persons; i++) {
        const hrnet_pose *who = &people.persons[i];
        printf("%.2f  box %.0f,%.0f %.0fx%.0f  nose %.1f,%.1f\n", who->score, who->box.x, who->box.y, who->box.w,
               who->box.h, who->keypoints[0].x, who->keypoints[0].y);
    }
    if (failed) fprintf(stderr, "%s\n", hrnet_last_error());

    hrnet_people_free(&people);
    hrnet_image_free(&photo);
    hrnet_finder_free(finder);
    hrnet_model_free(model);
    hrnet_detector_free(detector);
    return failed;
}
