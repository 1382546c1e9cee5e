/*
 * published.c - the table of published weights, from the model zoos of mmpose and mmdetection and the releases of
 * YOLOX. Scores are those that the authors give there: of poses on COCO val2017 with detected boxes (person AP 56.4)
 * and flip test, of bottom-up networks at one scale, of detectors on COCO val2017 (all 80 categories, or persons). The
 * official weights of HRNet and SimpleBaseline lie on drives for browsers, without plain addresses; mmpose's are of the
 * same networks. Megvii's files of YOLOX also hold the state of its optimiser.
 */
#include <string.h>

#include <hrnet_fetch.h>

#define MMPOSE  "https://download.openmmlab.com/mmpose/"
#define TOPDOWN MMPOSE "v1/body_2d_keypoint/topdown_heatmap/coco/"
#define DEKR    MMPOSE "v1/body_2d_keypoint/dekr/"
#define RTMPOSE MMPOSE "v1/projects/rtmpose/"
#define RTMDET  "https://download.openmmlab.com/mmdetection/v3.0/rtmdet/"
#define YOLOX   "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/"
#define APACHE  "Apache-2.0"

/* What mmpose's networks want otherwise than the published experiments of the same shape. */
static const char *const rgb[] = {"DATASET.COLOR_RGB", "true", NULL};
static const char *const dark[] = {"MODEL.TARGET_TYPE", "dark", NULL};
static const char *const udp[] = {"MODEL.TARGET_TYPE", "udp", "TEST.SHIFT_HEATMAP", "false", NULL};

/* clang-format off */
/* name, network, set, address, first digits of the hash, MB, score, experiment, changes */
#define POSE_ROW(n, what, set, at, hash, mb, ap, by, experiment, changes)                                              \
    {.name = (n), .kind = HRNET_PUBLISHED_POSE, .is_supported = 1, .network = (what), .dataset = (set), .url = at,      \
     .sha256 = (hash), .megabytes = (mb), .licence = APACHE, .score = (ap), .measure = (by), .config = (experiment),    \
     .overrides = (changes)}
#define COCO_ROW(n, what, at, hash, mb, ap, experiment, changes)                                                       \
    POSE_ROW(n, what, "COCO", at, hash, mb, ap, "AP", "coco/" experiment, changes)
#define MPII_ROW(n, what, at, hash, mb, pckh, experiment, changes)                                                     \
    POSE_ROW(n, what, "MPII", MMPOSE at, hash, mb, pckh, "PCKh", "mpii/" experiment, changes)
#define DETECTOR_ROW(n, what, set, at, hash, mb, ap)                                                                   \
    {.name = (n), .kind = HRNET_PUBLISHED_DETECTOR, .is_supported = 1, .network = (what), .dataset = (set), .url = at,  \
     .sha256 = (hash), .megabytes = (mb), .licence = APACHE, .score = (ap), .measure = "AP"}
#define BOTTOM_UP_ROW(n, what, set, at, hash, mb, ap)                                                                  \
    {.name = (n), .kind = HRNET_PUBLISHED_BOTTOM_UP, .network = (what), .dataset = (set), .url = at, .sha256 = (hash),  \
     .megabytes = (mb), .licence = APACHE, .score = (ap), .measure = "AP"}

static const hrnet_published table[] = {
    COCO_ROW("hrnet-w32-256x192", "HRNet W32, 256x192", TOPDOWN "td-hm_hrnet-w32_8xb64-210e_coco-256x192-81c58e40_20220909.pth",
             "81c58e40", 115, 74.9f, "hrnet/w32_256x192", NULL),
    COCO_ROW("hrnet-w32-384x288", "HRNet W32, 384x288", TOPDOWN "td-hm_hrnet-w32_8xb64-210e_coco-384x288-ca5956af_20220909.pth",
             "ca5956af", 115, 76.1f, "hrnet/w32_384x288", NULL),
    COCO_ROW("hrnet-w48-256x192", "HRNet W48, 256x192", TOPDOWN "td-hm_hrnet-w48_8xb32-210e_coco-256x192-0e67c616_20220913.pth",
             "0e67c616", 255, 75.6f, "hrnet/w48_256x192", NULL),
    COCO_ROW("hrnet-w48-384x288", "HRNet W48, 384x288", TOPDOWN "td-hm_hrnet-w48_8xb32-210e_coco-384x288-c161b7de_20220915.pth",
             "c161b7de", 255, 76.7f, "hrnet/w48_384x288", NULL),
    COCO_ROW("hrnet-w32-256x192-dark", "HRNet W32, DARK, 256x192", TOPDOWN "td-hm_hrnet-w32_dark-8xb64-210e_coco-256x192-0e00bf12_20220914.pth",
             "0e00bf12", 115, 75.7f, "hrnet/w32_256x192", dark),
    COCO_ROW("hrnet-w32-384x288-dark", "HRNet W32, DARK, 384x288", TOPDOWN "td-hm_hrnet-w32_dark-8xb64-210e_coco-384x288-9bab4c9b_20220917.pth",
             "9bab4c9b", 115, 76.6f, "hrnet/w32_384x288", dark),
    COCO_ROW("hrnet-w48-256x192-dark", "HRNet W48, DARK, 256x192", TOPDOWN "td-hm_hrnet-w48_dark-8xb32-210e_coco-256x192-e1ebdd6f_20220913.pth",
             "e1ebdd6f", 255, 76.4f, "hrnet/w48_256x192", dark),
    COCO_ROW("hrnet-w48-384x288-dark", "HRNet W48, DARK, 384x288", TOPDOWN "td-hm_hrnet-w48_dark-8xb32-210e_coco-384x288-39c3c381_20220916.pth",
             "39c3c381", 255, 77.2f, "hrnet/w48_384x288", dark),
    COCO_ROW("hrnet-w32-256x192-udp", "HRNet W32, UDP, 256x192", TOPDOWN "td-hm_hrnet-w32_udp-8xb64-210e_coco-256x192-73ede547_20220914.pth",
             "73ede547", 115, 76.2f, "hrnet/w32_256x192", udp),
    COCO_ROW("hrnet-w32-384x288-udp", "HRNet W32, UDP, 384x288", TOPDOWN "td-hm_hrnet-w32_udp-8xb64-210e_coco-384x288-9a3f7c85_20220914.pth",
             "9a3f7c85", 115, 76.8f, "hrnet/w32_384x288", udp),
    COCO_ROW("hrnet-w48-256x192-udp", "HRNet W48, UDP, 256x192", TOPDOWN "td-hm_hrnet-w48_udp-8xb32-210e_coco-256x192-3feaef8f_20220913.pth",
             "3feaef8f", 255, 76.8f, "hrnet/w48_256x192", udp),
    COCO_ROW("hrnet-w48-384x288-udp", "HRNet W48, UDP, 384x288", TOPDOWN "td-hm_hrnet-w48_udp-8xb32-210e_coco-384x288-70d7ab01_20220913.pth",
             "70d7ab01", 255, 77.3f, "hrnet/w48_384x288", udp),
    COCO_ROW("res50-256x192", "SimpleBaseline R50, 256x192", TOPDOWN "td-hm_res50_8xb64-210e_coco-256x192-04af38ce_20220923.pth",
             "04af38ce", 136, 71.8f, "resnet/res50_256x192", rgb),
    COCO_ROW("res50-384x288", "SimpleBaseline R50, 384x288", TOPDOWN "td-hm_res50_8xb64-210e_coco-384x288-7b8db90e_20220923.pth",
             "7b8db90e", 136, 73.1f, "resnet/res50_384x288", rgb),
    COCO_ROW("res101-256x192", "SimpleBaseline R101, 256x192", TOPDOWN "td-hm_res101_8xb64-210e_coco-256x192-065d3625_20220926.pth",
             "065d3625", 212, 72.8f, "resnet/res101_256x192", rgb),
    COCO_ROW("res101-384x288", "SimpleBaseline R101, 384x288", MMPOSE "top_down/resnet/res101_coco_384x288-8c71bdc9_20200709.pth",
             "8c71bdc9", 212, 74.9f, "resnet/res101_384x288", rgb),
    COCO_ROW("res152-256x192", "SimpleBaseline R152, 256x192", TOPDOWN "td-hm_res152_8xb32-210e_coco-256x192-0345f330_20220928.pth",
             "0345f330", 275, 73.6f, "resnet/res152_256x192", rgb),
    COCO_ROW("res152-384x288", "SimpleBaseline R152, 384x288", TOPDOWN "td-hm_res152_8xb32-210e_coco-384x288-7fbb906f_20220927.pth",
             "7fbb906f", 275, 75.0f, "resnet/res152_384x288", rgb),
    MPII_ROW("hrnet-w32-256x256-mpii", "HRNet W32, 256x256", "top_down/hrnet/hrnet_w32_mpii_256x256-6c4f923f_20200812.pth",
             "6c4f923f", 115, 90.0f, "hrnet/w32_256x256", NULL),
    MPII_ROW("hrnet-w48-256x256-mpii", "HRNet W48, 256x256", "top_down/hrnet/hrnet_w48_mpii_256x256-92cab7bd_20200812.pth",
             "92cab7bd", 255, 90.1f, "hrnet/w48_256x256", NULL),
    MPII_ROW("res50-256x256-mpii", "SimpleBaseline R50, 256x256", "top_down/resnet/res50_mpii_256x256-418ffc88_20200812.pth",
             "418ffc88", 136, 88.2f, "resnet/res50_256x256", rgb),
    MPII_ROW("res101-256x256-mpii", "SimpleBaseline R101, 256x256", "top_down/resnet/res101_mpii_256x256-416f5d71_20200812.pth",
             "416f5d71", 212, 88.8f, "resnet/res101_256x256", rgb),
    MPII_ROW("res152-256x256-mpii", "SimpleBaseline R152, 256x256", "top_down/resnet/res152_mpii_256x256-3ecba29d_20200812.pth",
             "3ecba29d", 275, 88.9f, "resnet/res152_256x256", rgb),

    DETECTOR_ROW("yolox-nano", "YOLOX nano, 416", "COCO", YOLOX "yolox_nano.pth", NULL, 7, 25.8f),
    DETECTOR_ROW("yolox-tiny", "YOLOX tiny, 416", "COCO", YOLOX "yolox_tiny.pth", NULL, 40, 32.8f),
    DETECTOR_ROW("yolox-s", "YOLOX s, 640", "COCO", YOLOX "yolox_s.pth", NULL, 72, 40.5f),
    DETECTOR_ROW("yolox-m", "YOLOX m, 640", "COCO", YOLOX "yolox_m.pth", NULL, 202, 46.9f),
    DETECTOR_ROW("yolox-l", "YOLOX l, 640", "COCO", YOLOX "yolox_l.pth", NULL, 434, 49.7f),
    DETECTOR_ROW("yolox-x", "YOLOX x, 640", "COCO", YOLOX "yolox_x.pth", NULL, 793, 51.1f),
    DETECTOR_ROW("rtmdet-tiny", "RTMDet tiny, 640", "COCO", RTMDET "rtmdet_tiny_8xb32-300e_coco/rtmdet_tiny_8xb32-300e_coco_20220902_112414-78e30dcc.pth",
                 "78e30dcc", 0, 40.9f),
    DETECTOR_ROW("rtmdet-s", "RTMDet s, 640", "COCO", RTMDET "rtmdet_s_8xb32-300e_coco/rtmdet_s_8xb32-300e_coco_20220905_161602-387a891e.pth",
                 "387a891e", 0, 44.5f),
    DETECTOR_ROW("rtmdet-m", "RTMDet m, 640", "COCO", RTMDET "rtmdet_m_8xb32-300e_coco/rtmdet_m_8xb32-300e_coco_20220719_112220-229f527c.pth",
                 "229f527c", 0, 49.1f),
    DETECTOR_ROW("rtmdet-l", "RTMDet l, 640", "COCO", RTMDET "rtmdet_l_8xb32-300e_coco/rtmdet_l_8xb32-300e_coco_20220719_112030-5a0be7c4.pth",
                 "5a0be7c4", 0, 51.3f),
    DETECTOR_ROW("rtmdet-x", "RTMDet x, 640", "COCO", RTMDET "rtmdet_x_8xb32-300e_coco/rtmdet_x_8xb32-300e_coco_20220715_230555-cc79b9ae.pth",
                 "cc79b9ae", 0, 52.6f),
    DETECTOR_ROW("rtmdet-nano-person", "RTMDet nano, persons, 320", "COCO and Objects365", RTMPOSE "rtmdet_nano_8xb32-100e_coco-obj365-person-05d8511e.pth",
                 "05d8511e", 0, 40.3f),
    DETECTOR_ROW("rtmdet-m-person", "RTMDet m, persons, 640", "COCO and Objects365", RTMPOSE "rtmdet_m_8xb32-100e_coco-obj365-person-235e8209.pth",
                 "235e8209", 0, 62.5f),

    BOTTOM_UP_ROW("higherhrnet-w32-512", "HigherHRNet W32, 512", "COCO", MMPOSE "bottom_up/higher_hrnet32_coco_512x512-8ae85183_20200713.pth",
                  "8ae85183", 115, 67.7f),
    BOTTOM_UP_ROW("higherhrnet-w32-640", "HigherHRNet W32, 640", "COCO", MMPOSE "bottom_up/higher_hrnet32_coco_640x640-a22fe938_20200712.pth",
                  "a22fe938", 115, 68.6f),
    BOTTOM_UP_ROW("higherhrnet-w48-512", "HigherHRNet W48, 512", "COCO", MMPOSE "bottom_up/higher_hrnet48_coco_512x512-60fedcbc_20200712.pth",
                  "60fedcbc", 255, 68.6f),
    BOTTOM_UP_ROW("dekr-w32-512", "DEKR W32, 512", "COCO", DEKR "coco/dekr_hrnet-w32_8xb10-140e_coco-512x512_ac7c17bf-20221228.pth",
                  "ac7c17bf", 118, 68.6f),
    BOTTOM_UP_ROW("dekr-w48-640", "DEKR W48, 640", "COCO", DEKR "coco/dekr_hrnet-w48_8xb10-140e_coco-640x640_74796c32-20230124.pth",
                  "74796c32", 263, 71.4f),
    BOTTOM_UP_ROW("dekr-w32-512-crowdpose", "DEKR W32, 512", "CrowdPose", DEKR "crowdpose/dekr_hrnet-w32_8xb10-300e_crowdpose-512x512_147bae97-20221228.pth",
                  "147bae97", 118, 66.3f),
    BOTTOM_UP_ROW("dekr-w48-640-crowdpose", "DEKR W48, 640", "CrowdPose", DEKR "crowdpose/dekr_hrnet-w48_8xb5-300e_crowdpose-640x640_4ea6031e-20230128.pth",
                  "4ea6031e", 263, 67.9f),
};
/* clang-format on */

enum { N_ENTRIES = sizeof table / sizeof *table };

size_t hrnet_published_n(void)
{
    return N_ENTRIES;
}

const hrnet_published *hrnet_published_get(size_t i)
{
    return i < N_ENTRIES ? &table[i] : NULL;
}

const hrnet_published *hrnet_published_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < N_ENTRIES; i++)
        if (strcmp(table[i].name, name) == 0) return &table[i];
    return NULL;
}
