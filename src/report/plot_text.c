/*
 * plot_text.c - a stroke font of our own. A glyph is a list of strokes with spaces between them, a stroke a list of
 * points, a point two letters: the column, 'b' at the left end, and the row, 'f' at the base line; small letters reach
 * up to 'p', capitals to 't', and some down to 'b'. A capital column makes the point the control point of a quadratic
 * curve from the point before it to the next. A stroke from a point to itself is a dot.
 */
#include "report/plot_text.h"

#include <string.h>

enum { FIRST = ' ', LAST = '~', CAPITAL = 14, GAP = 4, CURVE_PIECES = 6 };

typedef struct glyph {
    int width;
    const char *strokes;
} glyph;

/* From ' ' to '~'. */
static const glyph glyphs[] = {{4, ""},
                               {2, "ctcj cfcf"},
                               {4, "btbp ftfp"},
                               {10, "dfft hfjt bkkk colo"},
                               {8, "jrItftBtbqBnfmJljiJfffCfbh fvfd"},
                               {12, "ltdf bqBtetHthqHnenBnbq hiHlklNlniNfkfHfhi"},
                               {10, "lfdpCtftIthpgnBlbiBfffJfkl"},
                               {2, "ctcp"},
                               {4, "fvBrblBffb"},
                               {4, "bvFrflFfbb"},
                               {8, "ftfl crin ircn"},
                               {8, "fhfp bljl"},
                               {2, "cfbc"},
                               {6, "blhl"},
                               {2, "cfcf"},
                               {7, "bdiv"},
                               {8, "bmBtftJtjmJfffBfbm"},
                               {8, "cqgtgf"},
                               {8, "bpBtftJtjpJngkbfjf"},
                               {8, "brCtftJtjqJnen fnJnjjJfffCfbh"},
                               {8, "hfhtbjjj"},
                               {8, "itctbmDofoJojkJfffCfbh"},
                               {8, "itBrbkBfffJfjjJofoBobk"},
                               {8, "btjtef"},
                               {8, "fnBnbqBtftJtjqJnfnBnbjBfffJfjjJnfn"},
                               {8, "cfJhjoJtftBtbpBkfkJkjo"},
                               {2, "cgcg coco"},
                               {2, "cgbd coco"},
                               {8, "jqbljg"},
                               {8, "bnjn bjjj"},
                               {8, "bqjlbg"},
                               {8, "bqBtftJtjqJnfmfj ffff"},
                               {13, "kmKphpFpflFihiKikmkkKimiOiomOtitBtblBdidme"},
                               {10, "bfgtlf dkjk"},
                               {9, "gnJnjqJtgtbtbfgfKfkjKngnbn"},
                               {10, "lqKthtBtbmBfhfKfli"},
                               {10, "bfbtftLtlmLfffbf"},
                               {8, "jfbfbtjt bnin"},
                               {8, "bfbtjt bmim"},
                               {10, "lqKthtBtbmBfhfLfljllhl"},
                               {9, "bfbt kfkt bnkn"},
                               {2, "cfct"},
                               {6, "hthjHfefBfbi"},
                               {9, "bfbt ktbk enkf"},
                               {7, "btbfif"},
                               {12, "bfbthjntnf"},
                               {9, "bfbtkfkt"},
                               {11, "bmBtgthtMtmmMfhfgfBfbm"},
                               {9, "bfbtgtKtkpKlglbl"},
                               {11, "bmBtgthtMtmmMfhfgfBfbm ijme"},
                               {9, "bfbtgtKtkpKlglbl glkf"},
                               {8, "jrItftBtbqBnfmJljiJfffCfbh"},
                               {10, "btlt gtgf"},
                               {9, "btbkBfffgfKfkkkt"},
                               {10, "btgflt"},
                               {14, "btefitmfpt"},
                               {9, "bfkt btkf"},
                               {10, "btgmlt gmgf"},
                               {9, "btktbfkf"},
                               {4, "fvbvbbfb"},
                               {7, "bvid"},
                               {4, "bvfvfbbb"},
                               {8, "boftjo"},
                               {8, "bcjc"},
                               {3, "bteq"},
                               {8, "jpjf jkJpfpBpbkBfffJfjk"},
                               {8, "btbf jkJpfpBpbkBfffJfjk"},
                               {8, "jnIpfpBpbkBfffIfjh"},
                               {8, "jtjf jkJpfpBpbkBfffJfjk"},
                               {8, "bkjkJpfpBpbkBfffIfjh"},
                               {5, "htDtdqdf bpgp"},
                               {8, "jpjfJbfbCbbc jkJpfpBpbkBfffJfjk"},
                               {8, "bfbt bkBpfpJpjljf"},
                               {2, "cfcp ctct"},
                               {3, "dpdeDbab dtdt"},
                               {7, "bfbt ipbj elif"},
                               {2, "ctcf"},
                               {12, "bfbp blBpepHphmhf hlHpkpNpnmnf"},
                               {8, "bfbp bkBpfpJpjljf"},
                               {8, "jkJpfpBpbkBfffJfjk"},
                               {8, "bpbb jkJpfpBpbkBfffJfjk"},
                               {8, "jpjb jkJpfpBpbkBfffJfjk"},
                               {5, "bfbp bkBpgp"},
                               {7, "ioHpfpBpbnBlfkIjihIfffCfbg"},
                               {5, "dtdiDfgf bpgp"},
                               {8, "bpbjBfffJfjk jpjf"},
                               {8, "bpffjp"},
                               {12, "bpefhpkfnp"},
                               {8, "bfjp bpjf"},
                               {8, "bpff jpffDbbb"},
                               {8, "bpjpbfjf"},
                               {5, "gvDvdrdoDlblDldidfDbgb"},
                               {2, "cvcb"},
                               {5, "bvEvereoElglEleiefEbbb"},
                               {9, "bkCnflJjkm"}};

static const glyph box = {8, "bfbtjtjfbf"};

static const glyph *glyph_of(char character)
{
    return character >= FIRST && character <= LAST ? &glyphs[character - FIRST] : &box;
}

/* Where a glyph stands, and with what it is drawn. */
typedef struct pen {
    hrnet_image *image;
    hr_point origin;
    double unit, radius;
    hr_color color;
} pen;

static hr_point point_at(const pen *p, const char *letters)
{
    const int column = letters[0] >= 'a' ? letters[0] - 'b' : letters[0] - 'B', row = letters[1] - 'f';
    return (hr_point){p->origin.x + column * p->unit, p->origin.y - row * p->unit};
}

static void draw_curve(const pen *p, hr_point from, hr_point control, hr_point to)
{
    hr_point last = from;
    for (int i = 1; i <= CURVE_PIECES; i++) {
        const double t = (double)i / CURVE_PIECES, u = 1 - t;
        const hr_point next = {u * u * from.x + 2 * u * t * control.x + t * t * to.x,
                               u * u * from.y + 2 * u * t * control.y + t * t * to.y};
        hr_paint_capsule(p->image, last, next, p->radius, p->color);
        last = next;
    }
}

static void draw_stroke(const pen *p, const char *letters, size_t n)
{
    hr_point at = point_at(p, letters);
    for (size_t i = 2; i + 1 < n; i += 2) {
        const int is_control = letters[i] < 'a';
        if (is_control) i += 2;
        const hr_point to = point_at(p, letters + i);
        if (is_control)
            draw_curve(p, at, point_at(p, letters + i - 2), to);
        else
            hr_paint_capsule(p->image, at, to, p->radius, p->color);
        at = to;
    }
}

double hr_plot_text_width(double size, const char *text)
{
    int units = 0;
    for (const char *c = text; *c != '\0'; c++) units += glyph_of(*c)->width + (c > text ? GAP : 0);
    return units * size / CAPITAL;
}

void hr_plot_text(hrnet_image *image, double x, double y, hr_text_align align, double size, hr_color color,
                  const char *text)
{
    pen p = {image, {x, y}, size / CAPITAL, size * 0.065, color};
    p.origin.x -= hr_plot_text_width(size, text) * (int)align / 2;
    for (const char *c = text; *c != '\0'; c++) {
        const glyph *const g = glyph_of(*c);
        for (const char *stroke = g->strokes; *stroke != '\0';) {
            const size_t n = strcspn(stroke, " ");
            draw_stroke(&p, stroke, n);
            stroke += n + (stroke[n] == ' ');
        }
        p.origin.x += (g->width + GAP) * p.unit;
    }
}
