/*
 * mot_score.h - the parts of the score of tracking (hrnet_mot_evaluate), which follows TrackEval:
 *
 *   boxes      a MOTChallenge file in memory (mot_boxes.c)
 *   sequence   ground truth and results frame by frame: the boxes that count, and which of them overlap
 *   matching   one-to-one choice of links with the greatest sum of weights, in a frame or over the whole sequence
 *   measures   HOTA, CLEAR (MOTA) and Identity (IDF1), each a walk over the sequence
 *
 * "person": an id of the ground truth. "track": an id of the results. Both are numbered from 0 in the order of their
 * ids. "overlap": a true box and a result of one frame whose IoU is above 0. "pair": a person and a track that overlap
 * in some frame. Memory grows with the overlaps, not with persons times tracks.
 */
#ifndef HR_SCORE_MOT_SCORE_H
#define HR_SCORE_MOT_SCORE_H

#include <float.h>

#include <hrnet_eval.h>

#include "base/status.h"

/* The least IoU of a match in CLEAR and for distractors. The tolerance is TrackEval's; Identity has none. */
#define HR_MOT_LEAST_IOU (0.5 - DBL_EPSILON)

#define HR_MOT_NONE UINT32_MAX

/* Bytes that a pair takes at most, with all that HOTA keeps of it. */
enum { HR_MOT_PAIR_COST = 128 };

/* ------------------------------------------------------------------------------------------------ boxes */

/* hrnet_mot_boxes_load on n_bytes of text. */
hrnet_status hr_mot_parse(hrnet_mot_boxes *out, const void *bytes, size_t n_bytes);

/* Where boxes[index] belongs. */
typedef struct hr_mot_row {
    int64_t frame, id;
    size_t index;
} hr_mot_row;

/* The rows [boxes->n] of the boxes by frame, id, index; free with hr_free. */
hrnet_status hr_mot_sort_boxes(hr_mot_row **rows, const hrnet_mot_boxes *boxes);
/* Does row i, from 1, have the frame and the id of the row before it? */
static inline int hr_mot_is_twice(const hr_mot_row *rows, size_t i)
{
    return rows[i].frame == rows[i - 1].frame && rows[i].id == rows[i - 1].id;
}

/* ------------------------------------------------------------------------------------------------ matching */

/* A row and a column that may be matched. */
typedef struct hr_mot_link {
    double weight; /* from 0 */
    uint32_t row, column;
    uint32_t index; /* the caller's name for the link */
} hr_mot_link;

/* Zero it before use; hr_mot_matcher_free releases it. */
typedef struct hr_mot_matcher {
    hr_mot_link *links; /* since hr_mot_begin_links */
    size_t n_links, link_capacity;
    uint32_t *chosen; /* [n_rows] of the last hr_mot_match: index of the row's link, or HR_MOT_NONE */
    /* inside of hr_mot_match */
    uint32_t *first_links, *parents, *next, *last, *local;
    size_t row_capacity, node_capacity;
    double *cost;
    size_t cost_capacity;
    int *columns;
    size_t column_capacity;
} hr_mot_matcher;

/* Forget the links. */
void hr_mot_begin_links(hr_mot_matcher *m);
/* Links come by row; a row and a column have at most one. */
hrnet_status hr_mot_add_link(hr_mot_matcher *m, hr_mot_link link);
/* Choose links so that no two share a row or a column and the sum of their weights is the greatest. together 1: of
 * several such choices TrackEval's is made, at the cost of n_rows x n_columns numbers; 0: rows and columns that no
 * links join are looked at apart, and another choice may be made. HRNET_ERR_LIMIT if the numbers would take more than
 * the memory limit. */
hrnet_status hr_mot_match(hr_mot_matcher *m, size_t n_rows, size_t n_columns, int together);
void hr_mot_matcher_free(hr_mot_matcher *m);

/* ------------------------------------------------------------------------------------------------ sequence */

typedef struct hr_mot_overlap {
    double iou;             /* above 0 */
    uint32_t truth, result; /* counted from the frame's first */
    uint32_t pair;
} hr_mot_overlap;

/* Ranges of the sequence's arrays. */
typedef struct hr_mot_frame {
    size_t truths, results, overlaps;
    size_t n_truths, n_results, n_overlaps;
} hr_mot_frame;

/* What counts. Zero it before use; release it with hr_mot_sequence_free. */
typedef struct hr_mot_sequence {
    hr_mot_frame *frames; /* those with a box, in order */
    size_t n_frames, frame_capacity;
    uint32_t *people, *tracks; /* [n_truths], [n_results], by frame: whose box it is */
    unsigned char *replaced;   /* [n_results] 1: the track has a later box in the frame */
    size_t n_truths, n_results, n_people, n_tracks;
    hr_mot_overlap *overlaps; /* by frame, truth, result */
    size_t n_overlaps, overlap_capacity;
    struct hr_mot_pair {
        uint32_t person, track;
    } * pairs; /* by person */
    size_t n_pairs;
} hr_mot_sequence;

/* Leave out what the benchmark (not HRNET_MOT_AUTO) does not count, and find the overlaps. Sets the counts of boxes,
 * people, tracks, frames and of what is left out in *score, which is zeroed before. matcher: for its buffers. Errors
 * are those of hrnet_mot_evaluate; free s on failure, too. */
hrnet_status hr_mot_sequence_build(hr_mot_sequence *s, hrnet_mot_score *score, const hrnet_mot_boxes *truth,
                                   const hrnet_mot_boxes *results, hrnet_mot_benchmark benchmark,
                                   hr_mot_matcher *matcher);
void hr_mot_sequence_free(hr_mot_sequence *s);

/* ------------------------------------------------------------------------------------------------ measures */

/* Each fills its counts of *score, whose boxes, people and tracks are set; rates come from hr_mot_fill_rates, but for
 * the curves of AssA, AssRe, AssPr and LocA, which hr_mot_hota fills. */
hrnet_status hr_mot_hota(hrnet_mot_score *score, const hr_mot_sequence *s, hr_mot_matcher *matcher);
hrnet_status hr_mot_clear(hrnet_mot_score *score, const hr_mot_sequence *s, hr_mot_matcher *matcher);
hrnet_status hr_mot_identity(hrnet_mot_score *score, const hr_mot_sequence *s, hr_mot_matcher *matcher);

/* All that follows from counts, sums and those four curves. */
void hr_mot_fill_rates(hrnet_mot_score *score);

#endif
