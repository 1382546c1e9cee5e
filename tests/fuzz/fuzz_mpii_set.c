/* fuzz_mpii_set.c - MPII's annotations: what is read has crops that are finite, and pictures that exist. */
#include <math.h>
#include <stdlib.h>

#include "data/samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hr_samples samples = {0};
    if (hr_mpii_set_parse(&samples, data, size) != HRNET_OK) return 0;
    for (size_t i = 0; i < samples.n; i++) {
        const hr_sample *const s = &samples.list[i];
        if (s->image >= samples.n_images || samples.images[s->image].name == NULL || !isfinite(s->crop.center[0]) ||
            !isfinite(s->crop.center[1]) || !isfinite(s->crop.scale[0]) || !(s->crop.scale[0] > 0))
            abort();
    }
    hr_samples_free(&samples);
    return 0;
}
