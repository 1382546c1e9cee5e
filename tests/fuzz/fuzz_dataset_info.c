/* fuzz_dataset_info.c - descriptions of keypoints in YAML. */
#include "data/coco_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hrnet_dataset_info *info = NULL;
    if (hr_dataset_info_parse_yaml(&info, data, size, "fuzz") == HRNET_OK) hrnet_dataset_info_free(info);
    return 0;
}
