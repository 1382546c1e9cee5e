/* shipped_detector.S - the detector that ships, as bytes of the library; as shipped_weights.S. */
#include "weights/shipped_detector_hash.h"

        .section .rodata
        .balign 64
        .globl hr_shipped_detector_begin
        .hidden hr_shipped_detector_begin
hr_shipped_detector_begin:
        .incbin SHIPPED_DETECTOR_FILE
        .globl hr_shipped_detector_end
        .hidden hr_shipped_detector_end
hr_shipped_detector_end:
        .byte 0

        .section .note.GNU-stack, "", %progbits
