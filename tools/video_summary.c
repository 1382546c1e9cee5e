/* video_summary.c - counts of frames and tracks, and the paths of tracks. */
#include "video_summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

/* ---------------------------------------------------------------------------------------------- counting */

/* The entry of a track; numbers come in nearly rising order, so the search goes backwards. */
static summary_track *find_track(video_summary *s, uint32_t number)
{
    size_t i = s->n_tracks;
    while (i > 0 && s->tracks[i - 1].number > number) i--;
    if (i > 0 && s->tracks[i - 1].number == number) return &s->tracks[i - 1];
    s->tracks = tool_grow(s->tracks, s->n_tracks, sizeof *s->tracks);
    memmove(&s->tracks[i + 1], &s->tracks[i], (s->n_tracks - i) * sizeof *s->tracks);
    s->tracks[i] = (summary_track){.number = number};
    s->n_tracks++;
    return &s->tracks[i];
}

static void add_sighting(video_summary *s, const hrnet_pose *who, double seconds)
{
    summary_track *const track = find_track(s, who->track);
    const summary_point at = {.seconds = seconds,
                              .x = who->box.x + who->box.w / 2,
                              .y = who->box.y + who->box.h / 2,
                              .is_gap = track->last_frame + 1 != s->n_frames};
    if (track->n == 0) {
        track->first = seconds;
    } else {
        const summary_point *const before = &track->points[track->n - 1];
        const double length = hypot((double)at.x - before->x, (double)at.y - before->y);
        const double height = ((double)track->height + who->box.h) / 2;
        track->path += length;
        if (height > 0) track->path_heights += length / height;
        if (!at.is_gap) track->seen += seconds - before->seconds;
    }
    track->points = tool_grow(track->points, track->n, sizeof *track->points);
    track->points[track->n++] = at;
    track->last_frame = s->n_frames;
    track->last = seconds;
    track->score += (double)who->score;
    track->height = who->box.h;
}

void video_summary_add(video_summary *s, const hrnet_people *people)
{
    if (s->n_frames == 0) {
        s->width = people->width;
        s->height = people->height;
    }
    s->frames = tool_grow(s->frames, s->n_frames, sizeof *s->frames);
    s->frames[s->n_frames++] = (summary_frame){people->frame, people->seconds, people->n_persons};
    for (int i = 0; i < people->n_persons; i++)
        if (people->persons[i].track != 0) add_sighting(s, &people->persons[i], people->seconds);
}

void video_summary_free(video_summary *s)
{
    for (size_t i = 0; i < s->n_tracks; i++) free(s->tracks[i].points);
    free(s->tracks);
    free(s->frames);
    hrnet_image_free(&s->background);
    *s = (video_summary){0};
}

/* ---------------------------------------------------------------------------------------------- JSON */

/* To a millionth: sums of times have digits behind that, which mean nothing. */
static void write_double(hrnet_json_writer *json, const char *key, double value)
{
    hrnet_json_key(json, key);
    hrnet_json_double(json, round(value * 1e6) / 1e6);
}

static void write_integer(hrnet_json_writer *json, const char *key, int64_t value)
{
    hrnet_json_key(json, key);
    hrnet_json_integer(json, value);
}

static void write_track(hrnet_json_writer *json, const summary_track *track)
{
    hrnet_json_object(json);
    write_integer(json, "track", track->number);
    write_integer(json, "frames", (int64_t)track->n);
    write_double(json, "first", track->first);
    write_double(json, "last", track->last);
    write_double(json, "seconds_seen", track->seen);
    write_double(json, "mean_score", track->score / (double)track->n);
    write_double(json, "path", track->path);
    write_double(json, "path_heights", track->path_heights);
    hrnet_json_close(json);
}

int video_summary_save(const video_summary *s, const char *name, const char *path)
{
    hrnet_json_writer *const json = tool_json_begin();
    hrnet_json_object(json);
    hrnet_json_key(json, "file");
    hrnet_json_text(json, name);
    hrnet_json_key(json, "frames");
    hrnet_json_array(json);
    for (size_t i = 0; i < s->n_frames; i++) {
        hrnet_json_object(json);
        write_integer(json, "frame", s->frames[i].frame);
        write_double(json, "seconds", s->frames[i].seconds);
        write_integer(json, "people", s->frames[i].n_people);
        hrnet_json_close(json);
    }
    hrnet_json_close(json);
    hrnet_json_key(json, "tracks");
    hrnet_json_array(json);
    for (size_t i = 0; i < s->n_tracks; i++) write_track(json, &s->tracks[i]);
    hrnet_json_close(json);
    hrnet_json_close(json);
    const int failed = hrnet_json_save(json, path) != HRNET_OK;
    if (failed) tool_failed();
    hrnet_json_free(json);
    return failed ? -1 : 0;
}

/* ---------------------------------------------------------------------------------------------- SVG */

/* The bytes of a file as base64, for an address that is the data itself. */
static int write_base64(FILE *out, FILE *in)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char three[3];
    size_t n;
    while ((n = fread(three, 1, 3, in)) > 0) {
        for (size_t i = n; i < 3; i++) three[i] = 0;
        const unsigned bits = (unsigned)three[0] << 16 | (unsigned)three[1] << 8 | three[2];
        for (size_t i = 0; i < 4; i++) putc(i <= n ? letters[bits >> (18 - 6 * i) & 63] : '=', out);
    }
    return ferror(in) ? -1 : 0;
}

/* The first frame, as a JPEG inside of the drawing. It is encoded by way of a file beside it, which is removed. */
static int write_background(FILE *out, const hrnet_image *image, const char *path)
{
    char *const passing = tool_text("%s.%ld.jpg", path, (long)getpid());
    int failed = hrnet_image_save(image, passing) != HRNET_OK;
    FILE *const in = failed ? NULL : fopen(passing, "rb");
    if (failed) tool_failed();
    if (!failed && in == NULL) {
        tool_error("%s: cannot be read again", passing);
        failed = 1;
    }
    if (in != NULL) {
        fprintf(out, "<image width=\"%d\" height=\"%d\" href=\"data:image/jpeg;base64,", image->width, image->height);
        failed = write_base64(out, in);
        fputs("\"/>\n", out);
        fclose(in);
    }
    unlink(passing);
    free(passing);
    return failed ? -1 : 0;
}

/* With a point, whatever the locale has. */
static void write_number(FILE *out, const char *before, double value)
{
    const long tenths = lrint(fmax(fmin(value, 1e7), -1e7) * 10);
    fprintf(out, "%s%s%ld.%ld", before, tenths < 0 ? "-" : "", labs(tenths) / 10, labs(tenths) % 10);
}

static const char *color_of(uint32_t track)
{
    static const char *const colors[] = {"#e69f00", "#0072b2", "#cc3d5f", "#009e73", "#9467bd",
                                         "#a6a100", "#17a2b8", "#d55e00", "#5a8f00", "#c0689b"};
    return colors[(track - 1) % (sizeof colors / sizeof *colors)];
}

/* Lines where it was seen, dots where it begins, its number where it ends. */
static void write_path(FILE *out, const summary_track *track)
{
    const summary_point *const first = &track->points[0], *const last = &track->points[track->n - 1];
    fprintf(out, "<g stroke=\"%s\" fill=\"none\">\n", color_of(track->number));
    for (size_t i = 0; i < track->n; i++) {
        if (i == 0 || track->points[i].is_gap) fputs(i == 0 ? "<path d=\"M" : " M", out);
        write_number(out, i > 0 && !track->points[i].is_gap ? " L" : "", (double)track->points[i].x);
        write_number(out, ",", (double)track->points[i].y);
    }
    fputs("\"/>\n", out);
    write_number(out, "<circle cx=\"", (double)first->x);
    write_number(out, "\" cy=\"", (double)first->y);
    fprintf(out, "\" r=\"3\" fill=\"%s\"/>\n", color_of(track->number));
    write_number(out, "<text x=\"", (double)last->x + 4);
    write_number(out, "\" y=\"", (double)last->y + 4);
    fprintf(out, "\" fill=\"%s\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\">%u</text>\n</g>\n",
            color_of(track->number), (unsigned)track->number);
}

/* Text of an element. */
static void write_escaped(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if ((unsigned char)*text >= ' ')
            putc(*text, out);
    }
}

static int write_drawing(FILE *out, const video_summary *s, const char *name, const char *path)
{
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" ",
            s->width, s->height, s->width, s->height);
    fputs("font-family=\"sans-serif\" font-size=\"14\" stroke-width=\"2\">\n<title>", out);
    write_escaped(out, name);
    fprintf(out, "</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", s->width, s->height);
    if (s->background.rgb != NULL && write_background(out, &s->background, path) != 0) return -1;
    for (size_t i = 0; i < s->n_tracks; i++) write_path(out, &s->tracks[i]);
    fputs("</svg>\n", out);
    return 0;
}

int video_summary_draw(const video_summary *s, const char *name, const char *path)
{
    char *const passing = tool_text("%s.%ld.part", path, (long)getpid());
    FILE *const out = fopen(passing, "w");
    if (out == NULL) {
        tool_error("%s: cannot be written", path);
        free(passing);
        return -1;
    }
    int failed = write_drawing(out, s, name, path) != 0;
    const int is_short = ferror(out) != 0;
    if ((fclose(out) != 0 || is_short || (!failed && rename(passing, path) != 0)) && !failed) {
        tool_error("%s: cannot be written", path);
        failed = 1;
    }
    if (failed) unlink(passing);
    free(passing);
    return failed ? -1 : 0;
}
