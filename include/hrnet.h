/*
 * hrnet.h - HRNet human pose estimation: everything needed to turn pixels into people and their keypoints.
 *
 *   hrnet_detector *detector = NULL;
 *   hrnet_model *model = NULL;
 *   hrnet_finder *finder = NULL;
 *   hrnet_image photo = {0};
 *   hrnet_people people = {0};
 *   int failed = hrnet_detector_load(&detector, NULL, NULL) || // the detector that ships; or "yolox_s.pth"
 *                hrnet_model_load(&model, NULL, NULL) ||       // the model that ships; or "w32_256x192.pth"
 *                hrnet_finder_create(&finder, detector, model, NULL) ||
 *                hrnet_image_load(&photo, "photo.jpg", 0);
 *   const hrnet_pixels pixels = hrnet_image_pixels(&photo);
 *   if (failed || hrnet_people_find(finder, &pixels, 1, NULL, &people))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *
 * Manners, which hold for every function here:
 *   - Functions that can fail return hrnet_status; 0 is success. On failure outputs are untouched (out-handles stay
 *     as they were) and hrnet_last_error() says, for this thread, what happened: the file, the entry, what was
 *     expected and what was found.
 *   - A zeroed options struct, or NULL in its place, means the defaults.
 *   - _free and _destroy accept NULL. Handles are freed by the function named at their type.
 *   - hrnet_model and hrnet_config are immutable once made and may be shared between threads. A hrnet_session is for
 *     one thread at a time; it owns its scratch memory, and its worker threads unless it is given a hrnet_pool.
 *   - After fork() the child may use the parent's models and configurations. The parent's pools, sessions and trainers
 *     are of no use there, as their threads did not come along: runs on them fail (HRNET_ERR_UNSUPPORTED), and they can
 *     be freed.
 *   - Arrays are C-contiguous; shapes stand in brackets, outermost first. Pixels have their origin at the top left,
 *     and the centre of the first pixel is (0, 0). An hrnet_image is 8-bit RGB that the library allocated; hrnet_pixels
 *     is a view of pixels in one of several formats that belong to the caller and are used where they are.
 *   - Structs end in `reserved`, which is zero: a version that gives these bytes a meaning takes 0 for what was done
 *     before. In structs that a call is given, non-zero ones are HRNET_ERR_ARGUMENT. Eight structs have no `reserved`
 *     because they will never have other members: hrnet_image, hrnet_array, hrnet_keypoint, hrnet_box, hrnet_crop,
 *     hrnet_object, hrnet_raw_video, hrnet_mot_box.
 *   - HRNET_VERSION and the numbers behind it are those of this header, hrnet_version() is the library's. Programs run
 *     with every later library of the same soname (CONTRIBUTING.md, "The ABI").
 *   - Long calls ask a callback of their options (hrnet_cancel_fn) whether to go on.
 *   - Nothing here prints, exits, or changes process-wide state.
 *
 * Environment variables that the library reads: HRNET_CPU (scalar, avx2, avx512, neon: no instructions beyond these, to
 * compare or debug), HRNET_MPI and HRNET_LIBAV (the paths of libhrnet_mpi.so and libhrnet_libav.so; else they are
 * looked for beside the library), those of hrnet_fetch.h, and, to know whether mpirun started the program,
 * OMPI_COMM_WORLD_SIZE, PMI_SIZE, PMIX_RANK with SLURM_STEP_NUM_TASKS.
 */
#ifndef HRNET_H
#define HRNET_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define HRNET_API __attribute__((visibility("default")))
#else
#define HRNET_API
#endif

/* The version of this header, the only place where it is written down: "MAJOR.MINOR.PATCH", and a number that grows
 * with it, for #if HRNET_VERSION_NUMBER >= HRNET_VERSION_OF(0, 9, 0). */
#define HRNET_VERSION_MAJOR 0
#define HRNET_VERSION_MINOR 9
#define HRNET_VERSION_PATCH 0

#define HRNET_VERSION_TEXT_(major, minor, patch) #major "." #minor "." #patch
#define HRNET_VERSION_TEXT(major, minor, patch)  HRNET_VERSION_TEXT_(major, minor, patch)
#define HRNET_VERSION                            HRNET_VERSION_TEXT(HRNET_VERSION_MAJOR, HRNET_VERSION_MINOR, HRNET_VERSION_PATCH)
#define HRNET_VERSION_OF(major, minor, patch)    ((major)*1000000 + (minor)*1000 + (patch))
#define HRNET_VERSION_NUMBER                     HRNET_VERSION_OF(HRNET_VERSION_MAJOR, HRNET_VERSION_MINOR, HRNET_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ status */

typedef enum hrnet_status {
    HRNET_OK = 0,
    HRNET_ERR_ARGUMENT = 1,    /* the caller's argument is out of its range */
    HRNET_ERR_MEMORY = 2,      /* an allocation failed */
    HRNET_ERR_IO = 3,          /* a file cannot be opened, read, written or renamed */
    HRNET_ERR_FORMAT = 4,      /* a file's content is broken or is not what its format allows */
    HRNET_ERR_CONFIG = 5,      /* a configuration key or value is wrong */
    HRNET_ERR_MISMATCH = 6,    /* weights and network do not belong together */
    HRNET_ERR_UNSUPPORTED = 7, /* well-formed, but not something this library does */
    HRNET_ERR_LIMIT = 8,       /* larger than a safety limit */
    HRNET_ERR_CANCELLED = 9    /* the caller's hrnet_cancel_fn ended the call */
} hrnet_status;

/* The name of a status in words ("out of memory"). Static; never NULL. */
HRNET_API const char *hrnet_status_text(hrnet_status status);

/* What the last failing call on this thread found. Valid until the next failing call on this thread; "" at first. */
HRNET_API const char *hrnet_last_error(void);

/* Make text from a file harmless to print: control characters, which could be commands to the terminal, and bytes that
 * are no UTF-8 become '?', in place. Returns text. Messages of hrnet_last_error are so already; lines for a
 * hrnet_message_fn and names of tensors, keypoints and files are as the file has them. */
HRNET_API char *hrnet_printable(char *text);

/* "MAJOR.MINOR.PATCH". Static. */
HRNET_API const char *hrnet_version(void);

/* Receives one line of information, without a newline. Called on the thread that made the call. */
typedef void hrnet_message_fn(void *context, const char *line);

/* Asked by a long call between two passes, on the thread that made the call: anything but 0 ends the call with
 * HRNET_ERR_CANCELLED. To cancel from another thread, let it read an atomic flag. */
typedef int hrnet_cancel_fn(void *context);

/* Strings made by the library for the caller. */
HRNET_API void hrnet_string_free(char *text);

/* ------------------------------------------------------------------------------------------------ images */

/* 8-bit RGB, [height][width][3]. Zero it before use; release it with hrnet_image_free. */
typedef struct hrnet_image {
    int width, height;
    uint8_t *rgb;
} hrnet_image;

enum {
    HRNET_IMAGE_IGNORE_ORIENTATION = 1 /* do not turn the picture as its EXIF orientation says (what scoring wants) */
};

/* Read a JPEG (baseline, progressive, grey, CMYK), PNG (every depth, palette), WebP (of an animation the first picture)
 * or BMP file, and TIFF, GIF (the first picture), AVIF and HEIC where their modules are installed (else
 * HRNET_ERR_UNSUPPORTED, with the package's name); told apart by content. Pixels are those of OpenCV's imread. In
 * particular transparency is dropped in every format: a pixel has the colour that is stored for it, not blended with
 * any background. Pictures of more than 2^28 pixels, 2^20 on a side, or that take more than 1 GiB to decode are refused
 * (HRNET_ERR_LIMIT). A JPEG that is damaged or cut short is read as far as it goes, with a warning. path "-" is
 * standard input. */
HRNET_API hrnet_status hrnet_image_load(hrnet_image *out, const char *path, unsigned flags);

/* The same from memory; name is used in messages. */
HRNET_API hrnet_status hrnet_image_decode(hrnet_image *out, const void *bytes, size_t n_bytes, const char *name,
                                          unsigned flags);

/* What was wrong with the picture that this thread read last, if it was read all the same: "photo.jpg: the JPEG picture
 * is damaged, ..."; "" if nothing was. Valid until the thread reads the next one. */
HRNET_API const char *hrnet_image_warning(void);

/* Write PNG, JPEG (quality 92) or WebP (quality 90), chosen by the ending of path. Written to a temporary name beside
 * it and renamed, so that path is either whole or as it was. */
HRNET_API hrnet_status hrnet_image_save(const hrnet_image *image, const char *path);

HRNET_API void hrnet_image_free(hrnet_image *image);

typedef enum hrnet_pixel_format {
    HRNET_PIXELS_RGB = 0, /* planes[0]: bytes R, G, B */
    HRNET_PIXELS_BGR,     /* B, G, R: what OpenCV reads */
    HRNET_PIXELS_RGBA,    /* R, G, B, A; alpha is not looked at */
    HRNET_PIXELS_BGRA,
    HRNET_PIXELS_GREY, /* one byte a pixel */
    HRNET_PIXELS_NV12, /* planes[0]: Y of every pixel; planes[1]: U, V of every 2 x 2 pixels. BT.601, limited range, as
                          cv2.cvtColor converts it: no filter between the chroma samples */
    HRNET_PIXELS_I420  /* the same with U in planes[1] and V in planes[2] */
} hrnet_pixel_format;

/* A borrowed view: pixels that stay where they are and belong to the caller, of a video frame, an array, an
 * hrnet_image. Nothing outside the rows is read: the last one ends with its last pixel, whatever the stride. Zero it
 * before use. */
typedef struct hrnet_pixels {
    int width, height; /* any; with an odd one the last chroma samples of NV12 and I420 stand for one row or column */
    hrnet_pixel_format format;
    const uint8_t *planes[3]; /* the first row of each plane that the format has */
    ptrdiff_t strides[3];     /* bytes from a row to the next; 0: no gap between rows; below 0: the next row stands
                                 before it, as in pictures that are stored from the bottom up */
    uint64_t reserved[2];
} hrnet_pixels;

/* An image as a view, valid until the image is freed. */
static inline hrnet_pixels hrnet_image_pixels(const hrnet_image *image)
{
    const hrnet_pixels pixels = {image->width, image->height, HRNET_PIXELS_RGB, {image->rgb, NULL, NULL},
                                 {0, 0, 0},    {0, 0}};
    return pixels;
}

/* A copy of the pixels as RGB, to be drawn on or saved. More than 2^28 of them are refused (HRNET_ERR_LIMIT). */
HRNET_API hrnet_status hrnet_image_copy(hrnet_image *out, const hrnet_pixels *pixels);

/* ------------------------------------------------------------------------------------------------ arrays */

/* A float32 array of up to 8 dimensions, as in a .npy file. Zero it before use; release with hrnet_array_free. */
typedef struct hrnet_array {
    int n_dims;
    size_t shape[8];
    float *data;
} hrnet_array;

/* Read a .npy file (C order; float16/32/64 and integers are converted to float32). path "-" is standard input. */
HRNET_API hrnet_status hrnet_array_load(hrnet_array *out, const char *path);
/* Write a .npy file of float32; written to a temporary name and renamed. path "-" is standard output. */
HRNET_API hrnet_status hrnet_array_save(const hrnet_array *array, const char *path);
HRNET_API void hrnet_array_free(hrnet_array *array);

/* ------------------------------------------------------------------------------------------------ configuration */

/* One experiment in the published YAML schema, with the published defaults. Free with hrnet_config_free. */
typedef struct hrnet_config hrnet_config;

/* name: a path to a YAML file; or the name of a published experiment, whole or its beginning when that is unique
 *   ("coco/hrnet/w32_256x192"); or NULL for the defaults alone.
 * overrides: NULL, or "KEY", "VALUE", ..., NULL (pairs, applied after the file), e.g. "MODEL.IMAGE_SIZE", "[192, 256]".
 * on_message (may be NULL) is told of keys that are accepted but do nothing.
 * Unknown keys and wrong types are HRNET_ERR_CONFIG and name file, line and key. */
HRNET_API hrnet_status hrnet_config_load(hrnet_config **out, const char *name, const char *const *overrides,
                                         hrnet_message_fn *on_message, void *context);

/* The value of one key ("MODEL.NUM_JOINTS") as YAML text; free it with hrnet_string_free. */
HRNET_API hrnet_status hrnet_config_get(const hrnet_config *config, const char *key, char **out_text);

/* The whole configuration as YAML text; free it with hrnet_string_free. */
HRNET_API hrnet_status hrnet_config_dump(const hrnet_config *config, char **out_text);

/* Names of the experiments that are built in; NULL-terminated, static. */
HRNET_API const char *const *hrnet_config_names(void);

HRNET_API void hrnet_config_free(hrnet_config *config);

/* ------------------------------------------------------------------------------------------------ checkpoints */

/* A file of named tensors. Free with hrnet_checkpoint_free. Read by content: PyTorch's zip container, the older pickle
 * stream, safetensors. Nothing in the file is ever executed. */
typedef struct hrnet_checkpoint hrnet_checkpoint;

/* One tensor as the file holds it. Pointers live as long as the checkpoint. */
typedef struct hrnet_tensor_info {
    const char *name;  /* official name ("stage2.0.branches.0.0.conv1.weight"), or the file's own when none applies */
    const char *found; /* where it stands in the file: "state_dict/backbone.stage2..." */
    const char *dtype; /* "float32", "float16", "bfloat16", "float64", "int64", ..., or the file's own name of a type
                          that is not read ("F8_E4M3") */
    int n_dims;
    int64_t shape[8];
    uint64_t reserved[2];
} hrnet_tensor_info;

/* path NULL: the weights that ship with the library (models/README.md). */
HRNET_API hrnet_status hrnet_checkpoint_load(hrnet_checkpoint **out, const char *path);

/* The same for one of several networks in a file: key names it by whole parts of its path, "ema", "state_dict/teacher";
 * "." is the file's root. HRNET_ERR_MISMATCH, with a list of what there is, if no network's path has the key. Without a
 * key (NULL) a whole pose network is taken before a body without a head; then that in "state_dict", in the root, in
 * "model", in "best_state_dict", or the first in the file. */
HRNET_API hrnet_status hrnet_checkpoint_load_key(hrnet_checkpoint **out, const char *path, const char *key);

/* Number of tensors that hold weights, in the file's order. */
HRNET_API size_t hrnet_checkpoint_n_tensors(const hrnet_checkpoint *checkpoint);
HRNET_API hrnet_tensor_info hrnet_checkpoint_tensor(const hrnet_checkpoint *checkpoint, size_t index);

/* "PyTorch zip", "PyTorch pickle stream", "safetensors". */
HRNET_API const char *hrnet_checkpoint_container(const hrnet_checkpoint *checkpoint);
/* Which producer's naming it has: "official", "official checkpoint.pth", "mmpose 0.x", "mmpose 1.x", "simple-HRNet",
 * "ImageNet", "hrnet", "unknown". */
HRNET_API const char *hrnet_checkpoint_layout(const hrnet_checkpoint *checkpoint);
/* Value of a metadata entry of our own files ("hrnet.codec"), or NULL. */
HRNET_API const char *hrnet_checkpoint_metadata(const hrnet_checkpoint *checkpoint, const char *key);

/* The configuration the file carries, else the one inferred from tensor names and shapes. */
HRNET_API hrnet_status hrnet_checkpoint_config(const hrnet_checkpoint *checkpoint, hrnet_config **out);

typedef enum hrnet_file_format {
    HRNET_SAFETENSORS = 0, /* our single file: weights, configuration, codec, mean/std, keypoints */
    HRNET_PTH = 1          /* flat state dict in PyTorch's zip container, official names */
} hrnet_file_format;

typedef struct hrnet_save_options {
    hrnet_file_format format;
    int half;                   /* 1: store floating tensors as float16 (safetensors only), but for those with numbers
                                   beyond its range */
    const hrnet_config *config; /* NULL: hrnet_checkpoint_config */
    const struct hrnet_skeleton *skeleton; /* what the joints are; NULL: what the checkpoint says */
    hrnet_message_fn *on_message; /* gets the loading report (see hrnet_model_options), and a line about what is not
                                     written: what the checkpoint does not say and the options do not either
                                     (safetensors), or what the format has no place for (.pth) */
    void *context;
    uint64_t reserved[4];
} hrnet_save_options;

/* Write the network's tensors under official names in state-dict order. Temporary name, then renamed. What is only
 * assumed about a network (its keypoints by their number, the codec, the input size) is not written as known.
 * HRNET_ERR_MISMATCH when tensors of the network are missing, or others stand inside it; HRNET_ERR_FORMAT for NaN and
 * infinite numbers. */
HRNET_API hrnet_status hrnet_checkpoint_save(const hrnet_checkpoint *checkpoint, const char *path,
                                             const hrnet_save_options *options);

HRNET_API void hrnet_checkpoint_free(hrnet_checkpoint *checkpoint);

/* ------------------------------------------------------------------------------------------------ keypoints */

/* A keypoint in pixels of the image. score is the heatmap's maximum: not a probability; it can pass 1 or be negative.
 */
typedef struct hrnet_keypoint {
    float x, y, score;
} hrnet_keypoint;

/* Top-left corner and size in pixels; w and h > 0 for a box, {0} means the whole picture. */
typedef struct hrnet_box {
    float x, y, w, h;
} hrnet_box;

/* How the flip pairs of a skeleton are known. */
typedef enum hrnet_pairs_from {
    HRNET_PAIRS_GIVEN = 0,      /* somebody wrote them down, be it an empty list */
    HRNET_PAIRS_BY_NAME = 1,    /* left and right were recognised in the names */
    HRNET_PAIRS_NONE_FOUND = 2, /* names that speak, but of no left and right: taken to have no pairs */
    HRNET_PAIRS_UNKNOWN = 3     /* no names, or numbers for names: a flip test is HRNET_ERR_ARGUMENT */
} hrnet_pairs_from;

/* What the joints of a network are. Static or owned by the model; never freed by the caller. */
typedef struct hrnet_skeleton {
    const char *name; /* "coco", "mpii", the name that the weights give their data set, else "custom" */
    int n_keypoints;
    const char *const *keypoint_names; /* [n_keypoints] */
    int n_flip_pairs;
    const int (*flip_pairs)[2]; /* [n_flip_pairs][2], keypoints that change places in a mirror */
    int n_links;
    const int (*links)[2]; /* [n_links][2], bones to draw */
    const float *sigmas;   /* [n_keypoints], OKS constants (COCO's sigmas), or NULL */
    hrnet_pairs_from pairs_from;
    uint64_t reserved[2];
} hrnet_skeleton;

HRNET_API const hrnet_skeleton *hrnet_skeleton_coco(void); /* 17 keypoints */
HRNET_API const hrnet_skeleton *hrnet_skeleton_mpii(void); /* 16 keypoints */

/* ------------------------------------------------------------------------------------------------ model */

/* A network with its weights, ready to run. Immutable; free with hrnet_model_free after its sessions. */
typedef struct hrnet_model hrnet_model;

typedef enum hrnet_precision {
    HRNET_FP32 = 0,
    HRNET_FP16_WEIGHTS = 1 /* packed weights in half precision, arithmetic in float: half the memory */
} hrnet_precision;

typedef struct hrnet_model_options {
    const hrnet_config *config;   /* NULL: what the file carries, else inferred from its tensors */
    const char *const *overrides; /* NULL, or "KEY", "VALUE", ..., NULL: changes to that configuration */
    int allow_missing;            /* 1: tensors that the file lacks or has in another shape or type keep their initial
                                     values instead of failing, and those that only another network has are left */
    int training;                 /* 1, with path NULL: what get_pose_net(cfg, is_train=True) gives: initial values,
                                     then MODEL.PRETRAINED (below DATA_DIR), its PRETRAINED_LAYERS only, if
                                     MODEL.INIT_WEIGHTS is set and the name is not empty */
    hrnet_message_fn *on_message; /* the loading report: counts, every missing, unexpected, wrong-shape tensor. A line
                                     that begins with "warning: " tells of what may change numbers */
    void *context;
    uint64_t seed; /* of the initial values */
    hrnet_precision precision;
    int batch; /* pictures that sessions will mostly run together; 0: 1. Only a hint for speed: more lets layers spend
                  memory on weights that are then read less often. */
    const char *backend;   /* what runs the network; NULL: "cpu", the only one there is */
    uint64_t memory_limit; /* most bytes of packed weights: a few words of configuration may ask for any number of them.
                              0: a quarter of this machine's memory, within 1 and 4 GiB. More is HRNET_ERR_LIMIT */
    const char *weights_key;        /* which network of the file at path; see hrnet_checkpoint_load_key */
    const hrnet_skeleton *skeleton; /* what the joints are, in place of what the weights say; copied. HRNET_ERR_MISMATCH
                                       if it has another number of keypoints. NULL: see hrnet_skeleton_origin */
    uint64_t reserved[1];
} hrnet_model_options;

/* path NULL: with options->config a network with initial weights; without, the network that ships with the library,
 * which finds COCO's 17 keypoints (models/README.md). */
HRNET_API hrnet_status hrnet_model_load(hrnet_model **out, const char *path, const hrnet_model_options *options);

/* What a network is for. */
typedef enum hrnet_task {
    HRNET_TASK_POSE = 0,  /* heatmaps of the keypoints of one person */
    HRNET_TASK_DETECT = 1 /* boxes in a whole picture */
} hrnet_task;

typedef struct hrnet_model_info {
    const char *name; /* "pose_hrnet", "pose_resnet", "detect_hrnet", "yolox", "rtmdet" */
    hrnet_task task;
    int n_joints;                      /* heatmaps per person; 0 for a detector */
    int n_classes;                     /* of a detector; 0 for a pose network */
    int input_width, input_height;     /* pixels */
    int heatmap_width, heatmap_height; /* cells; 0 for a detector */
    int color_rgb;                     /* 1: the network sees RGB, 0: BGR */
    const char *codec;                 /* how heatmaps were encoded in training: "msra", "dark", "udp"; "" for a
                                          detector */
    float mean[3], std[3];             /* in the network's channel order, for pixels scaled to 0..1 */
    size_t n_tensors;                  /* entries of the state dict */
    size_t n_parameters;               /* trainable numbers */
    uint64_t n_macs;                   /* multiply-adds of all convolutions, one picture */
    uint64_t reserved[4];
} hrnet_model_info;

HRNET_API hrnet_model_info hrnet_model_get_info(const hrnet_model *model);
/* NULL for a detector. */
HRNET_API const hrnet_skeleton *hrnet_model_skeleton(const hrnet_model *model);

/* Where a model's skeleton comes from: the last of these that applies. on_message of hrnet_model_options is told of a
 * guess, in a line that begins with "warning: ". */
typedef enum hrnet_skeleton_origin {
    HRNET_SKELETON_UNKNOWN = 0, /* nobody named the joints: "keypoint_0", ... */
    HRNET_SKELETON_GUESSED = 1, /* COCO's for 17 joints, MPII's for 16 */
    HRNET_SKELETON_CONFIG = 2,  /* the same, as DATASET.DATASET of a configuration that was given says */
    HRNET_SKELETON_WEIGHTS = 3, /* the weights file names the keypoints */
    HRNET_SKELETON_GIVEN = 4    /* hrnet_model_options.skeleton */
} hrnet_skeleton_origin;
HRNET_API hrnet_skeleton_origin hrnet_model_skeleton_origin(const hrnet_model *model);
HRNET_API const hrnet_config *hrnet_model_config(const hrnet_model *model);
/* Bytes of its weights as they are packed for this processor. */
HRNET_API size_t hrnet_model_bytes(const hrnet_model *model);
HRNET_API void hrnet_model_free(hrnet_model *model);

/* Write the network that hrnet_model_load would make of the checkpoint and these options (their training, precision and
 * batch are not looked at) as ONNX, for other runtimes: operator set 13, float32, batch norms folded; tensors "input"
 * [n][3][input_height][input_width] and "heatmaps" [n][n_joints][heatmap_height][heatmap_width]; of a detector the
 * outputs of hrnet_session_output.
 * checkpoint NULL: initial values (options->config is then required). batch: n, 1..65536; 0 leaves it open. Temporary
 * name, then renamed; path "-" is standard output. HRNET_ERR_LIMIT from 2 GiB on, which the format cannot hold. */
HRNET_API hrnet_status hrnet_export_onnx(const hrnet_checkpoint *checkpoint, const char *path,
                                         const hrnet_model_options *options, int batch);

/* Run the network that hrnet_model_load would make of the checkpoint and these options (their training, precision and
 * batch are not looked at) in double precision, by the plainest loops there are: no packed weights, no folded norms, no
 * fast algorithms, one thread. Use it to settle which of two results is right. It takes tens of times as long as a
 * session (W32 at 256x192: 5 s a picture on one core of Zen 3).
 * input [n][3][input_height][input_width], n >= 1, as hrnet_session_forward takes it; any other shape is
 * HRNET_ERR_ARGUMENT. *heatmaps becomes [n][n_joints][heatmap_height][heatmap_width], rounded to float at the end;
 * release it with hrnet_array_free. flip != 0: the flip test of hrnet_session_forward_flip, with its shift.
 * checkpoint NULL: initial values (options->config is then required). HRNET_ERR_MISMATCH for a detector. */
HRNET_API hrnet_status hrnet_reference_forward(hrnet_array *heatmaps, const hrnet_checkpoint *checkpoint,
                                               const hrnet_model_options *options, const hrnet_array *input, int flip,
                                               int shift);

enum { HRNET_MAX_OUTPUTS = 16 }; /* of a network */

/* The same for any network, without flip test: outputs [*n_outputs], in the order of hrnet_session_output, each
 * [n][channels][height][width]; release each with hrnet_array_free. */
HRNET_API hrnet_status hrnet_reference_outputs(hrnet_array outputs[HRNET_MAX_OUTPUTS], int *n_outputs,
                                               const hrnet_checkpoint *checkpoint, const hrnet_model_options *options,
                                               const hrnet_array *input);

/* ------------------------------------------------------------------------------------------------ pool */

/* Threads for several sessions: use one pool for all the sessions of a program that works for several callers at once,
 * such as a server, or that runs several models, such as a detector beside a pose network, so that they do not take
 * the processor from each other. Without a pool each session has threads of its own.
 *
 *   hrnet_pool *pool = NULL;
 *   hrnet_pool_create(&pool, 0);
 *   hrnet_session_create(&session, model, &(hrnet_session_options){.pool = pool});   // any number of them
 *
 * Sessions on a pool may be used at the same time, each by one thread. However many there are, never more threads
 * compute at once than the pool has. Each part of a pass (crops, network, keypoints) runs on the whole pool; a caller
 * that finds it busy sleeps until its turn comes, first come, first served. The results have the same bits as those of
 * a session with its own threads. */
typedef struct hrnet_pool hrnet_pool;

/* threads: 1..64, the calling thread of a session included; 0: as many as this process may use (affinity and cgroup
 * quota). */
HRNET_API hrnet_status hrnet_pool_create(hrnet_pool **out, int threads);

/* Give the pool back. Its threads end with the last session that uses it. */
HRNET_API void hrnet_pool_free(hrnet_pool *pool);

/* ------------------------------------------------------------------------------------------------ session */

/* Scratch memory and threads to run a model. Free with hrnet_session_free. */
typedef struct hrnet_session hrnet_session;

typedef struct hrnet_session_options {
    int threads;   /* 0: as many as this process may use (affinity and cgroup quota); else 1..64 */
    int max_batch; /* pictures in one pass over the weights, 1..64; 0: 1. Passes take 8 at most, and fewer where their
                      activations would pass 32 MiB. */
    hrnet_pool *pool;      /* threads to share with other sessions; threads is then 0. NULL: threads of its own */
    uint64_t memory_limit; /* most bytes of activations and scratch, and as many of heatmaps beside them: the size of
                              the input may come from the weights' file. 0: a quarter of this machine's memory, within 1
                              and 4 GiB. A size that plans more is HRNET_ERR_LIMIT, here and in hrnet_session_reshape */
    uint64_t reserved[3];
} hrnet_session_options;

/* Plans and allocates everything; the functions below then allocate nothing for the network. HRNET_ERR_LIMIT, before
 * anything of that size is taken, if the plan passes options->memory_limit. */
HRNET_API hrnet_status hrnet_session_create(hrnet_session **out, const hrnet_model *model,
                                            const hrnet_session_options *options);

/* Make the session work on pictures of another size than the model's: width x height is the input of the network from
 * now on. Weights are not packed again, and plans of the last four sizes are kept, so that changing between a few sizes
 * costs nothing. HRNET_ERR_ARGUMENT for a size that the strides of the network do not divide (it was made for
 * multiples of 32 in HRNet); the session then stays as it was. */
HRNET_API hrnet_status hrnet_session_reshape(hrnet_session *session, int width, int height);

/* The size it works on: of the input, and of the heatmaps (0 for a detector); width, height each. Either may be NULL.
 */
HRNET_API void hrnet_session_size(const hrnet_session *session, int input[2], int heatmaps[2]);

/* The model it was made of. */
HRNET_API const hrnet_model *hrnet_session_model(const hrnet_session *session);

/* Bytes held by the session: activations, scratch, tables. */
HRNET_API size_t hrnet_session_bytes(const hrnet_session *session);

/* The bare network. input [n][3][input_height][input_width], normalised, in the network's channel order;
 * heatmaps [n][n_joints][heatmap_height][heatmap_width]. n may pass max_batch. Same bits for any number of threads.
 * HRNET_ERR_MISMATCH for a detector. */
HRNET_API hrnet_status hrnet_session_forward(hrnet_session *session, const float *input, int n, float *heatmaps);

/* A tensor that a network yields for a picture, at the session's size. */
typedef struct hrnet_output {
    const char *name; /* "heatmaps"; of a detector "head_8", "head_16", "head_32", by stride in pixels */
    int channels, height, width;
    uint64_t reserved[2];
} hrnet_output;

/* How many there are: 1 for a pose network, 3 for a detector; and the one with that index. The channels of a detector's
 * cell are what its last convolutions make, without any activation: x, y, log width, log height, object, then the
 * classes; for rtmdet left, top, right, bottom, then the classes. */
HRNET_API int hrnet_session_n_outputs(const hrnet_session *session);
HRNET_API hrnet_output hrnet_session_output(const hrnet_session *session, int index);

/* The bare network, whatever it is for: outputs[k] [n][channels][height][width] of output k. */
HRNET_API hrnet_status hrnet_session_forward_outputs(hrnet_session *session, const float *input, int n,
                                                     float *const *outputs);

/* The same with the published flip test: the average of the heatmaps and of the mirrored picture's, mirrored back with
 * joints exchanged; shift != 0 moves the mirrored maps one cell to the right first (SHIFT_HEATMAP). HRNET_ERR_ARGUMENT
 * if it is unknown which joints a mirror exchanges (hrnet_skeleton.pairs_from). */
HRNET_API hrnet_status hrnet_session_forward_flip(hrnet_session *session, const float *input, int n, int shift,
                                                  float *heatmaps);

typedef enum hrnet_decoder {
    HRNET_DECODE_AUTO = 0, /* what the model's codec asks for: msra shift, dark dark, udp udp */
    HRNET_DECODE_ARGMAX,   /* the highest cell (POST_PROCESS off) */
    HRNET_DECODE_SHIFT,    /* a quarter cell towards the higher neighbour (POST_PROCESS on) */
    HRNET_DECODE_DARK,     /* Taylor step on the logarithm of the smoothed map; Zhang et al., CVPR 2020 */
    HRNET_DECODE_UDP       /* the same with unbiased (corner-aligned) geometry; Huang et al., CVPR 2020 */
} hrnet_decoder;

typedef enum hrnet_sampler {
    HRNET_SAMPLE_OPENCV = 0, /* bilinear in OpenCV's fixed point, bit-equal to warpAffine INTER_LINEAR */
    HRNET_SAMPLE_FLOAT = 1   /* bilinear in float, rounded to nearest */
} hrnet_sampler;

/* Where a crop lies; see "crop and decode" below. */
typedef struct hrnet_crop hrnet_crop;

/* A person to look at. */
typedef struct hrnet_person {
    hrnet_pixels pixels;    /* the picture; persons of one picture repeat the view */
    hrnet_box box;          /* in pixels of the picture; {0}: the whole picture */
    float rotation;         /* degrees, as in the published crop; usually 0 */
    const hrnet_crop *crop; /* NULL, or the crop itself, in place of box and rotation: for scoring, where centre and
                               scale are given by the dataset */
    uint64_t reserved[2];
} hrnet_person;

typedef struct hrnet_pose_options {
    int flip_test; /* 1: average with the mirrored picture (twice the work) */
    int no_shift;  /* 1: without the published one-cell shift of the mirrored maps */
    hrnet_decoder decoder;
    hrnet_sampler sampler;
    hrnet_status *statuses; /* NULL: a person that cannot be looked at fails the call. Or [n], what became of each:
                               HRNET_OK, HRNET_ERR_ARGUMENT, and HRNET_ERR_CANCELLED behind the last pass */
    /* With statuses, every person that is left out, and the reason; NULL: nobody is told. */
    void (*on_refused)(void *context, int person, hrnet_status status, const char *reason);
    hrnet_cancel_fn *cancelled;     /* asked before each pass; NULL: never */
    void *context;                  /* of both */
    const hrnet_skeleton *skeleton; /* whose flip_pairs the flip test exchanges; NULL: the model's. HRNET_ERR_MISMATCH
                                       if it has another number of keypoints */
    uint64_t reserved[3];
} hrnet_pose_options;

/* Crop, run and decode n persons, in passes of max_batch.
 * keypoints [n][n_joints], pixels of each person's picture. heatmaps NULL or
 * [n][n_joints][heatmap_height][heatmap_width].
 * A person without a picture, or whose box is NaN, infinite or has negative size, cannot be looked at. Without
 * options->statuses that is HRNET_ERR_ARGUMENT and nobody is looked at; with statuses the others are found, the
 * outputs of that person are left as they were, and the call returns HRNET_OK. A box outside the picture is a black
 * crop. HRNET_ERR_CANCELLED: persons of the passes that were finished have their outputs, the others do not. */
HRNET_API hrnet_status hrnet_session_pose(hrnet_session *session, const hrnet_person *persons, int n,
                                          const hrnet_pose_options *options, hrnet_keypoint *keypoints,
                                          float *heatmaps);

/* One step of the network as it runs here, for whoever looks for time. Texts are owned by the model. */
typedef struct hrnet_layer {
    const char *name;      /* "stage2.0.branches.0.0.conv1"; "" where the network has no name for it */
    const char *op;        /* "conv", "transposed conv", "sum", "max pool" */
    const char *algorithm; /* "direct", "winograd F(4,3)"; "" for what is no convolution */
    int in_channels, out_channels;
    int height, width;   /* of the output */
    int kernel, stride;  /* 0 for a sum */
    uint64_t macs;       /* multiply-adds of one picture by direct arithmetic */
    size_t weight_bytes; /* packed, with bias */
    double seconds;      /* that all passes spent in it, added up over threads */
    uint64_t reserved[2];
} hrnet_layer;

/* Run n >= 1 made-up pictures, in passes of at most max_batch, and tell where the time went. *out [*n_out] is in the
 * order of the network; free it with hrnet_layers_free. */
HRNET_API hrnet_status hrnet_session_profile(hrnet_session *session, int n, hrnet_layer **out, size_t *n_out);
HRNET_API void hrnet_layers_free(hrnet_layer *layers);

HRNET_API void hrnet_session_free(hrnet_session *session);

/* ------------------------------------------------------------------------------------------------ crop and decode */

/* The published crop: the region of the image that the network sees. scale is width and height in units of 200 px,
 * already enlarged by 1.25 when it came from a box; only scale[0] matters to the transform (upstream's rule: the height
 * follows from the aspect of the crop). rotation in degrees. */
struct hrnet_crop {
    float center[2], scale[2];
    float rotation;
};

/* Upstream's _box2cs: centre of the box, padded to the aspect ratio width/height, / 200, x 1.25. */
HRNET_API hrnet_crop hrnet_crop_from_box(hrnet_box box, float aspect);

/* Row-major 2x3 matrix from image pixels to crop pixels of a width x height crop (upstream's get_affine_transform), and
 * its inverse when inverse != 0. */
HRNET_API void hrnet_crop_matrix(const hrnet_crop *crop, int width, int height, int inverse, double matrix[6]);

/* Cut the crop out: out becomes width x height; outside the picture it is black. */
HRNET_API hrnet_status hrnet_crop_image(hrnet_image *out, const hrnet_pixels *pixels, const hrnet_crop *crop, int width,
                                        int height, hrnet_sampler sampler);

/* Heatmaps [n][n_joints][height][width] to keypoints [n][n_joints] in image pixels; one crop per person.
 * decoder AUTO is SHIFT. sigma: of the training target in cells, for DARK and UDP; 0 means 2. Allocates scratch. */
HRNET_API hrnet_status hrnet_decode_heatmaps(const float *heatmaps, int n, int n_joints, int height, int width,
                                             const hrnet_crop *crops, hrnet_decoder decoder, float sigma,
                                             hrnet_keypoint *keypoints);

/* OKS suppression of overlapping poses (upstream's oks_nms). keypoints [n][n_joints], areas [n] px^2, scores [n],
 * sigmas [n_joints]. kept [n] receives the surviving indices, best first; returns through n_kept. */
HRNET_API hrnet_status hrnet_oks_nms(const hrnet_keypoint *keypoints, const float *areas, const float *scores, int n,
                                     int n_joints, const float *sigmas, float threshold, int *kept, int *n_kept);

/* The soft variant (upstream's soft_oks_nms): at most 20 survivors, ordered by decayed score. */
HRNET_API hrnet_status hrnet_oks_nms_soft(const hrnet_keypoint *keypoints, const float *areas, const float *scores,
                                          int n, int n_joints, const float *sigmas, float threshold, int *kept,
                                          int *n_kept);

/* ------------------------------------------------------------------------------------------------ detector */

/* An object that a detector found. */
typedef struct hrnet_object {
    hrnet_box box; /* in pixels of the picture; YOLOX's and ours may reach beyond its borders, as published */
    float score;   /* 0..1 */
    int category;  /* index of the class */
} hrnet_object;

/* What was found in one picture, best first. Zero it before use; release it with hrnet_objects_free. */
typedef struct hrnet_objects {
    hrnet_object *objects; /* [n]; NULL when n is 0 */
    int n;
    int n_over_limit; /* candidates above the threshold that were not looked at: each of the detector's three maps gives
                         its 30,000 best to the suppression */
    int n_not_finite; /* candidates left out because the network gave NaN or infinite numbers for them */
    uint64_t reserved[2];
} hrnet_objects;

/* Release the list and zero the struct. NULL is allowed. */
HRNET_API void hrnet_objects_free(hrnet_objects *objects);

/* A network that finds people, or things of other classes, and how its published program feeds and reads it: YOLOX
 * (Megvii's and mmdetection's files), RTMDet (mmdetection's), and the one that ships. Immutable once made, may be
 * shared between threads; free it with hrnet_detector_free after its sessions. */
typedef struct hrnet_detector hrnet_detector;

typedef struct hrnet_detector_options {
    const hrnet_config *config;   /* NULL: what the file carries, else inferred from its tensors */
    const char *const *overrides; /* NULL, or "KEY", "VALUE", ..., NULL: changes to that configuration */
    hrnet_message_fn *on_message; /* the loading report, as of hrnet_model_options */
    void *context;
    hrnet_precision precision;
    int batch;               /* pictures that sessions will mostly look at together; 0: 1. A hint for speed */
    const char *backend;     /* NULL: "cpu" */
    uint64_t memory_limit;   /* of packed weights; see hrnet_model_options */
    const char *weights_key; /* which network of the file; see hrnet_checkpoint_load_key */
    int legacy; /* 1: a YOLOX of release 0.0.1, which wants RGB normalised as ImageNet. Nothing in a file tells the two
                   apart. HRNET_ERR_ARGUMENT with any other detector */
    uint64_t reserved[4];
} hrnet_detector_options;

/* path NULL: with options->config a network with initial weights; without, the detector that ships
 * (HRNET_ERR_UNSUPPORTED in a build without one). HRNET_ERR_MISMATCH, with the names of both, if the file holds a pose
 * network. */
HRNET_API hrnet_status hrnet_detector_load(hrnet_detector **out, const char *path,
                                           const hrnet_detector_options *options);

typedef struct hrnet_detector_info {
    const char *name; /* "yolox", "rtmdet", "detect_hrnet" */
    int n_categories;
    const char *const *category_names; /* [n_categories], COCO's when there are 80; NULL: not known. Static */
    int person;                        /* index of "person"; 0 if there is one class; -1: not known */
    int input_width, input_height;     /* of the square it was made for, pixels */
    float threshold, nms_iou; /* what its published demonstration takes, which 0 stands for in hrnet_detect_options:
                                 YOLOX 0.3 and 0.3, RTMDet 0.3 and 0.3 (mmpose's), ours 0.35 and 0.5 */
    float eval_nms_iou;       /* what its evaluation takes, so that more boxes stay: 0.65, ours 0.55 */
    size_t n_tensors, n_parameters;
    uint64_t n_macs; /* multiply-adds of all convolutions, one picture of input_width x input_height */
    uint64_t reserved[4];
} hrnet_detector_info;

HRNET_API hrnet_detector_info hrnet_detector_get_info(const hrnet_detector *detector);

/* The network inside, which belongs to the detector. */
HRNET_API const hrnet_model *hrnet_detector_model(const hrnet_detector *detector);
HRNET_API void hrnet_detector_free(hrnet_detector *detector);

/* Scratch memory and threads to run a detector; for one thread at a time. Free with hrnet_detector_session_free. */
typedef struct hrnet_detector_session hrnet_detector_session;

typedef struct hrnet_detector_session_options {
    int threads;      /* as in hrnet_session_options */
    hrnet_pool *pool; /* threads to share with other sessions, such as that of the pose network; threads is then 0 */
    int size;         /* the longest side of the network's input, a multiple of 32, 32..4096; 0: the detector's */
    int square;       /* 1: the published square input. 0: a rectangle, whose short side is as long as the picture
                         needs, rounded up to a multiple of 32: less work, and nearly the same numbers */
    int max_batch;    /* pictures in one pass, 1..64; 0: 1. Fewer where activations would pass 32 MiB */
    uint64_t memory_limit; /* of activations and scratch; see hrnet_session_options */
    uint64_t reserved[4];
} hrnet_detector_session_options;

/* The detector must outlive the session. */
HRNET_API hrnet_status hrnet_detector_session_create(hrnet_detector_session **out, const hrnet_detector *detector,
                                                     const hrnet_detector_session_options *options);

typedef struct hrnet_detect_options {
    float threshold;    /* lowest score, below 1; 0: the detector's default (hrnet_detector_info); below 0: none */
    float nms_iou;      /* boxes that overlap a better one of their class by more are suppressed, at most 1 (none); 0:
                           the detector's default */
    int max_detections; /* most boxes of a picture, the best ones, 1..10000; 0: 300 */
    const int *categories; /* [n_categories] classes to look for, each once; NULL: "person" alone */
    int n_categories;
    int all_categories; /* 1: every class, as the published evaluation has it: of a cell of YOLOX the best class alone,
                           of a cell of RTMDet each. categories is then NULL */
    hrnet_status *statuses; /* NULL: a picture that cannot be looked at fails the call. Or [n], what became of each:
                               HRNET_OK, HRNET_ERR_ARGUMENT, and HRNET_ERR_CANCELLED behind the last pass */
    /* With statuses, every picture that is left out, and the reason; NULL: nobody is told. */
    void (*on_refused)(void *context, int picture, hrnet_status status, const char *reason);
    hrnet_cancel_fn *cancelled; /* asked before each pass; NULL: never */
    void *context;              /* of both */
    uint64_t reserved[4];
} hrnet_detect_options;

/* Find people, or what options name, in n pictures of any sizes; pictures with one size of input run in passes of
 * max_batch. Same numbers for any batch and any number of threads.
 *
 * A picture is resized to the session's size (cv2.resize, bilinear, bit for bit; truncated as YOLOX has it or rounded
 * as mmdetection has it) into the top left corner of the input, whose rest is grey (114). Every cell of the network's
 * maps whose score of a wanted class reaches the threshold is a candidate, whether or not another class scores higher
 * there: that finds more people than the published rule for many classes, which all_categories asks for. Candidates are
 * then suppressed class by class, exactly (torchvision's nms: score descending, the earlier cell first among equals,
 * IoU strictly greater).
 * Of the detector that ships each box that is left is then the mean of all boxes with an IoU of 0.6 or more with it,
 * also of those below the threshold (from 0.01 on), weighted by score times IoU; with nms_iou 1 there are no means.
 *
 * out [n]: what it held is overwritten, not freed. HRNET_ERR_CANCELLED: pictures of the passes that were finished have
 * their outputs, the others are as they were. HRNET_ERR_MISMATCH if "person" is wanted and the detector does not know
 * which class that is. */
HRNET_API hrnet_status hrnet_detector_session_detect(hrnet_detector_session *session, const hrnet_pixels *pictures,
                                                     int n, const hrnet_detect_options *options, hrnet_objects *out);

/* The input of the network, {width, height}, for a picture of width x height. */
HRNET_API void hrnet_detector_session_input(const hrnet_detector_session *session, int width, int height, int input[2]);

/* The detector it was made of. */
HRNET_API const hrnet_detector *hrnet_detector_session_detector(const hrnet_detector_session *session);

/* Bytes held by the session. */
HRNET_API size_t hrnet_detector_session_bytes(const hrnet_detector_session *session);
HRNET_API void hrnet_detector_session_free(hrnet_detector_session *session);

/* ------------------------------------------------------------------------------------------------ people */

/* A person as found. */
typedef struct hrnet_pose {
    hrnet_box box;             /* where the person was looked for, in pixels */
    float box_score;           /* the detector's; 1 when the box came without a score */
    float score;               /* of the pose; see hrnet_pose_score */
    hrnet_keypoint *keypoints; /* [n_keypoints] of the picture's people */
    hrnet_status status;       /* not HRNET_OK: the person could not be looked at, keypoints and score mean nothing */
    const char *message;       /* what was wrong, or NULL */
    int64_t category_id;       /* if has_category: of the box, for coco, which writes 1 without it */
    int has_category;
    uint32_t track; /* number of the person's track, from 1 (<hrnet_track.h>); 0: none, as in single pictures */
    uint64_t reserved[2];
} hrnet_pose;

/* Everybody in one picture. Zero it before it is filled (hrnet_people_find, hrnet_people_create) and release it with
 * hrnet_people_free; or fill it with memory of your own and do not. Persons may be sorted and dropped in place. */
typedef struct hrnet_people {
    const char *name;    /* of the picture: a path, "-" for standard input, or what else tells it from others */
    int width, height;   /* of the picture in pixels */
    hrnet_status status; /* not HRNET_OK: the picture could not be looked at, and there are no persons */
    const char *message; /* what was wrong, or NULL */
    int n_keypoints;     /* of every person; 0: boxes alone */
    int n_persons;
    hrnet_pose *persons;    /* [n_persons] */
    void *memory;           /* the library's; NULL when everything is yours */
    int64_t image_id;       /* if has_image_id: the picture's id in annotations or a detector's file, for coco */
    const char *image_text; /* the same if that id is a text, or NULL; yours */
    int has_image_id;
    int n_suppressed; /* persons that hrnet_people_find dropped because a better pose describes the same person */
    int n_not_finite; /* boxes that it dropped because their numbers are not finite, or their area is 0 */
    int n_over_limit; /* candidates that the detector did not look at: hrnet_objects.n_over_limit */
    int is_cut;       /* 1: there are more people than max_persons, and the best were kept */
    float *heatmaps;  /* [n_persons][n_keypoints][heatmap_height][heatmap_width], of a person that could not be looked
                         at all 0; NULL unless hrnet_finder_options.heatmaps asks for them */
    int64_t frame;    /* of a video: the number of the frame, from 1; 0: a picture by itself */
    double seconds;   /* of a frame, since the start of its video */
    uint64_t reserved[2];
} hrnet_people;

/* Memory for a picture's persons: keypoints of 0, box_score of 1, no width and height. name is copied. */
HRNET_API hrnet_status hrnet_people_create(hrnet_people *out, const char *name, int n_persons, int n_keypoints);

/* Memory for persons in people that have none, with n_keypoints each: as hrnet_people_create makes them. */
HRNET_API hrnet_status hrnet_people_add(hrnet_people *people, int n_persons, int n_keypoints);

/* Note that a person could not be looked at, or with person -1 that the picture could not, which drops its persons.
 * message (may be NULL) is copied; it is left out when there is no memory for it. people must come from the library. A
 * person that there is not, or HRNET_OK as the status, changes nothing. */
HRNET_API void hrnet_people_fail(hrnet_people *people, int person, hrnet_status status, const char *message);

HRNET_API void hrnet_people_free(hrnet_people *people);

/* How good a pose is: the mean of its keypoint scores above 0.2, times box_score; 0 when none is above (upstream's
 * evaluate with the published IN_VIS_THRE). */
HRNET_API float hrnet_pose_score(const hrnet_keypoint *keypoints, int n_keypoints, float box_score);

/* ------------------------------------------------------------------------------------------------ finding people */

/* From pictures to people: a detector and a pose network on one pool of threads. For one thread at a time; free it with
 * hrnet_finder_free. See the example at the head of this file. For a folder of pictures use hrnet_pictures_run. */
typedef struct hrnet_finder hrnet_finder;

typedef struct hrnet_finder_options {
    int threads;       /* as in hrnet_session_options */
    hrnet_pool *pool;  /* threads to share with other sessions; threads is then 0 */
    int max_batch;     /* persons in one pass of the pose network and pictures in one of the detector, 1..64; 0: 4 on
                          up to 4 threads, 8 on more */
    int detector_size; /* hrnet_detector_session_options.size */
    float threshold, nms_iou; /* hrnet_detect_options; 0: the detector's defaults */
    int max_persons;          /* most people of a picture, the best boxes, 1..29999; 0: 1000 */
    float oks_threshold;      /* of two poses whose OKS (hrnet_oks_nms) is above it the worse one is dropped; 0: 0.9, as
                                 the published evaluation; 1: all are kept */
    int soft_oks;             /* 1: hrnet_oks_nms_soft in its place, which keeps 20 people of a picture at most */
    int flip_test, no_shift;  /* these and the next two: hrnet_pose_options */
    hrnet_decoder decoder;
    hrnet_sampler sampler;
    const hrnet_skeleton *skeleton; /* whose flip pairs and sigmas count; must outlive the finder. NULL: the model's */
    int heatmaps;                   /* 1: hrnet_people.heatmaps are wanted, 4 bytes for each cell of each person */
    uint64_t memory_limit;      /* of the activations and scratch of each of the two networks; hrnet_session_options */
    hrnet_cancel_fn *cancelled; /* asked before each pass; NULL: never */
    void *context;
    uint64_t reserved[4];
} hrnet_finder_options;

/* detector NULL: only hrnet_people_pose can be called. model NULL: hrnet_people_find finds boxes alone. Both must
 * outlive the finder. HRNET_ERR_MISMATCH: the model is a detector, or the detector does not know which class is a
 * person (hrnet_detector_info.person). */
HRNET_API hrnet_status hrnet_finder_create(hrnet_finder **out, const hrnet_detector *detector, const hrnet_model *model,
                                           const hrnet_finder_options *options);

/* Find everybody in n pictures: boxes by the detector, suppressed; poses, in passes that mix the persons of all
 * pictures; suppression of poses that describe one person. people [n]: what they held is overwritten, not freed; free
 * each with hrnet_people_free.
 *
 * persons come best first, by hrnet_pose_score, of equal ones the later box first (boxes alone: by the detector's
 * score). Nobody found is HRNET_OK with n_persons 0. The result for a picture has the same bits whatever other pictures
 * are in the call, and for any max_batch and threads. A picture that cannot be looked at (an empty view) has the reason
 * in its people; the others are found. names [n] are copied; NULL: each is called "picture". HRNET_ERR_CANCELLED, and
 * any other failure: people is as it was. */
HRNET_API hrnet_status hrnet_people_find(hrnet_finder *finder, const hrnet_pixels *pictures, int n,
                                         const char *const *names, hrnet_people *people);

/* The poses of people whose boxes are known: fill in keypoints, score, status and message of every person of people
 * [n], and heatmaps if they are wanted; persons keep their order, and nobody is suppressed. people must come from
 * hrnet_people_create with the model's number of keypoints; a box {0} is the whole picture. A person that cannot be
 * looked at (a box that is no number) has the reason in its status; people whose own status is not HRNET_OK are passed
 * over. */
HRNET_API hrnet_status hrnet_people_pose(hrnet_finder *finder, const hrnet_pixels *pictures, int n,
                                         hrnet_people *people);

HRNET_API void hrnet_finder_free(hrnet_finder *finder);

/* ------------------------------------------------------------------------------------------------ many pictures */

/* One of many pictures on its way from a file to its results. */
typedef struct hrnet_picture {
    size_t index;         /* among all pictures */
    hrnet_image image;    /* rgb NULL, and no pixels: it could not be read, which people.status tells */
    hrnet_people people;  /* name, width and height from the start; persons when they are found */
    int has_boxes;        /* 1: people has its persons with their boxes from the start, and no one else is looked for */
    char *warning;        /* hrnet_image_warning of a picture that was read all the same, or NULL; in people's memory */
    hrnet_status drawing; /* what the draw function returned */
    char *drawing_message; /* why it failed, or NULL; in people's memory */
    hrnet_pixels pixels; /* the picture as borrowed pixels, looked at if image.rgb is NULL: they stay valid until it is
                            done; width 0: none */
    double seconds;      /* of a frame, since the start of its video */
    int64_t pts;         /* of a frame, in units of its video */
    double loaded;       /* when it was read, seconds of CLOCK_MONOTONIC */
    uint64_t n_dropped;  /* with newest: pictures that were dropped between the one before and this one */
    uint64_t reserved[4];
} hrnet_picture;

/* Read a picture file: image, and people with no persons and n_keypoints 0. Returns HRNET_OK with people.status set
 * when it cannot be read. name: for people, NULL: path. */
HRNET_API hrnet_status hrnet_picture_load(hrnet_picture *out, const char *path, const char *name, unsigned flags);

typedef struct hrnet_pictures_options {
    size_t n;                 /* pictures; SIZE_MAX: as many as load gives */
    const char *const *paths; /* [n] files to read if load is NULL */
    unsigned image_flags;     /* HRNET_IMAGE_... for them */
    /* Fill in the zeroed picture `index` (its index is set); called by several worker threads at once. A failure is the
     * picture's own: it is noted in its people, and the rest goes on. A picture left without image, pixels and
     * people.name ends the run: there are no more. NULL: hrnet_picture_load of paths[index]. */
    hrnet_status (*load)(void *context, size_t index, hrnet_picture *picture);
    /* Get a picture ready just before people are looked for in it: it may be given its boxes (hrnet_people_add,
     * has_boxes). aim and found are called on the thread of hrnet_pictures_run, in the order of the pictures; aim for
     * all pictures of a group before found for any of them, so that an aim that needs what was found in the picture
     * before needs a group of 1. Both may use the finder, and are called for pictures that could not be read, too.
     * Anything but HRNET_OK ends the run with that status. NULL: nothing to do. */
    hrnet_status (*aim)(void *context, hrnet_picture *picture);
    /* Take note of the people that were found, or change them, before they are drawn. */
    hrnet_status (*found)(void *context, hrnet_picture *picture);
    /* Draw on picture->image, encode, write: what takes time and needs no order. Called by several worker threads at
     * once, after people were found. NULL: nothing to draw. */
    hrnet_status (*draw)(void *context, hrnet_picture *picture);
    /* Write what needs an order, such as the frames of a video: called by one thread of its own, in the order of the
     * pictures, after draw. Anything but HRNET_OK ends the run with that status; what was found is then still handed
     * out, but not written. NULL: nothing to write. */
    hrnet_status (*write)(void *context, hrnet_picture *picture);
    /* Take the finished picture; called on the thread of hrnet_pictures_run, in the order of the pictures. It is freed
     * afterwards. Anything but HRNET_OK ends the run with that status. */
    hrnet_status (*done)(void *context, const hrnet_picture *picture);
    int in_order; /* 1: load is called by one thread of its own, in the order of the pictures */
    int newest;  /* with in_order, for pictures that come at their own pace: load is called again at once, and a picture
                    that still waits for the finder is dropped for the next one, or that one if nothing has a place
                    for it. The index that load is given counts the dropped ones, that of the picture does not */
    int workers; /* threads that read and draw, 1..64; 0: half of those the finder runs on, 1 to 8 */
    int group;   /* most pictures that are looked for people together, 1..64; 0: 8 */
    int ahead;   /* most pictures on their way, from load to done; 0, and at most: twice group and workers */
    uint64_t memory_limit; /* bytes of pixels and heatmaps that are on their way; 0: 512 MiB. A picture is read if those
                              on their way leave room for one as large as the largest so far; one alone always is */
    hrnet_cancel_fn *cancelled; /* asked ten times a second and between passes; NULL: never */
    void *context;              /* of all functions here */
    uint64_t reserved[4];
} hrnet_pictures_options;

/* Many pictures through a finder: worker threads read ahead, this thread finds people and hands the results out in
 * order, worker threads draw behind. For a video see hrnet_video_find of <hrnet_video.h>, which is built on it. The
 * results have the same bits as those of hrnet_people_find picture by picture.
 *
 * HRNET_ERR_CANCELLED: pictures whose people were found are drawn and handed out, the others are let go. Waits for
 * functions that are running. */
HRNET_API hrnet_status hrnet_pictures_run(hrnet_finder *finder, const hrnet_pictures_options *options);

/* ------------------------------------------------------------------------------------------------ drawing */

typedef enum hrnet_draw_color {
    HRNET_COLOR_AUTO = 0, /* by side for one person, by person for several */
    HRNET_COLOR_SIDE,     /* left side orange, right side blue, middle green */
    HRNET_COLOR_PERSON /* a colour for each person, the right side darker; they repeat after ten people. It is that of
                          the track where there is one (AUTO then takes this one) */
} hrnet_draw_color;

typedef struct hrnet_draw_options {
    float threshold; /* joints with a lower score are hidden, with their bones; 0 hides those below 0 */
    float size;      /* line width in pixels; 0: scaled to the person's size in the picture */
    int show_box;    /* 1: draw the boxes too */
    int show_scores; /* hrnet_draw_people, 1: write each person's score above the box, the box's of boxes alone */
    hrnet_draw_color color;
    int show_tracks; /* hrnet_draw_people, 1: write the number of each person's track above the box, before the score */
    uint64_t reserved[4];
} hrnet_draw_options;

/* Draw one pose, anti-aliased; keypoints [skeleton->n_keypoints]. box NULL, or the person's box. Points far outside the
 * picture are clipped. */
HRNET_API hrnet_status hrnet_draw_pose(hrnet_image *image, const hrnet_skeleton *skeleton,
                                       const hrnet_keypoint *keypoints, const hrnet_box *box,
                                       const hrnet_draw_options *options);

/* Draw everybody who could be looked at, the last first, so that the best lies on top. skeleton may be NULL for boxes
 * alone (n_keypoints 0), which are always drawn. */
HRNET_API hrnet_status hrnet_draw_people(hrnet_image *image, const hrnet_skeleton *skeleton, const hrnet_people *people,
                                         const hrnet_draw_options *options);

/* Lay heatmaps [n_joints][height][width] over the picture where the crop was cut: the strongest joint at every pixel,
 * in a perceptual colour map. opacity 0..1; 0 means 0.6. */
HRNET_API hrnet_status hrnet_draw_heatmaps(hrnet_image *image, const float *heatmaps, int n_joints, int height,
                                           int width, const hrnet_crop *crop, float opacity);

#ifdef __cplusplus
}
#endif
#endif
