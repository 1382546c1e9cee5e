/* roots.c - finding the roots of networks: each tensor with a telling name is one mark; marks sorted by scope and
 * prefix make groups, which are the roots. Costs n log n in the number of tensors. */
#include "weights/roots.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* ---------------------------------------------------------------------------------------------- telling names */

/* Step over a number and the point after it; NULL if there is none. */
static const char *after_number(const char *at)
{
    const size_t n = strspn(at, "0123456789");
    return n > 0 && at[n] == '.' ? at + n + 1 : NULL;
}

static int begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static int begins_with_one_of(const char *text, const char *const *starts)
{
    while (*starts != NULL && !begins(text, *starts)) starts++;
    return *starts != NULL;
}

/* "WORDd.N." with the digit d from first to last: what follows; else NULL. */
static const char *after_module(const char *name, const char *word, char first, char last)
{
    const size_t n = strlen(word);
    if (!begins(name, word) || name[n] < first || name[n] > last || name[n + 1] != '.') return NULL;
    return after_number(name + n + 2);
}

/* A name of the form "WORDN." or "WORDN.N." with a word of the list (NULL-terminated): what follows; else NULL. */
static const char *after_numbered(const char *name, const char *const *words, int n_numbers)
{
    for (; *words != NULL; words++) {
        const char *at = begins(name, *words) ? name + strlen(*words) : NULL;
        for (int i = 0; i < n_numbers && at != NULL; i++) at = after_number(at);
        if (at != NULL) return at;
    }
    return NULL;
}

/* Parts of YOLOX and RTMDet, by the names of Megvii's code ("backbone.backbone.dark2.0.conv.") and mmdetection's
 * ("backbone.stage1.0.conv."). Other networks have a backbone, too: what follows must be a layer of these. */
static int is_csp(const char *name)
{
    static const char *const layers[] = {"conv.",         "bn.",         "depthwise_conv.", "pointwise_conv.",
                                         "main_conv.",    "short_conv.", "final_conv.",     "blocks.",
                                         "attention.fc.", "conv1.",      "conv2.",          NULL};
    static const char *const units[] = {"conv.", "bn.", NULL};
    static const char *const plain[] = {"backbone.stem.conv.",
                                        "backbone.backbone.stem.conv.",
                                        "backbone.lateral_conv0.",
                                        "backbone.reduce_conv1.",
                                        "backbone.C3_p3.",
                                        "backbone.C3_p4.",
                                        "backbone.C3_n3.",
                                        "backbone.C3_n4.",
                                        "backbone.bu_conv1.",
                                        "backbone.bu_conv2.",
                                        NULL};
    static const char *const necks[] = {"neck.reduce_layers.",    "neck.top_down_blocks.", "neck.downsamples.",
                                        "neck.bottom_up_blocks.", "neck.out_convs.",       NULL};
    static const char *const stems[] = {"backbone.stem.", NULL};
    if (begins_with_one_of(name, plain) || after_numbered(name, necks, 1) != NULL) return 1;
    if (begins(name, "backbone.backbone.") && after_module(name + 18, "dark", '1', '5') != NULL) return 1;
    const char *const stem = after_numbered(name, stems, 1);
    if (stem != NULL) return begins_with_one_of(stem, units);
    const char *const stage = begins(name, "backbone.") ? after_module(name + 9, "stage", '1', '4') : NULL;
    return stage != NULL && begins_with_one_of(stage, layers);
}

static int is_box_head(const char *name)
{
    static const char *const lists[] = {"head.stems.",        "head.cls_convs.",    "head.reg_convs.",
                                        "head.cls_preds.",    "head.reg_preds.",    "head.obj_preds.",
                                        "bbox_head.rtm_cls.", "bbox_head.rtm_reg.", NULL};
    /* heads of other detectors have bbox_head.cls_convs.0.conv: one list for all levels */
    static const char *const levels[] = {"bbox_head.cls_convs.", "bbox_head.reg_convs.", NULL};
    return begins(name, "bbox_head.multi_level_") || after_numbered(name, lists, 1) != NULL ||
           after_numbered(name, levels, 2) != NULL;
}

hr_part hr_part_at(const char *name)
{
    static const char *const of_stage[] = {"branches.", "fuse_layers.", NULL};
    static const char *const of_block[] = {"conv1.", "conv2.", "conv3.", "bn1.", "bn2.", "bn3.", "downsample.", NULL};
    const char *rest;
    switch (name[0]) {
    case 'b': return is_csp(name) ? HR_PART_CSP : is_box_head(name) ? HR_PART_BOXES : HR_PART_NONE;
    case 'n': return is_csp(name) ? HR_PART_CSP : HR_PART_NONE;
    case 'h': return is_box_head(name) ? HR_PART_BOXES : HR_PART_NONE;
    case 's':
        rest = after_module(name, "stage", '2', '4');
        return rest != NULL && begins_with_one_of(rest, of_stage) ? HR_PART_STAGE : HR_PART_NONE;
    case 't': return after_module(name, "transition", '1', '3') != NULL ? HR_PART_STAGE : HR_PART_NONE;
    case 'l':
        rest = after_module(name, "layer", '1', '4');
        return rest != NULL && begins_with_one_of(rest, of_block) ? HR_PART_LAYER : HR_PART_NONE;
    case 'f': return begins(name, "final_layer.") ? HR_PART_FINAL : HR_PART_NONE;
    case 'd': return begins(name, "deconv_layers.") && after_number(name + 14) != NULL ? HR_PART_NECK : HR_PART_NONE;
    case 'c': return begins(name, "conv_layers.") && after_number(name + 12) != NULL ? HR_PART_NECK : HR_PART_NONE;
    default: return HR_PART_NONE;
    }
}

/* The first component of a name where one of the network's names begins; *n_prefix: bytes before it. */
static hr_part find_part(const char *name, size_t *n_prefix)
{
    for (const char *at = name;; at++) {
        const hr_part part = hr_part_at(at);
        *n_prefix = (size_t)(at - name);
        if (part != HR_PART_NONE) return part;
        at = strchr(at, '.');
        if (at == NULL) return HR_PART_NONE;
    }
}

/* ---------------------------------------------------------------------------------------------- marks */

typedef struct mark {
    const hr_tensor *tensor;
    size_t n_prefix;
    hr_part part;
} mark;

static int is_head(hr_part part)
{
    return part == HR_PART_FINAL || part == HR_PART_NECK || part == HR_PART_BOXES;
}

/* By kind (bodies first), scope and prefix: 0 if both are of one root. */
static int compare_roots(const mark *a, const mark *b)
{
    if (is_head(a->part) != is_head(b->part)) return is_head(a->part) - is_head(b->part);
    const int scopes = strcmp(a->tensor->scope, b->tensor->scope);
    if (scopes != 0) return scopes;
    const size_t n = a->n_prefix < b->n_prefix ? a->n_prefix : b->n_prefix;
    const int prefixes = memcmp(a->tensor->name, b->tensor->name, n);
    return prefixes != 0 ? prefixes : (a->n_prefix > b->n_prefix) - (a->n_prefix < b->n_prefix);
}

/* Within a root in the file's order. */
static int compare_marks(const void *a, const void *b)
{
    const mark *const x = a, *const y = b;
    const int order = compare_roots(x, y);
    return order != 0 ? order : (x->tensor > y->tensor) - (x->tensor < y->tensor);
}

/* A number of one tensor's name below the root and of where its elements are. The sum over a body is the same for
 * state_dict and best_state_dict of upstream's checkpoint.pth, which are one network saved twice. */
static uint64_t content_of(const mark *m)
{
    uint64_t hash = 0xcbf29ce484222325u ^ ((uint64_t)m->tensor->storage << 32) ^ m->tensor->offset;
    for (const char *c = m->tensor->name + m->n_prefix; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

static hrnet_status make_root(hr_root *root, const mark *marks, size_t n)
{
    const hr_tensor *const first = marks[0].tensor;
    hr_text path = {0};
    *root = (hr_root){.scope = first->scope, .n_prefix = marks[0].n_prefix, .mate = -1};
    if (first->scope[0] != '\0') hr_text_add(&path, "%s/", first->scope);
    hr_text_add_bytes(&path, first->name, root->n_prefix);
    for (size_t i = 0; i < n; i++) {
        root->n_tensors[marks[i].part]++;
        root->content += content_of(&marks[i]);
    }
    return hr_text_take(&path, &root->path);
}

typedef struct group {
    const mark *marks;
    size_t n;
} group;

static int by_first_tensor(const void *a, const void *b)
{
    const hr_tensor *const x = ((const group *)a)->marks[0].tensor, *const y = ((const group *)b)->marks[0].tensor;
    return (x > y) - (x < y);
}

/* Turn the groups of sorted marks into roots, in the order in which the file begins them. */
static hrnet_status group_marks(hr_roots *roots, const mark *marks, size_t n)
{
    group groups[2][HR_MAX_ROOTS];
    int n_groups[2] = {0};
    for (size_t i = 0, end; i < n; i = end) {
        const int kind = is_head(marks[i].part);
        for (end = i + 1; end < n && compare_roots(&marks[i], &marks[end]) == 0;) end++;
        if (n_groups[kind] == HR_MAX_ROOTS)
            return hr_fail(HRNET_ERR_LIMIT, "expected at most %d networks, found more prefixes of them", HR_MAX_ROOTS);
        groups[kind][n_groups[kind]++] = (group){marks + i, end - i};
    }
    HR_NEW(roots->bodies, (size_t)n_groups[0]);
    HR_NEW(roots->heads, (size_t)n_groups[1]);
    for (int kind = 0; kind < 2; kind++) {
        qsort(groups[kind], (size_t)n_groups[kind], sizeof(group), by_first_tensor);
        for (int i = 0; i < n_groups[kind]; i++) {
            hr_root *const root = kind == 0 ? &roots->bodies[roots->n_bodies++] : &roots->heads[roots->n_heads++];
            HR_TRY(make_root(root, groups[kind][i].marks, groups[kind][i].n));
        }
    }
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- pairs */

/* Bytes of the components that two paths have in common at their beginnings. */
static size_t shared_path(const char *a, const char *b)
{
    size_t shared = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
        if (a[i] == '.' || a[i] == '/') shared = i + 1;
    return shared;
}

static int n_components(const char *path)
{
    int n = 0;
    for (; *path != '\0'; path++) n += *path == '.' || *path == '/';
    return n;
}

/* Whether `path` is nearer to `to` than `other` is: it shares more, or as much and goes on for fewer components. */
static int is_nearer(const char *to, const char *path, const char *other)
{
    const size_t shared = shared_path(to, path), others = shared_path(to, other);
    return shared != others ? shared > others : n_components(path) < n_components(other);
}

/* Bytes of a path without its last component. */
static size_t parent_length(const char *path)
{
    size_t n = strlen(path);
    if (n > 0) n--;
    while (n > 0 && path[n - 1] != '.' && path[n - 1] != '/') n--;
    return n;
}

/* Whether two paths are equal, siblings, or the second is a child of the first. */
static int is_family(const char *path, const char *other)
{
    const size_t parent = parent_length(path), of_other = parent_length(other);
    if (strcmp(path, other) == 0) return 1;
    return (parent == of_other && strncmp(path, other, parent) == 0) ||
           (strlen(path) == of_other && strncmp(path, other, of_other) == 0);
}

int hr_root_is_whole(const hr_root *head)
{
    return head->n_tensors[HR_PART_FINAL] + head->n_tensors[HR_PART_BOXES] > 0;
}

/* Layers like those of a head occur in other networks, too: without a final layer they are a head's only right beside
 * the body or its head. */
static void drop_strange_necks(hr_roots *roots)
{
    for (int h = 0; h < roots->n_heads; h++) {
        hr_root *const head = &roots->heads[h];
        if (head->mate < 0 || hr_root_is_whole(head)) continue;
        const hr_root *const body = &roots->bodies[head->mate];
        if (!is_family(body->path, head->path) &&
            (body->mate < 0 || !is_family(roots->heads[body->mate].path, head->path)))
            head->mate = -1;
    }
}

/* Give each head to the nearest body, and each body the nearest of its heads that is whole. */
static void pair(hr_roots *roots)
{
    for (int h = 0; h < roots->n_heads; h++) {
        hr_root *const head = &roots->heads[h];
        for (int b = 0; b < roots->n_bodies; b++)
            if (head->mate < 0 || is_nearer(head->path, roots->bodies[b].path, roots->bodies[head->mate].path))
                head->mate = b;
        if (head->mate < 0 || !hr_root_is_whole(head)) continue;
        hr_root *const body = &roots->bodies[head->mate];
        if (body->mate < 0 || is_nearer(body->path, head->path, roots->heads[body->mate].path)) body->mate = h;
    }
}

hrnet_status hr_roots_find(hr_roots *out, const hr_tensors *tensors)
{
    hr_roots roots = {0};
    size_t n = 0;
    mark *const marks = hr_alloc(tensors->n_items, sizeof *marks);
    if (marks == NULL) return hr_fail_memory(tensors->n_items * sizeof *marks);
    for (size_t i = 0; i < tensors->n_items; i++) {
        mark found = {.tensor = &tensors->items[i]};
        found.part = find_part(found.tensor->name, &found.n_prefix);
        if (found.part != HR_PART_NONE) marks[n++] = found;
    }
    if (n > 0) qsort(marks, n, sizeof *marks, compare_marks);
    const hrnet_status status = group_marks(&roots, marks, n);
    hr_free(marks);
    if (status != HRNET_OK) {
        hr_roots_free(&roots);
        return status;
    }
    pair(&roots);
    drop_strange_necks(&roots);
    *out = roots;
    return HRNET_OK;
}

void hr_roots_free(hr_roots *roots)
{
    for (int i = 0; i < roots->n_bodies; i++) hr_free(roots->bodies[i].path);
    for (int i = 0; i < roots->n_heads; i++) hr_free(roots->heads[i].path);
    hr_free(roots->bodies);
    hr_free(roots->heads);
    *roots = (hr_roots){0};
}

int hr_roots_rank(const hr_roots *roots, int body)
{
    const hr_root *const root = &roots->bodies[body];
    int is_network = root->n_tensors[HR_PART_STAGE] + root->n_tensors[HR_PART_CSP] > 0;
    for (int h = 0; h < roots->n_heads; h++)
        is_network |= roots->heads[h].mate == body && roots->heads[h].n_tensors[HR_PART_NECK] > 0;
    return 2 * is_network + (root->mate >= 0);
}

int hr_root_holds(const hr_root *root, const hr_tensor *tensor)
{
    return strcmp(root->scope, tensor->scope) == 0 &&
           strncmp(tensor->name, root->path + strlen(root->path) - root->n_prefix, root->n_prefix) == 0;
}

/* Whether a path goes on with a key of n bytes; '.' and '/' are the same, since both separate components. */
static int goes_on(const char *path, const char *key, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char a = path[i] == '/' ? '.' : path[i], b = key[i] == '/' ? '.' : key[i];
        if (a != b) return 0;
    }
    return path[n] == '.' || path[n] == '/';
}

/* Each component of a path ends with a separator, that of a key too but for the last. */
int hr_path_match(const char *path, const char *key)
{
    size_t n = strlen(key);
    if (strcmp(key, ".") == 0) return path[0] == '\0' ? 3 : 0;
    while (n > 0 && (key[n - 1] == '.' || key[n - 1] == '/')) n--;
    if (n == 0) return 0;
    for (const char *at = path;; at++) {
        if (goes_on(at, key, n)) {
            if (at != path) return 1;
            return at[n + 1] == '\0' ? 3 : 2;
        }
        at += strcspn(at, "./");
        if (*at == '\0') return 0;
    }
}
