/* results/writer.c - the table of formats, and a document's way to its file or its stream. */
#include "results/writer.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

static const hr_results_writing *const formats[HRNET_RESULTS_FORMATS] = {
    [HRNET_RESULTS_JSON] = &hr_write_json,         [HRNET_RESULTS_JSONL] = &hr_write_jsonl,
    [HRNET_RESULTS_CSV] = &hr_write_csv,           [HRNET_RESULTS_COCO] = &hr_write_coco,
    [HRNET_RESULTS_OPENPOSE] = &hr_write_openpose, [HRNET_RESULTS_OPENPOSE_18] = &hr_write_openpose_18,
    [HRNET_RESULTS_MOT] = &hr_write_mot,           [HRNET_RESULTS_OPENPOSE_RAW] = &hr_write_openpose_raw,
    [HRNET_RESULTS_TRC] = &hr_write_trc,
};

const hrnet_results_format_info *hrnet_results_format_get_info(hrnet_results_format format)
{
    return (unsigned)format < HRNET_RESULTS_FORMATS ? &formats[format]->info : NULL;
}

const char *hr_results_reason(hrnet_status status, const char *message)
{
    return message != NULL ? message : hrnet_status_text(status);
}

static int is_known(const hrnet_skeleton *skeleton)
{
    const hrnet_skeleton *const known[] = {hrnet_skeleton_coco(), hrnet_skeleton_mpii()};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(skeleton->name, known[i]->name) == 0 && skeleton->n_keypoints == known[i]->n_keypoints) return 1;
    return 0;
}

hrnet_status hrnet_results_check(const hrnet_results_options *options)
{
    if (options == NULL) return HRNET_OK;
    const hrnet_results_format_info *const info = hrnet_results_format_get_info(options->format);
    if (info == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "unknown results format %d", (int)options->format);
    HR_TRY(HR_CHECK_RESERVED(options, "hrnet_results_options"));
    if (options->skeleton != NULL) HR_TRY(HR_CHECK_RESERVED(options->skeleton, "hrnet_skeleton"));
    if (options->network != NULL) HR_TRY(HR_CHECK_RESERVED(options->network, "hrnet_model_info"));
    if (options->detector != NULL) HR_TRY(HR_CHECK_RESERVED(options->detector, "hrnet_detector_info"));
    if (formats[options->format]->needs_keypoints && options->boxes)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "format %s has no place for boxes without keypoints", info->name);
    if (formats[options->format]->known_skeletons_only && options->skeleton != NULL && !is_known(options->skeleton))
        return hr_fail(HRNET_ERR_UNSUPPORTED,
                       "format %s needs a network with COCO's or MPII's keypoints (openpose-raw takes any)",
                       info->name);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- handing over */

/* errno is why, where there is a reason. */
static hrnet_status fail_to_write(hrnet_results_writer *w)
{
    const int reason = w->options.write == NULL ? errno : 0;
    w->failed = reason != 0 ? hr_fail(HRNET_ERR_IO, "%s: cannot write: %s", w->name, strerror(reason))
                            : hr_fail(HRNET_ERR_IO, "%s: cannot write", w->name);
    return w->failed;
}

/* Hand over what the text holds. Without memory for it nothing is handed over, and the document is broken. */
static hrnet_status drain(hrnet_results_writer *w)
{
    hr_text *const text = &w->json.text;
    if (text->failed) {
        w->failed = HRNET_ERR_MEMORY;
        return hr_fail_memory(text->length);
    }
    const size_t n = text->length;
    text->length = 0;
    if (n == 0) return HRNET_OK;
    const int is_written = w->options.write != NULL ? w->options.write(w->options.context, text->data, n) == 0
                                                    : fwrite(text->data, 1, n, w->file.stream) == n;
    return is_written ? HRNET_OK : fail_to_write(w);
}

/* The first failure again. */
static hrnet_status fail_again(const hrnet_results_writer *w)
{
    return w->failed == HRNET_ERR_MEMORY ? hr_fail_memory(0)
                                         : hr_fail(w->failed, "%s: an earlier part could not be written", w->name);
}

/* ---------------------------------------------------------------------------------------------- documents */

static hrnet_status open_document(hrnet_results_writer *w, const char *path)
{
    const char *const name = path == NULL ? "results" : strcmp(path, "-") == 0 ? "standard output" : path;
    w->name = hr_strdup(name);
    if (w->name == NULL) return hr_fail_memory(strlen(name) + 1);
    if (w->options.write == NULL) HR_TRY(hr_file_create(&w->file, path));
    if (w->writing->begin != NULL) w->writing->begin(w);
    return drain(w);
}

hrnet_status hrnet_results_open(hrnet_results_writer **out, const char *path, const hrnet_results_options *options)
{
    const hrnet_results_options defaults = {0};
    hrnet_results_writer *w;
    if (options == NULL) options = &defaults;
    if (out == NULL || (path == NULL && options->write == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_results_open: an argument is NULL");
    HR_TRY(hrnet_results_check(options));
    HR_NEW(w, 1);
    w->writing = formats[options->format];
    w->options = *options;
    if (w->options.skeleton == NULL) w->options.skeleton = hrnet_skeleton_coco();
    const hrnet_status status = open_document(w, path);
    if (status != HRNET_OK) {
        hrnet_results_free(w);
        return status;
    }
    *out = w;
    return HRNET_OK;
}

static hrnet_status check_people(const hrnet_results_writer *w, const hrnet_people *people)
{
    const int n_keypoints = w->options.boxes ? 0 : w->options.skeleton->n_keypoints;
    if (people->name == NULL || people->n_persons < 0 || (people->n_persons > 0 && people->persons == NULL))
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_results_write: people without a name, or without persons");
    if (people->n_persons > 0 && people->n_keypoints != n_keypoints)
        return hr_fail(HRNET_ERR_MISMATCH, "%s: expected %d keypoints a person, found %d", people->name, n_keypoints,
                       people->n_keypoints);
    HR_TRY(HR_CHECK_RESERVED(people, "hrnet_people"));
    for (int i = 0; i < people->n_persons; i++) {
        const hrnet_pose *const pose = &people->persons[i];
        HR_TRY(HR_CHECK_RESERVED(pose, "hrnet_pose"));
        if (hr_pose_is_good(pose) && pose->keypoints == NULL && n_keypoints > 0)
            return hr_fail(HRNET_ERR_ARGUMENT, "%s: person %d has no keypoints", people->name, i);
    }
    if (w->writing->info.single && w->n_pictures > 0)
        return hr_fail(HRNET_ERR_ARGUMENT, "%s: format %s holds one picture, found a second, %s", w->name,
                       w->writing->info.name, people->name);
    return HRNET_OK;
}

hrnet_status hrnet_results_write(hrnet_results_writer *w, const hrnet_people *people)
{
    if (w == NULL || people == NULL || w->finished)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_results_write: an argument is NULL, or the document has ended");
    if (w->failed != HRNET_OK) return fail_again(w);
    HR_TRY(check_people(w, people));
    w->writing->add(w, people);
    w->n_pictures++;
    return drain(w);
}

static hrnet_status end_document(hrnet_results_writer *w)
{
    if (w->failed != HRNET_OK) return fail_again(w);
    if (w->writing->end != NULL) w->writing->end(w);
    HR_TRY(drain(w));
    return w->options.write == NULL ? hr_file_commit(&w->file) : HRNET_OK;
}

hrnet_status hrnet_results_finish(hrnet_results_writer *w)
{
    if (w == NULL || w->finished)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_results_finish: the writer is NULL, or the document has ended");
    w->finished = 1;
    return end_document(w);
}

uint32_t hrnet_results_track(const hrnet_results_writer *w, int *n_others)
{
    if (n_others != NULL) *n_others = w != NULL ? w->n_other_tracks : 0;
    return w != NULL ? w->track : 0;
}

void hrnet_results_free(hrnet_results_writer *w)
{
    if (w == NULL) return;
    hr_trc_free(w->trc);
    hr_file_abandon(&w->file);
    hr_text_free(&w->json.text);
    hr_free(w->name);
    hr_free(w);
}
