/*
 * mot_hota.c - HOTA (Luiten et al., 2020), as HOTA.eval_sequence of TrackEval. Two walks over the sequence:
 *
 *   1. how well each pair fits on the whole: m = sum over its overlaps of iou / (sum of the true box's overlaps + sum
 * of the result's - iou), and the alignment m / (frames of the person + frames of the track - m)
 *   2. in each frame the matching with the greatest sum of alignment * iou; its overlaps count at every threshold that
 *      their IoU reaches
 *
 * A pair that is matched c times then has AssA = c / (frames of the person + frames of the track - c); the score's is
 * the mean over all matches.
 */
#include "base/mem.h"
#include "score/mot_score.h"

typedef struct hota_state {
    double *fit;                                                                /* [n_pairs]: m, then the alignment */
    uint32_t (*matched)[HRNET_MOT_THRESHOLDS];                                  /* [n_pairs]: c at each threshold */
    uint32_t *n_of_person, *n_of_track;                                         /* [n_people], [n_tracks]: frames */
    double iou_sums[HRNET_MOT_THRESHOLDS];                                      /* of the matches */
    double of_truths[HRNET_MOT_FRAME_BOXES], of_results[HRNET_MOT_FRAME_BOXES]; /* sums of IoU in one frame */
} hota_state;

/* numpy's arange(0.05, 0.99, 0.05) */
static double threshold(int t)
{
    return 0.05 + t * 0.05;
}

static void count_frames(hota_state *h, const hr_mot_sequence *s)
{
    for (size_t i = 0; i < s->n_truths; i++) h->n_of_person[s->people[i]]++;
    for (size_t i = 0; i < s->n_results; i++) h->n_of_track[s->tracks[i]] += !s->replaced[i];
}

static void add_fits(hota_state *h, const hr_mot_sequence *s, const hr_mot_frame *frame)
{
    const hr_mot_overlap *const overlaps = s->overlaps + frame->overlaps;
    for (size_t i = 0; i < frame->n_truths; i++) h->of_truths[i] = 0;
    for (size_t i = 0; i < frame->n_results; i++) h->of_results[i] = 0;
    for (size_t i = 0; i < frame->n_overlaps; i++) {
        h->of_truths[overlaps[i].truth] += overlaps[i].iou;
        h->of_results[overlaps[i].result] += overlaps[i].iou;
    }
    for (size_t i = 0; i < frame->n_overlaps; i++) {
        const hr_mot_overlap *const o = &overlaps[i];
        const double all = h->of_results[o->result] + h->of_truths[o->truth] - o->iou;
        if (all > DBL_EPSILON && !s->replaced[frame->results + o->result]) h->fit[o->pair] += o->iou / all;
    }
}

static void align_pairs(hota_state *h, const hr_mot_sequence *s)
{
    for (size_t p = 0; p < s->n_pairs; p++) {
        const double frames = (double)h->n_of_person[s->pairs[p].person] + (double)h->n_of_track[s->pairs[p].track];
        h->fit[p] = h->fit[p] / (frames - h->fit[p]);
    }
}

static hrnet_status match_frame(hrnet_mot_score *score, hota_state *h, const hr_mot_sequence *s,
                                const hr_mot_frame *frame, hr_mot_matcher *matcher)
{
    const hr_mot_overlap *const overlaps = s->overlaps + frame->overlaps;
    hr_mot_begin_links(matcher);
    for (size_t i = 0; i < frame->n_overlaps; i++) {
        /* 0 if all boxes of the pair are replaced: such a link is chosen if nothing else is there for both */
        const double weight = h->fit[overlaps[i].pair] * overlaps[i].iou;
        HR_TRY(hr_mot_add_link(matcher, (hr_mot_link){weight, overlaps[i].truth, overlaps[i].result, (uint32_t)i}));
    }
    HR_TRY(hr_mot_match(matcher, frame->n_truths, frame->n_results, 1));
    for (size_t i = 0; i < frame->n_truths; i++) {
        if (matcher->chosen[i] == HR_MOT_NONE) continue;
        const hr_mot_overlap *const o = &overlaps[matcher->chosen[i]];
        for (int t = 0; t < HRNET_MOT_THRESHOLDS && o->iou >= threshold(t) - DBL_EPSILON; t++) {
            h->matched[o->pair][t]++;
            h->iou_sums[t] += o->iou;
            score->n_matched_at[t]++;
        }
    }
    return HRNET_OK;
}

static double at_least(double least, double value)
{
    return value > least ? value : least;
}

static void fill_curves(hrnet_mot_score *score, const hota_state *h, const hr_mot_sequence *s)
{
    for (int t = 0; t < HRNET_MOT_THRESHOLDS; t++) {
        double both = 0, recall = 0, precision = 0;
        const double matches = (double)score->n_matched_at[t];
        for (size_t p = 0; p < s->n_pairs; p++) {
            const double c = h->matched[p][t];
            const double of_person = h->n_of_person[s->pairs[p].person], of_track = h->n_of_track[s->pairs[p].track];
            both += c * (c / at_least(1, of_person + of_track - c));
            recall += c * (c / of_person);
            precision += c * (c / of_track);
        }
        score->curves[HRNET_MOT_ASSA][t] = both / at_least(1, matches);
        score->curves[HRNET_MOT_ASSRE][t] = recall / at_least(1, matches);
        score->curves[HRNET_MOT_ASSPR][t] = precision / at_least(1, matches);
        score->curves[HRNET_MOT_LOCA][t] = at_least(1e-10, h->iou_sums[t]) / at_least(1e-10, matches);
        score->n_missed_at[t] = score->n_truths - score->n_matched_at[t];
        score->n_false_at[t] = score->n_results - score->n_matched_at[t];
    }
}

static hrnet_status score_all(hrnet_mot_score *score, hota_state *h, const hr_mot_sequence *s, hr_mot_matcher *matcher)
{
    HR_NEW(h->fit, s->n_pairs);
    HR_NEW(h->matched, s->n_pairs);
    HR_NEW(h->n_of_person, s->n_people);
    HR_NEW(h->n_of_track, s->n_tracks);
    count_frames(h, s);
    for (size_t f = 0; f < s->n_frames; f++) add_fits(h, s, &s->frames[f]);
    align_pairs(h, s);
    for (size_t f = 0; f < s->n_frames; f++) HR_TRY(match_frame(score, h, s, &s->frames[f], matcher));
    fill_curves(score, h, s);
    return HRNET_OK;
}

hrnet_status hr_mot_hota(hrnet_mot_score *score, const hr_mot_sequence *s, hr_mot_matcher *matcher)
{
    hota_state *h;
    HR_NEW(h, 1);
    const hrnet_status status = score_all(score, h, s, matcher);
    hr_free(h->fit);
    hr_free(h->matched);
    hr_free(h->n_of_person);
    hr_free(h->n_of_track);
    hr_free(h);
    return status;
}
