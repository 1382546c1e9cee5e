/* mot_sequence.c - two lists of boxes frame by frame: what does not count is left out, as
 * MotChallenge2DBox.get_preprocessed_seq_data of TrackEval does, people and tracks get numbers, overlaps are found. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "score/mot_score.h"

enum { TRUTH, RESULT, SIDES };

/* MOTChallenge's classes */
enum {
    PEDESTRIAN = 1,
    ON_VEHICLE = 2,
    EMPTY_VEHICLE = 6,
    STATIC = 7,
    DISTRACTOR = 8,
    REFLECTION = 12,
    LAST_CLASS = 13
};

typedef struct corner_box {
    double x[2], y[2], area;
    int is_left_out;
    uint32_t place; /* among those of the frame that are left */
} corner_box;

typedef struct sequence_builder {
    hr_mot_sequence *s;
    hrnet_mot_score *score;
    const hrnet_mot_boxes *boxes[SIDES];
    hr_mot_row *rows[SIDES];    /* by frame, then as in boxes */
    int64_t *ids[SIDES];        /* of the boxes that count, by frame */
    corner_box *corners[SIDES]; /* [HRNET_MOT_FRAME_BOXES] of one frame */
    hr_mot_matcher *matcher;
    size_t most_overlaps; /* that the memory limit allows */
} sequence_builder;

static const char *const side_names[SIDES] = {"ground truth", "results"};

/* ---------------------------------------------------------------------------------------------- input */

static hrnet_status fail_box(hrnet_status status, int side, const hrnet_mot_box *box, const char *what)
{
    return hr_fail(status, "%s: frame %lld, id %lld: %s", side_names[side], (long long)box->frame, (long long)box->id,
                   what);
}

static hrnet_status check_box(int side, const hrnet_mot_box *box, int has_classes, int has_benchmark)
{
    if (box->frame < 1) return fail_box(HRNET_ERR_ARGUMENT, side, box, "expected frames from 1");
    if (box->id < 0) return fail_box(HRNET_ERR_ARGUMENT, side, box, "expected ids from 0");
    if (!isfinite(box->left) || !isfinite(box->top) || !isfinite(box->width) || !isfinite(box->height) ||
        !isfinite(box->confidence))
        return fail_box(HRNET_ERR_ARGUMENT, side, box, "expected finite numbers");
    if (side == TRUTH && has_benchmark && (box->class_id < PEDESTRIAN || box->class_id > LAST_CLASS))
        return hr_fail(HRNET_ERR_MISMATCH, "ground truth: frame %lld, id %lld: class: expected 1 to %d, found %d",
                       (long long)box->frame, (long long)box->id, LAST_CLASS, box->class_id);
    if (side == RESULT && has_classes && box->class_id > PEDESTRIAN)
        return hr_fail(HRNET_ERR_MISMATCH, "results: frame %lld, id %lld: class: expected pedestrians (1), found %d",
                       (long long)box->frame, (long long)box->id, box->class_id);
    return HRNET_OK;
}

static int compare_places(const void *left, const void *right)
{
    const hr_mot_row *const a = left, *const b = right;
    if (a->frame != b->frame) return a->frame < b->frame ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static hrnet_status list_rows(sequence_builder *b, int side, hrnet_mot_benchmark benchmark)
{
    const hrnet_mot_boxes *const boxes = b->boxes[side];
    if (boxes->n > 0 && boxes->boxes == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: expected %zu boxes, found NULL", side_names[side], boxes->n);
    if (side == TRUTH && benchmark != HRNET_MOT15 && boxes->n > 0 && !boxes->has_classes)
        return hr_fail(HRNET_ERR_MISMATCH, "ground truth: expected classes, as the benchmark has them, found none");
    for (size_t i = 0; i < boxes->n; i++)
        HR_TRY(check_box(side, &boxes->boxes[i], boxes->has_classes, benchmark != HRNET_MOT15));
    HR_TRY(hr_mot_sort_boxes(&b->rows[side], boxes));
    for (size_t i = 1; side == TRUTH && i < boxes->n; i++)
        if (hr_mot_is_twice(b->rows[side], i))
            return fail_box(HRNET_ERR_ARGUMENT, side, &boxes->boxes[b->rows[side][i].index],
                            "expected an id once in a frame");
    qsort(b->rows[side], boxes->n, sizeof *b->rows[side], compare_places);
    HR_NEW(b->ids[side], boxes->n);
    HR_NEW(b->corners[side], HRNET_MOT_FRAME_BOXES);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- overlaps */

static void fill_corners(corner_box *out, const hrnet_mot_box *box)
{
    *out = (corner_box){.x = {box->left, box->left + box->width}, .y = {box->top, box->top + box->height}};
    out->area = (out->x[1] - out->x[0]) * (out->y[1] - out->y[0]);
}

/* _calculate_box_ious of TrackEval, operation by operation, as thresholds are compared to the last bit. */
static double iou_of(const corner_box *a, const corner_box *b)
{
    const double w = fmin(a->x[1], b->x[1]) - fmax(a->x[0], b->x[0]);
    const double h = fmin(a->y[1], b->y[1]) - fmax(a->y[0], b->y[0]);
    if (!(w > 0 && h > 0 && a->area > DBL_EPSILON && b->area > DBL_EPSILON)) return 0;
    const double common = w * h, all = a->area + b->area - common;
    return all > DBL_EPSILON ? common / all : 0;
}

static hrnet_status find_overlaps(sequence_builder *b, const size_t n[SIDES])
{
    hr_mot_sequence *const s = b->s;
    for (size_t i = 0; i < n[TRUTH]; i++) {
        for (size_t j = 0; j < n[RESULT]; j++) {
            const double iou = iou_of(&b->corners[TRUTH][i], &b->corners[RESULT][j]);
            if (!(iou > 0)) continue;
            if (s->n_overlaps >= b->most_overlaps)
                return hr_fail(HRNET_ERR_LIMIT,
                               "true boxes and results overlap more than %zu times, which takes more than the memory "
                               "limit",
                               s->n_overlaps);
            HR_GROW(s->overlaps, s->n_overlaps, s->overlap_capacity);
            s->overlaps[s->n_overlaps++] = (hr_mot_overlap){.iou = iou, .truth = (uint32_t)i, .result = (uint32_t)j};
        }
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- what counts */

static int distracts(int class_id, hrnet_mot_benchmark benchmark)
{
    return class_id == ON_VEHICLE || class_id == STATIC || class_id == DISTRACTOR || class_id == REFLECTION ||
           (class_id == EMPTY_VEHICLE && benchmark == HRNET_MOT20);
}

/* Results are matched with the true boxes of all classes; those that match a distractor are left out. overlaps: of this
 * frame. */
static hrnet_status leave_out_distracted(sequence_builder *b, const hr_mot_row *truths, const size_t n[SIDES],
                                         const hr_mot_overlap *overlaps, size_t n_overlaps)
{
    hr_mot_begin_links(b->matcher);
    for (size_t i = 0; i < n_overlaps; i++) {
        const hr_mot_link link = {overlaps[i].iou, overlaps[i].truth, overlaps[i].result, (uint32_t)i};
        if (overlaps[i].iou >= HR_MOT_LEAST_IOU) HR_TRY(hr_mot_add_link(b->matcher, link));
    }
    HR_TRY(hr_mot_match(b->matcher, n[TRUTH], n[RESULT], 1));
    for (size_t i = 0; i < n[TRUTH]; i++) {
        if (b->matcher->chosen[i] == HR_MOT_NONE) continue;
        if (!distracts(b->boxes[TRUTH]->boxes[truths[i].index].class_id, b->score->benchmark)) continue;
        b->corners[RESULT][overlaps[b->matcher->chosen[i]].result].is_left_out = 1;
        b->score->n_distracted++;
    }
    return HRNET_OK;
}

static void leave_out_truths(sequence_builder *b, const hr_mot_row *truths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const hrnet_mot_box *const box = &b->boxes[TRUTH]->boxes[truths[i].index];
        if (fabs(box->confidence) < 1) {
            b->score->n_ignored++;
            b->corners[TRUTH][i].is_left_out = 1;
        } else if (b->score->benchmark != HRNET_MOT15 && box->class_id != PEDESTRIAN) {
            b->score->n_other_classes++;
            b->corners[TRUTH][i].is_left_out = 1;
        }
    }
}

/* Append what is left of the frame, whose overlaps stand behind those of the frames before. */
static hrnet_status add_frame(sequence_builder *b, const hr_mot_row *const rows[SIDES], const size_t n[SIDES],
                              size_t first_overlap)
{
    hr_mot_sequence *const s = b->s;
    hr_mot_frame frame = {.truths = s->n_truths, .results = s->n_results, .overlaps = first_overlap};
    size_t *const totals[SIDES] = {&s->n_truths, &s->n_results}, *const counts[SIDES] = {&frame.n_truths,
                                                                                         &frame.n_results};
    for (int side = 0; side < SIDES; side++) {
        for (size_t i = 0; i < n[side]; i++) {
            if (b->corners[side][i].is_left_out) continue;
            b->corners[side][i].place = (uint32_t)(*counts[side])++;
            b->ids[side][(*totals[side])++] = rows[side][i].id;
        }
    }
    size_t end = first_overlap;
    for (size_t i = first_overlap; i < s->n_overlaps; i++) {
        hr_mot_overlap o = s->overlaps[i];
        if (b->corners[TRUTH][o.truth].is_left_out || b->corners[RESULT][o.result].is_left_out) continue;
        o.truth = b->corners[TRUTH][o.truth].place;
        o.result = b->corners[RESULT][o.result].place;
        s->overlaps[end++] = o;
    }
    s->n_overlaps = end;
    frame.n_overlaps = end - first_overlap;
    if (frame.n_truths + frame.n_results == 0) return HRNET_OK;
    HR_GROW(s->frames, s->n_frames, s->frame_capacity);
    s->frames[s->n_frames++] = frame;
    return HRNET_OK;
}

/* rows [n]: of one frame, of either side. */
static hrnet_status read_frame(sequence_builder *b, const hr_mot_row *const rows[SIDES], const size_t n[SIDES])
{
    const size_t first_overlap = b->s->n_overlaps;
    for (int side = 0; side < SIDES; side++) {
        if (n[side] > HRNET_MOT_FRAME_BOXES)
            return hr_fail(HRNET_ERR_LIMIT, "%s: frame %lld: expected at most %d boxes, found %zu", side_names[side],
                           (long long)rows[side][0].frame, HRNET_MOT_FRAME_BOXES, n[side]);
        for (size_t i = 0; i < n[side]; i++)
            fill_corners(&b->corners[side][i], &b->boxes[side]->boxes[rows[side][i].index]);
    }
    HR_TRY(find_overlaps(b, n));
    if (b->score->benchmark != HRNET_MOT15)
        HR_TRY(
            leave_out_distracted(b, rows[TRUTH], n, b->s->overlaps + first_overlap, b->s->n_overlaps - first_overlap));
    leave_out_truths(b, rows[TRUTH], n[TRUTH]);
    return add_frame(b, rows, n, first_overlap);
}

static hrnet_status read_frames(sequence_builder *b)
{
    const hr_mot_row *at[SIDES] = {b->rows[TRUTH], b->rows[RESULT]};
    const hr_mot_row *const end[SIDES] = {at[TRUTH] + b->boxes[TRUTH]->n, at[RESULT] + b->boxes[RESULT]->n};
    const int64_t last_true = b->boxes[TRUTH]->n > 0 ? b->rows[TRUTH][b->boxes[TRUTH]->n - 1].frame : 0;
    while (at[TRUTH] < end[TRUTH] || at[RESULT] < end[RESULT]) {
        size_t n[SIDES] = {0};
        int64_t frame = INT64_MAX;
        for (int side = 0; side < SIDES; side++)
            if (at[side] < end[side] && at[side]->frame < frame) frame = at[side]->frame;
        for (int side = 0; side < SIDES; side++)
            while (at[side] + n[side] < end[side] && at[side][n[side]].frame == frame) n[side]++;
        HR_TRY(read_frame(b, at, n));
        if (frame > last_true) b->score->n_after += n[RESULT];
        b->score->n_frames = (size_t)frame;
        for (int side = 0; side < SIDES; side++) at[side] += n[side];
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- numbers */

static int compare_ids(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* Number the different ones of n ids from 0 in their order. sorted [n]: for the work. */
static size_t number_ids(uint32_t *out, const int64_t *ids, int64_t *sorted, size_t n)
{
    size_t n_different = 0;
    memcpy(sorted, ids, n * sizeof *ids);
    qsort(sorted, n, sizeof *sorted, compare_ids);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || sorted[i] != sorted[n_different - 1]) sorted[n_different++] = sorted[i];
    for (size_t i = 0; i < n; i++) {
        const int64_t *const found = bsearch(&ids[i], sorted, n_different, sizeof *sorted, compare_ids);
        out[i] = (uint32_t)(found - sorted);
    }
    return n_different;
}

static hrnet_status number_all(sequence_builder *b)
{
    hr_mot_sequence *const s = b->s;
    int64_t *sorted;
    HR_NEW(s->people, s->n_truths);
    HR_NEW(s->tracks, s->n_results);
    HR_NEW(sorted, s->n_truths > s->n_results ? s->n_truths : s->n_results);
    s->n_people = number_ids(s->people, b->ids[TRUTH], sorted, s->n_truths);
    s->n_tracks = number_ids(s->tracks, b->ids[RESULT], sorted, s->n_results);
    hr_free(sorted);
    return HRNET_OK;
}

/* Find the boxes whose track has a later one in the frame. */
static hrnet_status mark_replaced(hr_mot_sequence *s, hrnet_mot_score *score)
{
    size_t *last_frames; /* [n_tracks], from 1 */
    HR_NEW(s->replaced, s->n_results);
    HR_NEW(last_frames, s->n_tracks);
    for (size_t f = 0; f < s->n_frames; f++) {
        for (size_t i = s->frames[f].n_results; i-- > 0;) {
            const size_t result = s->frames[f].results + i;
            s->replaced[result] = last_frames[s->tracks[result]] == f + 1;
            last_frames[s->tracks[result]] = f + 1;
            score->n_twice += s->replaced[result];
        }
    }
    hr_free(last_frames);
    return HRNET_OK;
}

/* The buffers of number_pairs. */
typedef struct pair_table {
    size_t *starts;      /* [n_people + 1]: where the person's overlaps are in order */
    uint32_t *order;     /* [n_overlaps]: overlaps by person */
    uint32_t *frames;    /* [n_overlaps]: whose overlap it is */
    uint32_t *last_pair; /* [n_tracks]: the last pair of the track; valid if it is of the person at hand */
    size_t capacity;     /* of s->pairs */
} pair_table;

static hrnet_status fill_pairs(hr_mot_sequence *s, pair_table *table)
{
    const uint64_t most = hr_memory_limit(0) / HR_MOT_PAIR_COST;
    HR_NEW(table->starts, s->n_people + 2);
    HR_NEW(table->order, s->n_overlaps);
    HR_NEW(table->frames, s->n_overlaps);
    HR_NEW(table->last_pair, s->n_tracks);
    for (size_t f = 0; f < s->n_frames; f++) {
        for (size_t i = 0; i < s->frames[f].n_overlaps; i++) {
            const size_t o = s->frames[f].overlaps + i;
            table->frames[o] = (uint32_t)f;
            table->starts[s->people[s->frames[f].truths + s->overlaps[o].truth] + 2]++;
        }
    }
    for (size_t p = 1; p <= s->n_people; p++) table->starts[p + 1] += table->starts[p];
    for (size_t o = 0; o < s->n_overlaps; o++) /* starts[p + 1] moves on to where p ends */
        table->order[table->starts[s->people[s->frames[table->frames[o]].truths + s->overlaps[o].truth] + 1]++] =
            (uint32_t)o;
    for (uint32_t p = 0; p < s->n_people; p++) {
        for (size_t i = table->starts[p]; i < table->starts[p + 1]; i++) {
            hr_mot_overlap *const o = &s->overlaps[table->order[i]];
            const uint32_t track = s->tracks[s->frames[table->frames[table->order[i]]].results + o->result];
            const uint32_t last = table->last_pair[track];
            if (last < s->n_pairs && s->pairs[last].person == p && s->pairs[last].track == track) {
                o->pair = last;
                continue;
            }
            if (s->n_pairs >= most)
                return hr_fail(HRNET_ERR_LIMIT,
                               "more than %zu pairs of a person and a track overlap, which takes more than the memory "
                               "limit",
                               s->n_pairs);
            HR_GROW(s->pairs, s->n_pairs, table->capacity);
            s->pairs[s->n_pairs] = (struct hr_mot_pair){p, track};
            o->pair = table->last_pair[track] = (uint32_t)s->n_pairs++;
        }
    }
    return HRNET_OK;
}

static hrnet_status number_pairs(hr_mot_sequence *s)
{
    pair_table table = {0};
    const hrnet_status status = fill_pairs(s, &table);
    hr_free(table.starts);
    hr_free(table.order);
    hr_free(table.frames);
    hr_free(table.last_pair);
    return status;
}

/* ---------------------------------------------------------------------------------------------- whole */

static hrnet_status build(sequence_builder *b)
{
    HR_TRY(list_rows(b, TRUTH, b->score->benchmark));
    HR_TRY(list_rows(b, RESULT, b->score->benchmark));
    HR_TRY(read_frames(b));
    HR_TRY(number_all(b));
    HR_TRY(mark_replaced(b->s, b->score));
    HR_TRY(number_pairs(b->s));
    b->score->n_truths = b->s->n_truths;
    b->score->n_people = b->s->n_people;
    b->score->n_results = b->s->n_results;
    b->score->n_tracks = b->s->n_tracks;
    return HRNET_OK;
}

hrnet_status hr_mot_sequence_build(hr_mot_sequence *s, hrnet_mot_score *score, const hrnet_mot_boxes *truth,
                                   const hrnet_mot_boxes *results, hrnet_mot_benchmark benchmark,
                                   hr_mot_matcher *matcher)
{
    /* an overlap, its copy while the array grows, and its places in pair_table */
    const uint64_t most = hr_memory_limit(0) / (2 * sizeof(hr_mot_overlap) + 2 * sizeof(uint32_t));
    sequence_builder b = {.s = s,
                          .score = score,
                          .boxes = {truth, results},
                          .matcher = matcher,
                          .most_overlaps = most < UINT32_MAX ? (size_t)most : UINT32_MAX};
    score->benchmark = benchmark;
    const hrnet_status status = build(&b);
    for (int side = 0; side < SIDES; side++) {
        hr_free(b.rows[side]);
        hr_free(b.ids[side]);
        hr_free(b.corners[side]);
    }
    return status;
}

void hr_mot_sequence_free(hr_mot_sequence *s)
{
    hr_free(s->frames);
    hr_free(s->people);
    hr_free(s->tracks);
    hr_free(s->replaced);
    hr_free(s->overlaps);
    hr_free(s->pairs);
    *s = (hr_mot_sequence){0};
}
