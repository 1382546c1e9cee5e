/* op_norm.c - batch normalisation: y = (x - mean) / sqrt(variance + epsilon) * weight + bias, channel by channel. */
#include "graph/op.h"

#include <math.h>

static hrnet_status norm_shape(const hr_graph *graph, hr_node *node)
{
    const hr_node *from = &graph->nodes[node->inputs[0]];
    node->c = from->c;
    node->h = from->h;
    node->w = from->w;
    return HRNET_OK;
}

static size_t n_cells(const hr_doubles *t)
{
    return (size_t)t->h * (size_t)t->w;
}

void hr_norm_statistics(const hr_doubles *x, double *mean, double *variance)
{
    const double count = (double)x->n * (double)n_cells(x);
    for (int c = 0; c < x->c; c++) {
        double sum = 0, squares = 0;
        for (int image = 0; image < x->n; image++)
            for (size_t i = 0; i < n_cells(x); i++) sum += hr_doubles_plane(x, image, c)[i];
        mean[c] = sum / count;
        for (int image = 0; image < x->n; image++) {
            for (size_t i = 0; i < n_cells(x); i++) {
                const double d = hr_doubles_plane(x, image, c)[i] - mean[c];
                squares += d * d;
            }
        }
        variance[c] = squares / count;
    }
}

static void norm_forward(const hr_reference *r)
{
    for (int image = 0; image < r->y->n; image++) {
        for (int c = 0; c < r->y->c; c++) {
            const double factor = r->weight[c] / sqrt(r->variance[c] + r->node->epsilon);
            const double *in = hr_doubles_plane(r->x[0], image, c);
            double *out = hr_doubles_plane(r->y, image, c);
            for (size_t i = 0; i < n_cells(r->y); i++) out[i] = (in[i] - r->mean[c]) * factor + r->bias[c];
        }
    }
}

/* With z = (x - mean) / deviation: dweight = sum dy z, dbias = sum dy, dx = weight / deviation * (dy - mean of dy -
 * z * mean of dy z), because mean and deviation move with x. */
static void norm_backward(const hr_reference *r)
{
    const hr_doubles *x = r->x[0];
    const double count = (double)x->n * (double)n_cells(x);
    for (int c = 0; c < x->c; c++) {
        const double deviation = sqrt(r->variance[c] + r->node->epsilon);
        double sum = 0, sum_z = 0;
        for (int image = 0; image < x->n; image++) {
            const double *in = hr_doubles_plane(x, image, c), *dy = hr_doubles_plane(r->dy, image, c);
            for (size_t i = 0; i < n_cells(x); i++) {
                sum += dy[i];
                sum_z += dy[i] * (in[i] - r->mean[c]) / deviation;
            }
        }
        r->dweight[c] += sum_z;
        r->dbias[c] += sum;
        for (int image = 0; image < x->n; image++) {
            const double *in = hr_doubles_plane(x, image, c), *dy = hr_doubles_plane(r->dy, image, c);
            double *dx = hr_doubles_plane(r->dx[0], image, c);
            for (size_t i = 0; i < n_cells(x); i++)
                dx[i] +=
                    r->weight[c] / deviation * (dy[i] - sum / count - (in[i] - r->mean[c]) / deviation * sum_z / count);
        }
    }
}

const hr_op_type hr_op_norm = {.name = "norm", .shape = norm_shape, .forward = norm_forward, .backward = norm_backward};
