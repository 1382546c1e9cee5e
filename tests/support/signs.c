/* signs.c - see signs.h. */
#include "signs.h"

#include <math.h>

#include "net_files.h"
#include "cpu/backprop/backprop_internal.h"

int match_signs(const hr_backprop *net, hr_reference_backward *oracle, const hr_graph *graph, int n, double near)
{
    const hr_tape *tape = &net->plan.tape;
    int n_flipped = 0;
    for (int s = 0; s < tape->n_steps; s++) {
        const hr_tape_tensor *out = &tape->tensors[tape->steps[s].out];
        if (!tape->steps[s].relu) continue;
        const float *found = hr_value(net, tape->steps[s].out);
        double *z = hr_reference_backward_tensor(oracle, graph->nodes[out->node].inputs[0]), largest = 0;
        const size_t cells = (size_t)(out->h * out->w), c = (size_t)out->c, n_all = (size_t)n * c * cells;
        for (size_t i = 0; i < n_all; i++) largest = fmax(largest, fabs(z[i]));
        for (size_t i = 0; i < n_all; i++) {
            const size_t at = (i / cells / c * cells + i % cells) * (size_t)out->ld + i / cells % c;
            if ((found[at] > 0) == (z[i] > 0)) continue;
            if (!(fabs(z[i]) <= near * largest)) fail_msg("step %d: %g is not near zero", s, z[i] / largest);
            z[i] = found[at] > 0 ? 1e-300 : -1e-300;
            n_flipped++;
        }
    }
    return n_flipped;
}
