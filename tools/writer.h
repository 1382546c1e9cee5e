/*
 * writer.h - results as data. One table row a format; a document is begun, takes pictures in order, and is ended.
 */
#ifndef TOOLS_WRITER_H
#define TOOLS_WRITER_H

#include <stdio.h>

#include <hrnet.h>
#include <yajl/yajl_gen.h>

/* One person as found. */
typedef struct person {
    hrnet_box box;
    float box_score;           /* 1 when the box came without a score */
    float score;               /* mean of the keypoint scores above 0.2, times box_score: upstream's evaluate */
    hrnet_keypoint *keypoints; /* [n_keypoints] */
} person;

/* One picture with its persons, or why there are none. */
typedef struct picture {
    const char *path;
    int width, height;
    person *persons;
    int n_persons;
    char *error; /* NULL, or what made it fail */
} picture;

/* What all pictures share. */
typedef struct subject {
    const hrnet_skeleton *skeleton;
    hrnet_model_info info;
    float threshold; /* keypoints with a lower score count as not found (openpose) */
} subject;

typedef struct writer {
    const struct writer_format *format;
    const subject *subject;
    FILE *stream;
    yajl_gen json; /* of formats that are one JSON document */
} writer;

typedef struct writer_format {
    const char *name;
    const char *ending;      /* of files in a folder, behind the picture's stem: "_pose.json" */
    int single;              /* a document holds one picture */
    void (*begin)(writer *); /* NULL: nothing to do */
    void (*picture)(writer *, const picture *);
    void (*end)(writer *); /* NULL: nothing to do */
} writer_format;

#define WRITER_NAMES "json|jsonl|csv|coco|openpose|openpose-18"
enum { WRITER_JSON, WRITER_JSONL, WRITER_CSV, WRITER_COCO, WRITER_OPENPOSE, WRITER_OPENPOSE_18, N_WRITERS };

extern const writer_format writer_json, writer_jsonl, writer_csv, writer_coco, writer_openpose, writer_openpose_18;
extern const writer_format *const writer_formats[N_WRITERS]; /* in the order of WRITER_NAMES */

/* NULL when the format can say what this skeleton has, else why not. */
const char *writer_refuses(const writer_format *format, const hrnet_skeleton *skeleton);

void writer_begin(writer *w, const writer_format *format, const subject *about, FILE *stream);
void writer_picture(writer *w, const picture *one);
void writer_end(writer *w);

#endif
