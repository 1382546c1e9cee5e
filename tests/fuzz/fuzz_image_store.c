/* fuzz_image_store.c - archives of pictures: any bytes as a zip file, read by name. */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/image_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a.png", "set/b.png", "../c.png", ""};
    char path[64];
    hr_image_store *store = NULL;
    const int fd = memfd_create("archive", MFD_CLOEXEC);
    if (fd < 0) return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size && hr_image_store_open(&store, path, 1) == HRNET_OK) {
        for (int i = 0; i < 4; i++) {
            hr_bytes bytes;
            if (hr_image_store_read(store, 0, names[i], &bytes) == HRNET_OK) hr_free(bytes.data);
        }
        hr_image_store_close(store);
    }
    close(fd);
    return 0;
}
