/* image_exif.c - the orientation tag of an EXIF block, through libexif. */
#include <libexif/exif-data.h>
#include <string.h>

#include "base/mem.h"
#include "io/image/image.h"

enum { EXIF_HEAD = 6, MAX_EXIF = 1 << 16 };

/* libexif leaves out what it has no memory for and says nothing, so a picture would silently stay unturned. Its
 * allocations are ours, and remember that one failed. They have no context of their own: hence the thread's variable.
 */
static _Thread_local int ran_out;

/* In front of every block, for reallocate; as large as the alignment. */
typedef struct block_head {
    _Alignas(HR_ALIGN) size_t n_bytes;
} block_head;

static void *allocate(ExifLong n_bytes)
{
    block_head *const head = hr_calloc(1, sizeof *head + n_bytes);
    if (head == NULL) {
        ran_out = 1;
        return NULL;
    }
    head->n_bytes = n_bytes;
    return head + 1;
}

static void release(void *block)
{
    if (block != NULL) hr_free((block_head *)block - 1);
}

static void *reallocate(void *block, ExifLong n_bytes)
{
    void *const grown = allocate(n_bytes);
    if (grown == NULL || block == NULL) return grown;
    const size_t n_old = ((block_head *)block - 1)->n_bytes;
    memcpy(grown, block, n_old < n_bytes ? n_old : n_bytes);
    release(block);
    return grown;
}

int hr_exif_orientation(const unsigned char *data, size_t size)
{
    static const unsigned char head[EXIF_HEAD] = "Exif\0";
    unsigned char block[EXIF_HEAD + MAX_EXIF];
    /* libexif expects the head, which JPEG files have and PNG and WebP files leave out. A long block may be cut: the
     * tag stands near its start, a thumbnail at its end. */
    const int headed = size >= EXIF_HEAD && memcmp(data, head, EXIF_HEAD) == 0;
    const size_t used = size < MAX_EXIF ? size : MAX_EXIF;
    const size_t offset = headed ? 0 : EXIF_HEAD;
    if (used == 0) return 1;
    memcpy(block, head, EXIF_HEAD);
    memcpy(block + offset, data, used);
    ran_out = 0;
    ExifMem *const memory = exif_mem_new(allocate, reallocate, release);
    ExifData *const exif = memory != NULL ? exif_data_new_mem(memory) : NULL;
    if (memory != NULL) exif_mem_unref(memory); /* exif has its own reference */
    if (exif == NULL) return HR_EXIF_NO_MEMORY;
    exif_data_load_data(exif, block, (unsigned)(offset + used));
    const ExifEntry *entry = exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    int orientation = 1;
    if (entry != NULL && entry->format == EXIF_FORMAT_SHORT && entry->size >= 2)
        orientation = exif_get_short(entry->data, exif_data_get_byte_order(exif));
    exif_data_unref(exif);
    if (ran_out) return HR_EXIF_NO_MEMORY;
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}
