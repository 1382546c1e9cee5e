/* wanted_boxes.h - which boxes of a detector can get a track, known before their poses are. */
#ifndef HR_TRACK_WANTED_BOXES_H
#define HR_TRACK_WANTED_BOXES_H

#include <hrnet_track.h>

#include "base/status.h"

/* Leave the boxes that hrnet_tracker_update may give a track at a time from that of its last update on: those of high
 * scores, and the low ones near to where a track is expected. Most boxes of a detector whose threshold is low are
 * neither, and finding their poses would be in vain. */
hrnet_status hr_tracker_choose(const hrnet_tracker *tracker, double seconds, hrnet_objects *found);

#endif
