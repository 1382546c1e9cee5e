/* pafpn.h - the neck of YOLOX and RTMDet: a path aggregation network of CSP layers. */
#ifndef HR_NETWORKS_PAFPN_H
#define HR_NETWORKS_PAFPN_H

#include "networks/csp.h"

/* Paths of its parts, in the order in which they are computed. */
typedef struct hr_pafpn_names {
    const char *reduce[2], *top_down[2], *downsample[2], *bottom_up[2];
} hr_pafpn_names;

/* Append the neck. features: nodes of strides 8, 16 and 32; out gets those of the neck, of the same channels. n_blocks:
 * of each CSP layer. */
void hr_add_pafpn(hr_graph *graph, const hr_csp_style *style, const hr_pafpn_names *names, const int features[3],
                  int n_blocks, int out[3]);

#endif
