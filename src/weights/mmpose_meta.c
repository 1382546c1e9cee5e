/*
 * mmpose_meta.c - reads meta in two steps: everything into one struct (from the entries that the pickle reader made of
 * meta.dataset_meta, and from the tree of the configuration's text), then out of it as metadata entries.
 *
 * mmpose 1.x names the codec (`codec = dict(type='UDPHeatmap', ...)`); 0.x spreads it over test_cfg and the pipeline.
 */
#include "weights/mmpose_meta.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "io/python_text.h"

enum { MAX_KEYPOINTS = 4096, MAX_LINKS = 4096, NOBODY = -1 };

const char *const hr_mmpose_config_keys[] = {
    "MODEL.IMAGE_SIZE", "MODEL.HEATMAP_SIZE", "MODEL.SIGMA", "DATASET.COLOR_RGB",
    "TEST.FLIP_TEST",   "TEST.SHIFT_HEATMAP", NULL};

typedef struct meta_reading {
    hr_tensors *tensors;
    hr_text *notes, facts;            /* lines; what was read, ", " between */
    const char *dataset;              /* its name; NULL: not said */
    const char *names[MAX_KEYPOINTS]; /* of the entries or the tree; NULL: not said */
    int partner[MAX_KEYPOINTS];       /* the keypoint that a mirror exchanges with this one; itself: none */
    const char *swap[MAX_KEYPOINTS];  /* the same by name; "" or NULL: none */
    int links[MAX_LINKS][2];
    double sigmas[MAX_KEYPOINTS];
    int n_names, n_partners, n_links, n_sigmas; /* the highest index found plus 1 */
    int has_swaps;
    hr_json_document config; /* of the text */
    const char *codec;       /* "msra", "dark", "udp", or what the file calls one that is not decoded here */
} meta_reading;

/* ------------------------------------------------------------------------------------------------ entries */

/* Append an entry with a copy of key and the text, which is taken over. An empty text adds nothing. */
static hrnet_status add_entry(meta_reading *m, const char *key, hr_text *text)
{
    hr_tensors *const t = m->tensors;
    hr_entry entry = {0};
    if (text->length == 0 && !text->failed) {
        hr_text_free(text);
        return HRNET_OK;
    }
    HR_TRY(hr_text_take(text, &entry.value));
    entry.key = hr_strdup(key);
    hr_entry *const grown =
        entry.key != NULL ? hr_resize(t->entries, t->n_entries, t->n_entries + 1, sizeof entry) : NULL;
    if (grown == NULL) {
        hr_free(entry.key);
        hr_free(entry.value);
        return hr_fail_memory(sizeof entry);
    }
    t->entries = grown;
    t->entries[t->n_entries++] = entry;
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ dataset_meta */

/* Read "/0/1" behind a key's name: up to two indices, both below MAX_KEYPOINTS. Returns how many. */
static int read_indices(const char *text, int out[2])
{
    int n = 0;
    while (*text == '/' && n < 2) {
        int used = 0;
        if (sscanf(text, "/%4d%n", &out[n], &used) != 1 || out[n] < 0 || out[n] >= MAX_KEYPOINTS) return 0;
        text += used;
        n++;
    }
    return *text == '\0' ? n : 0;
}

static void raise_to(int *n, int index)
{
    if (index >= *n) *n = index + 1;
}

/* One entry below meta/dataset_meta/. */
static void read_dataset_entry(meta_reading *m, const char *key, const char *value)
{
    static const char *const lists[] = {"keypoint_id2name", "flip_indices", "sigmas", "skeleton_links"};
    int at[2] = {0}, number;
    double real;
    size_t list = 0;
    if (strcmp(key, "dataset_name") == 0) m->dataset = value;
    const size_t length = strcspn(key, "/");
    while (list < 4 && (strlen(lists[list]) != length || strncmp(key, lists[list], length) != 0)) list++;
    if (list == 4 || read_indices(key + length, at) != (list == 3 ? 2 : 1)) return;
    if (list == 0) {
        m->names[at[0]] = value;
        raise_to(&m->n_names, at[0]);
    } else if (list == 2 && hr_number_parse(value, strlen(value), &real)) {
        m->sigmas[at[0]] = real;
        raise_to(&m->n_sigmas, at[0]);
    } else if (sscanf(value, "%4d", &number) == 1 && list == 1) {
        m->partner[at[0]] = number;
        raise_to(&m->n_partners, at[0]);
    } else if (list == 3 && sscanf(value, "%4d", &number) == 1 && at[1] < 2) {
        m->links[at[0]][at[1]] = number;
        raise_to(&m->n_links, at[0]);
    }
}

/* ------------------------------------------------------------------------------------------------ dataset_info */

/* The first object below `value` (itself included) that has a member `key`; NULL: none. Bounded by the tree's depth. */
static const hr_json *find_owner(const hr_json *value, const char *key)
{
    if (hr_json_get(value, key) != NULL) return value;
    const int is_object = hr_json_is(value, HR_JSON_OBJECT);
    for (const hr_json *item = hr_json_first(value); item != NULL; item = hr_json_next(value, item)) {
        const hr_json *const found = find_owner(is_object ? hr_json_value(item) : item, key);
        if (found != NULL) return found;
    }
    return NULL;
}

/* keypoint_info of 0.x: {0: {name, swap, ...}, ...}. */
static void read_keypoint_info(meta_reading *m, const hr_json *info)
{
    for (const hr_json *key = hr_json_first(info); key != NULL; key = hr_json_next(info, key)) {
        int at;
        const hr_json *const one = hr_json_value(key);
        const char *const name = hr_json_string(hr_json_get(one, "name"));
        if (sscanf(hr_json_string(key), "%4d", &at) != 1 || at < 0 || at >= MAX_KEYPOINTS || name == NULL) continue;
        m->names[at] = name;
        m->swap[at] = hr_json_string(hr_json_get(one, "swap"));
        m->has_swaps = 1;
        raise_to(&m->n_names, at);
    }
}

static int find_name(const meta_reading *m, const char *name)
{
    for (int i = 0; i < m->n_names && name != NULL; i++)
        if (m->names[i] != NULL && strcmp(m->names[i], name) == 0) return i;
    return NOBODY;
}

/* skeleton_info of 0.x: {0: {link: (name, name), ...}, ...}. */
static void read_skeleton_info(meta_reading *m, const hr_json *info)
{
    for (const hr_json *key = hr_json_first(info); key != NULL && m->n_links < MAX_LINKS;
         key = hr_json_next(info, key)) {
        const hr_json *const link = hr_json_get(hr_json_value(key), "link"), *const a = hr_json_first(link);
        const int first = find_name(m, hr_json_string(a));
        const int second = a != NULL ? find_name(m, hr_json_string(hr_json_next(link, a))) : NOBODY;
        if (first == NOBODY || second == NOBODY) continue;
        m->links[m->n_links][0] = first;
        m->links[m->n_links++][1] = second;
    }
}

/* What the configuration says of the data set, if dataset_meta said nothing. */
static void read_dataset_info(meta_reading *m)
{
    const hr_json *const info = find_owner(m->config.root, "keypoint_info");
    if (m->n_names > 0 || info == NULL) return;
    const hr_json *const sigmas = hr_json_get(info, "sigmas");
    read_keypoint_info(m, hr_json_get(info, "keypoint_info"));
    read_skeleton_info(m, hr_json_get(info, "skeleton_info"));
    if (m->dataset == NULL) m->dataset = hr_json_string(hr_json_get(info, "dataset_name"));
    for (const hr_json *item = hr_json_first(sigmas); item != NULL && m->n_sigmas < MAX_KEYPOINTS;
         item = hr_json_next(sigmas, item))
        if (hr_json_number(item, &m->sigmas[m->n_sigmas])) m->n_sigmas++;
}

/* The data set by the class that reads it, if nothing else says it. COCO's class also reads other sets in COCO's form,
 * which 1.x describes in dataset_meta; so there it says nothing. */
static void read_dataset_type(meta_reading *m)
{
    static const char *const known[][2] = {{"TopDownCocoDataset", "coco"}, {"TopDownMpiiDataset", "mpii"}};
    const hr_json *const root = m->config.root, *const loader = hr_json_get(root, "train_dataloader");
    const char *type = hr_json_string(hr_json_get(hr_json_get(hr_json_get(root, "data"), "train"), "type"));
    if (type == NULL) type = hr_json_string(hr_json_get(hr_json_get(loader, "dataset"), "type"));
    if (m->dataset != NULL || m->n_names > 0 || type == NULL || strcmp(type, "CocoDataset") == 0) return;
    m->dataset = type;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(type, known[i][0]) == 0) m->dataset = known[i][1];
}

/* ------------------------------------------------------------------------------------------------ keypoints */

/* Whether names of keypoints are there, one for each joint. */
static int has_names(meta_reading *m, int n_joints)
{
    if (m->n_names == 0) return 0;
    for (int i = 0; i < m->n_names; i++)
        if (m->names[i] == NULL) {
            hr_text_add(m->notes, "meta: %d keypoints without the name of keypoint %d: not used\n", m->n_names, i);
            return 0;
        }
    if (n_joints == 0 || m->n_names == n_joints) return 1;
    hr_text_add(m->notes, "meta: %d keypoints, the network has %d joints: not used\n", m->n_names, n_joints);
    return 0;
}

static hrnet_status add_names(meta_reading *m)
{
    hr_text text = {0};
    for (int i = 0; i < m->n_names; i++) {
        hr_text_add(&text, i == 0 ? "[" : ", ");
        hr_json_add_string(&text, m->names[i]);
    }
    hr_text_add(&text, "]");
    return add_entry(m, "hrnet.keypoints", &text);
}

/* The flip pairs, if meta has them: partners must name each other. */
static hrnet_status add_pairs(meta_reading *m)
{
    hr_text text = {0};
    int n = 0;
    for (int i = 0; i < m->n_names && m->n_partners == 0 && m->has_swaps; i++) {
        const int partner = m->swap[i] != NULL && m->swap[i][0] != '\0' ? find_name(m, m->swap[i]) : i;
        m->partner[i] = partner;
    }
    if (m->n_partners == 0 && !m->has_swaps) return HRNET_OK;
    for (int i = 0; i < m->n_names; i++) {
        const int other = m->partner[i];
        if (other < 0 || other >= m->n_names || m->partner[other] != i) {
            hr_text_add(m->notes, "meta: flip_indices: keypoint %d and its partner do not name each other: not used\n",
                        i);
            hr_text_free(&text);
            return HRNET_OK;
        }
        if (other > i) hr_text_add(&text, n++ == 0 ? "[%d, %d]" : ", [%d, %d]", i, other);
    }
    hr_text list = {0};
    hr_text_add(&list, "[%s]", text.data != NULL ? text.data : "");
    list.failed |= text.failed;
    hr_text_free(&text);
    return add_entry(m, "hrnet.flip_pairs", &list);
}

static hrnet_status add_links(meta_reading *m)
{
    hr_text text = {0};
    int n = 0;
    for (int i = 0; i < m->n_links; i++) {
        const int a = m->links[i][0], b = m->links[i][1];
        if (a < 0 || b < 0 || a >= m->n_names || b >= m->n_names || a == b) continue;
        hr_text_add(&text, n++ == 0 ? "[[%d, %d]" : ", [%d, %d]", a, b);
    }
    if (n > 0) hr_text_add(&text, "]");
    return add_entry(m, "hrnet.skeleton", &text);
}

static hrnet_status add_numbers(meta_reading *m, const char *key, const double *values, int n)
{
    hr_text text = {0};
    for (int i = 0; i < n; i++) {
        char number[HR_NUMBER_TEXT];
        hr_number_text(values[i], number);
        hr_text_add(&text, "%s%s", i == 0 ? "[" : ", ", number);
    }
    if (n > 0) hr_text_add(&text, "]");
    return add_entry(m, key, &text);
}

static hrnet_status add_keypoints(meta_reading *m, int n_joints)
{
    hr_text dataset = {0};
    if (m->dataset != NULL) hr_text_add(&dataset, "%.64s", m->dataset);
    if (m->dataset != NULL && m->n_names == 0)
        hr_text_add(&m->facts, "%s%.64s, keypoints without names", m->facts.length > 0 ? ", " : "", m->dataset);
    HR_TRY(add_entry(m, "hrnet.dataset", &dataset));
    if (!has_names(m, n_joints)) return HRNET_OK;
    HR_TRY(add_names(m));
    HR_TRY(add_pairs(m));
    HR_TRY(add_links(m));
    int n = m->n_sigmas == m->n_names ? m->n_sigmas : 0; /* 1.x stores an array of NumPy, which is not read */
    for (int i = 0; i < n; i++)
        if (!(m->sigmas[i] > 0)) n = 0;
    hr_text_add(&m->facts, "%s%d keypoints%s%.64s", m->facts.length > 0 ? ", " : "", m->n_names,
                m->dataset != NULL ? " of " : "", m->dataset != NULL ? m->dataset : "");
    if (n == 0) hr_text_add(&m->facts, " (no sigmas)");
    return add_numbers(m, "hrnet.sigmas", m->sigmas, n);
}

/* ------------------------------------------------------------------------------------------------ configuration */

static int is_true(const hr_json *value)
{
    return hr_json_is(value, HR_JSON_BOOL) && value->as.integer;
}

static int is_text(const hr_json *value, const char *text)
{
    const char *const found = hr_json_string(value);
    return found != NULL && strcmp(found, text) == 0;
}

/* An element of a list of dictionaries that has this type. */
static const hr_json *find_type(const hr_json *list, const char *type)
{
    for (const hr_json *item = hr_json_first(list); item != NULL; item = hr_json_next(list, item))
        if (is_text(hr_json_get(item, "type"), type)) return item;
    return NULL;
}

/* One key of our configuration, with a note. */
static hrnet_status add_key(meta_reading *m, const char *key, const char *value)
{
    char name[64];
    hr_text text = {0};
    snprintf(name, sizeof name, "mmpose.%s", key);
    hr_text_add(&text, "%s", value);
    hr_text_add(&m->facts, "%s%s %s", m->facts.length > 0 ? ", " : "", key, value);
    return add_entry(m, name, &text);
}

static hrnet_status add_bool(meta_reading *m, const char *key, const hr_json *value)
{
    return hr_json_is(value, HR_JSON_BOOL) ? add_key(m, key, is_true(value) ? "true" : "false") : HRNET_OK;
}

/* [width, height] of whole numbers, else nothing. */
static hrnet_status add_size(meta_reading *m, const char *key, const hr_json *value)
{
    const hr_json *const width = hr_json_first(value);
    int64_t w, h;
    char text[64];
    if (!hr_json_is(value, HR_JSON_ARRAY) || value->count != 2 || !hr_json_integer(width, &w) ||
        !hr_json_integer(hr_json_next(value, width), &h))
        return HRNET_OK;
    snprintf(text, sizeof text, "[%lld, %lld]", (long long)w, (long long)h);
    return add_key(m, key, text);
}

static hrnet_status add_sigma(meta_reading *m, const hr_json *value)
{
    double sigma;
    char text[32];
    if (!hr_json_number(value, &sigma) || !(sigma >= 1) || sigma > 100 || sigma != (double)(int)sigma) return HRNET_OK;
    snprintf(text, sizeof text, "%d", (int)sigma);
    return add_key(m, "MODEL.SIGMA", text);
}

/* Three numbers, divided by `unit`. */
static hrnet_status add_channels(meta_reading *m, const char *key, const hr_json *value, double unit)
{
    double numbers[3];
    int n = 0;
    if (!hr_json_is(value, HR_JSON_ARRAY) || value->count != 3) return HRNET_OK;
    for (const hr_json *item = hr_json_first(value); item != NULL; item = hr_json_next(value, item))
        if (!hr_json_number(item, &numbers[n++])) return HRNET_OK;
    for (int i = 0; i < 3; i++) {
        /* 123.675 / 255 is 0.485 but for the last bits, which the published numbers do not have */
        char digits[HR_NUMBER_TEXT];
        hr_number_digits(numbers[i] / unit, 7, digits);
        if (!hr_number_parse(digits, strlen(digits), &numbers[i])) return HRNET_OK;
    }
    return add_numbers(m, key, numbers, 3);
}

/* mmpose 1.x: codec = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2). */
static hrnet_status read_codec(meta_reading *m, const hr_json *codec)
{
    const char *const type = hr_json_string(hr_json_get(codec, "type"));
    HR_TRY(add_size(m, "MODEL.IMAGE_SIZE", hr_json_get(codec, "input_size")));
    HR_TRY(add_size(m, "MODEL.HEATMAP_SIZE", hr_json_get(codec, "heatmap_size")));
    HR_TRY(add_sigma(m, hr_json_get(codec, "sigma")));
    m->codec = type;
    if (is_text(hr_json_get(codec, "type"), "MSRAHeatmap"))
        m->codec = is_true(hr_json_get(codec, "unbiased")) ? "dark" : "msra";
    if (is_text(hr_json_get(codec, "type"), "UDPHeatmap"))
        m->codec = is_text(hr_json_get(codec, "heatmap_type"), "combined") ? "UDPHeatmap of combined maps" : "udp";
    return HRNET_OK;
}

/* mmpose 0.x: data_cfg, the pipeline and test_cfg. */
static hrnet_status read_old_config(meta_reading *m, const hr_json *data)
{
    const hr_json *const root = m->config.root, *const test = hr_json_get(hr_json_get(root, "model"), "test_cfg");
    const hr_json *const pipeline = hr_json_get(root, "train_pipeline");
    const hr_json *const target = find_type(pipeline, "TopDownGenerateTarget");
    const hr_json *const load = find_type(pipeline, "LoadImageFromFile");
    const hr_json *const normalize = find_type(pipeline, "NormalizeTensor");
    const char *const process = hr_json_string(hr_json_get(test, "post_process"));
    HR_TRY(add_size(m, "MODEL.IMAGE_SIZE", hr_json_get(data, "image_size")));
    HR_TRY(add_size(m, "MODEL.HEATMAP_SIZE", hr_json_get(data, "heatmap_size")));
    HR_TRY(add_sigma(m, hr_json_get(target, "sigma")));
    HR_TRY(add_channels(m, "hrnet.mean", hr_json_get(normalize, "mean"), 1));
    HR_TRY(add_channels(m, "hrnet.std", hr_json_get(normalize, "std"), 1));
    if (load != NULL)
        HR_TRY(add_key(m, "DATASET.COLOR_RGB", is_text(hr_json_get(load, "channel_order"), "bgr") ? "false" : "true"));
    if (is_text(hr_json_get(target, "target_type"), "CombinedTarget") ||
        is_text(hr_json_get(test, "target_type"), "CombinedTarget"))
        m->codec = "UDP's CombinedTarget";
    else if (is_true(hr_json_get(test, "use_udp")) || is_text(hr_json_get(target, "encoding"), "UDP"))
        m->codec = "udp";
    else if (process != NULL && strcmp(process, "unbiased") == 0)
        m->codec = "dark";
    else if (process != NULL)
        m->codec = strcmp(process, "default") == 0 ? "msra" : process;
    return HRNET_OK;
}

static hrnet_status read_config(meta_reading *m)
{
    const hr_json *const root = m->config.root, *const test = hr_json_get(hr_json_get(root, "model"), "test_cfg");
    const hr_json *const preprocessor = hr_json_get(find_owner(root, "data_preprocessor"), "data_preprocessor");
    const hr_json *codec = hr_json_get(root, "codec");
    if (codec == NULL) codec = hr_json_get(hr_json_get(hr_json_get(root, "model"), "head"), "decoder");
    const hr_json *const data = hr_json_get(root, "data_cfg");
    if (codec != NULL)
        HR_TRY(read_codec(m, codec));
    else if (data != NULL)
        HR_TRY(read_old_config(m, data));
    HR_TRY(add_bool(m, "DATASET.COLOR_RGB", hr_json_get(preprocessor, "bgr_to_rgb")));
    HR_TRY(add_channels(m, "hrnet.mean", hr_json_get(preprocessor, "mean"), 255));
    HR_TRY(add_channels(m, "hrnet.std", hr_json_get(preprocessor, "std"), 255));
    HR_TRY(add_bool(m, "TEST.FLIP_TEST", hr_json_get(test, "flip_test")));
    HR_TRY(add_bool(m, "TEST.SHIFT_HEATMAP", hr_json_get(test, "shift_heatmap")));
    hr_text name = {0};
    if (m->codec == NULL) return HRNET_OK;
    hr_text_add(&name, "%.64s", m->codec);
    hr_text_add(&m->facts, "%scodec %.64s", m->facts.length > 0 ? ", " : "", m->codec);
    return add_entry(m, "hrnet.codec", &name);
}

/* Parse the text of the configuration; what is wrong with it is noted, not an error. */
static hrnet_status parse_config(meta_reading *m, const char *text)
{
    hr_text left_out = {0};
    const hrnet_status status = hr_python_parse(&m->config, text, strlen(text), &left_out);
    if (status == HRNET_OK && left_out.length > 0)
        hr_text_add(m->notes, "meta: configuration: not understood: %.400s\n", left_out.data);
    hr_text_free(&left_out);
    if (status == HRNET_OK || status == HRNET_ERR_MEMORY) return status;
    hr_text_add(m->notes, "meta: configuration: not read: %.200s\n", hrnet_last_error());
    return HRNET_OK;
}

/* ------------------------------------------------------------------------------------------------ all */

static hrnet_status read_meta(meta_reading *m, int n_joints)
{
    static const char below[] = "meta/dataset_meta/";
    const char *text = NULL;
    const hr_tensors *const t = m->tensors;
    for (int i = 0; i < MAX_KEYPOINTS; i++) m->partner[i] = NOBODY;
    for (size_t i = 0; i < t->n_entries; i++) {
        const char *const key = t->entries[i].key, *const value = t->entries[i].value;
        if (strncmp(key, below, sizeof below - 1) == 0) read_dataset_entry(m, key + sizeof below - 1, value);
        if (strcmp(key, "meta/cfg") == 0 || strcmp(key, "meta/config") == 0) text = value;
    }
    if (text != NULL) HR_TRY(parse_config(m, text));
    read_dataset_info(m);
    read_dataset_type(m);
    HR_TRY(add_keypoints(m, n_joints));
    return read_config(m);
}

hrnet_status hr_mmpose_meta_read(hr_tensors *tensors, int n_joints, hr_text *notes)
{
    int has_meta = 0;
    for (size_t i = 0; i < tensors->n_entries && !has_meta; i++)
        has_meta = strncmp(tensors->entries[i].key, "meta/", 5) == 0;
    if (!has_meta) return HRNET_OK;
    meta_reading *m;
    HR_NEW(m, 1);
    m->tensors = tensors;
    m->notes = notes;
    hrnet_status status = read_meta(m, n_joints);
    if (m->facts.length > 0) hr_text_add(notes, "meta: %s\n", m->facts.data);
    if (status == HRNET_OK && (notes->failed || m->facts.failed)) status = hr_fail_memory(0);
    hr_text_free(&m->facts);
    hr_json_free(&m->config);
    hr_free(m);
    return status;
}

const char *hr_mmpose_config_entry(const hr_tensors *tensors, const char *key)
{
    char name[64];
    snprintf(name, sizeof name, "mmpose.%s", key);
    return tensors != NULL ? hr_tensors_entry(tensors, name) : NULL;
}
