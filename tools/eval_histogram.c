/*
 * eval_histogram.c - joint_errors.png: a small chart for every joint, drawn into plain pixels with letters of our own,
 * so that it needs no library.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_eval.h"
#include "tool.h"

enum {
    BINS = 20, /* of 0.025 each; one more holds what is beyond */
    BAR = 9,
    PLOT_HEIGHT = 80,
    PANEL_WIDTH = (BINS + 1) * BAR + 24,
    PANEL_HEIGHT = PLOT_HEIGHT + 46,
    COLUMNS = 4,
    SCALE = 2 /* pixels a dot of a letter */
};

static const double reach = 0.5, good = 0.1; /* in sizes of the person */

typedef struct color {
    uint8_t r, g, b;
} color;

static const color ink = {40, 40, 40}, grey = {190, 190, 190}, blue = {70, 120, 180}, orange = {220, 130, 60};

static void fill(hrnet_image *image, int x0, int y0, int width, int height, color c)
{
    for (int y = y0 < 0 ? 0 : y0; y < y0 + height && y < image->height; y++)
        for (int x = x0 < 0 ? 0 : x0; x < x0 + width && x < image->width; x++)
            memcpy(image->rgb + ((size_t)y * (size_t)image->width + (size_t)x) * 3, &c, 3);
}

/* ---------------------------------------------------------------------------------------------- letters */

/* 3 x 5 dots, rows from the top, the highest bit on the left: 0b111 101 111 is written 0757. */
static const struct letter {
    char character;
    unsigned rows; /* five octal digits */
} letters[] = {
    {'0', 075557}, {'1', 026227}, {'2', 071747}, {'3', 071717}, {'4', 055711}, {'5', 074717}, {'6', 074757},
    {'7', 071111}, {'8', 075757}, {'9', 075717}, {'a', 075755}, {'b', 065656}, {'c', 074447}, {'d', 065556},
    {'e', 074647}, {'f', 074644}, {'g', 074557}, {'h', 055755}, {'i', 072227}, {'j', 011157}, {'k', 055655},
    {'l', 044447}, {'m', 057755}, {'n', 065555}, {'o', 075557}, {'p', 075744}, {'q', 075571}, {'r', 065655},
    {'s', 074717}, {'t', 072222}, {'u', 055557}, {'v', 055552}, {'w', 055775}, {'x', 055255}, {'y', 055222},
    {'z', 071247}, {'.', 000002}, {'%', 051245}, {'<', 012421}, {'-', 000700}, {'_', 000007}, {':', 002020},
    {'/', 011244}, {'(', 024442}, {')', 021112},
};

static unsigned letter_rows(char character)
{
    if (character >= 'A' && character <= 'Z') character = (char)(character - 'A' + 'a');
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].character == character) return letters[i].rows;
    return 0;
}

/* Text from (x, y) down to the right, at most n letters. */
static void write_text(hrnet_image *image, int x, int y, const char *text, int n, color c)
{
    for (int i = 0; i < n && text[i] != '\0'; i++, x += 4 * SCALE) {
        const unsigned rows = letter_rows(text[i]);
        for (int dot = 0; dot < 15; dot++)
            if (rows >> (14 - dot) & 1) fill(image, x + dot % 3 * SCALE, y + dot / 3 * SCALE, SCALE, SCALE, c);
    }
}

/* ---------------------------------------------------------------------------------------------- charts */

typedef struct counts {
    size_t bins[BINS + 1], n, n_good, most;
} counts;

static counts count_joint(const hrnet_person_error *errors, size_t n, int joint)
{
    counts c = {.most = 1};
    for (size_t i = 0; i < n; i++) {
        const double *k = errors[i].truth + (ptrdiff_t)3 * joint;
        if (!(k[2] > 0) || errors[i].pose == NULL || !(errors[i].area > 0)) continue;
        const hrnet_keypoint *p = &errors[i].pose[joint];
        const double error = hypot((double)p->x - k[0], (double)p->y - k[1]) / sqrt(errors[i].area);
        const int bin = error < reach ? (int)(error / reach * BINS) : BINS;
        c.bins[bin]++;
        c.n++;
        c.n_good += error < good;
    }
    for (int i = 0; i <= BINS; i++)
        if (c.bins[i] > c.most) c.most = c.bins[i];
    return c;
}

static void draw_joint(hrnet_image *page, int x, int y, const char *name, const counts *c)
{
    char text[64];
    const int bottom = y + 16 + PLOT_HEIGHT;
    write_text(page, x, y, name, PANEL_WIDTH / (4 * SCALE) - 1, ink);
    for (int i = 0; i <= BINS; i++) {
        const int height = (int)lround((double)c->bins[i] * (PLOT_HEIGHT - 4) / (double)c->most);
        const color shade = i == BINS ? grey : (i + 0.5) * reach / BINS < good ? blue : orange;
        fill(page, x + i * BAR + (i == BINS ? 3 : 0), bottom - height, BAR - 1, height, shade);
    }
    fill(page, x, bottom, (BINS + 1) * BAR + 3, 1, ink);
    fill(page, x + (int)(good / reach * BINS) * BAR - 1, bottom, 1, 4, ink);
    snprintf(text, sizeof text, "%.0f%% < %.1f of %zu", c->n > 0 ? 100.0 * (double)c->n_good / (double)c->n : 0.0, good,
             c->n);
    write_text(page, x, bottom + 7, text, PANEL_WIDTH / (4 * SCALE) - 1, ink);
}

int eval_draw_histogram(const hrnet_person_error *errors, size_t n, const hrnet_skeleton *skeleton, const char *path)
{
    const int n_joints = skeleton->n_keypoints, n_rows = (n_joints + COLUMNS - 1) / COLUMNS, margin = 12;
    hrnet_image page = {COLUMNS * PANEL_WIDTH + margin, n_rows * PANEL_HEIGHT + margin, NULL};
    page.rgb = tool_alloc((size_t)page.width * (size_t)page.height, 3);
    fill(&page, 0, 0, page.width, page.height, (color){255, 255, 255});
    for (int j = 0; j < n_joints; j++) {
        const counts c = count_joint(errors, n, j);
        draw_joint(&page, margin + j % COLUMNS * PANEL_WIDTH, margin + j / COLUMNS * PANEL_HEIGHT,
                   skeleton->keypoint_names[j], &c);
    }
    const hrnet_status status = hrnet_image_save(&page, path);
    free(page.rgb);
    return status == HRNET_OK ? 0 : tool_failed();
}
