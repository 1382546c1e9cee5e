/*
 * session_run.h - a session's passes over the network, for arrays (session_run.c) and for persons (session_pose.c).
 * Pictures go through in passes of max_batch; with the flip test a pass holds every picture and its mirror image, so
 * that both share the weights that are read.
 */
#ifndef HR_SESSION_SESSION_RUN_H
#define HR_SESSION_SESSION_RUN_H

#include "session/model.h"

/* Numbers from a pixel of the network's input to the next, and pictures of a pass at most. */
enum { HR_INPUT_LD = 4, HR_MOST_SLOTS = 64 };

typedef struct hr_session_job hr_session_job;
/* What differs between a forward pass on arrays and poses from pictures. */
struct hr_session_job {
    hrnet_session *session;
    int flip, shift;
    const hrnet_skeleton *skeleton;               /* whose pairs the flip test exchanges */
    hrnet_status (*prepare)(hr_session_job *job); /* before each pass, which a failure ends; may be NULL */
    /* Write rows [y0, y1) of picture `slot` of this pass into out [y1 - y0][input_width][HR_INPUT_LD]. */
    void (*fill)(const hr_session_job *job, int slot, int y0, int y1, float *out);
    /* Use the finished maps of picture `slot`. */
    void (*finish)(const hr_session_job *job, int slot, const float *maps);
    int first, count; /* pictures of this pass, in slots 0..count-1; mirrored ones follow in count..2*count-1, ... */
    int second;       /* ... or, where there is no room for them, take the same slots in a second run: 1 in that */
    /* forward */
    const float *input;
    float *const *outputs; /* not NULL: all outputs are stored here, in place of finish */
    float *heatmaps;
    /* pose */
    const hrnet_person *persons;
    const hrnet_pose_options *options;
    int next;                 /* the first person whom no pass has taken */
    int taken[HR_MOST_SLOTS]; /* persons of this pass, by slot */
    hrnet_crop crops[HR_MOST_SLOTS];
    hrnet_decoder decoder;
    hrnet_keypoint *keypoints;
};

/* Run n pictures, pass by pass. Fails only as job->prepare does. */
hrnet_status hr_session_run(hr_session_job *job, int n);

/* Copy a session's finished maps to those of picture number `picture` in job->heatmaps. */
void hr_session_store_maps(const hr_session_job *job, int picture, const float *maps);

#endif
