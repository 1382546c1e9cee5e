/* program.cpp - every public header in one C++17 program, which links with the library and calls into each. */
#include <hrnet.h>
#include <hrnet_data.h>
#include <hrnet_eval.h>
#include <hrnet_fetch.h>
#include <hrnet_results.h>
#include <hrnet_track.h>
#include <hrnet_train.h>
#include <hrnet_video.h>
#include <hrnet_window.h>

#include <cstdio>
#include <cstring>

/* A version that does not know what a word means says so. */
static int reserved_words_are_checked(const hrnet_config *config)
{
    int failed = 0;
    hrnet_evaluation *evaluation = nullptr;
    hrnet_evaluation_files files = {};
    files.reserved[3] = 1;
    failed += hrnet_evaluation_open(&evaluation, config, &files) != HRNET_ERR_ARGUMENT;
    failed += std::strstr(hrnet_last_error(), "hrnet_evaluation_files: reserved[3]") == nullptr;
    hrnet_trainer *trainer = nullptr;
    hrnet_trainer_options how = {};
    how.reserved[0] = 1;
    failed += hrnet_trainer_create(&trainer, config, &how) != HRNET_ERR_ARGUMENT;
    hrnet_training_options cost_of = {};
    cost_of.batch = 1;
    cost_of.reserved[1] = 1;
    hrnet_training_step step;
    hrnet_training_cost cost;
    failed += hrnet_training_measure(config, &cost_of, 1, &step, &cost) != HRNET_ERR_ARGUMENT;
    hrnet_mot_score score;
    hrnet_mot_boxes none = {}, odd = {};
    odd.reserved[1] = 1;
    failed += hrnet_mot_evaluate(&score, &none, &odd, nullptr) != HRNET_ERR_ARGUMENT;
    hrnet_tracker *tracker = nullptr;
    hrnet_tracker_options by = {};
    hrnet_skeleton skeleton = *hrnet_skeleton_coco();
    skeleton.reserved[0] = 1;
    by.skeleton = &skeleton;
    failed += hrnet_tracker_create(&tracker, &by) != HRNET_ERR_ARGUMENT;
    return failed;
}

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
    char *path = nullptr;
    failed += hrnet_fetch(&path, "no-such-network", nullptr) != HRNET_ERR_ARGUMENT;
    failed += hrnet_published_n() == 0 || hrnet_published_find("yolox-s") == nullptr;
    hrnet_trainer_free(nullptr);
    hrnet_tracker *tracker = nullptr;
    failed += hrnet_tracker_create(&tracker, nullptr) != HRNET_OK || hrnet_tracker_n_tracks(tracker) != 0;
    hrnet_tracker_free(tracker);
    failed += reserved_words_are_checked(config);
    hrnet_config_free(config);
    std::printf(failed == 0 ? "[       OK ] C++17 program\n" : "[  FAILED  ] C++17 program\n");
    return failed != 0;
}
