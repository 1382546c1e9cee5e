/*
 * winograd_lines.h - kinds of line as the transforms know them, by P: pairs of points, or one of the names below
 * (cpu/kern/winograd.h); and the functions of every slot, for a file that has wino_weights(weights, P),
 * wino_input(tile, P_DOWN, P_ACROSS) and wino_output.
 */
#ifndef HR_CPU_KERN_WINOGRAD_LINES_H
#define HR_CPU_KERN_WINOGRAD_LINES_H

#include "cpu/kern/kern.h"

enum { MAX_PAIRS = 3, MAX_TILE = 2 * MAX_PAIRS + 2, STRIDED = 0, TRANSPOSED = -1 };

/* hr_wino_line. */
#define LINE_PIXELS(P)  ((P) == TRANSPOSED ? 5 : LINE_NUMBERS(P))
#define LINE_NUMBERS(P) ((P) == TRANSPOSED ? 8 : (P) == STRIDED ? 7 : 2 * (P) + 2)
#define LINE_OUTPUTS(P) ((P) == TRANSPOSED ? 6 : (P) == STRIDED ? 3 : 2 * (P))
#define LINE_TAPS(P)    ((P) == TRANSPOSED ? 4 : 3)

#define WINO_FUNCTIONS                                                                                                 \
    WINO_WEIGHTS(2, 1)                                                                                                 \
    WINO_WEIGHTS(4, 2)                                                                                                 \
    WINO_WEIGHTS(6, 3)                                                                                                 \
    WINO_WEIGHTS(_strided, STRIDED)                                                                                    \
    WINO_WEIGHTS(_transposed, TRANSPOSED)                                                                              \
    WINO_TILE(2, 1, 1)                                                                                                 \
    WINO_TILE(4, 2, 2)                                                                                                 \
    WINO_TILE(6, 3, 3)                                                                                                 \
    WINO_TILE(_strided, STRIDED, STRIDED)                                                                              \
    WINO_TILE(_transposed, TRANSPOSED, TRANSPOSED)                                                                     \
    WINO_TILE(2x6, 1, 3)                                                                                               \
    WINO_TILE(4x6, 2, 3)
#define WINO_WEIGHTS(NAME, P)                                                                                          \
    static void wino_weights##NAME(const hr_wino_weights *weights)                                                     \
    {                                                                                                                  \
        wino_weights(weights, P);                                                                                      \
    }
#define WINO_TILE(NAME, P_DOWN, P_ACROSS)                                                                              \
    static void wino_input##NAME(const hr_wino_input *tile)                                                            \
    {                                                                                                                  \
        wino_input(tile, P_DOWN, P_ACROSS);                                                                            \
    }                                                                                                                  \
    static void wino_output##NAME(const hr_wino_output *tile)                                                          \
    {                                                                                                                  \
        wino_output(tile, P_DOWN, P_ACROSS);                                                                           \
    }
#define WINO_SLOTS                                                                                                     \
    .wino_input = {wino_input2,           wino_input4,   wino_input6,  wino_input_strided,                             \
                   wino_input_transposed, wino_input2x6, wino_input4x6},                                               \
    .wino_output = {wino_output2,           wino_output4,   wino_output6,  wino_output_strided,                        \
                    wino_output_transposed, wino_output2x6, wino_output4x6},                                           \
    .wino_weights = {wino_weights2, wino_weights4, wino_weights6, wino_weights_strided, wino_weights_transposed}

#endif
