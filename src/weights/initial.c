/* initial.c - init_weights of pose_hrnet.py and pose_resnet.py. */
#include "weights/initial.h"

#include "base/rng.h"

void hr_initial_value(uint64_t seed, const hr_param *param, float *out)
{
    const uint64_t stream = seed ^ hr_hash_text(param->name);
    for (size_t i = 0; i < param->n_elements; i++) {
        switch (param->kind) {
        case HR_PARAM_WEIGHT: out[i] = 0.001f * hr_random_normal(stream, i); break;
        case HR_PARAM_NORM_WEIGHT:
        case HR_PARAM_NORM_VAR: out[i] = 1; break;
        case HR_PARAM_BIAS:
        case HR_PARAM_NORM_BIAS:
        case HR_PARAM_NORM_MEAN:
        case HR_PARAM_NORM_COUNT: out[i] = 0; break;
        }
    }
}

static hrnet_status read_initial(void *context, int index, const hr_param *param, float *out)
{
    (void)index;
    hr_initial_value(*(const uint64_t *)context, param, out);
    return HRNET_OK;
}

hr_weights hr_initial_weights(const uint64_t *seed)
{
    return (hr_weights){read_initial, (void *)(uintptr_t)seed};
}
