/* half.h - IEEE half precision in integer arithmetic: the same bits on every machine. */
#ifndef HR_BASE_HALF_H
#define HR_BASE_HALF_H

#include <stdint.h>

float hr_half_to_float(uint16_t half);
/* Round to nearest, ties to even; too large becomes infinity. */
uint16_t hr_float_to_half(float value);

#endif
