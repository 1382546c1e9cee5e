/* set_files.h - where the published code expects the files of a dataset. */
#ifndef HR_DATA_SET_FILES_H
#define HR_DATA_SET_FILES_H

#include "base/status.h"

typedef struct hr_set_files {
    const char *data_dir; /* DATA_DIR: in front of a root that is not absolute; "": nothing */
    const char *root, *set;
    int is_mpii; /* else COCO */
    int is_zip;  /* DATA_FORMAT: pictures in an archive */
} hr_set_files;

/* 0 or 1 for DATASET.DATASET coco or mpii, which where ("DATASET") is in front of. */
hrnet_status hr_set_is_mpii(int *out, const char *dataset, const char *where);

/* DATA_DIR/ROOT/folder/SET ending, as os.path.join has it. Paths are freed with hr_free, here and below. */
hrnet_status hr_set_path(char **out, const hr_set_files *files, const char *folder, const char *ending);

/* annot/SET.json, annotations/person_keypoints_SET.json; of a set with "test" in its name image_info_SET.json when the
 * former is not there. */
hrnet_status hr_set_annotations_path(char **out, const hr_set_files *files);

/* images; images/SET, or images/test2017 for such a set when the former is not there. */
hrnet_status hr_set_images_path(char **out, const hr_set_files *files);

#endif
