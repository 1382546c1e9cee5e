/*
 * zip_names.h - looks at the names of a zip archive before libzip does. libzip keeps them in a hash table whose sum is
 * fixed (h = h * 33 + byte), so names that all have one sum are easily made ("Ez" and "FY"), and a megabyte of them
 * takes it minutes: every name is compared with all before it.
 */
#ifndef HR_IO_ZIP_NAMES_H
#define HR_IO_ZIP_NAMES_H

#include "io/tensors/store.h"

/* HRNET_ERR_LIMIT if the archive's names would take libzip more comparisons than about 16 a name, or are more than
 * 2^22. What is no archive, or a broken one, is left to libzip, which says what is wrong with it.
 * *has_end (NULL: not asked): whether the file ends as an archive does, with the record that names its directory; of a
 * download that broke off this is missing. */
hrnet_status hr_zip_check_names(const hr_source *source, int *has_end);

#endif
