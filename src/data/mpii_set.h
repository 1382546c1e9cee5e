/* mpii_set.h - persons of MPII's annotations as upstream distributes them: annot/<set>.json. */
#ifndef HR_DATA_MPII_SET_H
#define HR_DATA_MPII_SET_H

#include <stddef.h>

#include "data/samples.h"

/* Read a JSON list of {"image", "center": [2], "scale", "joints": [16][2], "joints_vis": [16]}; the last two may be
 * missing in all entries (a test set). Center and scale are moved as upstream's _get_db does: 15 scale px down, x 1.25,
 * counted from 0. The order of samples is that of the file. Messages do not name the file. */
hrnet_status hr_mpii_set_parse(hr_samples *out, const void *bytes, size_t n_bytes);

#endif
