/*
 * config_sets.c - the two key types that hold other values: DATASET.MORE_SETS, a list of mappings with the keys of
 * hr_set_keys, and the key KEYPOINTS of such a mapping, which maps names to names. Each inner value is read and written
 * by config_value.c.
 *
 *   MORE_SETS: [{ROOT: data/crowdpose, WEIGHT: 0.5, KEYPOINTS: {left_shoulder: left_shoulder, neck: thorax}}]
 */
#include <stdio.h>
#include <string.h>

#include "config/config_keys.h"

/* A key that describes one name of a pair, for hr_key_set and hr_key_write with the name as its owner. */
static hr_key name_key(const hr_key *pairs)
{
    return (hr_key){.path = pairs->path, .type = HR_KEY_STRING, .size = HR_NAME_SIZE};
}

static hrnet_status fail_kind(const hr_key *key, const hr_yaml *node, const char *where, const char *expected)
{
    return hr_fail(HRNET_ERR_CONFIG, "%s: %s: expected %s, found %s", where, key->path, expected,
                   hr_yaml_kind_name(node->kind));
}

/* Whether the node is that scalar: defaults and overrides spell an empty collection as text. */
static int is_scalar(const hr_yaml *node, const char *text)
{
    return node->kind == HR_YAML_SCALAR && strcmp(node->text, text) == 0;
}

hrnet_status hr_pairs_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where)
{
    char(*pairs)[2][HR_NAME_SIZE] = (void *)((char *)owner + key->offset);
    const int capacity = (int)(key->size / sizeof *pairs);
    const hr_key name = name_key(key);
    int n = 0;
    memset(pairs, 0, key->size);
    if (node->kind != HR_YAML_MAPPING && !is_scalar(node, "{}"))
        return fail_kind(key, node, where, "a mapping from their names to ours");
    for (const hr_yaml *child = node->first; child != NULL; child = child->next, n++) {
        const hr_yaml theirs = {.quoted = 1, .text = child->key};
        if (n == capacity) return hr_fail(HRNET_ERR_LIMIT, "%s: %s: more than %d pairs", where, key->path, capacity);
        HR_TRY(hr_key_set(&name, pairs[n][0], &theirs, where));
        HR_TRY(hr_key_set(&name, pairs[n][1], child, where));
    }
    *(int *)((char *)owner + key->count_offset) = n;
    return HRNET_OK;
}

void hr_pairs_write(const hr_key *key, const void *owner, hr_text *out)
{
    const char(*pairs)[2][HR_NAME_SIZE] = (const void *)((const char *)owner + key->offset);
    const hr_key name = name_key(key);
    hr_text_add(out, "{");
    for (int i = 0; i < hr_key_count(key, owner); i++) {
        hr_text_add(out, "%s", i > 0 ? ", " : "");
        hr_key_write(&name, pairs[i][0], out);
        hr_text_add(out, ": ");
        hr_key_write(&name, pairs[i][1], out);
    }
    hr_text_add(out, "}");
}

static const hr_key *find_set_key(const char *path)
{
    for (int i = 0; i < hr_n_set_keys; i++)
        if (strcmp(hr_set_keys[i].path, path) == 0) return &hr_set_keys[i];
    return NULL;
}

/* hr_config_defaults for one set. */
static void set_defaults(hr_set_config *set)
{
    for (int i = 0; i < hr_n_set_keys; i++) {
        const hr_key *const key = &hr_set_keys[i];
        const hr_yaml standard = {.quoted = key->type == HR_KEY_STRING, .text = (char *)key->standard};
        hr_key_set(key, set, &standard, "defaults"); /* cannot fail: tests/config has a set without keys */
    }
}

/* Read one mapping of the list; ROOT is the only key without a default. */
static hrnet_status read_set(hr_set_config *set, const hr_yaml *node, const char *where)
{
    set_defaults(set);
    for (const hr_yaml *child = node->first; child != NULL; child = child->next) {
        const hr_key *const key = find_set_key(child->key);
        if (key == NULL)
            return hr_fail(HRNET_ERR_CONFIG,
                           "%s: unknown key %.200s; expected ROOT, DATASET, TRAIN_SET, DATA_FORMAT, EXCLUDE, WEIGHT or "
                           "KEYPOINTS",
                           where, child->key);
        HR_TRY(hr_key_set(key, set, child, where));
    }
    if (set->root[0] == '\0') return hr_fail(HRNET_ERR_CONFIG, "%s: ROOT: expected a folder", where);
    return HRNET_OK;
}

hrnet_status hr_sets_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where)
{
    hr_set_config *const sets = (void *)((char *)owner + key->offset);
    const int capacity = (int)(key->size / sizeof *sets);
    int n = 0;
    memset(sets, 0, key->size);
    if (node->kind != HR_YAML_SEQUENCE && !is_scalar(node, "[]") && !is_scalar(node, "()"))
        return fail_kind(key, node, where, "a list of sets");
    for (const hr_yaml *child = node->first; child != NULL; child = child->next, n++) {
        char below[600];
        if (n == capacity) return hr_fail(HRNET_ERR_LIMIT, "%s: %s: more than %d sets", where, key->path, capacity);
        snprintf(below, sizeof below, "%.500s: %s[%d]", where, key->path, n);
        if (child->kind != HR_YAML_MAPPING)
            return hr_fail(HRNET_ERR_CONFIG, "%s: expected a mapping, found %s", below, hr_yaml_kind_name(child->kind));
        HR_TRY(read_set(&sets[n], child, below));
    }
    *(int *)((char *)owner + key->count_offset) = n;
    return HRNET_OK;
}

void hr_sets_write(const hr_key *key, const void *owner, hr_text *out)
{
    const hr_set_config *const sets = (const void *)((const char *)owner + key->offset);
    const int n = hr_key_count(key, owner);
    hr_text_add(out, "[");
    for (int i = 0; i < n; i++) {
        hr_text_add(out, "%s{", i > 0 ? ", " : "");
        for (int k = 0; k < hr_n_set_keys; k++) {
            hr_text_add(out, "%s%s: ", k > 0 ? ", " : "", hr_set_keys[k].path);
            hr_key_write(&hr_set_keys[k], &sets[i], out);
        }
        hr_text_add(out, "}");
    }
    hr_text_add(out, "]");
}
