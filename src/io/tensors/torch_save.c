/*
 * torch_save.c - the pickle of a file that torch.save could have written: protocol 2, tensors as calls of
 * _rebuild_tensor_v2 on storages that the container holds beside the pickle. Every opcode and name used here is one
 * that torch.load allows with weights_only=True. The opcodes are described in pickle.c, which reads them; here they are
 * literal text: "}(" is EMPTY_DICT, MARK.
 */
#include "io/tensors/torch_save.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* ------------------------------------------------------------------------------------------------ values */

static void add_opcodes(hr_torch_file *file, const char *opcodes)
{
    hr_text_add_bytes(&file->pickle, opcodes, strlen(opcodes));
}

/* The lowest n bytes of value, little-endian. */
static void add_uint(hr_torch_file *file, uint64_t value, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++) bytes[i] = (unsigned char)(value >> (8 * i));
    hr_text_add_bytes(&file->pickle, bytes, n);
}

/* Opens with an empty container and a MARK; hr_torch_end then appends everything above the mark (SETITEMS, APPENDS). A
 * tuple is made at its end, from the values above the mark. */
void hr_torch_begin(hr_torch_file *file, hr_torch_group group)
{
    static const char *const begin[] = {[HR_TORCH_MAP] = "}(",
                                        [HR_TORCH_ORDERED_MAP] = "ccollections\nOrderedDict\n)R(",
                                        [HR_TORCH_LIST] = "](",
                                        [HR_TORCH_TUPLE] = "("};
    file->unbalanced |= file->depth == HR_TORCH_MAX_DEPTH;
    if (file->unbalanced) return;
    if (file->depth == 0) add_opcodes(file, "\x80\x02"); /* PROTO */
    add_opcodes(file, begin[group]);
    file->open[file->depth++] = group;
}

void hr_torch_end(hr_torch_file *file)
{
    static const char *const end[] = {
        [HR_TORCH_MAP] = "u", [HR_TORCH_ORDERED_MAP] = "u", [HR_TORCH_LIST] = "e", [HR_TORCH_TUPLE] = "t"};
    file->unbalanced |= file->depth == 0;
    if (file->unbalanced) return;
    add_opcodes(file, end[file->open[--file->depth]]);
    if (file->depth == 0) add_opcodes(file, "."); /* STOP */
}

void hr_torch_add_none(hr_torch_file *file)
{
    add_opcodes(file, "N");
}

void hr_torch_add_bool(hr_torch_file *file, int value)
{
    add_opcodes(file, value ? "\x88" : "\x89");
}

/* BININT for 32 bits, else LONG1 of 8 bytes */
void hr_torch_add_integer(hr_torch_file *file, int64_t value)
{
    const int fits = value >= INT32_MIN && value <= INT32_MAX;
    add_opcodes(file, fits ? "J" : "\x8a\x08");
    add_uint(file, (uint64_t)value, fits ? 4 : 8);
}

/* BINFLOAT: big-endian */
void hr_torch_add_real(hr_torch_file *file, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_opcodes(file, "G");
    add_uint(file, __builtin_bswap64(bits), 8);
}

/* BINUNICODE */
void hr_torch_add_text(hr_torch_file *file, const char *utf8)
{
    add_opcodes(file, "X");
    add_uint(file, strlen(utf8), 4);
    add_opcodes(file, utf8);
}

/* ------------------------------------------------------------------------------------------------ tensors */

static hrnet_status append_storage(hr_torch_file *file, const hr_torch_elements *elements)
{
    HR_GROW(file->storages, file->n_storages, file->capacity);
    file->storages[file->n_storages++] = *elements;
    return HRNET_OK;
}

size_t hr_torch_add_storage(hr_torch_file *file, const hr_torch_elements *elements)
{
    if (append_storage(file, elements) == HRNET_OK) return file->n_storages - 1;
    file->failed = 1;
    return 0;
}

static const char *storage_type(hr_dtype dtype)
{
    return dtype == HR_F32 ? "FloatStorage" : dtype == HR_F16 ? "HalfStorage" : "LongStorage";
}

/* _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks), where storage is the persistent id
 * ("storage", torch.FloatStorage, key, "cpu", n_elements) */
void hr_torch_add_tensor(hr_torch_file *file, const hr_tensor_data *shape, size_t storage)
{
    if (file->failed) return; /* there may be no such storage */
    const hr_torch_elements *const elements = &file->storages[storage];
    char key[24];
    snprintf(key, sizeof key, "%zu", storage);
    add_opcodes(file, "ctorch._utils\n_rebuild_tensor_v2\n((");
    hr_torch_add_text(file, "storage");
    hr_text_add(&file->pickle, "ctorch\n%s\n", storage_type(elements->dtype));
    hr_torch_add_text(file, key);
    hr_torch_add_text(file, "cpu");
    hr_torch_add_integer(file, (int64_t)elements->n_elements);
    add_opcodes(file, "tQ"); /* TUPLE, BINPERSID */
    hr_torch_add_integer(file, 0);
    add_opcodes(file, "(");
    for (int d = 0; d < shape->n_dims; d++) hr_torch_add_integer(file, shape->shape[d]);
    add_opcodes(file, "t(");
    for (int d = 0; d < shape->n_dims; d++) {
        int64_t stride = 1;
        for (int e = d + 1; e < shape->n_dims; e++) stride *= shape->shape[e];
        hr_torch_add_integer(file, stride);
    }
    add_opcodes(file, "t\x89" /* requires_grad False, an empty OrderedDict of hooks; TUPLE, REDUCE */
                      "ccollections\nOrderedDict\n)RtR");
}

/* ------------------------------------------------------------------------------------------------ whole files */

static hrnet_status write_pickle(hr_torch_file *file, const char *path, const hr_bytes *pickle)
{
    hr_file target;
    HR_TRY(hr_file_create(&target, path));
    target.is_durable = 1;
    const hrnet_status status = hr_torch_write_zip(target.stream, pickle, file->storages, file->n_storages);
    if (status == HRNET_OK) return hr_file_commit(&target);
    hr_file_abandon(&target);
    return hr_fail_in(status, path);
}

hrnet_status hr_torch_write(hr_torch_file *file, const char *path)
{
    const hr_bytes pickle = {(unsigned char *)file->pickle.data, file->pickle.length};
    hrnet_status status;
    if (file->failed || file->pickle.failed)
        status = hr_fail_memory(file->pickle.capacity + file->capacity * sizeof *file->storages);
    else if (file->unbalanced || file->depth != 0 || pickle.size == 0)
        status = hr_fail(HRNET_ERR_ARGUMENT,
                         "%s: expected an hr_torch_end for each hr_torch_begin, found another number", path);
    else
        status = write_pickle(file, path, &pickle);
    hr_torch_file_free(file);
    return status;
}

void hr_torch_file_free(hr_torch_file *file)
{
    hr_text_free(&file->pickle);
    hr_free(file->storages);
    *file = (hr_torch_file){0};
}

hrnet_status hr_torch_save(const char *path, const hr_tensor_data *items, size_t n_items)
{
    hr_torch_file file = {0};
    hr_torch_begin(&file, HR_TORCH_ORDERED_MAP);
    for (size_t i = 0; i < n_items; i++) {
        hr_torch_elements elements = {.dtype = items[i].dtype, .n_elements = 1, .data = items[i].data};
        for (int d = 0; d < items[i].n_dims; d++) elements.n_elements *= (size_t)items[i].shape[d];
        hr_torch_add_text(&file, items[i].name);
        hr_torch_add_tensor(&file, &items[i], hr_torch_add_storage(&file, &elements));
    }
    hr_torch_end(&file);
    return hr_torch_write(&file, path);
}
