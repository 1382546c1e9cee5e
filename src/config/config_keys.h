/*
 * config_keys.h - every key of the published schema in one table: its path, type, place in hr_config, range, published
 * default. Defaults, parsing, overrides, get and dump all walk this table; no key has code of its own.
 */
#ifndef HR_CONFIG_CONFIG_KEYS_H
#define HR_CONFIG_CONFIG_KEYS_H

#include "base/text.h"
#include "io/yaml.h"
#include "config/config.h"

typedef enum hr_key_type {
    HR_KEY_BOOL,   /* int, 0 or 1 */
    HR_KEY_INT,    /* int */
    HR_KEY_FLOAT,  /* double, written with a point or exponent: yacs wants to read a float again */
    HR_KEY_NUMBER, /* double, written like an int when it is whole: an int in the published schema */
    HR_KEY_STRING, /* char[size] */
    HR_KEY_BLOCK,  /* hr_block */
    HR_KEY_INTS,   /* int[size / sizeof(int)] */
    HR_KEY_NAMES,  /* char[..][HR_NAME_SIZE], size bytes in all */
    HR_KEY_PAIRS,  /* the same, two a pair: a mapping from names to names */
    HR_KEY_SETS    /* hr_set_config[..]: a list of mappings whose keys are hr_set_keys */
} hr_key_type;

enum { HR_NAME_SIZE = 64, HR_KEY_MAX_PATH = 128 };

typedef struct hr_key {
    const char *path; /* "MODEL.EXTRA.STAGE2.NUM_BLOCKS" */
    hr_key_type type;
    size_t offset, size;  /* of the value in hr_config (of hr_set_keys: in hr_set_config), bytes */
    size_t count_offset;  /* lists: of the int that counts their entries; 0: they are full, or end at the first 0 */
    int min_count;        /* lists: the fewest entries */
    double low, high;     /* numbers: the range, both ends included; all 0: any finite number */
    const char *standard; /* the published default, spelled as a YAML scalar */
    const char *family;   /* under MODEL.EXTRA: the network that needs the key; NULL: each */
    const char *note;     /* why the key does nothing; NULL: it does something */
} hr_key;

extern const hr_key hr_keys[];
extern const int hr_n_keys;

/* Keys of an entry of DATASET.MORE_SETS. */
extern const hr_key hr_set_keys[];
extern const int hr_n_set_keys;

/* The key at path, or NULL. */
const hr_key *hr_key_find(const char *path);
/* Whether keys exist below path ("MODEL.EXTRA"). */
int hr_key_is_section(const char *path);
/* The path of the key that is most likely meant by an unknown one, or NULL. */
const char *hr_key_nearest(const char *path);

/* Set the key's value from a YAML node, with yacs's rules: a scalar that spells a Python tuple or list is one, bool,
 * int and text do not stand for each other; beyond yacs an int may stand for a float. owner: the hr_config, or the
 * hr_set_config of a key of hr_set_keys. where ("FILE:LINE") begins the message of HRNET_ERR_CONFIG. After a failure
 * the key's value is unspecified. Allocates nothing. */
hrnet_status hr_key_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where);

/* Append the key's value as a YAML flow value; reading it again gives the same value. */
void hr_key_write(const hr_key *key, const void *owner, hr_text *out);

/* Number of entries in a list key. */
int hr_key_count(const hr_key *key, const void *owner);

/* hr_key_set and hr_key_write of HR_KEY_PAIRS and HR_KEY_SETS. */
hrnet_status hr_pairs_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where);
hrnet_status hr_sets_set(const hr_key *key, void *owner, const hr_yaml *node, const char *where);
void hr_pairs_write(const hr_key *key, const void *owner, hr_text *out);
void hr_sets_write(const hr_key *key, const void *owner, hr_text *out);

/* Whether a number is one that the key may have. */
static inline int hr_key_in_range(const hr_key *key, double value)
{
    return (key->low == 0 && key->high == 0) || (value >= key->low && value <= key->high);
}

/* Check the numbers of every key against its range; for configurations that were not read from text. */
hrnet_status hr_key_check_ranges(const hr_config *config);

#endif
