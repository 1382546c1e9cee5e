/* freeze.c - which parameters the entries of TRAIN.FREEZE name. */
#include "train/freeze.h"

#include <fnmatch.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* Whether the entry is the parameter's name, a module above it, or a pattern that fits it. */
static int names(const char *entry, const char *param)
{
    const size_t n = strlen(entry);
    if (n > 0 && strncmp(entry, param, n) == 0 && (param[n] == '\0' || param[n] == '.')) return 1;
    return fnmatch(entry, param, 0) == 0;
}

/* "no tensor ... has that name", with the modules that there are. */
static hrnet_status fail_unknown(const hr_graph *graph, const char *entry)
{
    enum { MOST = 400 };
    hr_text list = {0};
    char *text;
    const char *last = "";
    for (int i = 0; i < graph->n_params && list.length < MOST; i++) {
        const char *const name = graph->params[i].name;
        const size_t n = strcspn(name, ".");
        if (strncmp(last, name, n + 1) != 0) hr_text_add(&list, "%s%.*s", i > 0 ? ", " : "", (int)n, name);
        last = name;
    }
    HR_TRY(hr_text_take(&list, &text));
    const hrnet_status status = hr_fail(HRNET_ERR_CONFIG,
                                        "TRAIN.FREEZE: \"%s\": expected the name of a tensor or module of the network "
                                        "or a pattern of them, found none that fits; its modules are %s",
                                        entry, text);
    hr_free(text);
    return status;
}

/* Norms with frozen weight and bias, or with frozen statistics, keep all of their statistics. A norm's parameters
 * follow each other: weight, bias, mean, variance, count. */
static void freeze_statistics(unsigned char *frozen, const hr_graph *graph)
{
    for (int i = 0; i + 4 < graph->n_params; i++) {
        if (graph->params[i].kind != HR_PARAM_NORM_WEIGHT) continue;
        if ((frozen[i] && frozen[i + 1]) || frozen[i + 2] || frozen[i + 3]) memset(frozen + i + 2, 1, 3);
    }
}

static hrnet_status mark(unsigned char *frozen, const hr_graph *graph, const hr_train_config *config)
{
    int n_left = 0;
    for (int k = 0; k < config->n_freeze; k++) {
        int n = 0;
        for (int i = 0; i < graph->n_params; i++) {
            if (!names(config->freeze[k], graph->params[i].name)) continue;
            frozen[i] = 1;
            n++;
        }
        if (n == 0) return fail_unknown(graph, config->freeze[k]);
    }
    freeze_statistics(frozen, graph);
    for (int i = 0; i < graph->n_params; i++) n_left += !frozen[i] && graph->params[i].kind <= HR_PARAM_NORM_BIAS;
    return n_left > 0 ? HRNET_OK : hr_fail(HRNET_ERR_CONFIG, "TRAIN.FREEZE: nothing is left that learns");
}

hrnet_status hr_freeze_choose(unsigned char **out, const hr_graph *graph, const hr_train_config *config)
{
    unsigned char *frozen;
    *out = NULL;
    if (config->n_freeze == 0) return HRNET_OK;
    HR_NEW(frozen, (size_t)graph->n_params);
    const hrnet_status status = mark(frozen, graph, config);
    if (status == HRNET_OK)
        *out = frozen;
    else
        hr_free(frozen);
    return status;
}
