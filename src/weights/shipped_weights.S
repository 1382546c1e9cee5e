/*
 * shipped_weights.S - the model that ships, as bytes of the library (shipped.h): the assembler reads the file, where a
 * C array of 11 MB would take the compiler minutes. SHIPPED_FILE is its path, in quotes. Written for the C preprocessor
 * and the assemblers of gcc and clang, on every machine with ELF.
 */
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

/* Without this note the linker gives the whole program a stack that can be executed. */
        .section .note.GNU-stack, "", %progbits
