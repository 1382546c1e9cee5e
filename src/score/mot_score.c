/* mot_score.c - hrnet_mot_evaluate and hrnet_mot_combine: the measures of a sequence, and the rates that follow from
 * counts, of one sequence or of the sums over several. */
#include "score/mot_score.h"

#include <math.h>

static const char *const number_names[HRNET_MOT_NUMBERS] = {"HOTA", "DetA", "AssA", "DetRe", "DetPr", "AssRe", "AssPr",
                                                            "LocA", "MOTA", "MOTP", "IDF1",  "IDP",   "IDR"};

const char *const *hrnet_mot_number_names(void)
{
    return number_names;
}

/* ---------------------------------------------------------------------------------------------- rates */

/* TrackEval's way around 0 / 0. */
static double rate(double part, double all)
{
    return part / (all > 1 ? all : 1);
}

void hr_mot_fill_rates(hrnet_mot_score *score)
{
    for (int t = 0; t < HRNET_MOT_THRESHOLDS; t++) {
        const double matched = (double)score->n_matched_at[t], missed = (double)score->n_missed_at[t];
        const double wrong = (double)score->n_false_at[t];
        score->curves[HRNET_MOT_DETRE][t] = rate(matched, matched + missed);
        score->curves[HRNET_MOT_DETPR][t] = rate(matched, matched + wrong);
        score->curves[HRNET_MOT_DETA][t] = rate(matched, matched + missed + wrong);
        score->curves[HRNET_MOT_HOTA][t] = sqrt(score->curves[HRNET_MOT_DETA][t] * score->curves[HRNET_MOT_ASSA][t]);
    }
    for (int c = 0; c < HRNET_MOT_CURVES; c++) {
        double sum = 0;
        for (int t = 0; t < HRNET_MOT_THRESHOLDS; t++) sum += score->curves[c][t];
        score->numbers[c] = sum / HRNET_MOT_THRESHOLDS;
    }
    const double matched = (double)score->n_matched, missed = (double)score->n_missed;
    const double wrong = (double)score->n_false + (double)score->n_switches;
    score->numbers[HRNET_MOT_MOTA] = rate(matched - wrong, matched + missed);
    score->numbers[HRNET_MOT_MOTP] = rate(score->iou_sum, matched);
    const double own = (double)score->n_id_matched, id_missed = (double)score->n_id_missed;
    const double id_wrong = (double)score->n_id_false;
    score->numbers[HRNET_MOT_IDF1] = rate(own, own + 0.5 * id_wrong + 0.5 * id_missed);
    score->numbers[HRNET_MOT_IDP] = rate(own, own + id_wrong);
    score->numbers[HRNET_MOT_IDR] = rate(own, own + id_missed);
}

/* ---------------------------------------------------------------------------------------------- one sequence */

static hrnet_status evaluate(hrnet_mot_score *score, hr_mot_sequence *s, const hrnet_mot_boxes *truth,
                             const hrnet_mot_boxes *results, hrnet_mot_benchmark benchmark, hr_mot_matcher *matcher)
{
    HR_TRY(hr_mot_sequence_build(s, score, truth, results, benchmark, matcher));
    HR_TRY(hr_mot_hota(score, s, matcher));
    HR_TRY(hr_mot_clear(score, s, matcher));
    HR_TRY(hr_mot_identity(score, s, matcher));
    hr_mot_fill_rates(score);
    /* TrackEval computes no MOTA of a sequence without true boxes; in sums over sequences its results are false */
    if (score->n_truths == 0) score->numbers[HRNET_MOT_MOTA] = 0;
    return HRNET_OK;
}

hrnet_status hrnet_mot_evaluate(hrnet_mot_score *out, const hrnet_mot_boxes *truth, const hrnet_mot_boxes *results,
                                const hrnet_mot_options *options)
{
    const hrnet_mot_options defaults = {0};
    if (options == NULL) options = &defaults;
    if (out == NULL || truth == NULL || results == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_mot_evaluate: an argument is NULL");
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_mot_options"));
    HR_TRY(HR_CHECK_RESERVED(truth, "hrnet_mot_boxes"));
    HR_TRY(HR_CHECK_RESERVED(results, "hrnet_mot_boxes"));
    if ((unsigned)options->benchmark > HRNET_MOT20)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_mot_options.benchmark: expected 0 to %d, found %d", HRNET_MOT20,
                       (int)options->benchmark);
    hrnet_mot_benchmark benchmark = options->benchmark;
    if (benchmark == HRNET_MOT_AUTO) benchmark = truth->has_classes ? HRNET_MOT17 : HRNET_MOT15;
    hr_mot_sequence sequence = {0};
    hr_mot_matcher matcher = {0};
    hrnet_mot_score score = {0};
    const hrnet_status status = evaluate(&score, &sequence, truth, results, benchmark, &matcher);
    hr_mot_sequence_free(&sequence);
    hr_mot_matcher_free(&matcher);
    if (status == HRNET_OK) *out = score;
    return status;
}

/* ---------------------------------------------------------------------------------------------- several */

/* Add the counts of one to the sums, and its curves that are means over matches times its matches. */
static void add_counts(hrnet_mot_score *sum, const hrnet_mot_score *one)
{
    static const int of_matches[] = {HRNET_MOT_ASSA, HRNET_MOT_ASSRE, HRNET_MOT_ASSPR, HRNET_MOT_LOCA};
    for (int t = 0; t < HRNET_MOT_THRESHOLDS; t++) {
        sum->n_matched_at[t] += one->n_matched_at[t];
        sum->n_missed_at[t] += one->n_missed_at[t];
        sum->n_false_at[t] += one->n_false_at[t];
        for (size_t c = 0; c < sizeof of_matches / sizeof *of_matches; c++)
            sum->curves[of_matches[c]][t] += one->curves[of_matches[c]][t] * (double)one->n_matched_at[t];
    }
    sum->n_frames += one->n_frames;
    sum->n_truths += one->n_truths;
    sum->n_people += one->n_people;
    sum->n_results += one->n_results;
    sum->n_tracks += one->n_tracks;
    sum->n_twice += one->n_twice;
    sum->n_matched += one->n_matched;
    sum->n_missed += one->n_missed;
    sum->n_false += one->n_false;
    sum->n_switches += one->n_switches;
    sum->n_fragments += one->n_fragments;
    sum->n_mostly_tracked += one->n_mostly_tracked;
    sum->n_partly_tracked += one->n_partly_tracked;
    sum->n_mostly_lost += one->n_mostly_lost;
    sum->iou_sum += one->iou_sum;
    sum->n_id_matched += one->n_id_matched;
    sum->n_id_missed += one->n_id_missed;
    sum->n_id_false += one->n_id_false;
    sum->n_ignored += one->n_ignored;
    sum->n_other_classes += one->n_other_classes;
    sum->n_distracted += one->n_distracted;
    sum->n_after += one->n_after;
}

hrnet_status hrnet_mot_combine(hrnet_mot_score *out, const hrnet_mot_score *scores, size_t n)
{
    if (out == NULL || scores == NULL || n == 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_mot_combine: expected at least one score");
    hrnet_mot_score sum = {.benchmark = scores[0].benchmark};
    for (size_t i = 0; i < n; i++) {
        add_counts(&sum, &scores[i]);
        if (scores[i].benchmark != sum.benchmark) sum.benchmark = HRNET_MOT_AUTO;
    }
    for (int t = 0; t < HRNET_MOT_THRESHOLDS; t++) {
        const double matched = (double)sum.n_matched_at[t];
        sum.curves[HRNET_MOT_ASSA][t] = rate(sum.curves[HRNET_MOT_ASSA][t], matched);
        sum.curves[HRNET_MOT_ASSRE][t] = rate(sum.curves[HRNET_MOT_ASSRE][t], matched);
        sum.curves[HRNET_MOT_ASSPR][t] = rate(sum.curves[HRNET_MOT_ASSPR][t], matched);
        sum.curves[HRNET_MOT_LOCA][t] = matched > 0 ? sum.curves[HRNET_MOT_LOCA][t] / matched : 1;
    }
    hr_mot_fill_rates(&sum);
    *out = sum;
    return HRNET_OK;
}
