/* skeleton_metadata.c - skeletons in and out of a checkpoint's metadata: JSON lists under "hrnet." keys. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/json.h"
#include "session/model.h"
#include "pose/skeleton.h"

/* Callers reserve n_joints keypoints for a person: a skeleton of another size would lead them past the end. */
static hrnet_status check_count(const hr_json *names, int n_joints)
{
    if (!hr_json_is(names, HR_JSON_ARRAY))
        return hr_fail(HRNET_ERR_FORMAT, "hrnet.keypoints: expected a list of %d names", n_joints);
    if (names->count != (uint32_t)n_joints)
        return hr_fail(HRNET_ERR_MISMATCH,
                       "hrnet.keypoints: expected %d names, one for each joint of the network, found %u", n_joints,
                       (unsigned)names->count);
    return HRNET_OK;
}

static hrnet_status read_names(hr_owned_skeleton *s, const hr_json *list, int n_joints)
{
    int n = 0;
    HR_NEW(s->names, (size_t)n_joints);
    s->skeleton.n_keypoints = n_joints;
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item), n++) {
        if (hr_json_string(item) == NULL) return hr_fail(HRNET_ERR_FORMAT, "hrnet.keypoints[%d]: expected a name", n);
        s->names[n] = hr_strdup(hr_json_string(item));
        if (s->names[n] == NULL) return hr_fail_memory(0);
    }
    s->skeleton.keypoint_names = (const char *const *)s->names;
    return HRNET_OK;
}

static hrnet_status read_joins(int (**out)[2], int *n_out, const hr_json *list, const char *key)
{
    int n = 0;
    if (list == NULL) return HRNET_OK;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_FORMAT, "%s: expected a list of pairs of keypoint numbers", key);
    HR_NEW(*out, (size_t)list->count);
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item), n++) {
        const hr_json *a = hr_json_first(item), *b = a != NULL ? hr_json_next(item, a) : NULL;
        int64_t first, second;
        if (!hr_json_is(item, HR_JSON_ARRAY) || item->count != 2 || !hr_json_integer(a, &first) ||
            !hr_json_integer(b, &second) || first < 0 || second < 0 || first >= HR_MAX_KEYPOINTS ||
            second >= HR_MAX_KEYPOINTS)
            return hr_fail(HRNET_ERR_FORMAT, "%s[%d]: expected a pair of keypoint numbers", key, n);
        (*out)[n][0] = (int)first;
        (*out)[n][1] = (int)second;
    }
    *n_out = n;
    return HRNET_OK;
}

static hrnet_status read_sigmas(hr_owned_skeleton *s, const hr_json *list, int n_joints)
{
    int n = 0;
    if (list == NULL) return HRNET_OK;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != (uint32_t)n_joints)
        return hr_fail(HRNET_ERR_FORMAT, "hrnet.sigmas: expected a list of %d numbers", n_joints);
    HR_NEW(s->sigmas, (size_t)n_joints);
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item), n++) {
        double value;
        if (!hr_json_number(item, &value)) return hr_fail(HRNET_ERR_FORMAT, "hrnet.sigmas[%d]: expected a number", n);
        s->sigmas[n] = (float)value;
    }
    s->skeleton.sigmas = s->sigmas;
    return HRNET_OK;
}

static hrnet_status parse_entry(hr_json_document *out, const hr_tensors *tensors, const char *key)
{
    const char *text = tensors != NULL ? hr_tensors_entry(tensors, key) : NULL;
    *out = (hr_json_document){0};
    if (text == NULL) return HRNET_OK;
    const hrnet_status status = hr_json_parse(out, text, strlen(text));
    return status == HRNET_OK ? HRNET_OK : hr_fail_in(status, key);
}

/* Joints that nobody named: "keypoint_0", "keypoint_1", ... */
static hrnet_status make_unnamed(hr_owned_skeleton *s, int n_joints)
{
    s->skeleton.name = "custom";
    s->skeleton.n_keypoints = n_joints;
    HR_NEW(s->names, (size_t)n_joints);
    for (int i = 0; i < n_joints; i++) {
        char name[32];
        snprintf(name, sizeof name, "keypoint_%d", i);
        s->names[i] = hr_strdup(name);
        if (s->names[i] == NULL) return hr_fail_memory(sizeof name);
    }
    s->skeleton.keypoint_names = (const char *const *)s->names;
    return HRNET_OK;
}

static hrnet_status read_custom(hr_owned_skeleton *s, const hr_json *names, const hr_tensors *tensors, int n_joints)
{
    hr_json_document pairs = {0}, links = {0}, sigmas = {0};
    s->skeleton.name = "custom";
    hrnet_status status = read_names(s, names, n_joints);
    if (status == HRNET_OK) status = parse_entry(&pairs, tensors, "hrnet.flip_pairs");
    if (status == HRNET_OK) status = parse_entry(&links, tensors, "hrnet.skeleton");
    if (status == HRNET_OK) status = parse_entry(&sigmas, tensors, "hrnet.sigmas");
    if (status == HRNET_OK)
        status = read_joins(&s->flip_pairs, &s->skeleton.n_flip_pairs, pairs.root, "hrnet.flip_pairs");
    if (status == HRNET_OK) status = read_joins(&s->links, &s->skeleton.n_links, links.root, "hrnet.skeleton");
    if (status == HRNET_OK) status = read_sigmas(s, sigmas.root, n_joints);
    s->skeleton.flip_pairs = (const int(*)[2])s->flip_pairs;
    s->skeleton.links = (const int(*)[2])s->links;
    if (status == HRNET_OK) status = hr_skeleton_check(&s->skeleton);
    hr_json_free(&pairs);
    hr_json_free(&links);
    hr_json_free(&sigmas);
    return status;
}

static int same_names(const hr_json *list, const hrnet_skeleton *known)
{
    int n = 0;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != (uint32_t)known->n_keypoints) return 0;
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item), n++)
        if (hr_json_string(item) == NULL || strcmp(hr_json_string(item), known->keypoint_names[n]) != 0) return 0;
    return 1;
}

hrnet_status hr_skeleton_read(const hrnet_skeleton **out, hr_owned_skeleton *owned, const hr_tensors *tensors,
                              int n_joints, const char *path)
{
    const hrnet_skeleton *known[] = {hrnet_skeleton_coco(), hrnet_skeleton_mpii()};
    hr_json_document names;
    *owned = (hr_owned_skeleton){0};
    hrnet_status status = parse_entry(&names, tensors, "hrnet.keypoints");
    const hrnet_skeleton *found = NULL;
    if (status == HRNET_OK && names.root != NULL) status = check_count(names.root, n_joints);
    for (size_t i = 0; status == HRNET_OK && i < sizeof known / sizeof *known && found == NULL; i++)
        if (names.root != NULL ? same_names(names.root, known[i]) : n_joints == known[i]->n_keypoints) found = known[i];
    if (status == HRNET_OK && found == NULL) {
        status = names.root != NULL ? read_custom(owned, names.root, tensors, n_joints) : make_unnamed(owned, n_joints);
        found = &owned->skeleton;
    }
    hr_json_free(&names);
    if (status != HRNET_OK) {
        hr_skeleton_free(owned);
        return hr_fail_in(status, path);
    }
    *out = found;
    return HRNET_OK;
}

void hr_skeleton_free(hr_owned_skeleton *owned)
{
    for (int i = 0; owned->names != NULL && i < owned->skeleton.n_keypoints; i++) hr_free(owned->names[i]);
    hr_free(owned->names);
    hr_free(owned->flip_pairs);
    hr_free(owned->links);
    hr_free(owned->sigmas);
    *owned = (hr_owned_skeleton){0};
}

static void add_joins(hr_text *text, const int (*joins)[2], int n)
{
    hr_text_add(text, "[");
    for (int i = 0; i < n; i++) hr_text_add(text, i == 0 ? "[%d, %d]" : ", [%d, %d]", joins[i][0], joins[i][1]);
    hr_text_add(text, "]");
}

hrnet_status hr_skeleton_entries(const hrnet_skeleton *skeleton, hr_entry entries[HR_SKELETON_ENTRIES], size_t *n)
{
    static char *const keys[] = {"hrnet.keypoints", "hrnet.flip_pairs", "hrnet.skeleton", "hrnet.sigmas"};
    hr_text texts[HR_SKELETON_ENTRIES] = {{0}};
    const size_t n_entries = skeleton->sigmas != NULL ? HR_SKELETON_ENTRIES : HR_SKELETON_ENTRIES - 1;
    for (int i = 0; i < skeleton->n_keypoints; i++) {
        hr_text_add(&texts[0], i == 0 ? "[" : ", ");
        hr_json_add_string(&texts[0], skeleton->keypoint_names[i]);
        if (skeleton->sigmas != NULL) hr_text_add(&texts[3], i == 0 ? "[%.9g" : ", %.9g", (double)skeleton->sigmas[i]);
    }
    hr_text_add(&texts[0], "]");
    hr_text_add(&texts[3], "]");
    add_joins(&texts[1], skeleton->flip_pairs, skeleton->n_flip_pairs);
    add_joins(&texts[2], skeleton->links, skeleton->n_links);
    hrnet_status status = HRNET_OK;
    *n = 0;
    for (size_t i = 0; i < n_entries && status == HRNET_OK; i++) {
        status = hr_text_take(&texts[i], &entries[i].value);
        entries[i].key = keys[i];
        *n += status == HRNET_OK;
    }
    for (size_t i = 0; i < HR_SKELETON_ENTRIES; i++) hr_text_free(&texts[i]);
    if (status != HRNET_OK) {
        hr_skeleton_entries_free(entries, *n);
        *n = 0;
    }
    return status;
}

void hr_skeleton_entries_free(hr_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) hr_free(entries[i].value);
}
