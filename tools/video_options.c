/* video_options.c - checks of the options for videos, and a look at what an input is. */
#include "video_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool.h"

/* ---------------------------------------------------------------------------------------------- options */

const char *video_option_given(const video_settings *s)
{
    const struct {
        int is_given;
        const char *name;
    } all[] = {{s->data != NULL, "--data"},
               {s->show, "--show"},
               {s->track >= 0, "--track"},
               {s->smooth >= 0, "--smooth"},
               {s->detect_every > 0, "--detect-every"},
               {s->trc_track > 0, "--trc-track"},
               {s->every > 0, "--every"},
               {s->from > 0, "--from"},
               {s->to > 0, "--to"},
               {s->fps > 0, "--fps"},
               {s->raw != NULL, "--raw"},
               {s->timeout > 0, "--timeout"},
               {s->reconnect > 0, "--reconnect"},
               {s->hardware != NULL, "--hardware"},
               {s->summary != NULL, "--summary"},
               {s->tracks != NULL, "--tracks"},
               {s->no_background, "--no-background"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].is_given) return all[i].name;
    return NULL;
}

int video_options_check(const video_settings *s)
{
    const int is_off = s->track == TRACK_OFF;
    if (is_off && s->smooth == SMOOTH_ONE_EURO)
        return tool_usage("--smooth one-euro goes with tracks, not --track off");
    if (is_off && s->detect_every > 1)
        return tool_usage("--detect-every goes with tracks, which are followed, not --track off");
    if (s->to > 0 && s->to <= s->from)
        return tool_usage("--to %g: expected a later second than --from %g", (double)s->to, (double)s->from);
    if (is_off && s->tracks != NULL) return tool_usage("--tracks draws tracks, which --track off does not look for");
    if (s->no_background && s->tracks == NULL) return tool_usage("--no-background goes with --tracks");
    if (s->tracks != NULL && !tool_has_ending(s->tracks, ".svg"))
        return tool_usage("--tracks %s: expected a name ending in .svg", s->tracks);
    if (s->raw != NULL && s->fps > 0) return tool_usage("--fps goes with a camera or pictures; --raw has its own (@F)");
    return 0;
}

/* "640x480@30:nv12", the part from @ and that from : on may be missing. */
static int parse_raw(const char *text, hrnet_raw_video *out)
{
    static const char *const formats[] = {"rgb", "bgr", "rgba", "bgra", "grey", "nv12", "i420"}; /* of the enum */
    int n = 0;
    hrnet_raw_video raw = {0};
    if (sscanf(text, "%dx%d%n", &raw.width, &raw.height, &n) != 2 || n == 0) return -1;
    const char *rest = text + n;
    if (*rest == '@') {
        char *end;
        raw.fps = strtod(rest + 1, &end);
        if (end == rest + 1 || !(raw.fps > 0 && raw.fps <= 1e5)) return -1;
        rest = end;
    }
    if (*rest == ':') {
        size_t i = 0;
        while (i < sizeof formats / sizeof *formats && strcmp(rest + 1, formats[i]) != 0) i++;
        if (i == sizeof formats / sizeof *formats) return -1;
        raw.format = (hrnet_pixel_format)i;
        rest = "";
    }
    if (*rest != '\0' || raw.width < 1 || raw.height < 1) return -1;
    *out = raw;
    return 0;
}

int video_options_reading(const video_settings *s, hrnet_video_options *out)
{
    if (s->raw != NULL && parse_raw(s->raw, &out->raw) != 0)
        return tool_usage("--raw: '%s': expected WxH, then @ and the frames a second, then : and one of rgb, bgr, "
                          "rgba, bgra, grey, nv12, i420 if need be",
                          s->raw);
    out->from = (double)s->from;
    out->to = (double)s->to;
    out->every = s->every;
    out->camera_fps = (double)s->fps;
    out->timeout = (double)s->timeout;
    out->reconnect = s->reconnect;
    out->hardware = s->hardware;
    return 0;
}

/* ---------------------------------------------------------------------------------------------- inputs */

static int has_any_ending(const char *path, const char *const *endings)
{
    for (; *endings != NULL; endings++)
        if (tool_has_ending(path, *endings)) return 1;
    return 0;
}

int video_is_output(const char *path)
{
    static const char *const endings[] = {".mp4", ".m4v", ".mov",  ".mkv",   ".webm",
                                          ".gif", ".avi", ".mjpg", ".mjpeg", NULL};
    return has_any_ending(path, endings);
}

static int is_named_video(const char *path)
{
    static const char *const endings[] = {".mp4",  ".m4v", ".mov",  ".mkv",   ".webm", ".avi", ".mpg",  ".mpeg",
                                          ".ts",   ".mts", ".m2ts", ".vob",   ".wmv",  ".asf", ".flv",  ".f4v",
                                          ".ogv",  ".3gp", ".mjpg", ".mjpeg", ".m3u8", ".y4m", ".h264", ".264",
                                          ".hevc", ".265", ".mxf",  ".ivf",   ".nut",  NULL};
    return has_any_ending(path, endings);
}

typedef enum content { CONTENT_UNKNOWN, CONTENT_PICTURE, CONTENT_JPEG, CONTENT_GIF, CONTENT_VIDEO } content;

/* Bytes that a kind of file begins with, behind `at` others. */
typedef struct beginning {
    size_t at, n;
    const char *bytes;
    content kind;
} beginning;

/* Of "ftyp" files, the brands of pictures; all others hold videos. */
static content content_of_boxes(const char *brand)
{
    static const char *const pictures[] = {"avif", "avis", "heic", "heix", "heim", "heis",
                                           "hevc", "hevx", "mif1", "msf1", "jxl "};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        if (memcmp(brand, pictures[i], 4) == 0) return CONTENT_PICTURE;
    return CONTENT_VIDEO;
}

static content content_of(const char *path)
{
    static const beginning all[] = {{0, 3, "\xff\xd8\xff", CONTENT_JPEG},
                                    {0, 4, "GIF8", CONTENT_GIF},
                                    {0, 4, "\x89PNG", CONTENT_PICTURE},
                                    {8, 4, "WEBP", CONTENT_PICTURE},
                                    {0, 4, "II*\0", CONTENT_PICTURE},
                                    {0, 4, "MM\0*", CONTENT_PICTURE},
                                    {0, 2, "BM", CONTENT_PICTURE},
                                    {4, 4, "moov", CONTENT_VIDEO},
                                    {4, 4, "mdat", CONTENT_VIDEO},
                                    {4, 4, "wide", CONTENT_VIDEO},
                                    {0, 4, "\x1a\x45\xdf\xa3", CONTENT_VIDEO}, /* Matroska, WebM */
                                    {8, 4, "AVI ", CONTENT_VIDEO},
                                    {0, 4, "\0\0\1\xba", CONTENT_VIDEO}, /* MPEG: program stream, sequence */
                                    {0, 4, "\0\0\1\xb3", CONTENT_VIDEO},
                                    {0, 3, "FLV", CONTENT_VIDEO},
                                    {0, 4, "OggS", CONTENT_VIDEO},
                                    {0, 4, "\x30\x26\xb2\x75", CONTENT_VIDEO}, /* ASF */
                                    {0, 7, "#EXTM3U", CONTENT_VIDEO},
                                    {0, 9, "YUV4MPEG2", CONTENT_VIDEO}};
    char bytes[192 + 1] = {0};
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return CONTENT_UNKNOWN;
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (n >= 12 && memcmp(bytes + 4, "ftyp", 4) == 0) return content_of_boxes(bytes + 8);
    if (n == sizeof bytes && bytes[0] == 'G' && bytes[188] == 'G') return CONTENT_VIDEO; /* MPEG transport stream */
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (n >= all[i].at + all[i].n && memcmp(bytes + all[i].at, all[i].bytes, all[i].n) == 0) return all[i].kind;
    return CONTENT_UNKNOWN;
}

static int is_sequence(const char *argument)
{
    return strchr(argument, '%') != NULL && tool_is_picture(argument);
}

int video_is_input(const char *argument, int wanted)
{
    struct stat status;
    if (strcmp(argument, "-") == 0) return wanted;
    if (strncmp(argument, "lavfi:", 6) == 0 || strstr(argument, "://") != NULL) return 1;
    const int is_camera = strncmp(argument, "/dev/video", 10) == 0;
    if (stat(argument, &status) != 0) return is_camera || is_sequence(argument) || is_named_video(argument);
    if (S_ISDIR(status.st_mode)) return wanted;
    if (tool_has_ending(argument, ".txt")) return 0;
    if (!S_ISREG(status.st_mode)) return wanted || is_camera;
    switch (content_of(argument)) {
    case CONTENT_PICTURE: return 0;
    case CONTENT_VIDEO: return 1;
    case CONTENT_JPEG: return is_named_video(argument);
    case CONTENT_GIF: return wanted;
    case CONTENT_UNKNOWN: break;
    }
    return wanted || is_named_video(argument);
}
