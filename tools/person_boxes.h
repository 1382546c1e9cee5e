/*
 * person_boxes.h - which persons to look for in which picture: the same boxes in every picture, or a COCO file whose
 * entries are matched to pictures by name. A picture belongs to an entry when their names without folder and ending are
 * equal; leading zeros of a number do not count, so image_id 785 is 000000000785.jpg.
 */
#ifndef TOOLS_PERSON_BOXES_H
#define TOOLS_PERSON_BOXES_H

#include <stddef.h>

#include <hrnet_data.h>

typedef struct boxes {
    hrnet_detection *entries; /* sorted by key (image, rewritten in place); [n] */
    size_t n;
    int same_for_all; /* entries hold for every picture */
} boxes;

/* argument: NULL (the whole picture is one person), "x,y,w,h", several of those with ';' between, or a COCO file.
 * Returns 0, or an exit status after a message. */
int boxes_open(boxes *all, const char *argument, float least_score);

/* The boxes of one picture in the file's order; *out points into all. Returns their number. With argument NULL it is
 * one box {0}, which stands for the whole picture. */
size_t boxes_of(const boxes *all, const char *path, const hrnet_detection **out);

void boxes_free(boxes *all);

#endif
