/*
 * digits.c - the strokes of each character, as pairs of letters and digits on a grid: column '0' to '8' from the left,
 * row 'a' to 'm' from the top, in units of half a column. A digit is 8 units wide and 12 high.
 */
#include "pose/digits.h"

#include <string.h>

enum { HEIGHT = 12, GAP = 5, WIDTH = 8, POINT_WIDTH = 1 };

static const char *strokes_of(char character)
{
    static const char *const digits[10] = {
        "2a6a8c8k6m2m0k0c2a",       "1c4a4m",   "0c2a6a8c8e0m8m",
        "0a8a4f6f8h8k6m2m0k",       "6m6a0i8i", "8a1a0f6f8h8k6m2m0k",
        "7b6a2a0c0k2m6m8k8h6f2f0h", "0a8a3m",   "2f0d0c2a6a8c8d6f2f0h0k2m6m8k8h6f",
        "1l2m6m8k8c6a2a0c0e2g6g8e",
    };
    if (character >= '0' && character <= '9') return digits[character - '0'];
    return character == '.' ? "0m0m" : character == '-' ? "1g7g" : "";
}

static double width_of(char character)
{
    return character == '.' ? POINT_WIDTH : WIDTH;
}

double hr_digits_length(const char *text, double height)
{
    double units = 0;
    for (const char *c = text; *c != '\0'; c++) units += width_of(*c) + (c[1] != '\0' ? GAP : 0);
    return units * height / HEIGHT;
}

void hr_paint_digits(hrnet_image *image, hr_point at, const char *text, double height, hr_color color)
{
    const double unit = height / HEIGHT, radius = height * 0.075 > 0.55 ? height * 0.075 : 0.55;
    for (; *text != '\0'; text++) {
        const char *const strokes = strokes_of(*text);
        for (size_t i = 0; i + 3 < strlen(strokes); i += 2) {
            const hr_point a = {at.x + unit * (strokes[i] - '0'), at.y + unit * (strokes[i + 1] - 'a')},
                           b = {at.x + unit * (strokes[i + 2] - '0'), at.y + unit * (strokes[i + 3] - 'a')};
            hr_paint_capsule(image, a, b, radius, color);
        }
        at.x += unit * (width_of(*text) + GAP);
    }
}
