/*
 * results/writer.h - the inside of hrnet_results_writer. A format is a row of a table: what it is called, and how a
 * document begins, takes the people of one picture, and ends. Formats append to a text in memory; results/writer.c
 * hands it over after each call, so that a document of any length takes the memory of one picture.
 */
#ifndef HR_RESULTS_WRITER_H
#define HR_RESULTS_WRITER_H

#include "base/file.h"
#include "io/json_write.h"

typedef struct hr_results_writing {
    hrnet_results_format_info info;
    void (*begin)(hrnet_results_writer *); /* NULL: nothing to do */
    void (*add)(hrnet_results_writer *, const hrnet_people *);
    void (*end)(hrnet_results_writer *); /* NULL: nothing to do */
    int needs_keypoints;                 /* 1: boxes alone are refused */
    int known_skeletons_only;            /* 1: COCO's and MPII's */
} hr_results_writing;

/* What write_trc.c keeps up to the end of a document. */
typedef struct hr_trc hr_trc;
void hr_trc_free(hr_trc *trc); /* NULL is allowed */

struct hrnet_results_writer {
    const hr_results_writing *writing;
    hrnet_results_options options; /* skeleton is never NULL */
    hrnet_json_writer json;        /* its text is what was not handed over yet, of formats that are not JSON too */
    hr_file file;                  /* empty with options.write */
    char *name;                    /* of the document, for messages */
    size_t n_pictures;
    hr_trc *trc;         /* NULL in other formats */
    uint32_t track;      /* trc: the one that was written; 0 before the end, and if nobody had one */
    int n_other_tracks;  /* trc: those that were left out */
    hrnet_status failed; /* of the first write that failed */
    int finished;
};

extern const hr_results_writing hr_write_json, hr_write_jsonl, hr_write_csv, hr_write_coco, hr_write_openpose,
    hr_write_openpose_18, hr_write_mot, hr_write_openpose_raw, hr_write_trc;

/* Persons that could not be looked at have a box and a reason, but nothing else. */
static inline int hr_pose_is_good(const hrnet_pose *pose)
{
    return pose->status == HRNET_OK;
}

/* The reason that a person or a picture failed. Never NULL. */
const char *hr_results_reason(hrnet_status status, const char *message);

#endif
