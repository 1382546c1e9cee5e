/* compare_npy.c - compare_npy A.npy EXPECTED.npy TOLERANCE: 0 when shapes are equal and max|A - E| <= TOLERANCE *
 * max|E|. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet.h>

int main(int argc, char **argv)
{
    hrnet_array a = {0}, e = {0};
    if (argc != 4) return 2;
    if (hrnet_array_load(&a, argv[1]) != HRNET_OK || hrnet_array_load(&e, argv[2]) != HRNET_OK) {
        fprintf(stderr, "%s\n", hrnet_last_error());
        return 2;
    }
    if (a.n_dims != e.n_dims || memcmp(a.shape, e.shape, (size_t)a.n_dims * sizeof *a.shape) != 0) {
        fprintf(stderr, "shapes differ\n");
        return 1;
    }
    size_t n = 1;
    double error = 0, largest = 0;
    for (int i = 0; i < a.n_dims; i++) n *= a.shape[i];
    for (size_t i = 0; i < n; i++) {
        const double difference = fabs((double)a.data[i] - (double)e.data[i]);
        if (!(difference <= error)) error = difference; /* NaN counts as a difference */
        largest = fmax(largest, fabs((double)e.data[i]));
    }
    hrnet_array_free(&a);
    hrnet_array_free(&e);
    printf("max difference %g of max %g\n", error, largest);
    return error <= atof(argv[3]) * largest ? 0 : 1;
}
