/* coco_categories.h - the names of COCO's classes, index by index as detectors of 80 classes put them out. */
#ifndef HR_DETECT_COCO_CATEGORIES_H
#define HR_DETECT_COCO_CATEGORIES_H

enum { HR_N_COCO_CATEGORIES = 80 };
extern const char *const hr_coco_categories[HR_N_COCO_CATEGORIES];

#endif
