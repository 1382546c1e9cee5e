/*
 * torch_tree.c - from the values of a pickle to tensors and metadata: a depth-first walk over its containers. The walk
 * keeps a stack of its own (frames), one for each container that is open, and the path of keys to the current one.
 *
 * The tree comes from a hostile file at worst: shared parts can make it exponentially large (a list of ten references
 * to a list of ten references ...) and cycles endless. So depth, visits and copied text are limited, and a container
 * that is already open is not entered again.
 *
 * A module is a call whose state (set by BUILD) is a dictionary. Python's has the dictionaries _parameters, _buffers
 * and _modules; TorchScript's has parameters, buffers and modules side by side. Both give the names of a state dict:
 *
 *   CALL Net, state {_modules: {"conv1": CALL Conv2d, state {_parameters: {"weight": Tensor}}}}    "conv1.weight"
 */
#include "io/tensors/torch_tree.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { MAX_DEPTH = 64, MAX_VISITS = 1 << 22, MAX_TEXT = 1 << 28, MAX_SKIPPED = 256 };

/* ------------------------------------------------------------------------------------------------ the walk */

/* What the items of an open container are. */
typedef enum frame_kind {
    OF_VALUES, /* of a list, or keys and values of a dictionary */
    OF_PAIRS,  /* of a list: (key, value) each */
    OF_STATE,  /* attributes of a module, among which are the dictionaries of its parameters, buffers and modules */
    OF_MODULE  /* the parameters, buffers or modules of a module, by name */
} frame_kind;

/* An open container. */
typedef struct frame {
    hr_ref container;
    uint32_t cell;                     /* of the next item; 0: none is left */
    size_t index;                      /* of the next item; in a list it serves as the key */
    size_t path_length, module_length; /* of walker.path and walker.module before this container's key was added */
    frame_kind kind;
    hr_ref unsaved; /* of a module: its set of buffers that no state dict has; 0: none */
} frame;

typedef struct walker {
    const hr_pickle *pickle;
    hr_tensors *out;
    size_t item_capacity, entry_capacity, skipped_capacity;
    frame frames[MAX_DEPTH];
    int depth;
    hr_text path;               /* keys of the open containers, joined with '/' */
    hr_text module;             /* names of the open modules, each with a '.' after it: "layer1.0." */
    size_t n_visits, text_left; /* values visited; bytes of text that may still be copied */
} walker;

/* Copy n bytes of text, which count against MAX_TEXT. */
static hrnet_status copy_text(walker *w, const char *text, size_t n, char **out)
{
    if (n >= w->text_left)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d bytes of keys and text, found more", MAX_TEXT);
    w->text_left -= n + 1;
    *out = hr_strndup(text, n);
    return *out != NULL ? HRNET_OK : hr_fail_memory(n + 1);
}

/* Append a key of n bytes to the path; it counts against MAX_TEXT each time it is appended. */
static hrnet_status enter_path(walker *w, const char *key, size_t n)
{
    if (n >= w->text_left)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d bytes of keys and text, found more", MAX_TEXT);
    w->text_left -= n + 1;
    if (w->path.length > 0) hr_text_add_bytes(&w->path, "/", 1);
    hr_text_add_bytes(&w->path, key, n);
    return w->path.failed ? hr_fail_memory(n) : HRNET_OK;
}

static hrnet_status fail_visits(void)
{
    return hr_fail(HRNET_ERR_LIMIT, "expected at most %d values, found more", MAX_VISITS);
}

/* Append a module's name and a point to the names of the modules around it; it counts like enter_path's keys. */
static hrnet_status enter_module_name(walker *w, const char *key, size_t n)
{
    if (n >= w->text_left)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d bytes of keys and text, found more", MAX_TEXT);
    w->text_left -= n + 1;
    hr_text_add_bytes(&w->module, key, n);
    hr_text_add_bytes(&w->module, ".", 1);
    return w->module.failed ? hr_fail_memory(n) : HRNET_OK;
}

static void cut(hr_text *text, size_t length)
{
    text->length = length;
    if (text->data != NULL) text->data[length] = '\0';
}

/* Follow calls that stand for their first argument (Parameter, Size). A chain of more than 8 of them, which no pickler
 * writes, gives value 0. */
static hr_ref resolve(const hr_pickle *pickle, hr_ref ref)
{
    for (int i = 0; i < 8; i++) {
        if (hr_torch_meaning_of(pickle, ref) != HR_TORCH_FIRST) return ref;
        ref = hr_pickle_argument(pickle, ref, 0);
    }
    return 0;
}

/* Read a size or stride: a tuple, or a torch.Size made of one. */
static hrnet_status read_dims(const hr_pickle *pickle, hr_ref ref, int64_t out[HR_MAX_DIMS], int *n_dims)
{
    const hr_ref dims = resolve(pickle, ref);
    const hr_value *const value = hr_pickle_value(pickle, dims);
    if (value->kind != HR_PICKLE_TUPLE && value->kind != HR_PICKLE_LIST)
        return hr_fail(HRNET_ERR_FORMAT, "expected a tuple of sizes or strides");
    if (value->n > HR_MAX_DIMS)
        return hr_fail(HRNET_ERR_UNSUPPORTED, "expected at most %d dimensions, found %u", HR_MAX_DIMS, value->n);
    for (uint32_t d = 0; d < value->n; d++) {
        const hr_value *const size = hr_pickle_value(pickle, hr_pickle_item(pickle, dims, d));
        if (size->kind != HR_PICKLE_INTEGER) return hr_fail(HRNET_ERR_FORMAT, "expected integers as sizes and strides");
        out[d] = size->as.integer;
    }
    *n_dims = (int)value->n;
    return HRNET_OK;
}

/* Make a tensor a foreign one, called by the name of a GLOBAL. */
static hrnet_status set_foreign(const hr_pickle *pickle, hr_ref global, hr_tensor *tensor)
{
    enum { MOST = 60 };
    const hr_value *const value = hr_pickle_value(pickle, global);
    if (tensor->foreign != NULL) return HRNET_OK;
    if (value->kind == HR_PICKLE_GLOBAL) {
        const hr_value *const name = hr_pickle_value(pickle, value->as.global.name);
        tensor->foreign = hr_strndup(name->as.text, name->n < MOST ? name->n : MOST);
    } else {
        tensor->foreign = hr_strdup("an unknown type");
    }
    return tensor->foreign != NULL ? HRNET_OK : hr_fail_memory(MOST);
}

/* A tensor's metadata: {"neg": True} for one whose elements are the negatives of those stored. "conj" changes nothing
 * in real numbers. Other marks that are set could change the values in ways that are not known here. */
static hrnet_status read_marks(const hr_pickle *pickle, hr_ref marks, hr_tensor *tensor)
{
    enum { MOST = 32 };
    const hr_value *const value = hr_pickle_value(pickle, marks);
    if (value->kind != HR_PICKLE_DICT) return HRNET_OK;
    if (value->n > 2 * MOST) return hr_fail(HRNET_ERR_LIMIT, "expected at most %d marks of a tensor, found more", MOST);
    for (uint32_t cell = value->first; cell != 0; cell = pickle->cells[pickle->cells[cell].next].next) {
        const hr_ref key = pickle->cells[cell].value;
        const hr_value *const mark = hr_pickle_value(pickle, pickle->cells[pickle->cells[cell].next].value);
        if (mark->kind == HR_PICKLE_BOOL && !mark->as.integer) continue;
        if (hr_pickle_is_text(pickle, key, "neg"))
            tensor->negated = 1;
        else if (!hr_pickle_is_text(pickle, key, "conj") && tensor->foreign == NULL) {
            tensor->foreign = hr_strdup("a tensor with unknown marks");
            if (tensor->foreign == NULL) return hr_fail_memory(32);
        }
    }
    return HRNET_OK;
}

/* Fill a tensor from the arguments (storage, offset, size, stride, requires_grad, hooks, metadata) of the function that
 * would rebuild it in Python. typed: the element type, which may differ from the storage's, stands before metadata. */
static hrnet_status read_tensor(const walker *w, hr_ref arguments, int typed, hr_tensor *tensor)
{
    const hr_pickle *const pickle = w->pickle;
    const hr_store *const store = w->out->store;
    const hr_ref reference = hr_pickle_item(pickle, arguments, 0), type = hr_pickle_item(pickle, arguments, 6);
    const hr_value *const offset = hr_pickle_value(pickle, hr_pickle_item(pickle, arguments, 1));
    const hr_torch_name *const elements = hr_torch_look_up(pickle, type);
    hr_storage_id id;
    int n_strides;
    if (!hr_torch_storage_id(pickle, reference, &id) || offset->kind != HR_PICKLE_INTEGER)
        return hr_fail(HRNET_ERR_FORMAT, "expected (storage, offset, size, stride), found other arguments");
    /* both numbers come from the file: a negative sum is refused here, one that is too large by hr_tensor_check */
    int64_t first;
    if (__builtin_add_overflow(offset->as.integer, id.view_offset, &first) || offset->as.integer < 0 || first < 0)
        return hr_fail(HRNET_ERR_FORMAT, "expected an offset of at least 0, found %lld", (long long)offset->as.integer);
    hr_storage *const storage = hr_store_find(store, id.key->as.text, id.key->n);
    HR_TRY(read_dims(pickle, hr_pickle_item(pickle, arguments, 2), tensor->shape, &tensor->n_dims));
    HR_TRY(read_dims(pickle, hr_pickle_item(pickle, arguments, 3), tensor->strides, &n_strides));
    if (n_strides != tensor->n_dims)
        return hr_fail(HRNET_ERR_FORMAT, "%d sizes and %d strides", tensor->n_dims, n_strides);
    tensor->storage = (size_t)(storage - store->storages);
    tensor->offset = (size_t)first;
    if (typed && elements->meaning != HR_TORCH_ELEMENTS) return set_foreign(pickle, type, tensor);
    if (!storage->known)
        return set_foreign(pickle, hr_pickle_item(pickle, hr_pickle_value(pickle, reference)->as.id, 1), tensor);
    HR_TRY(read_marks(pickle, hr_pickle_item(pickle, arguments, typed ? 7 : 6), tensor));
    tensor->dtype = typed ? (hr_dtype)elements->dtype : storage->dtype;
    HR_TRY(hr_tensor_check(tensor, storage->n_bytes));
    storage->n_tensors++;
    return HRNET_OK;
}

/* Add the tensor that a call would make; n_items rises only when it is complete. The name of one in a module begins
 * with those of the modules around it. */
static hrnet_status add_tensor(walker *w, const char *key, size_t n, hr_torch_meaning what, hr_ref callee,
                               hr_ref arguments)
{
    hr_tensors *const out = w->out;
    const size_t module_length = w->module.length;
    if (out->n_items == HR_MAX_TENSORS)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d tensors, found more", HR_MAX_TENSORS);
    HR_GROW(out->items, out->n_items, w->item_capacity);
    hr_tensor *const tensor = &out->items[out->n_items];
    *tensor = (hr_tensor){0};
    hr_text_add_bytes(&w->module, key, n);
    hrnet_status status = w->module.failed ? hr_fail_memory(n) : HRNET_OK;
    if (status == HRNET_OK)
        status = copy_text(w, w->module.length > 0 ? w->module.data : "", w->module.length, &tensor->name);
    cut(&w->module, module_length);
    if (status == HRNET_OK)
        status = copy_text(w, w->path.length > 0 ? w->path.data : "", w->path.length, &tensor->scope);
    if (status == HRNET_OK) {
        status = what == HR_TORCH_FOREIGN ? set_foreign(w->pickle, callee, tensor)
                                          : read_tensor(w, arguments, what == HR_TORCH_TENSOR_AS, tensor);
        if (status != HRNET_OK) hr_fail_in(status, tensor->name);
    }
    if (status == HRNET_OK) {
        out->n_items++;
        return HRNET_OK;
    }
    hr_free(tensor->name);
    hr_free(tensor->scope);
    hr_free(tensor->foreign);
    return status;
}

/* Add a metadata entry of n bytes under the current path and key. */
static hrnet_status add_entry(walker *w, const char *key, size_t n_key, const char *value, size_t n)
{
    hr_tensors *const out = w->out;
    const size_t path_length = w->path.length;
    if (n > HR_MAX_METADATA) return HRNET_OK;
    if (out->n_entries == HR_MAX_TENSORS)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d values, found more", HR_MAX_TENSORS);
    HR_GROW(out->entries, out->n_entries, w->entry_capacity);
    HR_TRY(enter_path(w, key, n_key));
    hr_entry *const entry = &out->entries[out->n_entries];
    *entry = (hr_entry){0};
    hrnet_status status = copy_text(w, w->path.data, w->path.length, &entry->key);
    if (status == HRNET_OK) status = copy_text(w, value, n, &entry->value);
    cut(&w->path, path_length);
    if (status == HRNET_OK)
        out->n_entries++;
    else
        hr_free(entry->key);
    return status;
}

/* The bytes of a NumPy scalar: a BYTES value, or in protocol 2, which has none, the call _codecs.encode(text,
 * 'latin1'), whose text holds a character U+0000 to U+00FF for each byte. Returns how many there are; 0 for none or
 * more than 8. */
static size_t scalar_bytes(const hr_pickle *pickle, hr_ref ref, unsigned char out[8])
{
    const hr_value *value = hr_pickle_value(pickle, ref);
    const int encoded =
        value->kind == HR_PICKLE_CALL && hr_pickle_is_global(pickle, value->as.call.callee, "_codecs", "encode");
    if (encoded) value = hr_pickle_value(pickle, hr_pickle_argument(pickle, ref, 0));
    if (value->kind != (encoded ? HR_PICKLE_TEXT : HR_PICKLE_BYTES)) return 0;
    size_t n = 0;
    for (uint32_t i = 0; i < value->n; i++) {
        unsigned byte = (unsigned char)value->as.text[i];
        /* UTF-8 of U+0080 to U+00FF: 110000xx 10xxxxxx */
        if (encoded && byte >= 0xc0 && i + 1 < value->n)
            byte = (byte & 3) << 6 | ((unsigned char)value->as.text[++i] & 0x3f);
        if (n == 8) return 0;
        out[n++] = (unsigned char)byte;
    }
    return n;
}

/* numpy.core.multiarray.scalar(numpy.dtype('f8', ...), bytes): upstream's checkpoints store their score ("perf") so. */
static hrnet_status add_numpy_number(walker *w, const char *key, size_t n_key, hr_ref call)
{
    const hr_pickle *const pickle = w->pickle;
    const hr_ref name = hr_pickle_argument(pickle, hr_pickle_argument(pickle, call, 0), 0);
    unsigned char bytes[8];
    char text[HR_NUMBER_TEXT];
    const size_t n = scalar_bytes(pickle, hr_pickle_argument(pickle, call, 1), bytes);
    if (hr_pickle_is_text(pickle, name, "f8") && n == 8) {
        double value;
        memcpy(&value, bytes, sizeof value);
        hr_number_text(value, text);
    } else if (hr_pickle_is_text(pickle, name, "f4") && n == 4) {
        float value;
        memcpy(&value, bytes, sizeof value);
        hr_number_text((double)value, text);
    } else if (hr_pickle_is_text(pickle, name, "i8") && n == 8) {
        int64_t value;
        memcpy(&value, bytes, sizeof value);
        snprintf(text, sizeof text, "%lld", (long long)value);
    } else {
        return HRNET_OK;
    }
    return add_entry(w, key, n_key, text, strlen(text));
}

/* ------------------------------------------------------------------------------------------------ containers */

static frame_kind innermost(const walker *w)
{
    return w->depth > 0 ? w->frames[w->depth - 1].kind : OF_VALUES;
}

/* Open a container as the new innermost frame, unless it is open already (a cycle). key NULL: it has none. */
static hrnet_status enter(walker *w, hr_ref container, const char *key, size_t n, frame_kind kind)
{
    for (int i = 0; i < w->depth; i++)
        if (w->frames[i].container == container) return HRNET_OK;
    if (w->depth == MAX_DEPTH)
        return hr_fail(HRNET_ERR_LIMIT, "expected at most %d nested levels, found more", MAX_DEPTH);
    frame f = {.container = container,
               .cell = hr_pickle_value(w->pickle, container)->first,
               .path_length = w->path.length,
               .module_length = w->module.length,
               .kind = kind};
    if (key != NULL && innermost(w) == OF_MODULE)
        HR_TRY(enter_module_name(w, key, n));
    else if (key != NULL && w->depth > 0)
        HR_TRY(enter_path(w, key, n));
    w->frames[w->depth++] = f;
    return HRNET_OK;
}

/* The container that holds a dictionary's items: the value itself, or the list in OrderedDict([[key, value], ...]), as
 * Python 2 pickles it. Value 0 if it is no dictionary. */
static hr_ref dictionary(const hr_pickle *pickle, hr_ref ref, int *of_pairs)
{
    const hr_value *const value = hr_pickle_value(pickle, ref);
    *of_pairs = 0;
    if (value->kind == HR_PICKLE_DICT) return ref;
    if (hr_torch_meaning_of(pickle, ref) != HR_TORCH_DICT) return 0;
    const hr_ref list = hr_pickle_argument(pickle, ref, 0);
    if (value->n > 0 || hr_pickle_value(pickle, list)->kind != HR_PICKLE_LIST) return ref;
    *of_pairs = 1;
    return list;
}

/* The value of a text key in a DICT; 0 for none. What is walked over counts as visits. */
static hr_ref member(walker *w, hr_ref dict, const char *key)
{
    const hr_pickle *const pickle = w->pickle;
    for (uint32_t cell = hr_pickle_value(pickle, dict)->first; cell != 0; w->n_visits++) {
        const hr_cell value = pickle->cells[pickle->cells[cell].next];
        if (hr_pickle_is_text(pickle, pickle->cells[cell].value, key)) return value.value;
        cell = value.next;
    }
    return 0;
}

/* Whether a call's class is one of TorchScript's: "__torch__.models.pose_hrnet". */
static int is_script_class(const hr_pickle *pickle, hr_ref callee)
{
    static const char start[] = "__torch__";
    const hr_value *const value = hr_pickle_value(pickle, callee);
    if (value->kind != HR_PICKLE_GLOBAL) return 0;
    const hr_value *const module = hr_pickle_value(pickle, value->as.global.module);
    return module->n >= sizeof start - 1 && memcmp(module->as.text, start, sizeof start - 1) == 0;
}

/* Enter the call of an unknown class if it is a module; else drop it. */
static hrnet_status visit_object(walker *w, const char *key, size_t n, hr_ref call)
{
    const hr_pickle *const pickle = w->pickle;
    const hr_value *const value = hr_pickle_value(pickle, call);
    hr_ref state = value->as.call.state;
    /* a class with slots has (attributes, slots) */
    if (hr_pickle_value(pickle, state)->kind == HR_PICKLE_TUPLE) state = hr_pickle_item(pickle, state, 0);
    if (hr_pickle_value(pickle, state)->kind != HR_PICKLE_DICT) return HRNET_OK;
    if (is_script_class(pickle, value->as.call.callee)) return enter(w, state, key, n, OF_MODULE);
    if (member(w, state, "_modules") == 0 || member(w, state, "_parameters") == 0) return HRNET_OK;
    const int depth = w->depth;
    HR_TRY(enter(w, state, key, n, OF_STATE));
    if (w->depth > depth) w->frames[depth].unsaved = member(w, state, "_non_persistent_buffers_set");
    return HRNET_OK;
}

/* A call of a known function: a tensor, a number, or a dictionary to enter. Of all others modules are entered. */
static hrnet_status visit_call(walker *w, const char *key, size_t n, hr_ref call)
{
    const hr_pickle *const pickle = w->pickle;
    const hr_value *const value = hr_pickle_value(pickle, call);
    hr_ref callee = value->as.call.callee, arguments = value->as.call.arguments;
    hr_torch_meaning what = hr_torch_meaning_of(pickle, call);
    int of_pairs;
    if (what == HR_TORCH_RETYPED) { /* a subclass of Tensor: take the tensor inside */
        callee = hr_pickle_item(pickle, arguments, 0);
        what = hr_torch_look_up(pickle, callee)->meaning;
        arguments = hr_pickle_item(pickle, arguments, 2);
        if (what != HR_TORCH_TENSOR && what != HR_TORCH_TENSOR_AS && what != HR_TORCH_FOREIGN) return HRNET_OK;
    }
    switch (what) {
    case HR_TORCH_TENSOR:
    case HR_TORCH_TENSOR_AS:
    case HR_TORCH_FOREIGN: return add_tensor(w, key, n, what, callee, arguments);
    case HR_TORCH_UNKNOWN: return visit_object(w, key, n, call);
    default: break;
    }
    if (innermost(w) == OF_MODULE) return HRNET_OK; /* an attribute that is neither tensor nor module */
    if (what == HR_TORCH_NUMBER) return add_numpy_number(w, key, n, call);
    const hr_ref container = dictionary(pickle, call, &of_pairs);
    return container != 0 ? enter(w, container, key, n, of_pairs ? OF_PAIRS : OF_VALUES) : HRNET_OK;
}

/* Visit one value: enter it if it is a container, else add it as an entry, a tensor, or nothing. */
static hrnet_status visit(walker *w, const char *key, size_t n, hr_ref ref)
{
    char number[HR_NUMBER_TEXT];
    if (++w->n_visits > MAX_VISITS) return fail_visits();
    ref = resolve(w->pickle, ref);
    const hr_value *const value = hr_pickle_value(w->pickle, ref);
    if (value->kind != HR_PICKLE_CALL && innermost(w) == OF_MODULE) return HRNET_OK;
    switch ((hr_pickle_kind)value->kind) {
    case HR_PICKLE_CALL: return visit_call(w, key, n, ref);
    case HR_PICKLE_DICT:
    case HR_PICKLE_LIST:
    case HR_PICKLE_TUPLE: return enter(w, ref, key, n, OF_VALUES);
    case HR_PICKLE_TEXT: return add_entry(w, key, n, value->as.text, value->n);
    case HR_PICKLE_BOOL: snprintf(number, sizeof number, "%s", value->as.integer ? "true" : "false"); break;
    case HR_PICKLE_INTEGER: snprintf(number, sizeof number, "%lld", (long long)value->as.integer); break;
    case HR_PICKLE_REAL: hr_number_text(value->as.real, number); break;
    default: return HRNET_OK;
    }
    return add_entry(w, key, n, number, strlen(number));
}

/* Whether a module's state dict leaves out the buffer of that name. */
static int is_unsaved(walker *w, hr_ref set, const hr_value *name)
{
    const hr_pickle *const pickle = w->pickle;
    if (hr_pickle_value(pickle, set)->kind == HR_PICKLE_CALL) set = hr_pickle_argument(pickle, set, 0);
    const hr_value *const names = hr_pickle_value(pickle, set);
    if (names->kind != HR_PICKLE_SET && names->kind != HR_PICKLE_LIST) return 0;
    for (uint32_t cell = names->first; cell != 0; cell = pickle->cells[cell].next, w->n_visits++) {
        const hr_value *const other = hr_pickle_value(pickle, pickle->cells[cell].value);
        if (other->kind == HR_PICKLE_TEXT && other->n == name->n && memcmp(other->as.text, name->as.text, name->n) == 0)
            return 1;
    }
    return 0;
}

/* An attribute of a module: its three dictionaries are entered, in the order in which the state has them. */
static hrnet_status visit_attribute(walker *w, hr_ref key, hr_ref ref)
{
    const hr_pickle *const pickle = w->pickle;
    const hr_ref unsaved = w->frames[w->depth - 1].unsaved;
    const int is_buffers = hr_pickle_is_text(pickle, key, "_buffers"), depth = w->depth;
    int of_pairs;
    if (!is_buffers && !hr_pickle_is_text(pickle, key, "_parameters") && !hr_pickle_is_text(pickle, key, "_modules"))
        return HRNET_OK;
    if (++w->n_visits > MAX_VISITS) return fail_visits();
    const hr_ref container = dictionary(pickle, ref, &of_pairs);
    if (container == 0) return HRNET_OK;
    HR_TRY(enter(w, container, NULL, 0, OF_MODULE));
    if (w->depth > depth && is_buffers) w->frames[depth].unsaved = unsaved;
    return HRNET_OK;
}

/* Visit the value of a dictionary's key. Keys other than texts and integers have no path, so their values are dropped.
 */
static hrnet_status visit_keyed(walker *w, hr_ref key, hr_ref ref)
{
    const hr_value *const value = hr_pickle_value(w->pickle, key);
    const frame *const f = &w->frames[w->depth - 1];
    if (f->kind == OF_STATE) return visit_attribute(w, key, ref);
    if (f->kind == OF_MODULE && f->unsaved != 0 && value->kind == HR_PICKLE_TEXT && is_unsaved(w, f->unsaved, value))
        return HRNET_OK;
    if (value->kind == HR_PICKLE_TEXT) return visit(w, value->as.text, value->n, ref);
    if (value->kind != HR_PICKLE_INTEGER) return HRNET_OK;
    char number[HR_NUMBER_TEXT];
    const int n = snprintf(number, sizeof number, "%lld", (long long)value->as.integer);
    return visit(w, number, (size_t)n, ref);
}

/* Visit the next item of the innermost container, or close it after its last. The frame is advanced first, since the
 * visit may open another one. */
static hrnet_status advance(walker *w)
{
    const hr_pickle *const pickle = w->pickle;
    frame *const f = &w->frames[w->depth - 1];
    if (f->cell == 0) {
        cut(&w->path, f->path_length);
        cut(&w->module, f->module_length);
        w->depth--;
        return HRNET_OK;
    }
    const hr_cell item = pickle->cells[f->cell];
    f->cell = item.next;
    if (hr_pickle_value(pickle, f->container)->kind == HR_PICKLE_LIST && f->kind != OF_VALUES)
        return visit_keyed(w, hr_pickle_item(pickle, item.value, 0), hr_pickle_item(pickle, item.value, 1));
    if (hr_pickle_value(pickle, f->container)->pairs) {
        f->cell = pickle->cells[item.next].next;
        return visit_keyed(w, item.value, pickle->cells[item.next].value);
    }
    char index[HR_NUMBER_TEXT];
    const int n = snprintf(index, sizeof index, "%zu", f->index++);
    return visit(w, index, (size_t)n, item.value);
}

/* ------------------------------------------------------------------------------------------------ skipped */

/* List the unknown globals of the whole pickle, each once. The comparison is quadratic in MAX_SKIPPED only. */
static hrnet_status list_skipped(walker *w)
{
    hr_tensors *const out = w->out;
    const hr_pickle *const pickle = w->pickle;
    for (size_t i = 0; i < pickle->n_values && out->n_skipped < MAX_SKIPPED; i++) {
        const hr_value *const value = hr_pickle_value(pickle, (hr_ref)i);
        if (value->kind != HR_PICKLE_GLOBAL || hr_torch_look_up(pickle, (hr_ref)i)->meaning != HR_TORCH_UNKNOWN)
            continue;
        const hr_value *const module = hr_pickle_value(pickle, value->as.global.module);
        const hr_value *const name = hr_pickle_value(pickle, value->as.global.name);
        char text[256];
        snprintf(text, sizeof text, "%.*s.%.*s", (int)(module->n < 120 ? module->n : 120), module->as.text,
                 (int)(name->n < 120 ? name->n : 120), name->as.text);
        size_t same = 0;
        while (same < out->n_skipped && strcmp(out->skipped[same], text) != 0) same++;
        if (same < out->n_skipped) continue;
        HR_GROW(out->skipped, out->n_skipped, w->skipped_capacity);
        HR_TRY(copy_text(w, text, strlen(text), &out->skipped[out->n_skipped]));
        out->n_skipped++;
    }
    return HRNET_OK;
}

/* The walk: visit the root, then advance until no container is open. */
hrnet_status hr_torch_flatten(hr_tensors *out, const hr_pickle *pickle)
{
    walker w = {.pickle = pickle, .out = out, .text_left = MAX_TEXT};
    hrnet_status status = visit(&w, "", 0, pickle->root);
    while (status == HRNET_OK && w.depth > 0) status = advance(&w);
    if (status == HRNET_OK) status = list_skipped(&w);
    hr_text_free(&w.path);
    hr_text_free(&w.module);
    return status;
}
