/* people_find.h - what the run of many pictures (picture_run.c) asks a hrnet_finder. */
#ifndef HR_SESSION_PEOPLE_FIND_H
#define HR_SESSION_PEOPLE_FIND_H

#include "base/status.h"

/* Threads of its pool. */
int hr_finder_threads(const hrnet_finder *finder);
/* hrnet_people_find into people that have a name and no persons. After a failure some of them may have persons. */
hrnet_status hr_people_find(hrnet_finder *finder, const hrnet_pixels *pictures, int n, hrnet_people *people);
/* Bytes of the heatmaps of n persons; 0 unless they are wanted. */
size_t hr_finder_heatmap_bytes(const hrnet_finder *finder, int n);

#endif
