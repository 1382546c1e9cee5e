/*
 * state_dict.h - a checkpoint without elements for tests: names and shapes from a list ("NAME SIZE SIZE ..." a line),
 * under any scope and prefix.
 */
#ifndef TESTS_NET_STATE_DICT_H
#define TESTS_NET_STATE_DICT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/tensors/tensors.h"

typedef struct state_dict {
    hr_tensors tensors;
    size_t capacity;
} state_dict;

static void state_dict_add(state_dict *dict, const char *scope, const char *name, int n_dims, const int64_t *shape)
{
    if (dict->tensors.n_items == dict->capacity) {
        const size_t grown = dict->capacity != 0 ? 2 * dict->capacity : 64;
        dict->tensors.items = hr_resize(dict->tensors.items, dict->capacity, grown, sizeof(hr_tensor));
        dict->capacity = grown;
    }
    hr_tensor *tensor = &dict->tensors.items[dict->tensors.n_items++];
    *tensor = (hr_tensor){.scope = hr_strdup(scope), .name = hr_strdup(name), .n_dims = n_dims};
    tensor->n_elements = 1;
    for (int d = 0; d < n_dims; d++) tensor->n_elements *= (size_t)shape[d];
    if (n_dims > 0) memcpy(tensor->shape, shape, (size_t)n_dims * sizeof *shape);
}

/* Add the tensors of tests/golden/state_dicts/LIST.txt, with the prefix `head` before the names of the head and `body`
 * before all others. */
static void state_dict_load(state_dict *dict, const char *list, const char *scope, const char *body, const char *head)
{
    char line[512], path[1024], name[256], full[512];
    snprintf(path, sizeof path, TEST_DATA "/golden/state_dicts/%s.txt", list);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        abort();
    }
    while (fgets(line, sizeof line, file) != NULL) {
        int64_t shape[HR_MAX_DIMS];
        int n_dims = 0, used;
        char *at = line;
        if (sscanf(at, "%255s%n", name, &used) != 1) continue;
        for (long long size; sscanf(at += used, "%lld%n", &size, &used) == 1;) shape[n_dims++] = size;
        const int is_head = strncmp(name, "final_layer", 11) == 0 || strncmp(name, "deconv_layers", 13) == 0;
        snprintf(full, sizeof full, "%s%s", is_head ? head : body, name);
        state_dict_add(dict, scope, full, n_dims, shape);
    }
    fclose(file);
}

static void state_dict_free(state_dict *dict)
{
    for (size_t i = 0; i < dict->tensors.n_items; i++) {
        hr_free(dict->tensors.items[i].scope);
        hr_free(dict->tensors.items[i].name);
    }
    hr_free(dict->tensors.items);
}

#endif
