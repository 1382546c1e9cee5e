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

/* The name that the file gives its data set. Not that of COCO or MPII, whose skeletons have their own joints. */
static hrnet_status name_skeleton(hr_owned_skeleton *s, const hr_tensors *tensors)
{
    const char *const name = tensors != NULL ? hr_tensors_entry(tensors, "hrnet.dataset") : NULL;
    s->skeleton.name = "custom";
    if (name == NULL || strcmp(name, "coco") == 0 || strcmp(name, "mpii") == 0) return HRNET_OK;
    s->name = hr_strdup(name);
    if (s->name == NULL) return hr_fail_memory(strlen(name));
    s->skeleton.name = s->name;
    return HRNET_OK;
}

/* Joints that nobody named: "keypoint_0", "keypoint_1", ... */
static hrnet_status make_unnamed(hr_owned_skeleton *s, int n_joints)
{
    s->skeleton.n_keypoints = n_joints;
    HR_NEW(s->names, (size_t)n_joints);
    for (int i = 0; i < n_joints; i++) {
        char name[32];
        snprintf(name, sizeof name, "keypoint_%d", i);
        s->names[i] = hr_strdup(name);
        if (s->names[i] == NULL) return hr_fail_memory(sizeof name);
    }
    s->skeleton.keypoint_names = (const char *const *)s->names;
    s->skeleton.pairs_from = n_joints > 1 ? HRNET_PAIRS_UNKNOWN : HRNET_PAIRS_GIVEN;
    return HRNET_OK;
}

/* Pairs from the names, in a file that lists none. */
static hrnet_status find_pairs(hr_owned_skeleton *s)
{
    HR_NEW(s->flip_pairs, (size_t)s->skeleton.n_keypoints);
    hr_skeleton_find_pairs(&s->skeleton, s->flip_pairs);
    return HRNET_OK;
}

static hrnet_status read_custom(hr_owned_skeleton *s, const hr_json *names, const hr_tensors *tensors, int n_joints)
{
    hr_json_document pairs = {0}, links = {0}, sigmas = {0};
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
    if (status == HRNET_OK && pairs.root == NULL) status = find_pairs(s);
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

/* Copy a caller's skeleton. */
static hrnet_status copy_names(hr_owned_skeleton *s, const hrnet_skeleton *from)
{
    const size_t n = (size_t)from->n_keypoints;
    HR_NEW(s->names, n);
    s->skeleton.n_keypoints = from->n_keypoints;
    for (size_t i = 0; i < n; i++) {
        s->names[i] = hr_strdup(from->keypoint_names[i]);
        if (s->names[i] == NULL) return hr_fail_memory(0);
    }
    s->name = hr_strdup(from->name != NULL ? from->name : "custom");
    if (s->name == NULL) return hr_fail_memory(0);
    s->skeleton.name = s->name;
    s->skeleton.keypoint_names = (const char *const *)s->names;
    return HRNET_OK;
}

static hrnet_status copy_skeleton(hr_owned_skeleton *s, const hrnet_skeleton *from)
{
    const size_t n = (size_t)from->n_keypoints, n_pairs = (size_t)from->n_flip_pairs, n_links = (size_t)from->n_links;
    HR_TRY(copy_names(s, from));
    HR_NEW(s->flip_pairs, n_pairs);
    HR_NEW(s->links, n_links);
    if (n_pairs > 0) memcpy(s->flip_pairs, from->flip_pairs, n_pairs * sizeof *s->flip_pairs);
    if (n_links > 0) memcpy(s->links, from->links, n_links * sizeof *s->links);
    s->skeleton.n_flip_pairs = from->n_flip_pairs;
    s->skeleton.flip_pairs = (const int(*)[2])s->flip_pairs;
    s->skeleton.n_links = from->n_links;
    s->skeleton.links = (const int(*)[2])s->links;
    s->skeleton.pairs_from = from->pairs_from;
    if (from->sigmas == NULL) return HRNET_OK;
    HR_NEW(s->sigmas, n);
    memcpy(s->sigmas, from->sigmas, n * sizeof *s->sigmas);
    s->skeleton.sigmas = s->sigmas;
    return HRNET_OK;
}

/* COCO's or MPII's skeleton for joints that nobody named, if their number is right and neither the weights nor a
 * configuration speak of another data set; else NULL. */
static const hrnet_skeleton *guess_known(const hr_skeleton_sources *from, hrnet_skeleton_origin *origin)
{
    const hrnet_skeleton *const known[] = {hrnet_skeleton_coco(), hrnet_skeleton_mpii()};
    const char *const said = from->tensors != NULL ? hr_tensors_entry(from->tensors, "hrnet.dataset") : NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i]->n_keypoints != from->n_joints) continue;
        if (said != NULL && strcmp(said, known[i]->name) != 0) continue;
        *origin = HRNET_SKELETON_GUESSED;
        if (from->dataset != NULL && strcmp(from->dataset, known[i]->name) == 0) *origin = HRNET_SKELETON_CONFIG;
        if (said != NULL) *origin = HRNET_SKELETON_WEIGHTS;
        return known[i];
    }
    return NULL;
}

/* Joints that have no names in the metadata. */
static hrnet_status read_unnamed(const hrnet_skeleton **out, hrnet_skeleton_origin *origin, hr_owned_skeleton *owned,
                                 const hr_skeleton_sources *from)
{
    *out = guess_known(from, origin);
    if (*out != NULL) return HRNET_OK;
    *origin = HRNET_SKELETON_UNKNOWN;
    *out = &owned->skeleton;
    HR_TRY(name_skeleton(owned, from->tensors));
    return make_unnamed(owned, from->n_joints);
}

/* Joints that have names in the metadata. */
static hrnet_status read_named(const hrnet_skeleton **out, hr_owned_skeleton *owned, const hr_json *names,
                               const hr_skeleton_sources *from)
{
    const hrnet_skeleton *const known[] = {hrnet_skeleton_coco(), hrnet_skeleton_mpii()};
    HR_TRY(check_count(names, from->n_joints));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (same_names(names, known[i])) {
            *out = known[i];
            return HRNET_OK;
        }
    *out = &owned->skeleton;
    HR_TRY(name_skeleton(owned, from->tensors));
    return read_custom(owned, names, from->tensors, from->n_joints);
}

static hrnet_status read_given(const hrnet_skeleton **out, hr_owned_skeleton *owned, const hr_skeleton_sources *from)
{
    HR_TRY(hr_skeleton_check(from->given));
    HR_TRY(hr_skeleton_check_joints(from->given, from->n_joints));
    *out = &owned->skeleton;
    return copy_skeleton(owned, from->given);
}

/* Whether a given skeleton has neither names nor pairs (a description of sigmas alone), and the weights have both. */
static int says_less(const hr_skeleton_sources *from)
{
    return from->given->pairs_from == HRNET_PAIRS_UNKNOWN && from->given->n_keypoints == from->n_joints &&
           from->tensors != NULL && hr_tensors_entry(from->tensors, "hrnet.keypoints") != NULL;
}

hrnet_status hr_skeleton_read(const hrnet_skeleton **out, hrnet_skeleton_origin *origin, hr_owned_skeleton *owned,
                              const hr_skeleton_sources *from)
{
    hr_json_document names = {0};
    const hrnet_skeleton *found = NULL;
    hrnet_skeleton_origin where = HRNET_SKELETON_GIVEN;
    hrnet_status status = HRNET_OK;
    *owned = (hr_owned_skeleton){0};
    if (from->given != NULL && !says_less(from)) {
        status = read_given(&found, owned, from);
    } else {
        where = HRNET_SKELETON_WEIGHTS;
        status = parse_entry(&names, from->tensors, "hrnet.keypoints");
        if (status == HRNET_OK)
            status = names.root != NULL ? read_named(&found, owned, names.root, from)
                                        : read_unnamed(&found, &where, owned, from);
    }
    hr_json_free(&names);
    if (status != HRNET_OK) {
        hr_skeleton_free(owned);
        return hr_fail_in(status, from->path);
    }
    *out = found;
    *origin = where;
    return HRNET_OK;
}

void hr_skeleton_guess_text(const hrnet_skeleton *skeleton, hrnet_skeleton_origin origin, hr_text *out)
{
    if (origin == HRNET_SKELETON_GUESSED)
        hr_text_add(out, "%s's names and flip pairs of %d keypoints (a guess by their number)",
                    strcmp(skeleton->name, "coco") == 0 ? "COCO" : "MPII", skeleton->n_keypoints);
    else if (origin == HRNET_SKELETON_UNKNOWN)
        hr_text_add(out, "%d keypoints without names or flip pairs", skeleton->n_keypoints);
    else if (origin == HRNET_SKELETON_CONFIG)
        hr_text_add(out, "the keypoints of DATASET.DATASET %s", skeleton->name);
}

void hr_skeleton_free(hr_owned_skeleton *owned)
{
    for (int i = 0; owned->names != NULL && i < owned->skeleton.n_keypoints; i++) hr_free(owned->names[i]);
    hr_free(owned->names);
    hr_free(owned->name);
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
    const int knows_pairs = skeleton->pairs_from == HRNET_PAIRS_GIVEN || skeleton->pairs_from == HRNET_PAIRS_BY_NAME;
    const int is_written[] = {1, knows_pairs, 1, skeleton->sigmas != NULL};
    hr_text texts[HR_SKELETON_ENTRIES] = {{0}};
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
    for (size_t i = 0; i < HR_SKELETON_ENTRIES && status == HRNET_OK; i++) {
        if (!is_written[i]) continue;
        status = hr_text_take(&texts[i], &entries[*n].value);
        entries[*n].key = keys[i];
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
