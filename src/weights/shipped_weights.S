/*
 * shipped_weights.S - the networks that ship, as bytes of the library (shipped.c): the assembler reads the files, where
 * C arrays of so many MB would take the compiler minutes. SHIPPED_FILE and SHIPPED_DETECTOR_FILE are their paths, in
 * quotes. Written for the C preprocessor and the assemblers of gcc and clang, on every machine with ELF.
 */
#include "weights/shipped_detector_hash.h"
#include "weights/shipped_weights_hash.h"

        .section .rodata
        .balign 64
        .globl hr_shipped_begin
        .hidden hr_shipped_begin
hr_shipped_begin:
        .incbin SHIPPED_FILE
        .globl hr_shipped_end
        .hidden hr_shipped_end
hr_shipped_end:
        .byte 0

        .balign 64
        .globl hr_shipped_detector_begin
        .hidden hr_shipped_detector_begin
hr_shipped_detector_begin:
        .incbin SHIPPED_DETECTOR_FILE
        .globl hr_shipped_detector_end
        .hidden hr_shipped_detector_end
hr_shipped_detector_end:
        .byte 0

/* Without this note the linker gives the whole program a stack that can be executed. */
        .section .note.GNU-stack, "", %progbits
