/*
 * person_boxes.h - which persons to look for in which picture: the same boxes in every picture, or a COCO file whose
 * entries are matched to pictures by name (hrnet_detections_match).
 */
#ifndef TOOLS_PERSON_BOXES_H
#define TOOLS_PERSON_BOXES_H

#include <stddef.h>

#include <hrnet_data.h>

typedef struct boxes {
    hrnet_detection *entries; /* [n], sorted by path: those of one picture follow each other, in the file's order */
    const char **paths;       /* [n], the picture that each entry belongs to; NULL with same_for_all */
    size_t n;
    int same_for_all; /* entries hold for every picture */
} boxes;

typedef struct boxes_options {
    const char *argument; /* NULL (the whole picture is one person), "x,y,w,h", several of those with ';' between, or a
                             COCO file */
    const char *category; /* of the file's boxes, or NULL */
    float least_score;    /* boxes of the file with a lower score are left out */
    int quiet;            /* do not tell how many boxes were matched */
} boxes_options;

/* Read the boxes of the pictures that will be asked for; the paths must outlive all. A file none of whose boxes belongs
 * to any of them is an error. Returns 0, or an exit status after a message. */
int boxes_open(boxes *all, const boxes_options *options, char *const *paths, size_t n_paths);

/* The boxes of one picture in the file's order; *out points into all. Returns their number. With argument NULL it is
 * one box {0}, which stands for the whole picture. */
size_t boxes_of(const boxes *all, const char *path, const hrnet_detection **out);

void boxes_free(boxes *all);

#endif
