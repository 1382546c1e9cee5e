/*
 * torch_names.c - the table of PyTorch's, NumPy's and Python's names that checkpoints of pose networks use, references
 * to storages, and the list of all storages of a pickle. A name that is not in the table is skipped, whatever it would
 * do in Python.
 */
#include "io/tensors/torch_tree.h"

/* Names that moved between releases of a library stand under each: numpy 2 renamed numpy.core to numpy._core. */
static const hr_torch_name known_names[] = {
    {"collections", "OrderedDict", HR_TORCH_DICT, 0},
    {"collections", "defaultdict", HR_TORCH_DICT, 0},
    {"torch._utils", "_rebuild_tensor", HR_TORCH_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v2", HR_TORCH_TENSOR, 0},
    {"torch._utils", "_rebuild_tensor_v3", HR_TORCH_TENSOR_AS, 0},
    {"torch._utils", "_rebuild_parameter", HR_TORCH_FIRST, 0},
    {"torch._utils", "_rebuild_parameter_with_state", HR_TORCH_FIRST, 0},
    {"torch._tensor", "_rebuild_from_type_v2", HR_TORCH_RETYPED, 0},
    {"torch._utils", "_rebuild_qtensor", HR_TORCH_FOREIGN, 0},
    {"torch._utils", "_rebuild_sparse_tensor", HR_TORCH_FOREIGN, 0},
    {"torch._utils", "_rebuild_sparse_csr_tensor", HR_TORCH_FOREIGN, 0},
    {"torch._utils", "_rebuild_nested_tensor", HR_TORCH_FOREIGN, 0},
    {"torch._utils", "_rebuild_wrapper_subclass", HR_TORCH_FOREIGN, 0},
    {"torch._utils", "_rebuild_meta_tensor_no_storage", HR_TORCH_FOREIGN, 0},
    {"torch._utils", "_rebuild_device_tensor_from_numpy", HR_TORCH_FOREIGN, 0},
    {"torch._utils", "_rebuild_device_tensor_from_cpu_tensor", HR_TORCH_FOREIGN, 0},
    {"torch", "Size", HR_TORCH_FIRST, 0},
    {"torch.nn.parameter", "Parameter", HR_TORCH_PART, 0},
    {"numpy.core.multiarray", "scalar", HR_TORCH_NUMBER, 0},
    {"numpy._core.multiarray", "scalar", HR_TORCH_NUMBER, 0},
    {"numpy", "dtype", HR_TORCH_PART, 0},
    {"_codecs", "encode", HR_TORCH_PART, 0},
    {"torch", "FloatStorage", HR_TORCH_STORAGE, HR_F32},
    {"torch", "HalfStorage", HR_TORCH_STORAGE, HR_F16},
    {"torch", "BFloat16Storage", HR_TORCH_STORAGE, HR_BF16},
    {"torch", "DoubleStorage", HR_TORCH_STORAGE, HR_F64},
    {"torch", "LongStorage", HR_TORCH_STORAGE, HR_I64},
    {"torch", "IntStorage", HR_TORCH_STORAGE, HR_I32},
    {"torch", "ShortStorage", HR_TORCH_STORAGE, HR_I16},
    {"torch", "CharStorage", HR_TORCH_STORAGE, HR_I8},
    {"torch", "ByteStorage", HR_TORCH_STORAGE, HR_U8},
    {"torch", "BoolStorage", HR_TORCH_STORAGE, HR_BOOL},
    {"torch", "UntypedStorage", HR_TORCH_STORAGE, HR_U8},
    {"torch.storage", "UntypedStorage", HR_TORCH_STORAGE, HR_U8},
    {"torch", "ComplexFloatStorage", HR_TORCH_STORAGE_OF, 8},
    {"torch", "ComplexDoubleStorage", HR_TORCH_STORAGE_OF, 16},
    {"torch", "QInt8Storage", HR_TORCH_STORAGE_OF, 1},
    {"torch", "QUInt8Storage", HR_TORCH_STORAGE_OF, 1},
    {"torch", "QInt32Storage", HR_TORCH_STORAGE_OF, 4},
    {"torch", "float32", HR_TORCH_ELEMENTS, HR_F32},
    {"torch", "float16", HR_TORCH_ELEMENTS, HR_F16},
    {"torch", "bfloat16", HR_TORCH_ELEMENTS, HR_BF16},
    {"torch", "float64", HR_TORCH_ELEMENTS, HR_F64},
    {"torch", "int64", HR_TORCH_ELEMENTS, HR_I64},
    {"torch", "int32", HR_TORCH_ELEMENTS, HR_I32},
    {"torch", "int16", HR_TORCH_ELEMENTS, HR_I16},
    {"torch", "int8", HR_TORCH_ELEMENTS, HR_I8},
    {"torch", "uint8", HR_TORCH_ELEMENTS, HR_U8},
    {"torch", "bool", HR_TORCH_ELEMENTS, HR_BOOL},
};

const hr_torch_name *hr_torch_look_up(const hr_pickle *pickle, hr_ref ref)
{
    static const hr_torch_name unknown = {"", "", HR_TORCH_UNKNOWN, 0};
    if (hr_pickle_value(pickle, ref)->kind != HR_PICKLE_GLOBAL) return &unknown;
    for (size_t i = 0; i < sizeof known_names / sizeof *known_names; i++)
        if (hr_pickle_is_global(pickle, ref, known_names[i].module, known_names[i].name)) return &known_names[i];
    return &unknown;
}

hr_torch_meaning hr_torch_meaning_of(const hr_pickle *pickle, hr_ref ref)
{
    const hr_value *const value = hr_pickle_value(pickle, ref);
    return value->kind == HR_PICKLE_CALL ? hr_torch_look_up(pickle, value->as.call.callee)->meaning : HR_TORCH_UNKNOWN;
}

/* Look-ups of missing items give value 0, a NONE, so that the fields are checked once at the end. */
int hr_torch_storage_id(const hr_pickle *pickle, hr_ref ref, hr_storage_id *out)
{
    const hr_value *const value = hr_pickle_value(pickle, ref);
    if (value->kind != HR_PICKLE_PERSISTENT) return 0;
    const hr_ref id = value->as.id, view = hr_pickle_item(pickle, id, 5);
    const hr_value *const n_elements = hr_pickle_value(pickle, hr_pickle_item(pickle, id, 4));
    const hr_value *const view_offset = hr_pickle_value(pickle, hr_pickle_item(pickle, view, 1));
    out->key = hr_pickle_value(pickle, hr_pickle_item(pickle, id, 2));
    out->type = hr_torch_look_up(pickle, hr_pickle_item(pickle, id, 1));
    out->n_elements = n_elements->as.integer;
    out->view_offset = view_offset->kind == HR_PICKLE_INTEGER ? view_offset->as.integer : 0;
    return hr_pickle_is_text(pickle, hr_pickle_item(pickle, id, 0), "storage") && out->key->kind == HR_PICKLE_TEXT &&
           n_elements->kind == HR_PICKLE_INTEGER;
}

hrnet_status hr_torch_storages(hr_store *store, const hr_pickle *pickle)
{
    for (size_t i = 0; i < pickle->n_values; i++) {
        hr_storage_id id;
        if (!hr_torch_storage_id(pickle, (hr_ref)i, &id)) continue;
        hr_storage storage = {.known = id.type->meaning == HR_TORCH_STORAGE};
        if (storage.known) storage.dtype = (hr_dtype)id.type->dtype;
        if (storage.known) storage.element_size = hr_dtype_size(storage.dtype);
        if (id.type->meaning == HR_TORCH_STORAGE_OF) storage.element_size = (size_t)id.type->dtype;
        if (storage.element_size > 0 &&
            (id.n_elements < 0 ||
             __builtin_mul_overflow((uint64_t)id.n_elements, storage.element_size, &storage.n_bytes)))
            return hr_fail(HRNET_ERR_FORMAT, "expected a storage that fits into memory, found %lld elements",
                           (long long)id.n_elements);
        HR_TRY(hr_store_add(store, id.key->as.text, id.key->n, storage));
    }
    return hr_store_sort(store);
}
