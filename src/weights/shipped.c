/* shipped.c - where the weights are that ship; shipped_weights.S puts them there. */
#include "weights/checkpoint.h"

#if HR_SHIPS_WEIGHTS

extern const unsigned char hr_shipped_begin[], hr_shipped_end[];
extern const unsigned char hr_shipped_detector_begin[], hr_shipped_detector_end[];

hrnet_status hr_shipped_weights(const unsigned char **out, size_t *n_bytes)
{
    *out = hr_shipped_begin;
    *n_bytes = (size_t)(hr_shipped_end - hr_shipped_begin);
    return HRNET_OK;
}

hrnet_status hr_shipped_detector(const unsigned char **out, size_t *n_bytes)
{
    *out = hr_shipped_detector_begin;
    *n_bytes = (size_t)(hr_shipped_detector_end - hr_shipped_detector_begin);
    return HRNET_OK;
}

#else

hrnet_status hr_shipped_weights(const unsigned char **out, size_t *n_bytes)
{
    (void)out;
    (void)n_bytes;
    return hr_fail(HRNET_ERR_UNSUPPORTED,
                   "no weights: expected a file, since this hrnet was built without the model that ships "
                   "(-Dshipped_weights=false); name one (of the command: --model FILE)");
}

hrnet_status hr_shipped_detector(const unsigned char **out, size_t *n_bytes)
{
    (void)out;
    (void)n_bytes;
    return hr_fail(HRNET_ERR_UNSUPPORTED,
                   "no detector: expected a file, since this hrnet was built without the one that ships "
                   "(-Dshipped_weights=false); name one (of the command: --detector FILE)");
}

#endif
