/* normalize.c - published practice by network. */
#include "config/normalize.h"

const hr_normalization *hr_normalization_of(const hr_config *config)
{
    static const hr_normalization of_imagenet = {{0.485f, 0.456f, 0.406f},
                                                 {0.229f, 0.224f, 0.225f},
                                                 "[0.485, 0.456, 0.406]",
                                                 "[0.229, 0.224, 0.225]"},
                                  of_imagenet_bgr = {{0.406f, 0.456f, 0.485f},
                                                     {0.225f, 0.224f, 0.229f},
                                                     "[0.406, 0.456, 0.485]",
                                                     "[0.225, 0.224, 0.229]"},
                                  plain = {{0, 0, 0},
                                           {1 / 255.0f, 1 / 255.0f, 1 / 255.0f},
                                           "[0, 0, 0]",
                                           "[0.00392156862745098, 0.00392156862745098, 0.00392156862745098]"};
    switch (hr_family_of(config->model.name)) {
    case HR_YOLOX: return &plain;
    case HR_RTMDET: return config->dataset.color_rgb ? &of_imagenet : &of_imagenet_bgr;
    default: return &of_imagenet;
    }
}
