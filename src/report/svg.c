/* svg.c - markup as text, and the style sheet of all charts. */
#include "report/svg.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/* Okabe and Ito's colours first, then three of Tol's. */
static const char begin[] =
    "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' viewBox='0 0 %d %d'>\n<title>%s</title>\n"
    "<style>\n"
    "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans',"
    "sans-serif;font-variant-numeric:tabular-nums;fill:#282c34}\n"
    "text.title{font-size:15px;font-weight:600}.note{fill:#6a707a}.middle{text-anchor:middle}.end{text-anchor:end}\n"
    "path,line{fill:none;stroke:currentColor;stroke-linecap:round;stroke-linejoin:round}rect{fill:currentColor}\n"
    ".grid{color:#e6e8ec}.axis{color:#9ca2ac}.curve{stroke-width:1.8}.pale{stroke-opacity:.25}.dots{stroke-width:4}\n"
    ".c0{color:#0072b2}.c1{color:#d55e00}.c2{color:#009e73}.c3{color:#cc79a7}.c4{color:#e69f00}\n"
    ".c5{color:#56b4e9}.c6{color:#282c34}.c7{color:#882255}.c8{color:#999933}.c9{color:#888888}\n"
    "</style>\n<rect width='%d' height='%d' color='#fff'/>\n";

void hr_svg_begin(hr_text *svg, int width, int height, const char *title)
{
    hr_svg_add(svg, begin, width, height, width, height, title, width, height);
}

/* Bytes of the character at c if it is well-formed UTF-8 (the Unicode standard, table 3-7) that XML allows, else 0. */
static size_t character_size(const unsigned char *c)
{
    if (c[0] < 0x80) return c[0] >= 0x20;
    if (c[0] < 0xc2 || c[0] > 0xf4) return 0;
    const size_t n = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80) return 0;
    if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90)) return 0;   /* longer than needed */
    if ((c[0] == 0xed && c[1] >= 0xa0) || (c[0] == 0xf4 && c[1] >= 0x90)) return 0; /* surrogates, beyond the last */
    return c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe ? 0 : n;                    /* U+FFFE, U+FFFF */
}

static void add_escaped(hr_text *svg, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0';) {
        const size_t n = character_size(c);
        if (n == 0)
            hr_text_add(svg, "\xEF\xBF\xBD");
        else if (strchr("&<>'\"", *c) != NULL)
            hr_text_add(svg, "&#%d;", *c);
        else
            hr_text_add_bytes(svg, c, n);
        c += n > 0 ? n : 1;
    }
}

static void add_tenths(hr_text *svg, double value)
{
    const long tenths = lrint(fmin(fmax(value, -1e6), 1e6) * 10), rest = labs(tenths) % 10;
    hr_text_add(svg, "%s%ld", tenths < 0 ? "-" : "", labs(tenths) / 10);
    if (rest != 0) hr_text_add(svg, ".%ld", rest);
}

void hr_svg_add(hr_text *svg, const char *format, ...)
{
    va_list holes;
    va_start(holes, format);
    while (*format != '\0') {
        const size_t n = strcspn(format, "%");
        hr_text_add_bytes(svg, format, n);
        format += n;
        if (format[0] == '\0') break;
        if (format[1] == '%') hr_text_add_bytes(svg, "%", 1);
        if (format[1] == 'f') add_tenths(svg, va_arg(holes, double));
        if (format[1] == 'd') hr_text_add(svg, "%d", va_arg(holes, int));
        if (format[1] == 'l') hr_text_add(svg, "%lld", va_arg(holes, long long));
        if (format[1] == 's') add_escaped(svg, va_arg(holes, const char *));
        format += format[1] == 'l' ? 4 : 2;
    }
    va_end(holes);
}

void hr_svg_point(hr_text *svg, int is_first, double x, double y)
{
    if (is_first) hr_svg_add(svg, "M%f %fL", x, y); /* and a line to itself: with round ends a dot */
    hr_svg_add(svg, is_first ? "%f %f" : " %f %f", x, y);
}

hrnet_status hr_svg_save(hr_text *svg, const char *path)
{
    hr_file file;
    hr_text_add(svg, "</svg>\n");
    hrnet_status status = svg->failed ? hr_fail_memory(svg->capacity * 2) : hr_file_create(&file, path);
    if (status == HRNET_OK) {
        /* a write that fails leaves its mark on the stream, which commit looks at */
        fwrite(svg->data, 1, svg->length, file.stream);
        status = hr_file_commit(&file);
    }
    hr_text_free(svg);
    return status;
}
