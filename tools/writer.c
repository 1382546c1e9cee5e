/* writer.c - the table of formats. */
#include "writer.h"

#include <string.h>

const writer_format *const writer_formats[N_WRITERS] = {&writer_json, &writer_jsonl,    &writer_csv,
                                                        &writer_coco, &writer_openpose, &writer_openpose_18};

const char *writer_refuses(const writer_format *format, const hrnet_skeleton *skeleton)
{
    const int known = strcmp(skeleton->name, "coco") == 0 || strcmp(skeleton->name, "mpii") == 0;
    if ((format == &writer_openpose || format == &writer_openpose_18) && !known)
        return "the openpose formats need a network with COCO's or MPII's keypoints";
    return NULL;
}

void writer_begin(writer *w, const writer_format *format, const subject *about, FILE *stream)
{
    *w = (writer){format, about, stream, NULL};
    if (format->begin != NULL) format->begin(w);
}

void writer_picture(writer *w, const picture *one)
{
    w->format->picture(w, one);
}

void writer_end(writer *w)
{
    if (w->format->end != NULL) w->format->end(w);
}
