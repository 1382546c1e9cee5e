/* mat_format.h - the numbers of MATLAB's level 5 format, for its reader and its writer. */
#ifndef HR_IO_MAT_FORMAT_H
#define HR_IO_MAT_FORMAT_H

enum { HR_MAT_HEADER = 128 }; /* text, then version and byte order in the last four bytes */

/* types of elements */
enum {
    HR_MI_INT8 = 1,
    HR_MI_UINT8,
    HR_MI_INT16,
    HR_MI_UINT16,
    HR_MI_INT32,
    HR_MI_UINT32,
    HR_MI_SINGLE,
    HR_MI_DOUBLE = 9,
    HR_MI_INT64 = 12,
    HR_MI_UINT64,
    HR_MI_MATRIX,
    HR_MI_COMPRESSED,
    HR_MI_UTF8,
    HR_MI_UTF16
};

/* classes of arrays; the numeric ones are DOUBLE to UINT64 */
enum { HR_MX_CELL = 1, HR_MX_CHAR = 4, HR_MX_DOUBLE = 6, HR_MX_SINGLE = 7, HR_MX_UINT64 = 15 };
enum { HR_MX_COMPLEX = 0x800 };

#endif
