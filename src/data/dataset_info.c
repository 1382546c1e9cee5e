/*
 * dataset_info.c - what is known about the keypoints of a dataset: the built-in descriptions of COCO and MPII, and
 * others read key by key from the JSON tree of a category.
 *
 * A key that the category leaves out is filled in: from COCO or MPII if the keypoints have exactly their names in their
 * order; otherwise flip pairs are derived from the names ("left_eye" and "right_eye"), weights are 1, every keypoint is
 * upper body, and sigmas, links and colours stay unknown. The result is checked as a skeleton (hr_skeleton_check).
 */
#include "data/coco_json.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "pose/skeleton.h"

/* ------------------------------------------------------------------------------------------------ COCO and MPII */

/* Sigmas: COCOeval's kpt_oks_sigmas. Weights and upper body: joints_weight and upper_body_ids of upstream's coco.py and
 * mpii.py. MPII publishes no sigmas. */
static const double coco_sigmas[] = {.26 / 10,  .25 / 10, .25 / 10, .35 / 10, .35 / 10, .79 / 10,
                                     .79 / 10,  .72 / 10, .72 / 10, .62 / 10, .62 / 10, 1.07 / 10,
                                     1.07 / 10, .87 / 10, .87 / 10, .89 / 10, .89 / 10};
static const float coco_weights[] = {1, 1, 1, 1, 1, 1, 1, 1.2f, 1.2f, 1.5f, 1.5f, 1, 1, 1.2f, 1.2f, 1.5f, 1.5f};
static const unsigned char coco_upper[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0};
static const float mpii_weights[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const unsigned char mpii_upper[] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static hrnet_dataset_info coco, mpii;

/* Once, when first asked for: skeletons are results of functions, which C does not allow in static initialisers. */
static void make_builtin(void)
{
    coco = (hrnet_dataset_info){
        .skeleton = *hrnet_skeleton_coco(), .sigmas = coco_sigmas, .weights = coco_weights, .is_upper = coco_upper};
    mpii = (hrnet_dataset_info){.skeleton = *hrnet_skeleton_mpii(), .weights = mpii_weights, .is_upper = mpii_upper};
}

const hrnet_dataset_info *hrnet_dataset_info_coco(void)
{
    pthread_once(&once, make_builtin);
    return &coco;
}

const hrnet_dataset_info *hrnet_dataset_info_mpii(void)
{
    pthread_once(&once, make_builtin);
    return &mpii;
}

/* ------------------------------------------------------------------------------------------------ reading */

/* A description and the memory behind its pointers. info is the first member, so that the address that callers hold is
 * also that of the whole (hrnet_dataset_info_free). Pointers of info that are not to these blocks are to static data of
 * COCO or MPII. */
typedef struct owned_info {
    hrnet_dataset_info info;
    char **names;
    int (*flip_pairs)[2], (*links)[2];
    double *sigmas;
    float *short_sigmas, *weights;
    unsigned char *is_upper;
    uint8_t (*colors)[3];
    hr_text *notes; /* while reading: NULL, or see hr_dataset_info_read */
} owned_info;

/* The member of a category; NULL if it is missing, or of an exporter and says nothing. */
static const hr_json *get(const owned_info *o, const hr_json *category, const char *key)
{
    const hr_json *const value = hr_json_get(category, key);
    return o->notes != NULL && hr_json_is_empty(value) ? NULL : value;
}

/* n names from the list; NULL: "keypoint_0" and so on. */
static hrnet_status read_names(owned_info *o, const hr_json *list, int n)
{
    const hr_json *item = hr_json_first(list);
    HR_NEW(o->names, (size_t)n);
    o->info.skeleton.n_keypoints = n;
    o->info.skeleton.keypoint_names = (const char *const *)o->names;
    for (int i = 0; i < n; i++) {
        char number[32];
        const char *name = number;
        snprintf(number, sizeof number, "keypoint_%d", i);
        if (list != NULL) {
            name = hr_json_string(item);
            if (name == NULL) return hr_fail(HRNET_ERR_CONFIG, "keypoints[%d]: expected a name", i);
            item = hr_json_next(list, item);
        }
        o->names[i] = hr_strdup(name);
        if (o->names[i] == NULL) return hr_fail_memory(strlen(name) + 1);
    }
    return HRNET_OK;
}

/* Index of a keypoint from its name, or from its number counted from base (0 or 1). */
static hrnet_status read_keypoint(const owned_info *o, const hr_json *value, int base, int *out)
{
    const int n = o->info.skeleton.n_keypoints;
    const char *const name = hr_json_string(value);
    int64_t number;
    for (int i = 0; name != NULL && i < n; i++) {
        if (strcmp(name, o->names[i]) != 0) continue;
        *out = i;
        return HRNET_OK;
    }
    if (name != NULL) return hr_fail(HRNET_ERR_CONFIG, "expected the name of a keypoint, found \"%s\"", name);
    if (!hr_json_id(value, &number) || number < base || number >= (int64_t)n + base)
        return hr_fail(HRNET_ERR_CONFIG, "expected a keypoint: a name, or a number from %d to %d", base, n - 1 + base);
    *out = (int)(number - base);
    return HRNET_OK;
}

/* Put "KEY[INDEX]: " in front of the message. */
static hrnet_status fail_at(hrnet_status status, const char *key, int index)
{
    char where[48];
    snprintf(where, sizeof where, "%s[%d]", key, index);
    return hr_fail_in(status, where);
}

/* A list of pairs of keypoints into *out [*n_out][2]; *out stays NULL if the key is missing. */
static hrnet_status read_pairs(const owned_info *o, const hr_json *category, const char *key, int base, int (**out)[2],
                               int *n_out)
{
    const hr_json *const list = get(o, category, key);
    int n = 0;
    if (list == NULL) return HRNET_OK;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count > HR_MAX_KEYPOINTS)
        return hr_fail(HRNET_ERR_CONFIG, "%s: expected a list of pairs of keypoints", key);
    HR_NEW(*out, (size_t)list->count);
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item), n++) {
        if (!hr_json_is(item, HR_JSON_ARRAY) || item->count != 2)
            return hr_fail(HRNET_ERR_CONFIG, "%s[%d]: expected a pair of keypoints", key, n);
        const hr_json *const first = hr_json_first(item);
        hrnet_status status = read_keypoint(o, first, base, &(*out)[n][0]);
        if (status == HRNET_OK) status = read_keypoint(o, hr_json_next(item, first), base, &(*out)[n][1]);
        if (status != HRNET_OK) return fail_at(status, key, n);
    }
    *n_out = n;
    return HRNET_OK;
}

/* 1 if the links of an exporter count from 0: there is a 0 among their numbers, and no number beyond. */
static int count_from_0(const owned_info *o, const hr_json *list)
{
    int n_zeros = 0;
    int64_t number;
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item)) {
        for (const hr_json *v = hr_json_first(item); v != NULL; v = hr_json_next(item, v)) {
            if (!hr_json_id(v, &number)) continue;
            if (number < 0 || number >= o->info.skeleton.n_keypoints) return 0;
            n_zeros += number == 0;
        }
    }
    return n_zeros > 0;
}

/* The keypoints of a link; 0 if it is none. */
static int read_link(const owned_info *o, const hr_json *item, int base, int out[2])
{
    const hr_json *const first = hr_json_first(item);
    return hr_json_is(item, HR_JSON_ARRAY) && item->count == 2 && read_keypoint(o, first, base, &out[0]) == HRNET_OK &&
           read_keypoint(o, hr_json_next(item, first), base, &out[1]) == HRNET_OK && out[0] != out[1];
}

/* The links of an exporter, which are for drawing alone: those that make sense. */
static hrnet_status read_links_kindly(owned_info *o, const hr_json *category)
{
    const hr_json *const list = get(o, category, "skeleton");
    size_t n_broken = 0;
    if (list == NULL) return HRNET_OK;
    if (!hr_json_is(list, HR_JSON_ARRAY)) {
        hr_note(o->notes, 1, "skeleton: expected a list of pairs of keypoints, found %s: no lines are drawn",
                hr_json_what(list));
        return HRNET_OK;
    }
    const int base = count_from_0(o, list) ? 0 : 1;
    HR_NEW(o->links, (size_t)list->count);
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item)) {
        if (read_link(o, item, base, o->links[o->info.skeleton.n_links]))
            o->info.skeleton.n_links++;
        else
            n_broken++;
    }
    if (base == 0) hr_note(o->notes, 1, "skeleton: numbers count from 0 here, not from 1 as COCO's: read as they are");
    if (n_broken > 0)
        hr_note(o->notes, 1, "skeleton: %zu of %u links are no pair of keypoints: these lines are not drawn", n_broken,
                (unsigned)list->count);
    return HRNET_OK;
}

/* A list of one number a keypoint into *out [n]; *out stays NULL if the key is missing. */
static hrnet_status read_numbers(const owned_info *o, const hr_json *category, const char *key, double **out)
{
    const hr_json *const list = get(o, category, key);
    const int n = o->info.skeleton.n_keypoints;
    int i = 0;
    if (list == NULL) return HRNET_OK;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != (uint32_t)n)
        return hr_fail(HRNET_ERR_CONFIG, "%s: expected a list of %d numbers, one a keypoint", key, n);
    HR_NEW(*out, (size_t)n);
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item), i++)
        if (!hr_json_number(item, &(*out)[i]) || !((*out)[i] >= 0) || (*out)[i] > 1e6)
            return hr_fail(HRNET_ERR_CONFIG, "%s[%d]: expected a number from 0 to 1e6", key, i);
    return HRNET_OK;
}

/* n floats from doubles; values NULL: ones. */
static hrnet_status narrow(float **out, const double *values, int n)
{
    HR_NEW(*out, (size_t)n);
    for (int i = 0; i < n; i++) (*out)[i] = values != NULL ? (float)values[i] : 1;
    return HRNET_OK;
}

/* Set mark[k] to 1 for every keypoint k in the list of a key. */
static hrnet_status read_part(const owned_info *o, const hr_json *category, const char *key, unsigned char *mark)
{
    const hr_json *const list = get(o, category, key);
    int i = 0, keypoint = 0;
    if (list != NULL && !hr_json_is(list, HR_JSON_ARRAY))
        return hr_fail(HRNET_ERR_CONFIG, "%s: expected a list of keypoints", key);
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item), i++) {
        const hrnet_status status = read_keypoint(o, item, 0, &keypoint);
        if (status != HRNET_OK) return fail_at(status, key, i);
        mark[keypoint] = 1;
    }
    return HRNET_OK;
}

/* "upper" and "lower": with both, every keypoint must be in exactly one; with one of them, the rest belongs to the
 * other; with neither, halves are those of COCO or MPII if the names are theirs, else every keypoint is upper. */
static hrnet_status read_halves(owned_info *o, const hr_json *category, const hrnet_dataset_info *known)
{
    const int n = o->info.skeleton.n_keypoints;
    const int has_upper = get(o, category, "upper") != NULL, has_lower = get(o, category, "lower") != NULL;
    unsigned char lower[HR_MAX_KEYPOINTS] = {0};
    HR_NEW(o->is_upper, (size_t)n);
    o->info.is_upper = o->is_upper;
    HR_TRY(read_part(o, category, "upper", o->is_upper));
    HR_TRY(read_part(o, category, "lower", lower));
    for (int i = 0; i < n; i++) {
        if (has_upper && has_lower && o->is_upper[i] == lower[i])
            return hr_fail(HRNET_ERR_CONFIG, "keypoint %d (%s) is in %s of \"upper\" and \"lower\"", i, o->names[i],
                           lower[i] ? "both" : "neither");
        if (!has_upper) o->is_upper[i] = has_lower ? !lower[i] : known != NULL ? known->is_upper[i] : 1;
    }
    return HRNET_OK;
}

static hrnet_status read_colors(owned_info *o, const hr_json *category)
{
    const hr_json *const list = get(o, category, "colors");
    const int n = o->info.skeleton.n_keypoints;
    int i = 0;
    if (list == NULL) return HRNET_OK;
    if (!hr_json_is(list, HR_JSON_ARRAY) || list->count != (uint32_t)n)
        return hr_fail(HRNET_ERR_CONFIG, "colors: expected a list of %d, one a keypoint", n);
    HR_NEW(o->colors, (size_t)n);
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item), i++) {
        int c = 0;
        if (!hr_json_is(item, HR_JSON_ARRAY) || item->count != 3)
            return hr_fail(HRNET_ERR_CONFIG, "colors[%d]: expected [red, green, blue]", i);
        for (const hr_json *v = hr_json_first(item); v != NULL; v = hr_json_next(item, v)) {
            int64_t level;
            if (!hr_json_integer(v, &level) || level < 0 || level > 255)
                return hr_fail(HRNET_ERR_CONFIG, "colors[%d]: expected whole numbers from 0 to 255", i);
            o->colors[i][c++] = (uint8_t)level;
        }
    }
    o->info.colors = (const uint8_t(*)[3])o->colors;
    return HRNET_OK;
}

/* The built-in description whose keypoints have exactly these names in this order, or NULL. */
static const hrnet_dataset_info *find_known(const owned_info *o)
{
    const hrnet_dataset_info *const all[] = {hrnet_dataset_info_coco(), hrnet_dataset_info_mpii()};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        const hrnet_skeleton *const theirs = &all[k]->skeleton;
        int i = 0;
        if (theirs->n_keypoints != o->info.skeleton.n_keypoints) continue;
        while (i < theirs->n_keypoints && strcmp(theirs->keypoint_names[i], o->names[i]) == 0) i++;
        if (i == theirs->n_keypoints) return all[k];
    }
    return NULL;
}

/* Flip pairs from names: "left_eye" and "right_eye". */
static hrnet_status pair_by_names(owned_info *o)
{
    HR_NEW(o->flip_pairs, (size_t)o->info.skeleton.n_keypoints);
    hr_skeleton_find_pairs(&o->info.skeleton, o->flip_pairs);
    return HRNET_OK;
}

static hrnet_status read_skeleton(owned_info *o, const hr_json *category, const hrnet_dataset_info *known)
{
    hrnet_skeleton *const s = &o->info.skeleton;
    s->name = known != NULL ? known->skeleton.name : "custom";
    HR_TRY(read_pairs(o, category, "flip_pairs", 0, &o->flip_pairs, &s->n_flip_pairs));
    if (o->notes != NULL)
        HR_TRY(read_links_kindly(o, category));
    else
        HR_TRY(read_pairs(o, category, "skeleton", 1, &o->links, &s->n_links)); /* COCO counts from 1 here */
    if (o->flip_pairs == NULL && known == NULL) HR_TRY(pair_by_names(o));
    s->flip_pairs = (const int(*)[2])o->flip_pairs;
    s->links = (const int(*)[2])o->links;
    if (o->flip_pairs == NULL && known != NULL) {
        s->flip_pairs = known->skeleton.flip_pairs;
        s->n_flip_pairs = known->skeleton.n_flip_pairs;
    }
    if (o->links == NULL && known != NULL) {
        s->links = known->skeleton.links;
        s->n_links = known->skeleton.n_links;
    }
    return HRNET_OK;
}

static hrnet_status read_all(owned_info *o, const hr_json *category, int n_keypoints)
{
    const hr_json *names = hr_json_get(category, "keypoints");
    double *weights = NULL;
    int64_t number = 0;
    if (hr_json_integer(names, &number) && number >= 1 && number <= HR_MAX_KEYPOINTS) {
        n_keypoints = (int)number;
        names = NULL;
    }
    if (names != NULL && (!hr_json_is(names, HR_JSON_ARRAY) || names->count < 1 || names->count > HR_MAX_KEYPOINTS))
        return hr_fail(HRNET_ERR_CONFIG, "keypoints: expected a list of 1 to %d names, or their number",
                       HR_MAX_KEYPOINTS);
    HR_TRY(read_names(o, names, names != NULL ? (int)names->count : n_keypoints));
    const int n = o->info.skeleton.n_keypoints;
    const hrnet_dataset_info *const known = find_known(o);
    HR_TRY(read_skeleton(o, category, known));
    HR_TRY(read_numbers(o, category, "sigmas", &o->sigmas));
    o->info.sigmas = o->sigmas != NULL || known == NULL ? o->sigmas : known->sigmas;
    if (o->info.sigmas != NULL) HR_TRY(narrow(&o->short_sigmas, o->info.sigmas, n));
    o->info.skeleton.sigmas = o->short_sigmas;

    hrnet_status status = read_numbers(o, category, "weights", &weights);
    if (status == HRNET_OK) status = narrow(&o->weights, weights, n);
    if (status == HRNET_OK && weights == NULL && known != NULL)
        memcpy(o->weights, known->weights, (size_t)n * sizeof *o->weights);
    hr_free(weights);
    HR_TRY(status);
    o->info.weights = o->weights;
    HR_TRY(read_halves(o, category, known));
    HR_TRY(read_colors(o, category));
    return hr_skeleton_check(&o->info.skeleton);
}

hrnet_status hr_dataset_info_read(hrnet_dataset_info **out, const hr_json *category, int n_keypoints, hr_text *notes)
{
    owned_info *o;
    HR_NEW(o, 1);
    o->notes = notes;
    const hrnet_status status = read_all(o, category, n_keypoints);
    o->notes = NULL;
    if (status == HRNET_OK)
        *out = &o->info;
    else
        hrnet_dataset_info_free(&o->info);
    return status;
}

void hrnet_dataset_info_free(hrnet_dataset_info *info)
{
    owned_info *const o = (owned_info *)info;
    if (o == NULL) return;
    for (int i = 0; o->names != NULL && i < o->info.skeleton.n_keypoints; i++) hr_free(o->names[i]);
    hr_free(o->names);
    hr_free(o->flip_pairs);
    hr_free(o->links);
    hr_free(o->sigmas);
    hr_free(o->short_sigmas);
    hr_free(o->weights);
    hr_free(o->is_upper);
    hr_free(o->colors);
    hr_free(o);
}
