/* grow.h - arrays that grow while a file is read: doubling, with the failure of the allocation on the way out. */
#ifndef HR_BASE_GROW_H
#define HR_BASE_GROW_H

#include "base/mem.h"

/* Make room for one more entry behind the n that stand in block, or return HRNET_ERR_MEMORY from the calling function
 * (block then stays as it was). */
#define HR_ROOM(block, n, capacity)                                                                                    \
    do {                                                                                                               \
        if ((n) == (capacity)) {                                                                                       \
            const size_t wanted_ = (capacity) != 0 ? (size_t)(capacity)*2 : 64;                                        \
            void *const grown_ = hr_resize((block), (n), wanted_, sizeof *(block));                                    \
            if (grown_ == NULL) return hr_fail_memory(wanted_ * sizeof *(block));                                      \
            (block) = grown_;                                                                                          \
            (capacity) = wanted_;                                                                                      \
        }                                                                                                              \
    } while (0)

#endif
