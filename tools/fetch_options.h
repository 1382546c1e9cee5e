/* fetch_options.h - names of published weights in place of files: from the cache, or fetched after asking. */
#ifndef TOOLS_FETCH_OPTIONS_H
#define TOOLS_FETCH_OPTIONS_H

#include <hrnet_fetch.h>

#include "detector_options.h"
#include "progress.h"

/* How far a fetch is, on standard error. */
typedef struct fetch_view {
    progress line;
    int quiet, is_begun, forced; /* forced: also where standard error is no terminal */
} fetch_view;

/* hrnet_fetch with messages and progress on standard error. *path: freed by hrnet_string_free. Returns 0, or
 * STATUS_FAILED after a message. */
int fetch_entry(char **path, const hrnet_published *entry, hrnet_fetch_options options, fetch_view *view);

/* If *file (NULL: nothing to do) is no file but the name of published weights, make it the path of that file in the
 * cache; fetched, if it is not there, when yes is set or somebody at the terminal says so. *entry (may be NULL) becomes
 * what it is, or NULL if *file is a file. The path stays until the program ends. given_to: the option
 * ("--model"), for messages. Returns 0, or an exit status after a message: another kind of network than kind (-1: any),
 * nobody to ask, a name near to one of the table. */
int fetch_named(const char **file, const hrnet_published **entry, const char *given_to, int kind, int yes, int quiet);

/* The same for --model, with the experiment that goes with it unless --config was given. *overrides, the KEY VALUE
 * pairs of the command line, then begin with those of the experiment. */
int fetch_model(network_settings *settings, int kind, const char ***overrides);
/* And for --detector. */
int fetch_detector(detector_settings *settings, int yes, int quiet);

/* The name of published weights that is nearest in spelling, or NULL. */
const char *fetch_nearest(const char *name);

#endif
