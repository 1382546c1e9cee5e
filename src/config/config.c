/*
 * config.c - experiments from YAML, overrides and the names of published experiments, and back into YAML. It matches
 * the YAML tree with the table of keys (config_keys.c); single values are read and written by config_value.c, and
 * config_check.c decides whether they make a network.
 */
#include "config/config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/config_keys.h"

void hr_config_defaults(hr_config *config)
{
    *config = (hr_config){.source = "defaults"};
    for (int i = 0; i < hr_n_keys; i++) {
        const hr_key *key = &hr_keys[i];
        const hr_yaml standard = {.quoted = key->type == HR_KEY_STRING, .text = (char *)key->standard};
        hr_key_set(key, config, &standard, "defaults"); /* cannot fail: tests/config checks every default */
    }
}

/* ---------------------------------------------------------------------------------------------- reading */

/* A YAML text that is being applied. */
typedef struct config_reading {
    hr_config *config;
    const hr_config *standard; /* the defaults, to see whether a value differs from them */
    const char *name;          /* of the file; NULL: an override, which has no line numbers */
    hrnet_message_fn *on_message;
    void *context;
} config_reading;

/* "FILE:LINE" or "override". A struct, so that it can be returned by value. */
typedef struct position {
    char text[512];
} position;

static position position_of(const config_reading *r, const hr_yaml *node)
{
    position p;
    if (r->name == NULL)
        snprintf(p.text, sizeof p.text, "override");
    else
        snprintf(p.text, sizeof p.text, "%.*s:%d", (int)sizeof p.text - 16, r->name, node->line);
    return p;
}

/* Send the message "FILE:LINE: PATH what[: why]". */
static void report(const config_reading *r, const hr_yaml *node, const char *path, const char *what, const char *why)
{
    if (r->on_message == NULL) return;
    char line[1024];
    snprintf(line, sizeof line, "%s: %s %s%s%s", position_of(r, node).text, path, what, why != NULL ? ": " : "",
             why != NULL ? why : "");
    r->on_message(r->context, line);
}

static hrnet_status fail_unknown(const char *where, const char *path)
{
    const char *nearest = hr_key_nearest(path);
    return hr_fail(HRNET_ERR_CONFIG, "%s: unknown key %.200s%s%s%s", where, path,
                   nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? "?" : "");
}

/* Set one key. A key that does nothing is reported only if its value is not the default: the published files list such
 * keys, too. */
static hrnet_status apply_key(const config_reading *r, const hr_key *key, const hr_yaml *node)
{
    HR_TRY(hr_key_set(key, r->config, node, position_of(r, node).text));
    const int is_default =
        memcmp((const char *)r->config + key->offset, (const char *)r->standard + key->offset, key->size) == 0;
    if (key->note != NULL && !is_default) report(r, node, key->path, "is accepted but does nothing", key->note);
    return HRNET_OK;
}

/* Apply the node at path: the value of a key, or a section with everything below it. The recursion is as deep as the
 * YAML tree, which HR_YAML_MAX_DEPTH bounds. */
static hrnet_status apply(const config_reading *r, const char *path, const hr_yaml *node)
{
    static const char extra[] = "MODEL.EXTRA.";
    const hr_key *key = hr_key_find(path);
    if (key != NULL) return apply_key(r, key, node);
    if (path[0] != '\0' && !hr_key_is_section(path)) {
        /* upstream creates MODEL.EXTRA with new_allowed: unknown keys are not an error there */
        if (strncmp(path, extra, strlen(extra)) != 0) return fail_unknown(position_of(r, node).text, path);
        report(r, node, path, "is accepted but does nothing: not a key of the published networks", NULL);
        return HRNET_OK;
    }
    if (node->kind != HR_YAML_MAPPING)
        return hr_fail(HRNET_ERR_CONFIG, "%s: %s: expected a mapping, found %s", position_of(r, node).text,
                       path[0] != '\0' ? path : "document", hr_yaml_kind_name(node->kind));
    for (const hr_yaml *child = node->first; child != NULL; child = child->next) {
        char below[2 * HR_KEY_MAX_PATH];
        const int n = snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "." : "", child->key);
        if (n < 0 || n >= HR_KEY_MAX_PATH) return fail_unknown(position_of(r, child).text, below);
        HR_TRY(apply(r, below, child));
    }
    return HRNET_OK;
}

/* Apply a tree whose root belongs at path ("": the whole schema). */
static hrnet_status apply_root(hr_config *config, const char *path, const hr_yaml *root, const char *name,
                               hrnet_message_fn *on_message, void *context)
{
    hr_config *standard;
    HR_NEW(standard, 1);
    hr_config_defaults(standard);
    const config_reading r = {config, standard, name, on_message, context};
    const hrnet_status status = apply(&r, path, root);
    hr_free(standard);
    return status;
}

hrnet_status hr_config_parse(hr_config *config, const void *yaml, size_t n_bytes, const char *name,
                             hrnet_message_fn *on_message, void *context)
{
    hr_yaml *root;
    HR_TRY(hr_yaml_parse(&root, yaml, n_bytes, name));
    snprintf(config->source, sizeof config->source, "%s", name);
    if (root == NULL) return HRNET_OK;
    const hrnet_status status = apply_root(config, "", root, name, on_message, context);
    hr_yaml_free(root);
    return status;
}

/* Make YAML of an override's value: collections as they are, everything else as a scalar in single quotes, so that no
 * character in it has a meaning. *out_quoted: the user's text was quoted or empty, and so is text. */
static hrnet_status override_yaml(const char *value, char **out, int *out_quoted)
{
    hr_text text = {0};
    size_t length = strlen(value);
    *out_quoted = length >= 2 && (value[0] == '\'' || value[0] == '"') && value[length - 1] == value[0];
    if (value[0] == '[' || value[0] == '{') {
        hr_text_add(&text, "%s", value);
        return hr_text_take(&text, out);
    }
    if (*out_quoted) {
        value++;
        length -= 2;
    }
    *out_quoted |= length == 0;
    hr_text_add(&text, "'");
    for (size_t i = 0; i < length; i++) hr_text_add(&text, value[i] == '\'' ? "''" : "%c", value[i]);
    hr_text_add(&text, "'");
    return hr_text_take(&text, out);
}

hrnet_status hr_config_set(hr_config *config, const char *key, const char *value, hrnet_message_fn *on_message,
                           void *context)
{
    char *text;
    int quoted;
    hr_yaml *root;
    if (key[0] == '\0' || strlen(key) >= HR_KEY_MAX_PATH) return fail_unknown("override", key);
    if (strcmp(key, "TEST.FLIP_TEST") == 0 || strcmp(key, "TEST") == 0) config->assumes_flip_test = 0;
    HR_TRY(override_yaml(value, &text, &quoted));
    hrnet_status status = hr_yaml_parse(&root, text, strlen(text), "override");
    hr_free(text);
    if (status != HRNET_OK) return hr_fail_in(status, key);
    if (root->kind == HR_YAML_SCALAR) root->quoted = quoted; /* not our quotes, but the user's */
    status = apply_root(config, key, root, NULL, on_message, context);
    hr_yaml_free(root);
    return status;
}

/* ---------------------------------------------------------------------------------------------- published experiments
 */

const char *const *hrnet_config_names(void)
{
    return hr_builtin_names;
}

/* Strip the folders "./", "experiments/", "configs/" and the ending ".yaml" from a name. Sets *out_begin to what is
 * left and returns its length. */
static size_t bare_name(const char *name, const char **out_begin)
{
    static const char *const folders[] = {"./", "experiments/", "configs/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (strncmp(name, folders[i], strlen(folders[i])) == 0) name += strlen(folders[i]);
    *out_begin = name;
    const size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".yaml") == 0 ? length - 5 : length;
}

/* Fail with "NAME: what:" and a list of the experiments whose names start with the first length bytes of begin. */
static hrnet_status fail_with_candidates(const char *name, const char *begin, size_t length, const char *what)
{
    hr_text list = {0};
    for (int i = 0; hr_builtin_names[i] != NULL; i++)
        if (strncmp(hr_builtin_names[i], begin, length) == 0)
            hr_text_add(&list, "%s %s", list.length > 0 ? "," : "", hr_builtin_names[i]);
    char *text;
    HR_TRY(hr_text_take(&list, &text));
    const hrnet_status status = hr_fail(HRNET_ERR_CONFIG, "%s: %s:%s", name, what, text);
    hr_free(text);
    return status;
}

/* Set *out_index to the published experiment of that name, or to the only one whose name starts with it, as
 * "coco/hrnet/w32_256x192" does. HRNET_ERR_CONFIG with the candidates if there are several or none. */
static hrnet_status find_builtin(const char *name, int *out_index)
{
    const char *begin;
    const size_t length = bare_name(name, &begin);
    int n_found = 0, found = 0;
    for (int i = 0; hr_builtin_names[i] != NULL; i++) {
        if (strncmp(hr_builtin_names[i], begin, length) != 0) continue;
        n_found++;
        found = i;
        if (hr_builtin_names[i][length] == '\0') { /* the whole name; others that start with it do not matter */
            n_found = 1;
            break;
        }
    }
    if (n_found == 0)
        return fail_with_candidates(name, "", 0, "neither a file nor a published experiment; the experiments are");
    if (n_found > 1)
        return fail_with_candidates(name, begin, length, "expected one published experiment, found several");
    *out_index = found;
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- public */

static hrnet_status load_file(hr_config *config, const char *path, hrnet_message_fn *on_message, void *context)
{
    hr_bytes bytes;
    HR_TRY(hr_file_read(&bytes, path, HR_YAML_MAX_BYTES));
    const hrnet_status status = hr_config_parse(config, bytes.data, bytes.size, path, on_message, context);
    hr_free(bytes.data);
    return status;
}

/* Read a file, standard input ("-"), or a published experiment; nothing for NULL. A file takes precedence. */
static hrnet_status load_source(hr_config *config, const char *name, hrnet_message_fn *on_message, void *context)
{
    struct stat info;
    if (name == NULL) return HRNET_OK;
    if (strcmp(name, "-") == 0 || (stat(name, &info) == 0 && !S_ISDIR(info.st_mode)))
        return load_file(config, name, on_message, context);
    int index = 0;
    HR_TRY(find_builtin(name, &index));
    /* without messages: the user did not write the keys that do nothing in a published experiment */
    const char *text = hr_builtin_texts[index];
    return hr_config_parse(config, text, strlen(text), hr_builtin_names[index], NULL, NULL);
}

hrnet_status hr_config_override(hr_config *config, const char *const *overrides, hrnet_message_fn *on_message,
                                void *context)
{
    for (; overrides != NULL && overrides[0] != NULL; overrides += 2) {
        if (overrides[1] == NULL)
            return hr_fail(HRNET_ERR_CONFIG, "override: expected KEY VALUE pairs, found %.200s without a value",
                           overrides[0]);
        HR_TRY(hr_config_set(config, overrides[0], overrides[1], on_message, context));
    }
    return HRNET_OK;
}

hrnet_status hrnet_config_load(hrnet_config **out, const char *name, const char *const *overrides,
                               hrnet_message_fn *on_message, void *context)
{
    if (out == NULL) return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_config_load: out is NULL");
    hr_config *config;
    HR_NEW(config, 1);
    hr_config_defaults(config);
    hrnet_status status = load_source(config, name, on_message, context);
    if (status == HRNET_OK) status = hr_config_override(config, overrides, on_message, context);
    if (status != HRNET_OK) {
        hr_free(config);
        return status;
    }
    *out = config;
    return HRNET_OK;
}

hrnet_status hrnet_config_get(const hrnet_config *config, const char *key, char **out_text)
{
    if (config == NULL || key == NULL || out_text == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_config_get: an argument is NULL");
    const hr_key *found = strlen(key) < HR_KEY_MAX_PATH ? hr_key_find(key) : NULL;
    if (found == NULL) return fail_unknown("hrnet_config_get", key);
    hr_text text = {0};
    hr_key_write(found, config, &text);
    return hr_text_take(&text, out_text);
}

/* Append a line "SECTION:" for each section of path that the key written before is not in. Returns how many sections
 * the key is in. For MODEL.EXTRA.STAGE2.BLOCK after MODEL.SIGMA: "  EXTRA:", "    STAGE2:", and 3. */
static int write_sections(hr_text *text, const char *path, const char *before)
{
    int depth = 0, is_same = 1;
    for (const char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1, depth++) {
        const size_t length = (size_t)(dot - path) + 1;
        is_same = is_same && strncmp(before, path, length) == 0;
        if (is_same)
            before += length;
        else
            hr_text_add(text, "%*s%.*s:\n", 2 * depth, "", (int)length - 1, path);
    }
    return depth;
}

/* All keys in the table's order, without those of other networks. */
hrnet_status hrnet_config_dump(const hrnet_config *config, char **out_text)
{
    if (config == NULL || out_text == NULL)
        return hr_fail(HRNET_ERR_ARGUMENT, "hrnet_config_dump: an argument is NULL");
    hr_text text = {0};
    const char *before = "";
    for (int i = 0; i < hr_n_keys; i++) {
        const hr_key *key = &hr_keys[i];
        if (key->families != 0 && (key->families & hr_family_of(config->model.name)) == 0) continue;
        const int depth = write_sections(&text, key->path, before);
        hr_text_add(&text, "%*s%s: ", 2 * depth, "",
                    strrchr(key->path, '.') != NULL ? strrchr(key->path, '.') + 1 : key->path);
        hr_key_write(key, config, &text);
        hr_text_add(&text, "\n");
        before = key->path;
    }
    return hr_text_take(&text, out_text);
}

void hrnet_config_free(hrnet_config *config)
{
    hr_free(config);
}
