/* config_names.c - finding a published experiment by name. */
#include "config/config_names.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"

const char *const *hrnet_config_names(void)
{
    return hr_builtin_names;
}

/* The part of name that an experiment's name can match: [*out_begin, + return value). */
static size_t bare_name(const char *name, const char **out_begin)
{
    static const char *const folders[] = {"./", "experiments/", "configs/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (strncmp(name, folders[i], strlen(folders[i])) == 0) name += strlen(folders[i]);
    *out_begin = name;
    const size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".yaml") == 0 ? length - 5 : length;
}

/* The failure that lists the experiments beginning with [begin, + length). */
static hrnet_status fail_with_candidates(const char *name, const char *begin, size_t length, const char *what)
{
    hr_text list = {0};
    for (int i = 0; hr_builtin_names[i] != NULL; i++)
        if (strncmp(hr_builtin_names[i], begin, length) == 0) hr_text_add(&list, "\n  %s", hr_builtin_names[i]);
    char *text;
    HR_TRY(hr_text_take(&list, &text));
    const hrnet_status status = hr_fail(HRNET_ERR_CONFIG, "%s: %s:%s", name, what, text);
    hr_free(text);
    return status;
}

hrnet_status hr_builtin_find(const char *name, int *out_index)
{
    const char *begin;
    const size_t length = bare_name(name, &begin);
    int n_found = 0, found = 0;
    for (int i = 0; hr_builtin_names[i] != NULL; i++) {
        if (strncmp(hr_builtin_names[i], begin, length) != 0) continue;
        n_found++;
        found = i;
        if (hr_builtin_names[i][length] == '\0') {
            n_found = 1;
            break;
        }
    }
    if (n_found == 0)
        return fail_with_candidates(name, "", 0, "neither a file nor a published experiment; the experiments are");
    if (n_found > 1)
        return fail_with_candidates(name, begin, length, "expected one published experiment, found several");
    *out_index = found;
    return HRNET_OK;
}
