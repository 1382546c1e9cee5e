/* infer_tools.c - reading numbers out of names, and sizes out of shapes. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "weights/infer.h"

const hr_tensor *hr_infer_find(const hr_inference *in, const char *format, ...)
{
    char name[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    const hr_named *item = hr_layout_find(in->layout, name);
    return item != NULL ? item->tensor : NULL;
}

int hr_infer_index(const char **at)
{
    const size_t n = strspn(*at, "0123456789");
    int value = 0;
    if (n == 0 || (*at)[n] != '.') return -1;
    for (size_t i = 0; i < n && value < HR_INFER_MAX_COUNT; i++) value = 10 * value + ((*at)[i] - '0');
    *at += n + 1;
    return value < HR_INFER_MAX_COUNT ? value : HR_INFER_MAX_COUNT;
}

void hr_infer_raise(int *count, int index)
{
    if (index >= *count) *count = index + 1;
}

int hr_infer_step(const char **at, const char *text)
{
    const size_t n = strlen(text);
    if (strncmp(*at, text, n) != 0) return 0;
    *at += n;
    return 1;
}

hrnet_status hr_infer_weight_size(const hr_inference *in, const hr_tensor *weight, int dim, int *out)
{
    const int64_t *shape = weight->shape;
    if (weight->n_dims != 4 || shape[2] != shape[3] || shape[0] < 1 || shape[1] < 1 || shape[2] < 1)
        return hr_fail(HRNET_ERR_MISMATCH,
                       "%s: %s: expected the weight of a square convolution, found another tensor of %d dimensions",
                       in->path, weight->name, weight->n_dims);
    if (shape[dim] > 1 << 20)
        return hr_fail(HRNET_ERR_LIMIT, "%s: %s: expected a size of at most %d, found %lld", in->path, weight->name,
                       1 << 20, (long long)shape[dim]);
    *out = (int)shape[dim];
    return HRNET_OK;
}

int hr_infer_norm_size(const hr_inference *in, const char *path, int *out)
{
    static const char *const parts[] = {"weight", "bias", "running_mean", "running_var"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const hr_tensor *const part = hr_infer_find(in, "%s.%s", path, parts[i]);
        if (part == NULL || part->n_dims != 1 || part->shape[0] < 1 || part->shape[0] > 1 << 20) continue;
        *out = (int)part->shape[0];
        return 1;
    }
    return 0;
}
