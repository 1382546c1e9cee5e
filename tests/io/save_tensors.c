/* save_tensors.c - for torch_load.sh: rewrites the checkpoint argv[1] with our writers as argv[2].pth and .safetensors.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/tensors/tensors.h"

static hrnet_status read_item(const hr_tensors *tensors, const hr_tensor *tensor, hr_tensor_data *out)
{
    float *floats;
    int64_t *integers;
    HR_NEW(floats, tensor->n_elements);
    *out = (hr_tensor_data){tensor->name, HR_F32, tensor->n_dims, {0}, floats};
    memcpy(out->shape, tensor->shape, sizeof out->shape);
    HR_TRY(hr_tensor_read(tensors, tensor, floats));
    if (tensor->dtype != HR_I64) return HRNET_OK;
    HR_NEW(integers, tensor->n_elements);
    for (size_t i = 0; i < tensor->n_elements; i++) integers[i] = (int64_t)floats[i];
    hr_free(floats);
    out->dtype = HR_I64;
    out->data = integers;
    return HRNET_OK;
}

static hrnet_status rewrite(const char *from, const char *to)
{
    hr_tensors tensors;
    hr_tensor_data *items;
    char path[1024];
    HR_TRY(hr_tensors_open(&tensors, from));
    HR_NEW(items, tensors.n_items);
    for (size_t i = 0; i < tensors.n_items; i++) HR_TRY(read_item(&tensors, &tensors.items[i], &items[i]));
    snprintf(path, sizeof path, "%s.pth", to);
    HR_TRY(hr_torch_save(path, items, tensors.n_items));
    snprintf(path, sizeof path, "%s.safetensors", to);
    HR_TRY(hr_safetensors_save(path, items, tensors.n_items, &(hr_entry){"made by", "libhrnet"}, 1, 0));
    for (size_t i = 0; i < tensors.n_items; i++) hr_free((void *)items[i].data);
    hr_free(items);
    hr_tensors_close(&tensors);
    return HRNET_OK;
}

int main(int argc, char **argv)
{
    if (argc == 3 && rewrite(argv[1], argv[2]) == HRNET_OK) return 0;
    fprintf(stderr, "%s\n", argc == 3 ? hrnet_last_error() : "usage: save_tensors FROM TO");
    return 1;
}
