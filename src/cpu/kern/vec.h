/*
 * vec.h - the few vector operations that the kernels need, for the instruction set this file is compiled with. `vec` is
 * a register of HR_VEC floats.
 */
#ifndef HR_CPU_KERN_VEC_H
#define HR_CPU_KERN_VEC_H

#if defined(__AVX512F__)
#include <immintrin.h>
enum { HR_VEC = 16 };
typedef __m512 vec;
static inline vec v_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
static inline void v_store(float *p, vec a)
{
    _mm512_storeu_ps(p, a);
}
static inline vec v_set(float a)
{
    return _mm512_set1_ps(a);
}
static inline vec v_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}
static inline vec v_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}
static inline vec v_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}
static inline vec v_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
} /* a * b + c */
/* The larger; b where either is not a number, on x86 and, for b not a number, everywhere. */
static inline vec v_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}
/* b, but 0 where a <= 0. */
static inline vec v_gate(vec a, vec b)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NLE_UQ), b);
}
static inline vec v_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
} /* b where either is not a number */
static inline vec v_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}
static inline vec v_round(vec a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* a * 2^n for whole n of -126..127; n = 128: infinite, or the product where it fits (AVX-512) */
static inline vec v_scale(vec a, vec n)
{
    return _mm512_scalef_ps(a, n);
}
static inline vec v_load_half(const void *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}
static inline void v_store_half(void *p, vec a)
{
    _mm256_storeu_si256(p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}
/* sums[i] += a[i], i < HR_VEC */
static inline void v_add_to_doubles(double *sums, vec a)
{
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(a)),
                  high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
    _mm512_storeu_pd(sums, _mm512_add_pd(_mm512_loadu_pd(sums), low));
    _mm512_storeu_pd(sums + 8, _mm512_add_pd(_mm512_loadu_pd(sums + 8), high));
}
#elif defined(__AVX2__)
#include <immintrin.h>
enum { HR_VEC = 8 };
typedef __m256 vec;
static inline vec v_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
static inline void v_store(float *p, vec a)
{
    _mm256_storeu_ps(p, a);
}
static inline vec v_set(float a)
{
    return _mm256_set1_ps(a);
}
static inline vec v_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}
static inline vec v_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}
static inline vec v_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}
static inline vec v_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
} /* a * b + c */
static inline vec v_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}
static inline vec v_gate(vec a, vec b)
{
    return _mm256_and_ps(_mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NLE_UQ), b);
}
static inline vec v_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}
static inline vec v_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}
static inline vec v_round(vec a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline vec v_scale(vec a, vec n)
{
    const __m256i exponent = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(a, _mm256_castsi256_ps(exponent));
}
static inline vec v_load_half(const void *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128(p));
}
static inline void v_store_half(void *p, vec a)
{
    _mm_storeu_si128(p, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}
static inline void v_add_to_doubles(double *sums, vec a)
{
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(a)), high = _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
    _mm256_storeu_pd(sums, _mm256_add_pd(_mm256_loadu_pd(sums), low));
    _mm256_storeu_pd(sums + 4, _mm256_add_pd(_mm256_loadu_pd(sums + 4), high));
}
#elif defined(__ARM_NEON)
#include <arm_neon.h>
enum { HR_VEC = 4 };
typedef float32x4_t vec;
static inline vec v_load(const float *p)
{
    return vld1q_f32(p);
}
static inline void v_store(float *p, vec a)
{
    vst1q_f32(p, a);
}
static inline vec v_set(float a)
{
    return vdupq_n_f32(a);
}
static inline vec v_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}
static inline vec v_sub(vec a, vec b)
{
    return vsubq_f32(a, b);
}
static inline vec v_mul(vec a, vec b)
{
    return vmulq_f32(a, b);
}
static inline vec v_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
} /* a * b + c */
static inline vec v_max(vec a, vec b)
{
    return vmaxq_f32(a, b);
}
static inline vec v_gate(vec a, vec b)
{
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(b), vcleq_f32(a, vdupq_n_f32(0))));
}
static inline vec v_min(vec a, vec b)
{
    return vminq_f32(a, b);
}
static inline vec v_div(vec a, vec b)
{
    return vdivq_f32(a, b);
}
static inline vec v_round(vec a)
{
    return vrndnq_f32(a);
}
static inline vec v_scale(vec a, vec n)
{
    return vmulq_f32(a, vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23)));
}
static inline vec v_load_half(const void *p)
{
    return vcvt_f32_f16(vld1_f16(p));
}
static inline void v_store_half(void *p, vec a)
{
    vst1_f16(p, vcvt_f16_f32(a));
}
static inline void v_add_to_doubles(double *sums, vec a)
{
    vst1q_f64(sums, vaddq_f64(vld1q_f64(sums), vcvt_f64_f32(vget_low_f32(a))));
    vst1q_f64(sums + 2, vaddq_f64(vld1q_f64(sums + 2), vcvt_high_f64_f32(a)));
}
#endif

#endif
