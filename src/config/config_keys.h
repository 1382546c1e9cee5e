/*
 * config_keys.h - the table of all keys: path, type, offset of the value in hr_config, range, published default.
 * Setting defaults, parsing, overrides, get and dump all iterate over this table; no key has code of its own. A new key
 * is a member of config.h and a row in config_keys.c.
 */
#ifndef HR_CONFIG_CONFIG_KEYS_H
#define HR_CONFIG_CONFIG_KEYS_H

#include "base/text.h"
#include "io/yaml.h"
#include "config/config.h"

typedef enum hr_key_type {
    HR_KEY_BOOL,   /* int, 0 or 1 */
    HR_KEY_INT,    /* int */
    HR_KEY_FLOAT,  /* double, written with a point or exponent: yacs must read it as a float again */
    HR_KEY_NUMBER, /* double, written without a point if it is whole: the published schema has an int */
    HR_KEY_STRING, /* char[size], NUL-terminated and filled with NULs */
    HR_KEY_BLOCK,  /* hr_block */
    HR_KEY_INTS,   /* int[size / sizeof(int)] */
    HR_KEY_NAMES,  /* char[][HR_NAME_SIZE], size bytes in all */
    HR_KEY_PAIRS,  /* char[][2][HR_NAME_SIZE]: a mapping from names to names */
    HR_KEY_SETS    /* hr_set_config[]: a list of mappings whose keys are hr_set_keys */
} hr_key_type;

enum { HR_NAME_SIZE = 64, HR_KEY_MAX_PATH = 128 };

typedef struct hr_key {
    const char *path; /* "MODEL.EXTRA.STAGE2.NUM_BLOCKS" */
    hr_key_type type;
    size_t offset, size;  /* of the value in hr_config (for hr_set_keys: in hr_set_config), in bytes */
    size_t count_offset;  /* lists: offset of the int that counts the entries; 0: the list ends at its first 0 */
    int min_count;        /* lists: the smallest number of entries */
    double low, high;     /* numbers: the range, both ends included; both 0: any finite number */
    const char *standard; /* the published default, as a YAML scalar */
    int families;         /* the networks that have the key (hr_family, together); 0: all have it */
    const char *note;     /* why the key does nothing; NULL: it does something */
} hr_key;

extern const hr_key hr_keys[];
extern const int hr_n_keys;

/* Keys of an entry of DATASET.MORE_SETS. */
extern const hr_key hr_set_keys[];
extern const int hr_n_set_keys;

/* The key with that path in hr_keys, or NULL. */
const hr_key *hr_key_find(const char *path);
/* Whether path ("MODEL.EXTRA") is a prefix of the paths of keys. */
int hr_key_is_section(const char *path);
/* A suggestion for an unknown path: the path of the key that is spelled most alike, or NULL if none is close. */
const char *hr_key_nearest(const char *path);

/* In the functions below owner is the hr_config, or for a key of hr_set_keys the hr_set_config. */

/* Set the key's value from a YAML node by the rules of yacs: text that spells a Python tuple or list is one; a bool, an
 * int and text are not converted into each other. One rule is added: an int may be given for a float. HRNET_ERR_CONFIG
 * or HRNET_ERR_LIMIT; the message begins with where ("FILE:LINE"). After a failure the value is unspecified. Allocates
 * nothing. */
hrnet_status hr_key_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where);

/* Append the key's value in YAML's flow style, on one line. Reading it again gives the same value. */
void hr_key_write(const hr_key *key, const void *owner, hr_text *out);

/* Number of entries of a list. */
int hr_key_count(const hr_key *key, const void *owner);

/* hr_key_set and hr_key_write for HR_KEY_PAIRS and HR_KEY_SETS (config_sets.c). */
hrnet_status hr_pairs_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where);
hrnet_status hr_sets_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where);
void hr_pairs_write(const hr_key *key, const void *owner, hr_text *out);
void hr_sets_write(const hr_key *key, const void *owner, hr_text *out);

/* Whether a number is inside the key's range. */
static inline int hr_key_in_range(const hr_key *key, double value)
{
    return (key->low == 0 && key->high == 0) || (value >= key->low && value <= key->high);
}

/* Check every number against its key's range: a hrnet_config that was changed in memory, not by hr_key_set, may be
 * outside. HRNET_ERR_CONFIG names the key. */
hrnet_status hr_key_check_ranges(const hr_config *config);

#endif
