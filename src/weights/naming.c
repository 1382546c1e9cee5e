/*
 * naming.c - from the names in a file to official names: choose the network (roots.c has found all), take its prefixes
 * off, recognise the producer, and mark the tensors that belong to something else.
 *
 *   module.conv1.weight                     DataParallel            conv1.weight
 *   backbone.conv1.weight                   mmpose                  conv1.weight
 *   keypoint_head.final_layer.weight        mmpose 0.x              final_layer.weight
 *   head.final_layer.weight                 mmpose 1.x              final_layer.weight
 *   keypoint_head.final_layer.0.weight      a sequence of one       final_layer.weight
 *   backbone.stage1.1.main_conv.bn.bias     mmdetection's YOLOX     backbone.backbone.dark2.1.conv1.bn.bias
 *
 * Official names are those of the code with which a network was published: Megvii's for YOLOX, mmdetection's for
 * RTMDet.
 */
#include "weights/naming.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "weights/renaming.h"

static int begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The network that a layout is made for. */
typedef struct chosen {
    hr_roots roots;
    const hr_root *body, *head; /* body NULL: the file has no network; head NULL: the network has none */
    const char *scope;          /* of the body; without one of the tensors that are listed */
    int owns_body, owns_head;   /* the prefix of the body, of the head, is of nothing else */
    int is_classifier;          /* an ImageNet network: only its body can be used */
    int has_head_layers;        /* the head is a sequence with more than one convolution */
    int is_megvii;              /* a YOLOX under Megvii's names */
    int is_mmdet_yolox;         /* ... under mmdetection's names */
    int last_module;            /* the highest module number in stage4; -1: no stage4 */
} chosen;

/* ---------------------------------------------------------------------------------------------- the choice */

/* Scopes that are taken before others, the first before the second. */
static const char *const scope_order[] = {"state_dict", "", "model", "best_state_dict"};
enum { N_ORDERED = sizeof scope_order / sizeof *scope_order };

static int order_of(const char *scope)
{
    int i = 0;
    while (i < N_ORDERED && strcmp(scope_order[i], scope) != 0) i++;
    return i;
}

/* What decides between two networks, the weightiest first. */
typedef struct merit {
    int match, rank, order;
} merit;

static merit merit_of(const hr_roots *roots, int body, const char *key)
{
    const hr_root *const root = &roots->bodies[body];
    return (merit){key != NULL ? hr_path_match(root->path, key) : 0, hr_roots_rank(roots, body),
                   -order_of(root->scope)};
}

/* Whether a is better than b; with_order 0: scopes do not count. */
static int is_better(merit a, merit b, int with_order)
{
    if (a.match != b.match) return a.match > b.match;
    if (a.rank != b.rank) return a.rank > b.rank;
    return with_order && a.order > b.order;
}

static size_t n_body_tensors(const hr_root *root)
{
    return root->n_tensors[HR_PART_STAGE] + root->n_tensors[HR_PART_LAYER] + root->n_tensors[HR_PART_CSP];
}

/* The best body, -1 if there is none or the key names none. A few stray tensors are no network beside a large one. */
static int choose_body(const hr_roots *roots, const char *key)
{
    enum { STRAY = 10 };
    size_t most = 0;
    int best = -1;
    for (int i = 0; i < roots->n_bodies; i++)
        if (n_body_tensors(&roots->bodies[i]) > most) most = n_body_tensors(&roots->bodies[i]);
    for (int i = 0; i < roots->n_bodies; i++) {
        const merit m = merit_of(roots, i, key);
        if ((key != NULL && m.match == 0) || (key == NULL && n_body_tensors(&roots->bodies[i]) * STRAY < most))
            continue;
        if (best < 0 || is_better(m, merit_of(roots, best, key), 1)) best = i;
    }
    return best;
}

/* Append a path without the separator at its end; "." for the root. */
static void add_path(hr_text *text, const char *path)
{
    const size_t n = strlen(path);
    hr_text_add(text, "%s%.*s", text->length > 0 ? ", " : "", n > 1 ? (int)(n < 200 ? n - 1 : 200) : 1,
                n > 1 ? path : ".");
}

/* The networks that nothing but the scope tells apart, the chosen one first. One that is saved twice counts once. */
static hrnet_status describe_choice(const chosen *net, const char *key, char **out)
{
    enum { MAX_LISTED = 8 };
    const hr_roots *const roots = &net->roots;
    const int mine = (int)(net->body - roots->bodies);
    const merit best = merit_of(roots, mine, key);
    hr_text text = {0};
    int n = 0;
    for (int i = 0; i < roots->n_bodies && n < MAX_LISTED; i++) {
        if (i == mine || is_better(best, merit_of(roots, i, key), 0)) continue;
        if (roots->bodies[i].content == net->body->content) continue;
        if (2 * n_body_tensors(&roots->bodies[i]) < n_body_tensors(net->body)) continue;
        if (n++ == 0) add_path(&text, net->body->path);
        add_path(&text, roots->bodies[i].path);
    }
    return hr_text_take(&text, out);
}

static hrnet_status fail_key(const hr_roots *roots, const char *key)
{
    enum { MAX_LISTED = 16 };
    hr_text text = {0};
    char *list;
    for (int i = 0; i < roots->n_bodies && i < MAX_LISTED; i++) add_path(&text, roots->bodies[i].path);
    HR_TRY(hr_text_take(&text, &list));
    const hrnet_status status =
        hr_fail(HRNET_ERR_MISMATCH, "weights key: expected one of the networks in the file (%s), found %.200s",
                list[0] != '\0' ? list : "it has none", key);
    hr_free(list);
    return status;
}

/* ---------------------------------------------------------------------------------------------- scopes */

static int has_scope(const hr_tensors *tensors, const char *scope)
{
    for (size_t i = 0; i < tensors->n_items; i++)
        if (strcmp(tensors->items[i].scope, scope) == 0) return 1;
    return 0;
}

/* Which scope is listed when none holds a network. */
static const char *any_scope(const hr_tensors *tensors)
{
    for (size_t i = 0; i < N_ORDERED; i++)
        if (has_scope(tensors, scope_order[i])) return scope_order[i];
    return tensors->items[0].scope;
}

static int is_listed(const chosen *net, const hr_tensor *tensor)
{
    return strcmp(tensor->scope, net->scope) == 0 ||
           (net->head != NULL && strcmp(tensor->scope, net->head->scope) == 0);
}

/* Append a list of the scopes that are not listed, "optimizer (600 tensors), ...": each by the first part of its path
 * with the number of tensors below it; at most the first 8. */
static void describe_others(const hr_tensors *tensors, const chosen *net, hr_text *out)
{
    enum { MAX_LISTED = 8 };
    struct {
        const char *name;
        size_t length, n;
    } listed[MAX_LISTED];
    int n_listed = 0;
    for (size_t i = 0; i < tensors->n_items; i++) {
        const char *name = tensors->items[i].scope;
        if (is_listed(net, &tensors->items[i])) continue;
        const size_t length = strcspn(name, "/");
        int k = 0;
        while (k < n_listed && (listed[k].length != length || memcmp(listed[k].name, name, length) != 0)) k++;
        if (k == MAX_LISTED) continue;
        if (k == n_listed) {
            listed[n_listed].name = name;
            listed[n_listed].length = length;
            listed[n_listed++].n = 0;
        }
        listed[k].n++;
    }
    for (int k = 0; k < n_listed; k++)
        hr_text_add(out, "%s%.*s (%zu tensors)", k > 0 ? ", " : "", (int)listed[k].length, listed[k].name, listed[k].n);
}

/* ---------------------------------------------------------------------------------------------- names */

/* The name of a tensor below one of the network's heads; NULL if it is below none. around: 1 for heads whose prefix is
 * also the beginning of the body's, 0 for the others. */
static const char *strip_head(const chosen *net, const hr_tensor *tensor, int around)
{
    const int mine = (int)(net->body - net->roots.bodies);
    for (int h = 0; h < net->roots.n_heads; h++) {
        const hr_root *const head = &net->roots.heads[h];
        if (head->mate != mine || (head != net->head && hr_root_is_whole(head))) continue;
        if (begins(net->body->path, head->path) == around && hr_root_holds(head, tensor))
            return tensor->name + head->n_prefix;
    }
    return NULL;
}

/* The name of a tensor below the network's prefixes; NULL if it is below none. The longest prefix counts. */
static const char *strip(const chosen *net, const hr_tensor *tensor)
{
    if (net->body == NULL) return tensor->name;
    const char *name = strip_head(net, tensor, 0);
    if (name == NULL && hr_root_holds(net->body, tensor)) name = tensor->name + net->body->n_prefix;
    return name != NULL ? name : strip_head(net, tensor, 1);
}

/* Whether an official name is one of a classification head on an ImageNet HRNet or ResNet. */
static int is_classifier(const char *name)
{
    static const char *const parts[] = {"incre_modules.", "downsamp_modules.", "classifier.", "fc."};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (begins(name, parts[i])) return 1;
    return begins(name, "head.") && isdigit((unsigned char)name[5]);
}

/* What the names of the network show about it. An ImageNet network's final_layer, if it has one, is a sequence. */
static void look_at_names(chosen *net, const hr_tensors *tensors)
{
    int has_final = 0;
    net->last_module = -1;
    for (size_t i = 0; i < tensors->n_items; i++) {
        const char *const name = is_listed(net, &tensors->items[i]) ? strip(net, &tensors->items[i]) : NULL;
        int module, layer;
        if (name == NULL) continue;
        net->is_classifier |= is_classifier(name);
        net->is_megvii |= begins(name, "backbone.backbone.");
        net->is_mmdet_yolox |= begins(name, "backbone.stem.conv.") || begins(name, "bbox_head.multi_level_");
        has_final |= begins(name, "final_layer.") && !isdigit((unsigned char)name[12]);
        net->has_head_layers |= sscanf(name, "final_layer.%4d.", &layer) == 1 && layer > 0;
        if (sscanf(name, "stage4.%4d.", &module) == 1 && module > net->last_module) net->last_module = module;
    }
    net->is_classifier &= !has_final;
}

/* Why no pose network uses a tensor of that official name; NULL if one may. */
static const char *reason_to_ignore(const char *name, const chosen *net)
{
    int module, row;
    if (begins(name, "data_preprocessor.")) return "preprocessing";
    if (!net->is_classifier) return NULL;
    if (is_classifier(name) || begins(name, "final_layer.")) return "ImageNet classifier";
    /* upstream builds the last module with multi_scale_output=False: only the highest resolution (row 0) is fused */
    if (sscanf(name, "stage4.%4d.fuse_layers.%4d.", &module, &row) == 2 && module == net->last_module && row > 0)
        return "output of the last module that no pose network has";
    return NULL;
}

/* Whether a name's first component is like the names of the network's modules: "conv2", "bn1", "layer4", "stage5",
 * "transition1"; or a head's. */
static int is_module_name(const char *name)
{
    static const char *const numbered[] = {"conv", "bn", "layer", "stage", "transition"};
    static const char *const plain[] = {"final_layer.", "deconv_layers.", "conv_layers."};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (begins(name, plain[i])) return 1;
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
        if (!begins(name, numbered[i])) continue;
        const char *const rest = name + strlen(numbered[i]);
        const size_t n = strspn(rest, "0123456789");
        if (n > 0 && rest[n] == '.') return 1;
    }
    return 0;
}

/* Whether a name's first component is one of a detector's. */
static int is_detector_name(const chosen *net, const char *name)
{
    if (net->head != NULL && net->head->n_tensors[HR_PART_BOXES] > 0 && begins(name, "head.")) return 1;
    return net->body != NULL && net->body->n_tensors[HR_PART_CSP] > 0 &&
           (begins(name, "backbone.") || begins(name, "neck.") || begins(name, "bbox_head."));
}

static hr_standing standing_of(const chosen *net, const hr_tensor *tensor, const char *stripped)
{
    if (stripped == NULL) return HR_OUTSIDE;
    if (is_module_name(stripped) || is_detector_name(net, stripped)) return HR_INSIDE;
    if (net->owns_body && hr_root_holds(net->body, tensor)) return HR_INSIDE;
    return net->owns_head && hr_root_holds(net->head, tensor) ? HR_INSIDE : HR_BESIDE;
}

/* The official name of a tensor, to be freed with hr_free; NULL on failure. A head that is a sequence of one layer is
 * named like that layer. */
static char *official_name(const char *stripped, const chosen *net)
{
    hr_text text = {0};
    char *out;
    if (net->is_mmdet_yolox)
        hr_yolox_name(stripped, &text);
    else if (begins(stripped, "final_layer.0.") && !net->has_head_layers)
        hr_text_add(&text, "final_layer.%s", stripped + strlen("final_layer.0."));
    else
        return hr_strdup(stripped);
    return hr_text_take(&text, &out) == HRNET_OK ? out : NULL;
}

/* Whether the last component of a path is this. */
static int ends_in(const char *path, const char *component)
{
    const size_t n = strlen(path), tail = strlen(component);
    if (n <= tail || strncmp(path + n - 1 - tail, component, tail) != 0) return 0;
    return n == tail + 1 || path[n - tail - 2] == '.' || path[n - tail - 2] == '/';
}

/* Which program wrote the file, for people and for infer.c: the first rule that fits. */
static const char *find_producer(const hr_tensors *tensors, const chosen *net)
{
    const int has_backbone = net->body != NULL && ends_in(net->body->path, "backbone");
    if (hr_tensors_entry(tensors, "hrnet.version") != NULL) return "hrnet";
    if (net->body != NULL && net->body->n_tensors[HR_PART_CSP] > 0) return net->is_megvii ? "YOLOX" : "mmdetection";
    if (net->head != NULL && ends_in(net->head->path, "keypoint_head")) return "mmpose 0.x";
    if (has_backbone && (net->head == NULL || ends_in(net->head->path, "head"))) return "mmpose 1.x";
    if (net->is_classifier) return "ImageNet";
    if (net->body == NULL) return "unknown";
    if (strcmp(net->scope, "model") == 0) return "simple-HRNet";
    if (strcmp(net->scope, "best_state_dict") == 0 || has_scope(tensors, "best_state_dict") ||
        (strcmp(net->scope, "state_dict") == 0 && begins(net->body->path, "state_dict/module.")))
        return "official checkpoint.pth";
    return "official";
}

/* ---------------------------------------------------------------------------------------------- layouts */

/* By official name; equal names in the file's order. */
static int compare_items(const void *a, const void *b, void *items)
{
    const hr_named *const named = items;
    const size_t i = *(const size_t *)a, j = *(const size_t *)b;
    const int order = strcmp(named[i].name, named[j].name);
    return order != 0 ? order : (i > j) - (i < j);
}

/* Sort the items that can be found, and fail if two of them have one official name. */
static hrnet_status sort_names(hr_layout *layout)
{
    HR_NEW(layout->sorted, layout->n_items);
    for (size_t i = 0; i < layout->n_items; i++)
        if (layout->items[i].ignored == NULL && layout->items[i].standing != HR_OUTSIDE)
            layout->sorted[layout->n_sorted++] = i;
    qsort_r(layout->sorted, layout->n_sorted, sizeof *layout->sorted, compare_items, layout->items);
    for (size_t i = 1; i < layout->n_sorted; i++) {
        const hr_named *a = &layout->items[layout->sorted[i - 1]], *b = &layout->items[layout->sorted[i]];
        if (strcmp(a->name, b->name) == 0)
            return hr_fail(HRNET_ERR_FORMAT, "expected one tensor for %.200s, found %.200s and %.200s", a->name,
                           a->found, b->found);
    }
    return HRNET_OK;
}

static hrnet_status name_item(hr_named *item, const hr_tensor *tensor, const chosen *net)
{
    const char *const stripped = strip(net, tensor);
    hr_text found = {0};
    hr_text_add(&found, "%s%s%s", tensor->scope, tensor->scope[0] != '\0' ? "/" : "", tensor->name);
    HR_TRY(hr_text_take(&found, &item->found));
    item->name = official_name(stripped != NULL ? stripped : tensor->name, net);
    if (item->name == NULL) return hr_fail_memory(strlen(tensor->name));
    item->tensor = tensor;
    item->standing = standing_of(net, tensor, stripped);
    if (stripped != NULL) item->ignored = reason_to_ignore(item->name, net);
    return HRNET_OK;
}

/* Choose the network and look at its names. */
static hrnet_status find_network(chosen *net, const hr_tensors *tensors, const char *key)
{
    HR_TRY(hr_roots_find(&net->roots, tensors));
    const int body = choose_body(&net->roots, key);
    if (body < 0 && key != NULL) return fail_key(&net->roots, key);
    if (body >= 0) {
        net->body = &net->roots.bodies[body];
        if (net->body->mate >= 0) net->head = &net->roots.heads[net->body->mate];
    }
    net->scope = net->body != NULL ? net->body->scope : any_scope(tensors);
    if (net->head != NULL) {
        net->owns_body = !begins(net->head->path, net->body->path);
        net->owns_head = !begins(net->body->path, net->head->path);
    }
    look_at_names(net, tensors);
    return HRNET_OK;
}

static hrnet_status read_layout(hr_layout *layout, const chosen *net, const hr_tensors *tensors, const char *key)
{
    layout->tensors = tensors;
    hr_text others = {0};
    layout->scope = net->scope;
    layout->is_detector = net->head != NULL && net->head->n_tensors[HR_PART_BOXES] > 0;
    layout->name = find_producer(tensors, net);
    if (net->body != NULL) HR_TRY(describe_choice(net, key, &layout->choice));
    describe_others(tensors, net, &others);
    HR_TRY(hr_text_take(&others, &layout->others));
    size_t n = 0;
    for (size_t i = 0; i < tensors->n_items; i++) n += (size_t)is_listed(net, &tensors->items[i]);
    HR_NEW(layout->items, n);
    for (size_t i = 0; i < tensors->n_items; i++) {
        if (!is_listed(net, &tensors->items[i])) continue;
        layout->n_items++; /* before name_item, so that hr_layout_free frees an item that fails half way */
        HR_TRY(name_item(&layout->items[layout->n_items - 1], &tensors->items[i], net));
    }
    return sort_names(layout);
}

hrnet_status hr_layout_read(hr_layout *out, const hr_tensors *tensors, const char *key)
{
    if (tensors->n_items == 0) return hr_fail(HRNET_ERR_MISMATCH, "expected tensors, found none");
    hr_layout layout = {0};
    chosen net = {0};
    hrnet_status status = find_network(&net, tensors, key);
    if (status == HRNET_OK) status = read_layout(&layout, &net, tensors, key);
    hr_roots_free(&net.roots);
    if (status != HRNET_OK) {
        hr_layout_free(&layout);
        return status;
    }
    *out = layout;
    return HRNET_OK;
}

const hr_named *hr_layout_find(const hr_layout *layout, const char *name)
{
    size_t low = 0, high = layout->n_sorted;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const hr_named *item = &layout->items[layout->sorted[middle]];
        const int order = strcmp(name, item->name);
        if (order == 0) return item;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

int hr_layout_is_mmpose(const hr_layout *layout)
{
    return begins(layout->name, "mmpose");
}

void hr_layout_free(hr_layout *layout)
{
    for (size_t i = 0; i < layout->n_items; i++) {
        hr_free(layout->items[i].name);
        hr_free(layout->items[i].found);
    }
    hr_free(layout->items);
    hr_free(layout->choice);
    hr_free(layout->others);
    hr_free(layout->sorted);
    *layout = (hr_layout){0};
}
