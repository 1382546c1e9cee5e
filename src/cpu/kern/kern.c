/* kern.c - which table this processor gets, and what all tables share. */
#include "cpu/kern/kern.h"

#include <string.h>

#include "base/cpu.h"
#include "cpu/kern/winograd_lines.h"
#include "cpu/kern/winograd_points.h"

int hr_kern_all(unsigned features, const hr_kern *tables[8])
{
    int n = 0;
#if defined(__x86_64__)
    if (features & HR_CPU_AVX512) tables[n++] = &hr_kern_avx512;
    if (features & HR_CPU_AVX2) tables[n++] = &hr_kern_avx2;
#elif defined(__aarch64__)
    if (features & HR_CPU_NEON) tables[n++] = &hr_kern_neon;
#else
    (void)features;
#endif
    tables[n++] = &hr_kern_ref;
    return n;
}

const hr_kern *hr_kern_select(unsigned features)
{
    const hr_kern *tables[8];
    hr_kern_all(features, tables);
    return tables[0];
}

#define LINE(P)                                                                                                        \
    {                                                                                                                  \
        LINE_PIXELS(P), LINE_NUMBERS(P), LINE_OUTPUTS(P), LINE_TAPS(P)                                                 \
    }
const hr_wino_line hr_wino_lines[HR_N_WINO_LINES] = {LINE(1), LINE(2), LINE(3), LINE(STRIDED), LINE(TRANSPOSED)};

const hr_wino_tile hr_wino_tiles[HR_N_WINO] = {{HR_WINO_2, HR_WINO_2},
                                               {HR_WINO_4, HR_WINO_4},
                                               {HR_WINO_6, HR_WINO_6},
                                               {HR_WINO_STRIDED, HR_WINO_STRIDED},
                                               {HR_WINO_TRANSPOSED, HR_WINO_TRANSPOSED},
                                               {HR_WINO_2, HR_WINO_6},
                                               {HR_WINO_4, HR_WINO_6}};

void hr_wino_matrix(int line, double matrix[][HR_WINO_TAPS])
{
    if (line == HR_WINO_STRIDED) {
        static const double strided[7][HR_WINO_TAPS] = {{-1},   {0.5, 0, 0.5}, {0.5, 0, -0.5}, {0, 0, 1},
                                                        {0, 1}, {0, 1},        {0, 1}};
        memcpy(matrix, strided, sizeof strided);
        return;
    }
    if (line == HR_WINO_TRANSPOSED) {
        static const double transposed[8][HR_WINO_TAPS] = {{0, 0, 0, -1}, {0, 0.5, 0, 0.5}, {0, -0.5, 0, 0.5}, {0, 1},
                                                           {0, 0, -1},    {0.5, 0, 0.5},    {-0.5, 0, 0.5},    {1}};
        memcpy(matrix, transposed, sizeof transposed);
        return;
    }
    /* the points in double: those of the table are rounded to float, and their quotients would be off by as much */
    static const double points[3][3] = {{1}, {A4, B4}, {A6, B6, C6}};
    const int pairs = line + 1, last = 2 * pairs + 1;
    const double *p = points[pairs - 1];
    memset(matrix, 0, (size_t)(last + 1) * sizeof *matrix);
    double at_zero = 1;
    for (int i = 0; i < pairs; i++) {
        double without = 1;
        for (int j = 0; j < pairs; j++)
            if (j != i) without *= p[i] * p[i] - p[j] * p[j];
        const double factor = 1 / (2 * p[i] * p[i] * without);
        for (int sign = 0; sign < 2; sign++) {
            matrix[1 + 2 * i + sign][0] = factor;
            matrix[1 + 2 * i + sign][1] = sign ? -p[i] * factor : p[i] * factor;
            matrix[1 + 2 * i + sign][2] = p[i] * p[i] * factor;
        }
        at_zero *= -p[i] * p[i];
    }
    matrix[0][0] = 1 / at_zero;
    matrix[last][2] = 1;
}
