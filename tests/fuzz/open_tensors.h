/* open_tensors.h - what the fuzzers of the three containers do with an input: open it, and read every tensor. */
#ifndef FUZZ_OPEN_TENSORS_H
#define FUZZ_OPEN_TENSORS_H

#include "base/mem.h"
#include "io/tensors/tensors.h"

static inline void open_tensors(const uint8_t *data, size_t size)
{
    hr_tensors tensors;
    if (hr_tensors_open_memory(&tensors, data, size, "input") != HRNET_OK) return;
    for (size_t i = 0; i < tensors.n_items && i < 64; i++) {
        const size_t n = tensors.items[i].n_elements;
        double *const out = n < 1 << 20 ? hr_alloc(n, sizeof *out) : NULL;
        if (out == NULL) continue;
        hr_tensor_read_double(&tensors, &tensors.items[i], out);
        hr_tensor_read(&tensors, &tensors.items[i], (float *)out);
        hr_free(out);
    }
    hr_tensors_entry(&tensors, "epoch");
    hr_tensors_close(&tensors);
}

#endif
