/* machine.h - how much memory there is to take. */
#ifndef HR_BASE_MACHINE_H
#define HR_BASE_MACHINE_H

#include <stdint.h>

/* Bytes that this process may still take before the system or its cgroup (version 2) runs out; UINT64_MAX when neither
 * says. */
uint64_t hr_machine_memory(void);

#endif
