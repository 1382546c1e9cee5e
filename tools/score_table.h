/* score_table.h - the table that upstream prints below an evaluation. */
#ifndef TOOLS_SCORE_TABLE_H
#define TOOLS_SCORE_TABLE_H

/* "| Arch | AP | ..." and one row of n values with three decimals; an arch of more than 15 characters is cut to 8. */
void score_table_print(const char *arch, const char *const *names, const double *values, int n);

#endif
