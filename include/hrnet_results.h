/*
 * hrnet_results.h - the formats in which people (hrnet_people of <hrnet.h>) are written. The manners are those there.
 *
 *   const hrnet_model_info network = hrnet_model_get_info(model);
 *   const hrnet_results_options how = {
 *       .format = HRNET_RESULTS_JSONL, .skeleton = hrnet_model_skeleton(model), .network = &network};
 *   hrnet_results_writer *writer = NULL;
 *   hrnet_people people = {0};
 *   const char *const name = "photo.jpg";
 *   if (hrnet_people_find(finder, &pixels, 1, &name, &people) || hrnet_results_open(&writer, "people.jsonl", &how) ||
 *       hrnet_results_write(writer, &people) || hrnet_results_finish(writer))
 *       fprintf(stderr, "%s\n", hrnet_last_error());
 *   hrnet_results_free(writer);
 *   hrnet_people_free(&people);
 */
#ifndef HRNET_RESULTS_H
#define HRNET_RESULTS_H

#include <hrnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------ formats */

typedef enum hrnet_results_format {
    HRNET_RESULTS_JSON = 0,    /* all pictures in one document, indented, with names */
    HRNET_RESULTS_JSONL,       /* the same without the network, a line a picture */
    HRNET_RESULTS_CSV,         /* a row a keypoint, quoted as RFC 4180 says; what failed has no rows. The last column is
                                  the track, 0 for none; other formats name it in those persons who have one */
    HRNET_RESULTS_COCO,        /* the results array that pycocotools reads; what failed is left out, here and below. The
                                  box is called "box" beside keypoints, because "bbox" changes how pycocotools computes
                                  areas, and "bbox" in results of boxes alone */
    HRNET_RESULTS_OPENPOSE,    /* people[].pose_keypoints_2d in BODY_25, and "box", "box_score", "score" beside them */
    HRNET_RESULTS_OPENPOSE_18, /* ... in BODY_18 */
    HRNET_RESULTS_MOT, /* MOTChallenge's rows frame,id,left,top,width,height,confidence,-1,-1,-1 of persons with a
                          track; frame: number of the picture in the document, from 1 */
    HRNET_RESULTS_OPENPOSE_RAW, /* OpenPose's document with the network's own keypoints, in their order, whatever they
                                   are */
    HRNET_RESULTS_TRC,    /* OpenSim's marker file, which Sports2D reads: the keypoints of one track (options.track) in
                             pixels, markers named as in LShoulder; a row a picture, empty where the track is not seen.
                             Kept    in memory up to the end */
    HRNET_RESULTS_FORMATS /* how many there are */
} hrnet_results_format;

typedef struct hrnet_results_format_info {
    const char *name;   /* "json", "jsonl", "csv", "coco", "openpose", "openpose-18", "mot", "openpose-raw", "trc" */
    const char *ending; /* of a file of one picture, behind the picture's stem: "_pose.json" */
    int single;         /* 1: a document holds one picture */
    uint64_t reserved[2];
} hrnet_results_format_info;

/* Static; NULL for a format that there is not. */
HRNET_API const hrnet_results_format_info *hrnet_results_format_get_info(hrnet_results_format format);

/* ------------------------------------------------------------------------------------------------ writing */

/* A document that is being written. Free with hrnet_results_free. */
typedef struct hrnet_results_writer hrnet_results_writer;

/* Receives the next n bytes of a document. Anything but 0 is a failure to write them. */
typedef int hrnet_write_fn(void *context, const void *bytes, size_t n);

typedef struct hrnet_results_options {
    hrnet_results_format format;
    const hrnet_skeleton *skeleton;  /* names of the keypoints; NULL: hrnet_skeleton_coco. Must outlive the writer */
    const hrnet_model_info *network; /* what found them; NULL: json has no "network", coco no "center" and "scale". Must
                                        outlive the writer */
    const hrnet_detector_info *detector; /* what found the boxes, with the thresholds that were used; NULL: json has no
                                            "detector". Must outlive the writer */
    int boxes;                           /* 1: people are boxes alone, without keypoints: csv has a row a box, coco the
                                            results of a detector. Not in the openpose formats */
    float threshold;       /* openpose: keypoints with a lower score are 0, 0, 0, which means not found; trc:
                              they are empty */
    hrnet_write_fn *write; /* NULL: a file; else the document goes there as it grows */
    void *context;         /* of write */
    uint32_t track;        /* trc: whose keypoints; 0: of the track that is seen in most pictures */
    uint64_t reserved[3];
} hrnet_results_options;

/* HRNET_OK when hrnet_results_open would take these options, else what is wrong with them: HRNET_ERR_UNSUPPORTED when
 * the format cannot say what the skeleton has (openpose and openpose-18 with other keypoints than COCO's or MPII's,
 * openpose and trc with boxes alone). */
HRNET_API hrnet_status hrnet_results_check(const hrnet_results_options *options);

/* Begin a document. path "-" is standard output. A file is written to a temporary name beside path and renamed at the
 * end, so that path is either whole or as it was; a pipe or a device is written in place. With options->write, path
 * (may be NULL) only names the document in messages. options NULL: json. */
HRNET_API hrnet_status hrnet_results_open(hrnet_results_writer **out, const char *path,
                                          const hrnet_results_options *options);

/* Write the people of one picture; the document keeps the order of the calls. HRNET_ERR_MISMATCH when they have another
 * number of keypoints than the skeleton, HRNET_ERR_ARGUMENT for a second picture where the format holds one; the
 * document is then as it was. After a failure to write, this and hrnet_results_finish return that failure again. */
HRNET_API hrnet_status hrnet_results_write(hrnet_results_writer *writer, const hrnet_people *people);

/* End the document; a file is whole and in its place after HRNET_OK, and is not there after a failure. Only
 * hrnet_results_free may follow. */
HRNET_API hrnet_status hrnet_results_finish(hrnet_results_writer *writer);

/* trc, after hrnet_results_finish: the track that was written, 0 if nobody had one (all rows are then empty).
 * *n_others (may be NULL): how many tracks were left out because another was written; 0 with options.track. */
HRNET_API uint32_t hrnet_results_track(const hrnet_results_writer *writer, int *n_others);

/* Free the writer. A document that was not finished leaves no file behind. */
HRNET_API void hrnet_results_free(hrnet_results_writer *writer);

/* ------------------------------------------------------------------------------------------------ JSON */

/* A JSON text of your own, written as the results are: for reports that stand beside them. Free with
 * hrnet_json_free. Failures, and calls that would not make JSON, are remembered until hrnet_json_take. */
typedef struct hrnet_json_writer hrnet_json_writer;

/* indent != 0: a line for every value. */
HRNET_API hrnet_status hrnet_json_create(hrnet_json_writer **out, int indent);

/* An object or an array, up to hrnet_json_close; at most 32 inside of each other. */
HRNET_API void hrnet_json_object(hrnet_json_writer *json);
HRNET_API void hrnet_json_array(hrnet_json_writer *json);
HRNET_API void hrnet_json_close(hrnet_json_writer *json);

/* The key of an object's next value. Bytes that are not UTF-8 (file names may hold any) become U+FFFD, here and in
 * texts. */
HRNET_API void hrnet_json_key(hrnet_json_writer *json, const char *key);

HRNET_API void hrnet_json_text(hrnet_json_writer *json, const char *text);
HRNET_API void hrnet_json_integer(hrnet_json_writer *json, int64_t value);
/* The shortest digits that read back as the same value, with a point in every locale; null for NaN and infinities. */
HRNET_API void hrnet_json_float(hrnet_json_writer *json, float value);
HRNET_API void hrnet_json_double(hrnet_json_writer *json, double value);
HRNET_API void hrnet_json_null(hrnet_json_writer *json);

/* Hand over the whole text, which ends with a newline, and begin anew; free it with hrnet_string_free. */
HRNET_API hrnet_status hrnet_json_take(hrnet_json_writer *json, char **out);

/* The same into the file path ("-": standard output), which appears whole or stays as it was. */
HRNET_API hrnet_status hrnet_json_save(hrnet_json_writer *json, const char *path);

HRNET_API void hrnet_json_free(hrnet_json_writer *json);

#ifdef __cplusplus
}
#endif
#endif
