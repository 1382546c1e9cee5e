/*
 * test_faults.c - memory that runs out: every public call that allocates is made to fail at its first allocation, its
 * second, and so on until it succeeds. Each time it says HRNET_ERR_MEMORY, leaves its output as it was and leaks
 * nothing (the sanitizer build looks). That forward and pose allocate nothing is test_session's.
 */
#include "../support/net_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static char folder[] = "/tmp/hrnet-test-faults-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a failed save leaves a file behind */
}

/* Makes the call once, undoes it when it succeeds, and returns its status; *untouched 0 when a failed call changed its
 * output. Checks of cmocka stay outside, since they leave with everything allocated. */
typedef hrnet_status attempt_fn(const void *input, int *untouched);

/* Few allocations are all tried. Of many, those at both ends, where things begin and are joined, and some 150 from
 * between, at steps that do not fall in with a loop's period. */
static long next_to_fail(long k, long total)
{
    enum { ENDS = 60, BETWEEN = 150 };
    const long step = (total - 2 * ENDS) / BETWEEN;
    if (step < 2 || k < ENDS || k >= total - ENDS) return k + 1;
    return k + step + (k % 3 == 0);
}

static void fail_each_allocation(const char *what, attempt_fn *attempt, const void *input)
{
    int untouched = 1;
    long n_failed = 0;
    hr_mem_fail_after(-1);
    MUST(attempt(input, &untouched));
    const long total = hr_mem_fail_after(-1);
    for (long k = 0; k < total; k = next_to_fail(k, total), n_failed++) {
        hr_mem_fail_after(k);
        const hrnet_status status = attempt(input, &untouched);
        hr_mem_fail_after(-1);
        if (status != HRNET_ERR_MEMORY)
            fail_msg("%s: allocation %ld of %ld fails: expected HRNET_ERR_MEMORY, found %d: %s", what, k, total,
                     (int)status, hrnet_last_error());
        if (!untouched) fail_msg("%s: allocation %ld of %ld fails: the output was touched", what, k, total);
    }
    print_message("%-44s failed at %ld of %ld allocations\n", what, n_failed, total);
    assert_true(total > 0);
}

typedef struct loading {
    const char *path;
    const hrnet_config *config;
} loading;

static hrnet_status load_model(const void *input, int *untouched)
{
    const loading *l = input;
    hrnet_model *model = NULL;
    const hrnet_status status = hrnet_model_load(&model, l->path, &(hrnet_model_options){.config = l->config});
    *untouched = status == HRNET_OK || model == NULL;
    if (status == HRNET_OK) hrnet_model_free(model);
    return status;
}

static void model_load(void **state)
{
    (void)state;
    static const char *const files[] = {"weights.pth", "weights_legacy.pth", "weights_mmpose.pth",
                                        "checkpoint_official.pth"};
    hrnet_config *config = golden_config(net_names[0]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        fail_each_allocation(files[i], load_model, &(loading){golden_path(net_names[0], files[i]), config});
    fail_each_allocation("weights.pth, network inferred", load_model,
                         &(loading){golden_path(net_names[0], "weights.pth"), NULL});
    fail_each_allocation("initial values", load_model, &(loading){NULL, config});
    hrnet_config_free(config);
}

static void our_file(void **state)
{
    (void)state;
    char path[64];
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_config *config = golden_config(net_names[1]);
    snprintf(path, sizeof path, "%s/ours.safetensors", folder);
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net_names[1], "weights.pth")));
    MUST(hrnet_checkpoint_save(checkpoint, path, &(hrnet_save_options){.config = config}));
    hrnet_checkpoint_free(checkpoint);
    hrnet_config_free(config);
    fail_each_allocation("ours.safetensors", load_model, &(loading){path, NULL});
    assert_int_equal(unlink(path), 0);
}

static hrnet_status load_pretrained(const void *input, int *untouched)
{
    hrnet_model *model = NULL;
    const hrnet_status status =
        hrnet_model_load(&model, NULL, &(hrnet_model_options){.config = input, .training = 1, .allow_missing = 1});
    *untouched = status == HRNET_OK || model == NULL;
    if (status == HRNET_OK) hrnet_model_free(model);
    return status;
}

static void pretrained(void **state)
{
    (void)state;
    hrnet_config *config = NULL;
    const char *const overrides[] = {"MODEL.PRETRAINED", golden_path(net_names[0], "weights.pth"), NULL};
    MUST(hrnet_config_load(&config, golden_path(net_names[0], "config.yaml"), overrides, NULL, NULL));
    fail_each_allocation("MODEL.PRETRAINED", load_pretrained, config);
    hrnet_config_free(config);
}

static hrnet_status load_config(const void *input, int *untouched)
{
    static const char *const overrides[] = {"MODEL.IMAGE_SIZE", "[96, 128]", "MODEL.HEATMAP_SIZE", "[24, 32]", NULL};
    hrnet_config *config = NULL;
    const hrnet_status status = hrnet_config_load(&config, input, overrides, NULL, NULL);
    *untouched = status == HRNET_OK || config == NULL;
    if (status == HRNET_OK) hrnet_config_free(config);
    return status;
}

static void config_load(void **state)
{
    (void)state;
    fail_each_allocation("config.yaml", load_config, golden_path(net_names[0], "config.yaml"));
    fail_each_allocation("coco/hrnet/w32_256x192", load_config, "coco/hrnet/w32_256x192");
}

static hrnet_status create_session(const void *input, int *untouched)
{
    hrnet_session *session = NULL;
    const hrnet_session_options options = {.threads = 3, .max_batch = 2};
    const hrnet_status status = hrnet_session_create(&session, input, &options);
    *untouched = status == HRNET_OK || session == NULL;
    if (status == HRNET_OK) hrnet_session_free(session);
    return status;
}

static void session_create(void **state)
{
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    fail_each_allocation("session", create_session, model);
    hrnet_model_free(model);
}

typedef struct saving {
    const hrnet_checkpoint *checkpoint;
    hrnet_save_options options;
    const char *path;
} saving;

static hrnet_status save_checkpoint(const void *input, int *untouched)
{
    const saving *s = input;
    const hrnet_status status = hrnet_checkpoint_save(s->checkpoint, s->path, &s->options);
    *untouched = status == HRNET_OK || access(s->path, F_OK) != 0;
    if (status == HRNET_OK) unlink(s->path);
    return status;
}

static void checkpoint_save(void **state)
{
    (void)state;
    char path[64];
    hrnet_config *config = golden_config(net_names[0]);
    saving s = {.options = {.config = config}, .path = path};
    hrnet_checkpoint *checkpoint = NULL;
    snprintf(path, sizeof path, "%s/saved", folder);
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net_names[0], "weights.pth")));
    s.checkpoint = checkpoint;
    fail_each_allocation("save as safetensors", save_checkpoint, &s);
    s.options.half = 1;
    fail_each_allocation("save as float16", save_checkpoint, &s);
    s.options = (hrnet_save_options){.format = HRNET_PTH, .config = config};
    fail_each_allocation("save as .pth", save_checkpoint, &s);
    hrnet_checkpoint_free(checkpoint);
    hrnet_config_free(config);
}

typedef struct referring {
    const hrnet_checkpoint *checkpoint;
    const hrnet_config *config;
    hrnet_array input;
} referring;

static hrnet_status reference_forward(const void *input, int *untouched)
{
    const referring *r = input;
    static const char *const small[] = {"MODEL.IMAGE_SIZE", "[32, 32]", "MODEL.HEATMAP_SIZE", "[8, 8]", NULL};
    const hrnet_model_options options = {.config = r->config, .overrides = small};
    hrnet_array out = {0};
    const hrnet_status status = hrnet_reference_forward(&out, r->checkpoint, &options, &r->input, 1, 1);
    *untouched = status == HRNET_OK || (out.data == NULL && out.n_dims == 0);
    hrnet_array_free(&out);
    return status;
}

static void reference(void **state)
{
    (void)state;
    static float picture[3 * 32 * 32];
    hrnet_checkpoint *checkpoint = NULL;
    hrnet_config *config = golden_config(net_names[0]);
    MUST(hrnet_checkpoint_load(&checkpoint, golden_path(net_names[0], "weights.pth")));
    const referring r = {checkpoint, config, {.n_dims = 4, .shape = {1, 3, 32, 32}, .data = picture}};
    fail_each_allocation("reference", reference_forward, &r);
    hrnet_checkpoint_free(checkpoint);
    hrnet_config_free(config);
}

static hrnet_status load_detector(const void *input, int *untouched)
{
    hrnet_detector *detector = NULL;
    const hrnet_status status = hrnet_detector_load(&detector, input, NULL);
    *untouched = status == HRNET_OK || detector == NULL;
    if (status == HRNET_OK) hrnet_detector_free(detector);
    return status;
}

static void detector_load(void **state)
{
    (void)state;
    fail_each_allocation("detector, YOLOX", load_detector, golden_path("detect", "yolox_dw.pth"));
    fail_each_allocation("detector, RTMDet", load_detector, golden_path("detect", "rtmdet_nano.pth"));
}

/* A session of its own, so that every plan is made anew: two pictures of different shape and two alike. */
static hrnet_status detect(const void *input, int *untouched)
{
    enum { N = 4 };
    static const uint8_t noise[64 * 64] = {1, 200, 3, 77, 255};
    static const int heights[N] = {64, 20, 64, 64};
    hrnet_pixels pictures[N];
    hrnet_objects found[N];
    hrnet_detector_session *session = NULL;
    const hrnet_detector_session_options how = {.threads = 2, .size = 96, .max_batch = 2};
    const hrnet_detect_options options = {.threshold = 1e-6f, .all_categories = 1};
    for (int i = 0; i < N; i++) {
        found[i] = (hrnet_objects){.n = 7};
        pictures[i] = (hrnet_pixels){
            .width = 64, .height = heights[i], .format = HRNET_PIXELS_GREY, .planes = {noise}, .strides = {64}};
    }
    hrnet_status status = hrnet_detector_session_create(&session, input, &how);
    *untouched = status == HRNET_OK || session == NULL;
    if (status != HRNET_OK) return status;
    status = hrnet_detector_session_detect(session, pictures, N, &options, found);
    for (int i = 0; i < N; i++) {
        if (status != HRNET_OK) *untouched &= found[i].n == 7 && found[i].objects == NULL;
        if (status == HRNET_OK) hrnet_objects_free(&found[i]);
    }
    hrnet_detector_session_free(session);
    return status;
}

static void detector_session(void **state)
{
    (void)state;
    hrnet_detector *detector = NULL;
    MUST(hrnet_detector_load(&detector, golden_path("detect", "yolox_dw.pth"), NULL));
    fail_each_allocation("detector session", detect, detector);
    hrnet_detector_free(detector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(model_load),  cmocka_unit_test(our_file),       cmocka_unit_test(pretrained),
        cmocka_unit_test(config_load), cmocka_unit_test(session_create), cmocka_unit_test(checkpoint_save),
        cmocka_unit_test(reference),   cmocka_unit_test(detector_load),  cmocka_unit_test(detector_session),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
