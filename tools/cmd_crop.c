/* cmd_crop.c - `hrnet crop`: the region of a picture that a network would see. */
#include <stddef.h>

#include <hrnet.h>

#include "command.h"
#include "tool.h"

typedef struct settings {
    const char *box, *output;
    float center[2], scale[2], rotation;
    int size[2], sampler, ignore_orientation;
} settings;

static const option options[] = {
    {"center", 0, OPTION_PAIR, "x,y", "centre of the crop in pixels", offsetof(settings, center), 0, 0},
    {"scale", 0, OPTION_PAIR, "sx,sy", "its width and height / 200 px; the published transform uses the width only",
     offsetof(settings, scale), 0, 0},
    {"box", 0, OPTION_TEXT, "x,y,w,h", "instead of centre and scale: a person's box, enlarged as in the published code",
     offsetof(settings, box), 0, 0},
    {"rot", 0, OPTION_FLOAT, "DEG", "rotation in degrees; default: 0", offsetof(settings, rotation), -1e6, 1e6},
    {"size", 0, OPTION_SIZE, "WxH", "of the crop in pixels; default: 192x256", offsetof(settings, size), 1, 16384},
    {"sampler", 0, OPTION_CHOICE, SAMPLER_NAMES, "resampling; default: opencv", offsetof(settings, sampler), 0, 0},
    {"ignore-orientation", 0, OPTION_FLAG, NULL, "do not turn the picture as its EXIF data says",
     offsetof(settings, ignore_orientation), 0, 0},
    {"output", 'o', OPTION_TEXT, "FILE", "picture to write (.png .jpg .webp)", offsetof(settings, output), 0, 0},
    {0},
};

static int choose_region(const settings *set, hrnet_crop *crop)
{
    float v[4];
    *crop = (hrnet_crop){{set->center[0], set->center[1]}, {set->scale[0], set->scale[1]}, set->rotation};
    if (set->box == NULL && set->scale[0] > 0) return 0;
    if (set->box == NULL)
        return tool_usage("expected --center x,y and --scale sx,sy with sx above 0, or --box x,y,w,h");
    if (set->scale[0] != 0) return tool_usage("--box and --scale exclude each other");
    if (options_numbers(set->box, v, 4) != 0 || v[2] <= 0 || v[3] <= 0)
        return tool_usage("--box: '%s': expected x,y,w,h with w and h above 0", set->box);
    *crop = hrnet_crop_from_box((hrnet_box){v[0], v[1], v[2], v[3]}, (float)set->size[0] / (float)set->size[1]);
    crop->rotation = set->rotation;
    return 0;
}

static int run(int argc, char **argv)
{
    settings set = {.size = {192, 256}};
    hrnet_crop crop;
    int n_arguments = 0;
    int status = options_parse(&command_crop, argc, argv, &set, &n_arguments);
    if (status != OPTIONS_RUN) return status;
    if (n_arguments != 1 || set.output == NULL) return tool_usage("expected one IMAGE and --output FILE");
    if (!tool_is_picture(set.output)) return tool_usage("%s: expected the ending .png, .jpg or .webp", set.output);
    status = tool_check_output(set.output, TOOL_INPUTS(argv[0]));
    if (status == 0) status = choose_region(&set, &crop);
    if (status != 0) return status;
    hrnet_image image = {0}, out = {0};
    const unsigned flags = set.ignore_orientation ? HRNET_IMAGE_IGNORE_ORIENTATION : 0;
    hrnet_status failed = hrnet_image_load(&image, argv[0], flags);
    if (failed == HRNET_OK && hrnet_image_warning()[0] != '\0') tool_error("warning: %s", hrnet_image_warning());
    const hrnet_pixels pixels = hrnet_image_pixels(&image);
    if (failed == HRNET_OK)
        failed = hrnet_crop_image(&out, &pixels, &crop, set.size[0], set.size[1], (hrnet_sampler)set.sampler);
    if (failed == HRNET_OK) failed = hrnet_image_save(&out, set.output);
    if (failed != HRNET_OK) status = tool_failed();
    hrnet_image_free(&image);
    hrnet_image_free(&out);
    return status;
}

const command command_crop = {"crop",
                              "IMAGE --center x,y --scale sx,sy --output FILE [options]",
                              "Cut out the region of a picture that a network would see.",
                              NULL,
                              options,
                              run};
