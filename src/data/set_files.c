/* set_files.c - names of folders and files as upstream's coco.py and mpii.py make them. */
#include "data/set_files.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

hrnet_status hr_set_is_mpii(int *out, const char *dataset, const char *where)
{
    *out = strcmp(dataset, "mpii") == 0;
    if (!*out && strcmp(dataset, "coco") != 0)
        return hr_fail(HRNET_ERR_CONFIG, "%s.DATASET: expected coco or mpii, found %s", where, dataset);
    return HRNET_OK;
}

/* The folder and one slash; nothing for "". */
static void add_folder(hr_text *text, const char *folder)
{
    const size_t n = strlen(folder);
    hr_text_add(text, "%s%s", folder, n > 0 && folder[n - 1] != '/' ? "/" : "");
}

static hrnet_status below_root(char **out, const hr_set_files *files, const char *folder, const char *name,
                               const char *ending)
{
    hr_text text = {0};
    if (files->root[0] != '/') add_folder(&text, files->data_dir);
    add_folder(&text, files->root);
    hr_text_add(&text, "%s%s%s", folder, name, ending);
    return hr_text_take(&text, out);
}

hrnet_status hr_set_path(char **out, const hr_set_files *files, const char *folder, const char *ending)
{
    return below_root(out, files, folder, files->set, ending);
}

static int is_test(const hr_set_files *files)
{
    return strstr(files->set, "test") != NULL;
}

/* folder SET ending when it is there or when the set is no test set; else folder2 name2 ending. */
static hrnet_status test_set_path(char **out, const hr_set_files *files, const char *folder, const char *ending,
                                  const char *folder2, const char *name2)
{
    HR_TRY(hr_set_path(out, files, folder, ending));
    if (!is_test(files) || access(*out, F_OK) == 0) return HRNET_OK;
    hr_free(*out);
    *out = NULL;
    return below_root(out, files, folder2, name2, ending);
}

hrnet_status hr_set_annotations_path(char **out, const hr_set_files *files)
{
    if (files->is_mpii) return hr_set_path(out, files, "annot/", ".json");
    return test_set_path(out, files, "annotations/person_keypoints_", ".json", "annotations/image_info_", files->set);
}

hrnet_status hr_set_images_path(char **out, const hr_set_files *files)
{
    const char *const zip = files->is_zip ? ".zip" : "";
    if (files->is_mpii) return below_root(out, files, "images", "", zip);
    return test_set_path(out, files, "images/", zip, "images/", "test2017");
}
