/* finder.h - the inside of hrnet_finder: what finder.c, people_find.c and the run of many pictures (picture_run.c)
 * share. */
#ifndef HR_SESSION_FINDER_H
#define HR_SESSION_FINDER_H

#include "base/status.h"

struct hrnet_finder {
    hrnet_pool *pool;                 /* a reference */
    hrnet_detector_session *detector; /* NULL: boxes are given */
    hrnet_session *session;           /* NULL: boxes alone */
    hrnet_finder_options options;     /* with the defaults filled in */
    hrnet_model_info info;            /* of the session's model */
    float *sigmas;                    /* [n_joints], for OKS */
    /* Leave of a picture's boxes those whose poses are wanted; NULL: all are. Asked by hr_people_find. */
    hrnet_status (*choose)(void *context, hrnet_objects *found);
    void *choose_context;
};

/* Set what chooses boxes, for the calls up to hr_finder_choose_by(finder, NULL, NULL). */
static inline void hr_finder_choose_by(hrnet_finder *finder,
                                       hrnet_status (*choose)(void *context, hrnet_objects *found), void *context)
{
    finder->choose = choose;
    finder->choose_context = context;
}

/* Threads of its pool. */
int hr_finder_threads(const hrnet_finder *finder);

/* Numbers in the heatmaps of one person. */
size_t hr_finder_map_floats(const hrnet_finder *finder);
/* Bytes of the heatmaps of n persons; 0 unless they are wanted. */
size_t hr_finder_heatmap_bytes(const hrnet_finder *finder, int n);
/* Memory in people for the heatmaps of its persons, if they are wanted. */
hrnet_status hr_finder_add_heatmaps(const hrnet_finder *finder, hrnet_people *people);

/* Persons of several pictures on their way through the pose network. */
typedef struct hr_person_pass {
    const hrnet_finder *finder;
    hrnet_people *people; /* whose persons with given boxes are noted if they are refused; NULL: they were found */
    int n;
    hrnet_person *persons;     /* [n] */
    hrnet_keypoint *keypoints; /* [n][n_joints] */
    float *heatmaps;           /* [n][map_floats], or NULL */
    hrnet_status *statuses;    /* [n] */
} hr_person_pass;

/* Memory for n persons; hr_person_pass_close releases it, after a failure too. */
hrnet_status hr_person_pass_open(hr_person_pass *pass, const hrnet_finder *finder, int n);
/* Find the keypoints, and heatmaps if they are wanted, of all persons. */
hrnet_status hr_person_pass_run(hr_person_pass *pass);
void hr_person_pass_close(hr_person_pass *pass);

/* hrnet_people_find into people that have a name and no persons. After a failure some of them may have persons. */
hrnet_status hr_people_find(hrnet_finder *finder, const hrnet_pixels *pictures, int n, hrnet_people *people);

#endif
