/* dataset_builtin.c - what the published code knows about the keypoints of COCO and MPII (coco.py, mpii.py). */
#include <pthread.h>

#include <hrnet_data.h>

static const double coco_sigmas[] = {.26 / 10,  .25 / 10, .25 / 10, .35 / 10, .35 / 10, .79 / 10,
                                     .79 / 10,  .72 / 10, .72 / 10, .62 / 10, .62 / 10, 1.07 / 10,
                                     1.07 / 10, .87 / 10, .87 / 10, .89 / 10, .89 / 10};
static const float coco_weights[] = {1, 1, 1, 1, 1, 1, 1, 1.2f, 1.2f, 1.5f, 1.5f, 1, 1, 1.2f, 1.2f, 1.5f, 1.5f};
static const unsigned char coco_upper[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0};
static const float mpii_weights[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const unsigned char mpii_upper[] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static hrnet_dataset_info coco, mpii;

static void make(void)
{
    coco = (hrnet_dataset_info){*hrnet_skeleton_coco(), coco_sigmas, coco_weights, coco_upper, NULL};
    mpii = (hrnet_dataset_info){*hrnet_skeleton_mpii(), NULL, mpii_weights, mpii_upper, NULL};
}

const hrnet_dataset_info *hrnet_dataset_info_coco(void)
{
    pthread_once(&once, make);
    return &coco;
}

const hrnet_dataset_info *hrnet_dataset_info_mpii(void)
{
    pthread_once(&once, make);
    return &mpii;
}
