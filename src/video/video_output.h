/*
 * video_output.h - the file that a video is written into. Containers write their index at the end, and go back to
 * correct their head, so that a disk that becomes full would leave a file that no program plays. Space for the end is
 * therefore allocated before it is needed:
 *
 *   0 .. size                  written
 *   size .. size + reserve     allocated on the disk
 *
 * When the reserve cannot be had any more the output has failed, which its writer asks after every packet; what it then
 * still writes, the index, goes into the reserve. The surplus is cut off at the end.
 */
#ifndef HR_VIDEO_VIDEO_OUTPUT_H
#define HR_VIDEO_VIDEO_OUTPUT_H

#include "base/file.h"
#include "video/video_module.h"

/* Zeroed: none. */
typedef struct hr_video_output {
    hr_file file;
    int fd, is_seekable;
    int64_t position, size;
    int64_t reserve, allocated; /* bytes wanted behind size; bytes of the file that are known to be allocated */
    int can_allocate;
    int failure; /* errno of the first failure, or 0 */
} hr_video_output;

/* Begin to write path ("-": standard output). HRNET_ERR_IO. */
hrnet_status hr_video_output_create(hr_video_output *output, const char *path);

/* The output as the module's sink; output must stay where it is. */
hr_video_sink hr_video_output_sink(hr_video_output *output);

/* Finish the file under its name, even if the output has failed. HRNET_ERR_IO. */
hrnet_status hr_video_output_commit(hr_video_output *output);

/* Harmless on an empty output. */
void hr_video_output_abandon(hr_video_output *output);

#endif
