/* write_csv.c - format csv: one row a keypoint, quoted as RFC 4180 says. Pictures that failed have no rows. */
#include <string.h>

#include "writer.h"

static void write_field(FILE *stream, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"') fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void begin(writer *w)
{
    fputs("file,person,person_score,keypoint,name,x,y,score\n", w->stream);
}

static void add(writer *w, const picture *one)
{
    const hrnet_skeleton *skeleton = w->subject->skeleton;
    for (int i = 0; i < one->n_persons; i++) {
        for (int k = 0; k < skeleton->n_keypoints; k++) {
            const hrnet_keypoint *point = &one->persons[i].keypoints[k];
            write_field(w->stream, one->path);
            fprintf(w->stream, ",%d,%.6g,%d,", i, (double)one->persons[i].score, k);
            write_field(w->stream, skeleton->keypoint_names[k]);
            fprintf(w->stream, ",%.7g,%.7g,%.6g\n", (double)point->x, (double)point->y, (double)point->score);
        }
    }
}

const writer_format writer_csv = {"csv", "_pose.csv", 0, begin, add, NULL};
