/* video_target.c - the files of a video's results: names, the drawn video, data. */
#include "video_target.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"
#include "video_options.h"

/* ---------------------------------------------------------------------------------------------- names */

/* Exactly one %d or %0Nd, and nothing else that printf would take. */
static int is_pattern(const char *path)
{
    const char *const percent = strchr(path, '%');
    if (percent == NULL || !tool_is_picture(path) || strchr(percent + 1, '%') != NULL) return 0;
    const size_t n = strspn(percent + 1, "0123456789");
    return n <= 3 && percent[1 + n] == 'd';
}

static char *frame_path(const char *pattern, size_t number)
{
    const char *const percent = strchr(pattern, '%'), *const rest = strchr(percent, 'd') + 1;
    const int width = atoi(percent + 1);
    return tool_text("%.*s%0*zu%s", (int)(percent - pattern), pattern, width, number, rest);
}

/* What stands in front of "_pose.json" in a folder: the input's name, also of a pattern or a stream. */
static char *stem_of(const char *input)
{
    size_t n = strlen(input);
    while (n > 1 && input[n - 1] == '/') n--;
    char *const name = tool_text("%.*s", (int)n, input), *const stem = tool_stem(name);
    free(name);
    for (char *c = stem; *c != '\0'; c++)
        if (strchr("%:?*&=", *c) != NULL) *c = '_';
    return stem;
}

/* ---------------------------------------------------------------------------------------------- choosing */

/* Data into a file or a folder; format: -1 by the ending, else json. */
static int choose_data(video_target *to, const char *option, const char *path, int format)
{
    const int is_file = strcmp(path, "-") == 0 || !tool_names_folder(path);
    const int by_ending = is_file ? tool_data_format(path) : -1;
    const int chosen = format >= 0 ? format : by_ending >= 0 ? by_ending : HRNET_RESULTS_JSON;
    if (is_file && format < 0 && by_ending < 0 && strcmp(path, "-") != 0)
        return tool_usage("%s %s: cannot tell from its ending what to write; give --format", option, path);
    to->how.format = (hrnet_results_format)chosen;
    to->format = hrnet_results_format_get_info(to->how.format);
    if (to->format->single && is_file)
        return tool_usage("--format %s is one file a frame; name a folder with --data", to->format->name);
    if (!is_file) to->made = tool_text("%s", path);
    if (to->format->single)
        to->folder = tool_text("%s", path);
    else
        to->data = is_file ? tool_text("%s", path) : tool_text("%s/%s%s", path, to->stem, to->format->ending);
    return 0;
}

static int choose(video_target *to, const video_outputs *asked)
{
    const char *const out = asked->out;
    const int has_out = out != NULL && strcmp(out, "-") != 0;
    int draws = 1;
    if (has_out && video_is_output(out)) {
        to->video = tool_text("%s", out);
    } else if (has_out && tool_is_picture(out)) {
        if (!is_pattern(out))
            return tool_usage("%s: expected a video (.mp4), or a pattern of frames (frames/%%06d.jpg), since the input "
                              "is a video",
                              out);
        to->frames = tool_text("%s", out);
    } else if (has_out && tool_names_folder(out)) {
        to->video = tool_text("%s/%s_pose.mp4", out, to->stem);
        to->made = tool_text("%s", out);
        if (asked->data == NULL) {
            free(to->made);
            return choose_data(to, "-o", out, asked->format);
        }
    } else {
        draws = 0;
        if (asked->data != NULL && out != NULL) return tool_usage("-o %s and --data both name data", out);
        if (asked->data == NULL && (out != NULL || !asked->shows))
            return choose_data(to, "-o", out != NULL ? out : "-", asked->format);
    }
    if (asked->data != NULL) return choose_data(to, "--data", asked->data, asked->format);
    if (asked->format >= 0 && draws) return tool_usage("--format is that of data; name where to write it with --data");
    return 0;
}

/* Frames must not take the place of pictures that are read: of a sequence of the same names, or in the same folder. */
static int check_frames(const video_target *to, const char *input)
{
    struct stat of_input, of_frames;
    const char *const slash = strrchr(to->frames, '/'), *const input_slash = strrchr(input, '/');
    const char *const name = slash != NULL ? slash + 1 : to->frames;
    char *const folder = slash != NULL ? tool_text("%.*s", (int)(slash + 1 - to->frames), to->frames) : tool_text(".");
    int is_same = stat(folder, &of_frames) == 0;
    if (is_same && (stat(input, &of_input) != 0 || !S_ISDIR(of_input.st_mode))) {
        const char *const input_name = input_slash != NULL ? input_slash + 1 : input;
        char *const of =
            input_slash != NULL ? tool_text("%.*s", (int)(input_slash + 1 - input), input) : tool_text(".");
        is_same = strcmp(name, input_name) == 0 && stat(of, &of_input) == 0;
        free(of);
    }
    is_same = is_same && of_frames.st_dev == of_input.st_dev && of_frames.st_ino == of_input.st_ino;
    free(folder);
    return is_same ? tool_usage("%s: expected frames that are not inputs too, found those of %s", to->frames, input)
                   : 0;
}

int video_target_choose(video_target *to, const video_outputs *asked, const char *const *inputs, size_t n)
{
    *to = (video_target){.stem = stem_of(inputs[0])};
    int status = choose(to, asked);
    if (status == 0 && to->frames != NULL) status = check_frames(to, inputs[0]);
    if (status == 0) status = tool_check_output(to->video, inputs, n);
    if (status == 0) status = tool_check_output(to->data, inputs, n);
    return status;
}

/* ---------------------------------------------------------------------------------------------- files */

/* The folder that a pattern's frames go into. */
static int make_frame_folder(const char *pattern)
{
    char *const path = tool_text("%s", pattern), *const slash = strrchr(path, '/');
    int failed = 0;
    if (slash != NULL && slash != path) {
        *slash = '\0';
        failed = tool_make_folders(path);
    }
    free(path);
    return failed;
}

int video_target_begin(video_target *to, const hrnet_video *source, hrnet_message_fn *on_message, void *context)
{
    const hrnet_video_writer_options how = {.source = source, .on_message = on_message, .context = context};
    to->drawing.threshold = to->how.threshold;
    if ((to->data != NULL || to->folder != NULL) && hrnet_results_check(&to->how) != HRNET_OK)
        return tool_usage("%s", hrnet_last_error());
    if (to->made != NULL && tool_make_folders(to->made) != 0) return STATUS_FAILED;
    if (to->frames != NULL && make_frame_folder(to->frames) != 0) return STATUS_FAILED;
    if (to->video != NULL && hrnet_video_writer_open(&to->writer, to->video, &how) != HRNET_OK) return tool_failed();
    if (to->data != NULL && hrnet_results_open(&to->document, to->data, &to->how) != HRNET_OK) return tool_failed();
    return 0;
}

int video_target_draws(const video_target *to)
{
    return to->video != NULL || to->frames != NULL;
}

hrnet_status video_target_draw(const video_target *to, hrnet_picture *picture)
{
    const hrnet_status status = hrnet_draw_people(&picture->image, to->how.skeleton, &picture->people, &to->drawing);
    if (status != HRNET_OK || to->frames == NULL) return status;
    char *const path = frame_path(to->frames, picture->index + 1);
    const hrnet_status saved = hrnet_image_save(&picture->image, path);
    free(path);
    return saved;
}

hrnet_status video_target_write(video_target *to, const hrnet_picture *picture)
{
    if (to->writer == NULL) return HRNET_OK;
    const hrnet_pixels pixels = picture->image.rgb != NULL ? hrnet_image_pixels(&picture->image) : picture->pixels;
    return pixels.width > 0 ? hrnet_video_writer_write(to->writer, &pixels, picture->pts) : HRNET_OK;
}

/* A document of one frame, numbered from 0 as OpenPose does, whose formats these are. */
static hrnet_status save_frame(const video_target *to, const hrnet_people *people)
{
    hrnet_results_writer *document = NULL;
    char *const path =
        tool_text("%s/%s_%012lld%s", to->folder, to->stem, (long long)people->frame - 1, to->format->ending);
    hrnet_status status = hrnet_results_open(&document, path, &to->how);
    if (status == HRNET_OK) status = hrnet_results_write(document, people);
    if (status == HRNET_OK) status = hrnet_results_finish(document);
    hrnet_results_free(document);
    free(path);
    return status;
}

hrnet_status video_target_add(video_target *to, const hrnet_people *people)
{
    if (to->folder != NULL) return save_frame(to, people);
    return to->document != NULL ? hrnet_results_write(to->document, people) : HRNET_OK;
}

void video_target_drop(video_target *to)
{
    hrnet_video_writer_free(to->writer);
    hrnet_results_free(to->document);
    free(to->video);
    free(to->frames);
    free(to->data);
    free(to->folder);
    free(to->stem);
    free(to->made);
    *to = (video_target){0};
}

static int begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Whose keypoints a marker file has. */
static void tell_track(const video_target *to)
{
    int n_others;
    const uint32_t track = hrnet_results_track(to->document, &n_others);
    if (track == 0 && to->how.track != 0)
        tool_error("warning: %s: track %u is not in the video; all rows are empty", to->data, (unsigned)to->how.track);
    else if (track == 0)
        tool_error("warning: %s: nobody was seen; all rows are empty", to->data);
    else if (n_others > 0)
        tool_error("warning: %s: track %u is written, which is seen in most frames; %d other tracks are left out "
                   "(--trc-track)",
                   to->data, (unsigned)track, n_others);
}

int video_target_end(video_target *to, const char *failure)
{
    int is_told = failure == NULL, n_failed = failure != NULL;
    if (to->writer != NULL && hrnet_video_writer_finish(to->writer) != HRNET_OK) {
        is_told |= failure != NULL && begins_with(hrnet_last_error(), failure); /* it says more of the same */
        n_failed++;
        tool_failed();
    }
    if (to->document != NULL && hrnet_results_finish(to->document) != HRNET_OK) {
        n_failed++;
        if (failure == NULL || !begins_with(failure, to->data)) tool_failed(); /* else the failure says more */
    } else if (to->document != NULL && to->how.format == HRNET_RESULTS_TRC) {
        tell_track(to);
    }
    if (!is_told) tool_error("%s", failure);
    video_target_drop(to);
    return n_failed > 0 ? -1 : 0;
}
