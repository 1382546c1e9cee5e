/*
 * winograd_points.h - the numbers that the transforms of winograd.h multiply by, for P = 1, 2, 3 pairs of points. All
 * are made from the points alone; float rounds each once.
 */
#ifndef HR_CPU_KERN_WINOGRAD_POINTS_H
#define HR_CPU_KERN_WINOGRAD_POINTS_H

typedef struct hr_wino_points {
    float point[3];      /* p_i */
    float full[4];       /* coefficients of prod_j (x^2 - p_j^2), lowest first; [P] is 1 */
    float without[3][3]; /* of the same product without factor i; [P - 1] is 1 */
    float power[3][6];   /* p_i^r */
    float weight0;       /* 1 / f_0 */
    float weight[3][3];  /* factors of g_0, g_1 and g_2 in u_+i; u_-i has the middle one's negative */
} hr_wino_points;

#define SQUARE(p) ((p) * (p))
#define POWERS(p)                                                                                                      \
    {                                                                                                                  \
        1, (float)(p), (float)SQUARE(p), (float)(SQUARE(p) * (p)), (float)(SQUARE(p) * SQUARE(p)),                     \
            (float)(SQUARE(p) * SQUARE(p) * (p))                                                                       \
    }
#define PAIR(p, q)                                                                                                     \
    {                                                                                                                  \
        (float)(SQUARE(p) * SQUARE(q)), (float)-(SQUARE(p) + SQUARE(q)), 1                                             \
    }

/* 1 / (2 p^2 prod_(j != i) (p_i^2 - p_j^2)) for a pair p and the product */
#define WEIGHT(p, without)                                                                                             \
    {                                                                                                                  \
        (float)(0.5 / (SQUARE(p) * (without))), (float)(0.5 / ((p) * (without))), (float)(0.5 / (without))             \
    }

#define A4 (2.0 / 3.0)
#define B4 (3.0 / 2.0)
#define A6 (1.0 / 2.0)
#define B6 1.0
#define C6 2.0

static const hr_wino_points hr_wino_table[3] = {
    {.point = {1},
     .full = {-1, 1},
     .without = {{1}},
     .power = {POWERS(1.0)},
     .weight0 = -1,
     .weight = {WEIGHT(1.0, 1.0)}},
    {.point = {(float)A4, (float)B4},
     .full = {(float)(SQUARE(A4) * SQUARE(B4)), (float)-(SQUARE(A4) + SQUARE(B4)), 1},
     .without = {{(float)-SQUARE(B4), 1}, {(float)-SQUARE(A4), 1}},
     .power = {POWERS(A4), POWERS(B4)},
     .weight0 = (float)(1 / (SQUARE(A4) * SQUARE(B4))),
     .weight = {WEIGHT(A4, SQUARE(A4) - SQUARE(B4)), WEIGHT(B4, SQUARE(B4) - SQUARE(A4))}},
    {.point = {(float)A6, (float)B6, (float)C6},
     .full = {(float)-(SQUARE(A6) * SQUARE(B6) * SQUARE(C6)),
              (float)(SQUARE(A6) * SQUARE(B6) + SQUARE(A6) * SQUARE(C6) + SQUARE(B6) * SQUARE(C6)),
              (float)-(SQUARE(A6) + SQUARE(B6) + SQUARE(C6)), 1},
     .without = {PAIR(B6, C6), PAIR(A6, C6), PAIR(A6, B6)},
     .power = {POWERS(A6), POWERS(B6), POWERS(C6)},
     .weight0 = (float)(-1 / (SQUARE(A6) * SQUARE(B6) * SQUARE(C6))),
     .weight = {WEIGHT(A6, (SQUARE(A6) - SQUARE(B6)) * (SQUARE(A6) - SQUARE(C6))),
                WEIGHT(B6, (SQUARE(B6) - SQUARE(A6)) * (SQUARE(B6) - SQUARE(C6))),
                WEIGHT(C6, (SQUARE(C6) - SQUARE(A6)) * (SQUARE(C6) - SQUARE(B6)))}},
};

/* s of point i of P pairs (0 .. 2 P + 1) in hr_wino_fused. */
static inline float hr_wino_fused_factor(int pairs, int i)
{
    const hr_wino_points *w = &hr_wino_table[pairs - 1];
    if (i == 0) return w->weight0;
    if (i > 2 * pairs) return 1;
    return w->weight[(i - 1) / 2][w->point[(i - 1) / 2] == 0.5f ? 2 : 0];
}

#endif
