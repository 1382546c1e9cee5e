/* libav_palette.c - the filters that make palettes. */
#include "video/libav/libav_palette.h"

#include <stdio.h>

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>

struct hr_libav_palette {
    const hr_video_host *host;
    AVFilterGraph *graph;
    AVFilterContext *source, *sink;
};

static int connect(hr_libav_palette *palette, const char *about)
{
    static const char chain[] = "[in]split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1[out]";
    AVFilterInOut *in = avfilter_inout_alloc(), *out = avfilter_inout_alloc();
    int error = palette->graph != NULL && in != NULL && out != NULL ? 0 : AVERROR(ENOMEM);
    if (error >= 0)
        error = avfilter_graph_create_filter(&palette->source, avfilter_get_by_name("buffer"), "in", about, NULL,
                                             palette->graph);
    if (error >= 0)
        error = avfilter_graph_create_filter(&palette->sink, avfilter_get_by_name("buffersink"), "out", NULL, NULL,
                                             palette->graph);
    if (error >= 0) {
        /* seen from the chain, its input is our source's output */
        *out = (AVFilterInOut){.name = av_strdup("out"), .filter_ctx = palette->sink};
        *in = (AVFilterInOut){.name = av_strdup("in"), .filter_ctx = palette->source};
        error = in->name != NULL && out->name != NULL ? avfilter_graph_parse_ptr(palette->graph, chain, &out, &in, NULL)
                                                      : AVERROR(ENOMEM);
    }
    if (error >= 0) error = avfilter_graph_config(palette->graph, NULL);
    avfilter_inout_free(&in);
    avfilter_inout_free(&out);
    return error;
}

hrnet_status hr_libav_palette_create(hr_libav_palette **out, const hr_video_host *host, int width, int height,
                                     AVRational time_base)
{
    char about[128];
    hr_libav_palette *palette = host->alloc(1, sizeof *palette);
    if (palette == NULL) return hr_libav_fail_memory(host);
    palette->host = host;
    palette->graph = avfilter_graph_alloc();
    if (palette->graph != NULL) palette->graph->nb_threads = 1;
    snprintf(about, sizeof about, "video_size=%dx%d:pix_fmt=%d:time_base=%d/%d", width, height, AV_PIX_FMT_RGB24,
             time_base.num, time_base.den);
    const int error = connect(palette, about);
    if (error >= 0) {
        *out = palette;
        return HRNET_OK;
    }
    hr_libav_palette_free(palette);
    return hr_libav_fail_error(host, error, "cannot make palettes by FFmpeg's filters");
}

int hr_libav_palette_put(hr_libav_palette *palette, AVFrame *frame)
{
    return av_buffersrc_add_frame_flags(palette->source, frame, AV_BUFFERSRC_FLAG_KEEP_REF);
}

int hr_libav_palette_take(hr_libav_palette *palette, AVFrame *out)
{
    return av_buffersink_get_frame(palette->sink, out);
}

void hr_libav_palette_free(hr_libav_palette *palette)
{
    if (palette == NULL) return;
    avfilter_graph_free(&palette->graph);
    palette->host->release(palette);
}
