/*
 * inputs.h - the pictures that a command line names: files, folders, patterns, lists, standard input. It names them
 * only; whether one can be read shows when it is loaded.
 */
#ifndef TOOLS_INPUTS_H
#define TOOLS_INPUTS_H

#include <stddef.h>

typedef struct inputs {
    int is_recursive; /* set by the caller: folders below folders are looked into */
    char **paths;     /* [n], "-" for standard input */
    char **below;     /* [n], where outputs belong below the folder of outputs, see inputs_below */
    size_t n;
    char **files; /* [n_files]: other files that are read: lists, and what inputs_note added */
    size_t n_files;
    int n_folders;
    int n_failed; /* arguments that named nothing; each was reported */
} inputs;

/* What one argument stands for:
 *   "-"                one picture on standard input
 *   a folder           the pictures in it by name, and in the folders below it if is_recursive
 *   "@LIST" or *.txt   a file with one path a line, as seen from the current folder; empty lines are skipped
 *   a pattern (* ? [)  the files it matches, by name, unless a file has that very name
 *   anything else      itself
 * Of a folder and a pattern, outputs of an earlier run are passed over: X_pose.jpg beside X_pose.json (or .jsonl, .csv,
 * X_keypoints.json), X_boxes.jpg beside X_boxes.json, X_heatmaps.jpg beside X_heatmaps.npy. What a folder has besides
 * pictures is told of by kind and number. Hidden files are passed over. Links to folders are not followed. */
void inputs_add(inputs *in, const char *argument);

/* Note a file that is read too; NULL is none. An output must not be one of them. */
void inputs_note(inputs *in, const char *path);

/* Where the outputs of picture i belong below the folder of outputs: "walk/001.jpg" of a picture of a folder is its
 * path in that folder, behind the folder's own name if several were named; of any other picture it is its name alone.
 */
const char *inputs_below(const inputs *in, size_t i);

void inputs_free(inputs *in);

#endif
