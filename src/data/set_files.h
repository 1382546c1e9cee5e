/*
 * set_files.h - the files that belong to a dataset: where the published code expects annotations and pictures, and the
 * user's list of annotations to leave out.
 *
 *   COCO  ROOT/annotations/person_keypoints_val2017.json   ROOT/images/val2017/ or ROOT/images/val2017.zip
 *   MPII  ROOT/annot/valid.json, ROOT/annot/gt_valid.mat    ROOT/images/ or ROOT/images.zip
 *
 * A COCO set that is not there is looked for where annotation tools put theirs, SET being the name that they give it:
 *
 *   CVAT            ROOT/annotations/person_keypoints_SET.json   ROOT/images/SET/, ROOT/images/, ROOT/SET/ or ROOT/
 *   Roboflow        ROOT/SET/_annotations.coco.json              ROOT/SET/
 *   COCO Annotator  ROOT/SET.json or ROOT/annotations/SET.json   ROOT/, ROOT/images/
 *   FiftyOne        ROOT/SET.json ("labels")                     ROOT/data/
 */
#ifndef HR_DATA_SET_FILES_H
#define HR_DATA_SET_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "data/samples.h"

/* ------------------------------------------------------------------------------------------------ paths */

typedef struct hr_set_files {
    const char *data_dir;      /* DATA_DIR, put in front of a root that is not absolute; "": nothing */
    const char *root;          /* DATASET.ROOT */
    const char *set;           /* "val2017", "valid" */
    int is_mpii;               /* 0: COCO */
    int is_zip;                /* DATA_FORMAT zip: the pictures are in an archive */
    const hr_samples *samples; /* for the folder of pictures: it is the one that holds theirs; NULL: the published */
} hr_set_files;

/* *out = 1 for the dataset "mpii", 0 for "coco"; HRNET_ERR_CONFIG otherwise. `where` names the section of the
 * configuration in the message ("DATASET", "DATASET.MORE_SETS[0]"). */
hrnet_status hr_set_is_mpii(int *out, const char *dataset, const char *where);

/* Build DATA_DIR/ROOT/folder SET ending, joined as os.path.join does: ("annot/gt_", ".mat") gives
 * "data/mpii/annot/gt_valid.mat". *out is freed with hr_free, here and below. */
hrnet_status hr_set_path(char **out, const hr_set_files *files, const char *folder, const char *ending);

/* The path of the annotations: the first of the places above that is there, else the published one. A COCO set with
 * "test" in its name falls back to image_info_SET.json if it has no person_keypoints_SET.json. */
hrnet_status hr_set_annotations_path(char **out, const hr_set_files *files);

/* The path of the folder or archive of pictures: the first of the places above that holds most of a few pictures of the
 * samples; the published one if none holds any. A COCO set with "test" in its name falls back to images/test2017 if
 * images/SET is not there: test-dev2017 is a part of test2017. */
hrnet_status hr_set_images_path(char **out, const hr_set_files *files);

/* The sets of a folder that somebody names without more words. */
typedef struct hr_found_sets {
    char root[1024];             /* DATASET.ROOT */
    char train[256], valid[256]; /* TRAIN_SET; TEST_SET, "": there is none */
    char others[256];            /* names of sets that are neither, "a, b" */
} hr_found_sets;

/* Find the sets in a folder that holds one of the layouts above, or the set of an annotations file. A name that begins
 * with "train" is trained on, one that begins with "val" validates; with one set alone that is trained on, whatever its
 * name. train and valid ("": choose) are names that the caller insists on. HRNET_ERR_IO: no such folder;
 * HRNET_ERR_CONFIG: no annotations, or several sets and none is called "train...". */
hrnet_status hr_sets_find(hr_found_sets *out, const char *path, const char *train, const char *valid);

/* ------------------------------------------------------------------------------------------------ lists of ids */

/* Ids of annotations from a text file, one a line; "#" begins a comment, blank lines are allowed. */
typedef struct hr_id_list {
    int64_t *ids; /* [n], ascending */
    size_t n;
} hr_id_list;

/* Read DATASET.EXCLUDE. HRNET_ERR_FORMAT names the first line that is not a whole number. */
hrnet_status hr_id_list_load(hr_id_list *out, const char *path);
/* 1 if the id is in the list, else 0. */
int hr_id_list_has(const hr_id_list *list, int64_t id);
/* Accepts a zeroed list. */
void hr_id_list_free(hr_id_list *list);

#endif
