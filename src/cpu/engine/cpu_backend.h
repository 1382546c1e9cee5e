/* cpu_backend.h - the CPU behind graph/backend.h: an engine as network, executors of recent sizes as runner. */
#ifndef HR_CPU_ENGINE_CPU_BACKEND_H
#define HR_CPU_ENGINE_CPU_BACKEND_H

#include "graph/backend.h"

extern const hr_backend hr_cpu_backend; /* "cpu" */

#endif
