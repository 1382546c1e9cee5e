/* copy_video.c - copy_video IN OUT [FROM TO [EVERY [FRAMES]]]: a video by way of the library, with its audio; the
 * number of frames goes to standard output. */
#include <hrnet_video.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static void print_line(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "%s\n", line);
}

int main(int argc, char **argv)
{
    const hrnet_video_options in = {.keep_audio = 1,
                                    .from = argc > 3 ? atof(argv[3]) : 0,
                                    .to = argc > 4 ? atof(argv[4]) : 0,
                                    .every = argc > 5 ? atoi(argv[5]) : 0,
                                    .on_message = print_line};
    const int most = argc > 6 ? atoi(argv[6]) : INT_MAX;
    hrnet_video *video = NULL;
    hrnet_video_writer *writer = NULL;
    hrnet_frame frame;
    int n = 0;
    hrnet_status status = argc > 2 ? hrnet_video_open(&video, argv[1], &in) : HRNET_ERR_ARGUMENT;
    const hrnet_video_writer_options out = {.source = video, .on_message = print_line};
    if (status == HRNET_OK) status = hrnet_video_writer_open(&writer, argv[2], &out);
    while (status == HRNET_OK && n < most && (status = hrnet_video_next(video, &frame)) == HRNET_OK &&
           frame.pixels.width > 0) {
        status = hrnet_video_writer_write(writer, &frame.pixels, frame.pts);
        n++;
    }
    if (writer != NULL && status == HRNET_OK) status = hrnet_video_writer_finish(writer);
    if (status != HRNET_OK) fprintf(stderr, "%s\n", hrnet_last_error());
    hrnet_video_writer_free(writer);
    hrnet_video_free(video);
    printf("%d\n", n);
    return status != HRNET_OK;
}
