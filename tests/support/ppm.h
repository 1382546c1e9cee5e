/* ppm.h - for tests: read a binary PPM, a format so plain that the reader is no witness for itself. */
#ifndef TESTS_PPM_H
#define TESTS_PPM_H

#include <stdio.h>
#include <stdlib.h>

#include <hrnet.h>

/* The picture, its pixels from malloc; width 0 when the file cannot be read. */
static inline hrnet_image read_ppm(const char *path)
{
    hrnet_image image = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) return image;
    if (fscanf(file, "P6 %d %d 255", &image.width, &image.height) == 2 && fgetc(file) == '\n') {
        const size_t n_bytes = (size_t)image.width * (size_t)image.height * 3;
        image.rgb = malloc(n_bytes);
        if (image.rgb == NULL || fread(image.rgb, 1, n_bytes, file) != n_bytes) image.width = 0;
    }
    fclose(file);
    return image;
}

#endif
