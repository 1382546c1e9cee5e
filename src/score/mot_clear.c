/*
 * mot_clear.c - MOTA and what belongs to it (CLEAR.eval_sequence of TrackEval), and IDF1 (Identity.eval_sequence).
 *
 * MOTA matches frame by frame, at an IoU of 0.5 or more. Whoever was matched in the frame before keeps the track if it
 * still overlaps that much: such a link weighs 1000 + iou, others iou. Frames without a true box or without a result
 * are passed over: the frame "before" is the last one that had both.
 */
#include "base/mem.h"
#include "score/mot_score.h"

/* ---------------------------------------------------------------------------------------------- MOTA */

typedef struct person_state {
    uint32_t track;                         /* the last one matched */
    size_t last_match;                      /* number from 1 of the frame with both, in which; 0: never matched */
    uint32_t n_frames, n_matched, n_starts; /* n_starts: matches that do not follow one in the frame before */
} person_state;

static int was_matched(const person_state *person, size_t before)
{
    return person->last_match != 0 && person->last_match == before;
}

/* The n-th frame with both. */
static hrnet_status match_frame(hrnet_mot_score *score, person_state *people, const hr_mot_sequence *s,
                                const hr_mot_frame *frame, size_t n, hr_mot_matcher *matcher)
{
    const uint32_t *const persons = s->people + frame->truths, *const tracks = s->tracks + frame->results;
    const hr_mot_overlap *const overlaps = s->overlaps + frame->overlaps;
    hr_mot_begin_links(matcher);
    for (size_t i = 0; i < frame->n_overlaps; i++) {
        const hr_mot_overlap *const o = &overlaps[i];
        const person_state *const person = &people[persons[o->truth]];
        if (!(o->iou >= HR_MOT_LEAST_IOU)) continue;
        const int goes_on = was_matched(person, n - 1) && person->track == tracks[o->result];
        HR_TRY(hr_mot_add_link(matcher,
                               (hr_mot_link){goes_on ? 1000 + o->iou : o->iou, o->truth, o->result, (uint32_t)i}));
    }
    HR_TRY(hr_mot_match(matcher, frame->n_truths, frame->n_results, 1));
    for (size_t i = 0; i < frame->n_truths; i++) {
        if (matcher->chosen[i] == HR_MOT_NONE) continue;
        const hr_mot_overlap *const o = &overlaps[matcher->chosen[i]];
        person_state *const person = &people[persons[i]];
        score->n_switches += person->last_match != 0 && person->track != tracks[o->result];
        person->n_starts += !was_matched(person, n - 1);
        person->n_matched++;
        person->track = tracks[o->result];
        person->last_match = n;
        score->n_matched++;
        score->iou_sum += o->iou;
    }
    return HRNET_OK;
}

static void count_people(hrnet_mot_score *score, const person_state *people)
{
    for (size_t p = 0; p < score->n_people; p++) {
        const double part = (double)people[p].n_matched / (double)people[p].n_frames;
        if (part > 0.8)
            score->n_mostly_tracked++;
        else if (part >= 0.2)
            score->n_partly_tracked++;
        else
            score->n_mostly_lost++;
        if (people[p].n_starts > 0) score->n_fragments += people[p].n_starts - 1;
    }
}

hrnet_status hr_mot_clear(hrnet_mot_score *score, const hr_mot_sequence *s, hr_mot_matcher *matcher)
{
    person_state *people;
    hrnet_status status = HRNET_OK;
    size_t n = 0;
    HR_NEW(people, s->n_people);
    for (size_t i = 0; i < s->n_truths; i++) people[s->people[i]].n_frames++;
    for (size_t f = 0; status == HRNET_OK && f < s->n_frames; f++)
        if (s->frames[f].n_truths > 0 && s->frames[f].n_results > 0)
            status = match_frame(score, people, s, &s->frames[f], ++n, matcher);
    score->n_missed = score->n_truths - score->n_matched;
    score->n_false = score->n_results - score->n_matched;
    count_people(score, people);
    hr_free(people);
    return status;
}

/* ---------------------------------------------------------------------------------------------- IDF1 */

/* In how many frames a pair overlaps by 0.5 or more. */
typedef struct pair_frames {
    uint32_t n;
    size_t last; /* the last one, from 1 */
} pair_frames;

static void count_common(pair_frames *common, const hr_mot_sequence *s)
{
    for (size_t f = 0; f < s->n_frames; f++) {
        const hr_mot_overlap *const overlaps = s->overlaps + s->frames[f].overlaps;
        for (size_t i = 0; i < s->frames[f].n_overlaps; i++) {
            pair_frames *const pair = &common[overlaps[i].pair];
            if (overlaps[i].iou < 0.5 || pair->last == f + 1) continue;
            pair->last = f + 1;
            pair->n++;
        }
    }
}

/* Giving a track to a person makes the frames right in which they overlap by 0.5 or more. The assignment with the
 * fewest wrong boxes is the one with the most right ones. */
static hrnet_status assign_tracks(hrnet_mot_score *score, const hr_mot_sequence *s, const pair_frames *common,
                                  hr_mot_matcher *matcher)
{
    hr_mot_begin_links(matcher);
    for (size_t p = 0; p < s->n_pairs; p++)
        if (common[p].n > 0)
            HR_TRY(hr_mot_add_link(matcher,
                                   (hr_mot_link){common[p].n, s->pairs[p].person, s->pairs[p].track, (uint32_t)p}));
    HR_TRY(hr_mot_match(matcher, s->n_people, s->n_tracks, 0));
    for (size_t i = 0; i < s->n_people; i++)
        if (matcher->chosen[i] != HR_MOT_NONE) score->n_id_matched += common[matcher->chosen[i]].n;
    score->n_id_missed = score->n_truths - score->n_id_matched;
    score->n_id_false = score->n_results - score->n_twice - score->n_id_matched;
    return HRNET_OK;
}

hrnet_status hr_mot_identity(hrnet_mot_score *score, const hr_mot_sequence *s, hr_mot_matcher *matcher)
{
    pair_frames *common;
    HR_NEW(common, s->n_pairs);
    count_common(common, s);
    const hrnet_status status = assign_tracks(score, s, common, matcher);
    hr_free(common);
    return status;
}
