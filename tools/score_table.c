/* score_table.c - _print_name_value of upstream's function.py. */
#include "score_table.h"

#include <stdio.h>
#include <string.h>

void score_table_print(const char *arch, const char *const *names, const double *values, int n)
{
    printf("| Arch");
    for (int i = 0; i < n; i++) printf(" | %s", names[i]);
    printf(" |\n|");
    for (int i = 0; i <= n; i++) printf("---|");
    printf(strlen(arch) > 15 ? "\n| %.8s..." : "\n| %s", arch);
    for (int i = 0; i < n; i++) printf(" | %.3f", values[i]);
    printf(" |\n");
}
