/* flip.h - the flip test: heatmaps of the mirrored picture, brought back and averaged. */
#ifndef HR_POSE_FLIP_H
#define HR_POSE_FLIP_H

/* maps = (maps + back(mirrored)) / 2, both [n_joints][height][width]. back mirrors each row and exchanges the maps of
 * flip_pairs [n_pairs][2] (upstream's flip_back); shift != 0 then moves them one cell to the right, the first column
 * staying as it is (SHIFT_HEATMAP). */
void hr_flip_average(float *maps, const float *mirrored, int n_joints, int height, int width,
                     const int (*flip_pairs)[2], int n_pairs, int shift);

#endif
