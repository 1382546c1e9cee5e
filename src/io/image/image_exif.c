/* image_exif.c - the orientation tag of an EXIF block, through libexif. */
#include <libexif/exif-data.h>
#include <string.h>

#include "io/image/image.h"

enum { EXIF_HEAD = 6, MAX_EXIF = 1 << 16 };

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
    ExifData *exif = exif_data_new();
    if (exif == NULL) return 1;
    exif_data_load_data(exif, block, (unsigned)(offset + used));
    const ExifEntry *entry = exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    int orientation = 1;
    if (entry != NULL && entry->format == EXIF_FORMAT_SHORT && entry->size >= 2)
        orientation = exif_get_short(entry->data, exif_data_get_byte_order(exif));
    exif_data_unref(exif);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}
