/* program.cpp - every public header in one C++17 program, which links with the library and calls into each. */
#include <hrnet.h>
#include <hrnet_data.h>
#include <hrnet_eval.h>
#include <hrnet_results.h>
#include <hrnet_track.h>
#include <hrnet_train.h>
#include <hrnet_video.h>
#include <hrnet_window.h>

#include <cstdio>
#include <cstring>

int main()
{
    hrnet_model *model = nullptr;
    hrnet_session *session = nullptr;
    hrnet_config *config = nullptr;
    hrnet_annotations *annotations = nullptr;
    int failed = hrnet_config_load(&config, nullptr, nullptr, nullptr, nullptr) != HRNET_OK;
    hrnet_model_options options = {};
    options.config = config;
    const char *const overrides[] = {"MODEL.NAME", "pose_resnet", "MODEL.EXTRA.NUM_DECONV_LAYERS", "0", nullptr};
    options.overrides = overrides;
    failed += hrnet_model_load(&model, "/no/such/file.pth", &options) != HRNET_ERR_IO;
    failed += hrnet_session_create(&session, model, nullptr) != HRNET_ERR_ARGUMENT;
    failed += hrnet_annotations_load(&annotations, "/no/such/file.json") != HRNET_ERR_IO;
    failed += std::strstr(hrnet_last_error(), "file.json") == nullptr;
    failed += std::strcmp(hrnet_coco_number_names()[HRNET_COCO_AP], "AP") != 0;
    failed += hrnet_dataset_info_coco()->skeleton.n_keypoints != 17;
    hrnet_video *video = nullptr;
    failed += hrnet_video_open(&video, nullptr, nullptr) != HRNET_ERR_ARGUMENT;
    hrnet_video_free(nullptr);
    hrnet_video_writer_free(nullptr);
    failed += hrnet_window_open(nullptr, nullptr, 640, 480, nullptr) != HRNET_ERR_ARGUMENT;
    hrnet_window_free(nullptr);
    hrnet_trainer_free(nullptr);
    hrnet_tracker *tracker = nullptr;
    failed += hrnet_tracker_create(&tracker, nullptr) != HRNET_OK || hrnet_tracker_n_tracks(tracker) != 0;
    hrnet_tracker_free(tracker);
    hrnet_config_free(config);
    std::printf(failed == 0 ? "[       OK ] C++17 program\n" : "[  FAILED  ] C++17 program\n");
    return failed != 0;
}
