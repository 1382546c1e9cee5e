/* people.h - memory that lives as long as a picture's people (hrnet_people of <hrnet.h>). */
#ifndef HR_POSE_PEOPLE_H
#define HR_POSE_PEOPLE_H

#include "base/status.h"

/* Zeroed bytes, aligned to HR_ALIGN, that hrnet_people_free releases; NULL when there is no memory. */
void *hr_people_alloc(hrnet_people *people, size_t n_bytes);
/* The same with a copy of text. */
char *hr_people_text(hrnet_people *people, const char *text);

/* Put copies of the persons of `more` behind those of people, with their messages, and with map_floats heatmap numbers
 * a person where more has heatmaps (people then has some, too, or nobody in it). Both have n_keypoints of more, unless
 * people has no persons. After a failure people has the persons that it had. */
hrnet_status hr_people_append(hrnet_people *people, const hrnet_people *more, size_t map_floats);

/* Drop the persons who have no track, but keep those who could not be looked at. */
void hr_people_drop_untracked(hrnet_people *people, size_t map_floats);

#endif
