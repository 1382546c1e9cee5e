#!/bin/sh
# make.sh - colours as files have them: eight patches of 16 x 16 pixels, one frame, without loss, in the matrices, ranges
# and depths of real videos. Made with FFmpeg 5.1; ../../video/test_video_read.c has the patches' colours.
set -eu

cd "$(dirname "$0")"
python3 -c '
patches = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 64, 200), (20, 180, 90), (250, 200, 30)]
row = b"".join(bytes(patch) * 16 for patch in patches)
open("patches.rgb", "wb").write(row * 16)'
make() { # NAME MATRIX RANGE FORMAT MATRIX_TAG
    ffmpeg -v error -y -f rawvideo -pixel_format rgb24 -video_size 128x16 -i patches.rgb \
        -vf "scale=out_color_matrix=$2:out_range=$3:flags=accurate_rnd+full_chroma_int+bitexact,format=$4" \
        -c:v libx264 -qp 0 -x264-params "colormatrix=$5" -color_range "$3" -colorspace "$5" -fflags +bitexact "$1"
}
make bt601.mp4 bt601 tv yuv420p smpte170m
make bt709.mp4 bt709 tv yuv420p bt709
make full_range.mp4 bt601 pc yuvj420p smpte170m
make ten_bits.mp4 bt709 tv yuv420p10le bt709
make full_chroma.mp4 bt709 tv yuv444p bt709
# one second at 25 frames a second without every third frame, B-frames, and sound in AAC
ffmpeg -v error -y -f lavfi -i testsrc=size=64x48:rate=25:duration=1 -f lavfi -i sine=frequency=440:sample_rate=16000:duration=1 \
    -vf "select='mod(n,3)',format=yuv420p" -vsync vfr -c:v libx264 -bf 2 -crf 30 -c:a aac -b:a 16k -fflags +bitexact sound.mp4
rm patches.rgb
