/*
 * naming.c - from the names in a file to official names: choose the scope that holds the network, strip the prefixes
 * that wrappers and frameworks add, recognise the producer, and mark the tensors that belong to something else.
 *
 *   module.conv1.weight                     DataParallel            conv1.weight
 *   backbone.conv1.weight                   mmpose                  conv1.weight
 *   keypoint_head.final_layer.weight        mmpose 0.x              final_layer.weight
 *   head.final_layer.weight                 mmpose 1.x              final_layer.weight
 *   keypoint_head.final_layer.0.weight      a sequence of one       final_layer.weight
 */
#include "weights/naming.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static int begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---------------------------------------------------------------------------------------------- names */

/* The name without prefixes. Wrappers may be nested ("module.backbone."), in any order and repeatedly. */
static const char *strip_prefixes(const char *name)
{
    static const char *const wrappers[] = {"module.", "model.", "backbone."};
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers;) {
        if (begins(name, wrappers[i])) {
            name += strlen(wrappers[i]);
            i = 0; /* start over: any prefix may follow */
        } else {
            i++;
        }
    }
    if (begins(name, "keypoint_head.")) return name + strlen("keypoint_head.");
    /* mmpose 1.x; "head.0.weight" is the classification head of an ImageNet network */
    if (begins(name, "head.") && !isdigit((unsigned char)name[5])) return name + strlen("head.");
    return name;
}

/* What the names of a scope show about its producer. */
typedef struct traits {
    int has_module, has_backbone, has_keypoint_head; /* some name has that prefix */
    int has_classifier;                              /* an ImageNet network: only its body can be used */
    int has_head_layers;                             /* the head is a sequence with more than one convolution */
    int last_module;                                 /* the highest module number in stage4; -1: no stage4 */
} traits;

/* Whether a name without prefixes belongs to the classification head of an ImageNet HRNet or ResNet. */
static int is_classifier(const char *stripped)
{
    static const char *const parts[] = {"incre_modules.", "downsamp_modules.", "classifier.", "fc."};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (begins(stripped, parts[i])) return 1;
    return begins(stripped, "head.") && isdigit((unsigned char)stripped[5]);
}

static traits traits_of(const hr_tensors *tensors, const char *scope)
{
    traits t = {.last_module = -1};
    for (size_t i = 0; i < tensors->n_items; i++) {
        const hr_tensor *tensor = &tensors->items[i];
        if (strcmp(tensor->scope, scope) != 0) continue;
        const char *stripped = strip_prefixes(tensor->name);
        int module, layer;
        t.has_module |= begins(tensor->name, "module.");
        t.has_backbone |= strstr(tensor->name, "backbone.") != NULL;
        t.has_keypoint_head |= strstr(tensor->name, "keypoint_head.") != NULL;
        t.has_classifier |= is_classifier(stripped);
        t.has_head_layers |= sscanf(stripped, "final_layer.%4d.", &layer) == 1 && layer > 0;
        if (sscanf(stripped, "stage4.%4d.", &module) == 1 && module > t.last_module) t.last_module = module;
    }
    return t;
}

/* Why no pose network uses a tensor of that official name; NULL if one may. */
static const char *reason_to_ignore(const char *name, const traits *t)
{
    int module, row;
    if (is_classifier(name) || (t->has_classifier && begins(name, "final_layer."))) return "ImageNet classifier";
    /* upstream builds the last module with multi_scale_output=False: only the highest resolution (row 0) is fused */
    if (sscanf(name, "stage4.%4d.fuse_layers.%4d.", &module, &row) == 2 && module == t->last_module && row > 0)
        return "output of the last module that no pose network has";
    if (begins(name, "data_preprocessor.")) return "preprocessing";
    return NULL;
}

/* The official name of a tensor, to be freed with hr_free; NULL on failure. A head that is a sequence of one layer is
 * named like that layer. */
static char *official_name(const char *name, const traits *t)
{
    const char *stripped = strip_prefixes(name);
    if (!begins(stripped, "final_layer.0.") || t->has_head_layers) return hr_strdup(stripped);
    hr_text text = {0};
    char *out;
    hr_text_add(&text, "final_layer.%s", stripped + strlen("final_layer.0."));
    return hr_text_take(&text, &out) == HRNET_OK ? out : NULL;
}

/* ---------------------------------------------------------------------------------------------- scopes */

static int has_scope(const hr_tensors *tensors, const char *scope)
{
    for (size_t i = 0; i < tensors->n_items; i++)
        if (strcmp(tensors->items[i].scope, scope) == 0) return 1;
    return 0;
}

/* Whether the scope holds a network: it has conv1.weight, the first convolution, under some prefix. */
static int has_network(const hr_tensors *tensors, const char *scope)
{
    for (size_t i = 0; i < tensors->n_items; i++)
        if (strcmp(tensors->items[i].scope, scope) == 0 &&
            strcmp(strip_prefixes(tensors->items[i].name), "conv1.weight") == 0)
            return 1;
    return 0;
}

/* The scope of the network, in the order that naming.h describes; the first scope if none holds a network. */
static const char *choose_scope(const hr_tensors *tensors)
{
    static const char *const order[] = {"state_dict", "", "model", "best_state_dict"};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (has_network(tensors, order[i])) return order[i];
    for (size_t i = 0; i < tensors->n_items; i++)
        if (strcmp(strip_prefixes(tensors->items[i].name), "conv1.weight") == 0) return tensors->items[i].scope;
    return tensors->items[0].scope;
}

/* Append a list of the other scopes, "optimizer (600 tensors), ...": each by the first part of its path with the number
 * of tensors below it; at most the first 8. */
static void describe_others(const hr_tensors *tensors, const char *scope, hr_text *out)
{
    enum { MAX_LISTED = 8 };
    struct {
        const char *name;
        size_t length, n;
    } listed[MAX_LISTED];
    int n_listed = 0;
    for (size_t i = 0; i < tensors->n_items; i++) {
        const char *name = tensors->items[i].scope;
        if (strcmp(name, scope) == 0) continue;
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

/* Which program wrote the file, for people and for infer.c: the first rule that fits. */
static const char *find_producer(const hr_tensors *tensors, const char *scope, const traits *t)
{
    if (hr_tensors_entry(tensors, "hrnet.version") != NULL) return "hrnet";
    if (t->has_keypoint_head) return "mmpose 0.x";
    if (t->has_backbone) return "mmpose 1.x";
    if (t->has_classifier) return "ImageNet";
    if (!has_network(tensors, scope)) return "unknown";
    if (strcmp(scope, "model") == 0) return "simple-HRNet";
    if (strcmp(scope, "best_state_dict") == 0 || has_scope(tensors, "best_state_dict") ||
        (strcmp(scope, "state_dict") == 0 && t->has_module))
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

/* Sort the items that are not ignored, and fail if two of them have one official name. */
static hrnet_status sort_names(hr_layout *layout)
{
    HR_NEW(layout->sorted, layout->n_items);
    for (size_t i = 0; i < layout->n_items; i++)
        if (layout->items[i].ignored == NULL) layout->sorted[layout->n_sorted++] = i;
    qsort_r(layout->sorted, layout->n_sorted, sizeof *layout->sorted, compare_items, layout->items);
    for (size_t i = 1; i < layout->n_sorted; i++) {
        const hr_named *a = &layout->items[layout->sorted[i - 1]], *b = &layout->items[layout->sorted[i]];
        if (strcmp(a->name, b->name) == 0)
            return hr_fail(HRNET_ERR_FORMAT, "expected one tensor for %.200s, found %.200s and %.200s", a->name,
                           a->found, b->found);
    }
    return HRNET_OK;
}

static hrnet_status name_item(hr_named *item, const hr_tensor *tensor, const traits *t)
{
    hr_text found = {0};
    hr_text_add(&found, "%s%s%s", tensor->scope, tensor->scope[0] != '\0' ? "/" : "", tensor->name);
    HR_TRY(hr_text_take(&found, &item->found));
    item->name = official_name(tensor->name, t);
    if (item->name == NULL) return hr_fail_memory(strlen(tensor->name));
    item->tensor = tensor;
    item->ignored = reason_to_ignore(item->name, t);
    return HRNET_OK;
}

static hrnet_status read_layout(hr_layout *layout, const hr_tensors *tensors)
{
    layout->tensors = tensors;
    layout->scope = choose_scope(tensors);
    const traits t = traits_of(tensors, layout->scope);
    layout->name = find_producer(tensors, layout->scope, &t);
    hr_text others = {0};
    describe_others(tensors, layout->scope, &others);
    HR_TRY(hr_text_take(&others, &layout->others));
    size_t n = 0;
    for (size_t i = 0; i < tensors->n_items; i++) n += strcmp(tensors->items[i].scope, layout->scope) == 0;
    HR_NEW(layout->items, n);
    for (size_t i = 0; i < tensors->n_items; i++) {
        if (strcmp(tensors->items[i].scope, layout->scope) != 0) continue;
        layout->n_items++; /* before name_item, so that hr_layout_free frees an item that fails half way */
        HR_TRY(name_item(&layout->items[layout->n_items - 1], &tensors->items[i], &t));
    }
    return sort_names(layout);
}

hrnet_status hr_layout_read(hr_layout *out, const hr_tensors *tensors)
{
    if (tensors->n_items == 0) return hr_fail(HRNET_ERR_MISMATCH, "expected tensors, found none");
    hr_layout layout = {0};
    const hrnet_status status = read_layout(&layout, tensors);
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
    hr_free(layout->others);
    hr_free(layout->sorted);
    *layout = (hr_layout){0};
}
