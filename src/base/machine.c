/* machine.c - memory that is left, as Linux tells it. */
#include "base/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The number behind a name at the beginning of a line; 0 when there is none. */
static uint64_t find_number(const char *path, const char *name)
{
    FILE *const file = fopen(path, "r");
    char line[256];
    uint64_t number = 0;
    const size_t length = strlen(name);
    if (file == NULL) return 0;
    while (number == 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0) sscanf(line + length, "%" SCNu64, &number);
    fclose(file);
    return number;
}

/* A limit of "max" is no number, and none. Cached pages count as used but are given back when somebody needs them. */
static uint64_t cgroup_memory(void)
{
    const uint64_t limit = find_number("/sys/fs/cgroup/memory.max", "");
    const uint64_t used = find_number("/sys/fs/cgroup/memory.current", "");
    const uint64_t cache = find_number("/sys/fs/cgroup/memory.stat", "inactive_file ");
    const uint64_t held = used > cache ? used - cache : 0;
    if (limit == 0) return UINT64_MAX;
    return limit > held ? limit - held : 0;
}

uint64_t hr_machine_memory(void)
{
    const uint64_t available = find_number("/proc/meminfo", "MemAvailable:");
    const uint64_t system = available > 0 ? available * 1024 : UINT64_MAX, group = cgroup_memory();
    return system < group ? system : group;
}
