#!/bin/sh
# embed-weights.sh FILE.safetensors - print C source that puts the file's bytes into the library (src/weights/checkpoint.h), by
# the assembler: as an array the 11 MB would take the compiler minutes.
set -eu
file=$(realpath "$1")
cat <<END
/* Made by scripts/embed-weights.sh; sha256 of the file: $(sha256sum "$file" | cut -d ' ' -f 1). */
__asm__(".section .rodata\n"
        ".balign 64\n"
        ".globl hr_shipped_weights\n"
        ".hidden hr_shipped_weights\n"
        "hr_shipped_weights:\n"
        ".incbin \"$file\"\n"
        ".globl hr_shipped_weights_end\n"
        ".hidden hr_shipped_weights_end\n"
        "hr_shipped_weights_end:\n"
        ".byte 0\n"
        ".previous\n");
END
