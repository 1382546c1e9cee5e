/*
 * sides.c - left and right in the names of keypoints, and so the pairs that a mirror exchanges. Annotation tools,
 * datasets and people spell sides in many ways. A name is cut into words at every character that is no letter and no
 * digit, between letters and digits, and where capitals begin a word ("leftEye", "LEye"); a side is then one of
 *
 *   a word      left_eye  eye_left  eye.Left  "Left Eye"  leftEye  lft_eye     and right, rgt
 *   a letter    l_eye  eye.L  eye_l  LEye  eye1L  L1                          and r
 *   a part      lefteye  eyeleft                                              of a word
 *   an initial  lsho  Leye  LX  front_lpaw  EYEL                              first letter, last one of capitals
 *
 * The first of these that fits counts. A name has a partner if the same name with the other side is in the list, in any
 * case of letters: "lip" has none without "rip". An initial in small letters proves little even so ("lake", "rake"):
 * such pairs count only if there are two or more.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pose/skeleton.h"

/* Longer names, and words beyond the first 24 of a name, are not looked at. */
enum { MAX_NAME = 256, MAX_WORDS = 24 };

/* How a name spells a side, the surest first. */
typedef enum spelling { BY_WORD, BY_LETTER, BY_PART, BY_INITIAL, N_SPELLINGS } spelling;

/* A place in a name that reads as a side: `length` characters from `at`. */
typedef struct side_mark {
    int at, length;
    hr_side side;
    const char *other; /* what stands there in the partner's name */
} side_mark;

typedef struct marks {
    side_mark list[MAX_WORDS];
    int n;
} marks;

static const char *const side_words[][2] = {{"left", "right"}, {"lft", "rgt"}, {"lt", "rt"}};

static void add_mark(marks *all, int at, size_t length, int is_right, const char *other)
{
    if (all->n < MAX_WORDS)
        all->list[all->n++] = (side_mark){at, (int)length, is_right ? HR_SIDE_RIGHT : HR_SIDE_LEFT, other};
}

/* Look at the word of n characters at `at`. */
static void mark_word(marks *all, const char *name, int at, int n, spelling how)
{
    static const char *const letters[] = {"l", "r"};
    const char *const word = name + at;
    for (size_t i = 0; i < sizeof side_words / sizeof *side_words && how != BY_LETTER && how != BY_INITIAL; i++)
        for (int right = 0; right < 2; right++) {
            const char *const side = side_words[i][right], *const other = side_words[i][!right];
            const int length = (int)strlen(side);
            if (how == BY_WORD && n == length && strncasecmp(word, side, (size_t)n) == 0)
                add_mark(all, at, (size_t)n, right, other);
            if (how != BY_PART || i > 0 || n <= length) continue;
            if (strncasecmp(word, side, (size_t)length) == 0)
                add_mark(all, at, (size_t)length, right, other);
            else if (strncasecmp(word + n - length, side, (size_t)length) == 0)
                add_mark(all, at + n - length, (size_t)length, right, other);
        }
    for (int right = 0; right < 2 && (how == BY_LETTER || how == BY_INITIAL); right++) {
        if ((how == BY_LETTER) == (n == 1) && tolower((unsigned char)word[0]) == letters[right][0])
            add_mark(all, at, 1, right, letters[!right]);
        if (how == BY_INITIAL && n > 1 && isupper((unsigned char)word[n - 2]) &&
            word[n - 1] == toupper((unsigned char)letters[right][0]))
            add_mark(all, at + n - 1, 1, right, letters[!right]);
    }
}

/* Whether a new word begins at p[0], which has the character p[-1] before it. */
static int begins_word(const char *p)
{
    const unsigned char before = (unsigned char)p[-1], here = (unsigned char)p[0], next = (unsigned char)p[1];
    if ((isdigit(before) != 0) != (isdigit(here) != 0)) return 1;
    return isupper(here) && (islower(before) || (isupper(before) && islower(next)));
}

/* A letter or digit; bytes of other alphabets count as letters. */
static int is_in_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* All places of a name that read as a side when spelled `how`. */
static marks find_marks(const char *name, spelling how)
{
    marks all = {.n = 0};
    int n_words = 0;
    if (strnlen(name, MAX_NAME) == MAX_NAME) return all;
    for (int at = 0; name[at] != '\0' && n_words < MAX_WORDS;) {
        int end = at;
        while (is_in_word(name[end]) && (end == at || !begins_word(name + end))) end++;
        if (end > at) {
            mark_word(&all, name, at, end - at, how);
            n_words++;
        }
        at = end > at ? end : at + 1;
    }
    return all;
}

/* The marks of the surest spelling that the name has. */
static marks surest_marks(const char *name, spelling *how)
{
    marks all = {.n = 0};
    for (int s = 0; s < N_SPELLINGS && all.n == 0; s++) {
        *how = (spelling)s;
        all = find_marks(name, *how);
    }
    return all;
}

/* The name with the other side at mark `which`; -1: at all marks. */
static void mirror_name(char out[2 * MAX_NAME], const char *name, const marks *all, int which)
{
    size_t n = 0;
    int at = 0;
    for (int m = 0; m < all->n; m++) {
        const side_mark *const k = &all->list[m];
        if ((which >= 0 && m != which) || k->at < at) continue; /* a word of two capitals has two overlapping marks */
        n += (size_t)snprintf(out + n, 2 * MAX_NAME - n, "%.*s%s", k->at - at, name + at, k->other);
        at = k->at + k->length;
    }
    snprintf(out + n, 2 * MAX_NAME - n, "%s", name + at);
}

/* A small-letter initial: "lsho", "Leye"; not that of a word in capitals ("LX"). */
static int is_weak(const char *name, const side_mark *k, spelling how)
{
    if (how != BY_INITIAL) return 0;
    return !(isupper((unsigned char)name[k->at]) && isupper((unsigned char)name[k->at + 1]));
}

/* ------------------------------------------------------------------------------------------------ pairs */

typedef struct name_list {
    const char *const *names;
    int n;
    int sorted[HR_MAX_KEYPOINTS]; /* by name in small letters, equal ones in the list's order */
    unsigned char paired[HR_MAX_KEYPOINTS];
} name_list;

static int compare_names(const void *a, const void *b, void *names)
{
    const char *const *const list = names;
    const int i = *(const int *)a, j = *(const int *)b, order = strcasecmp(list[i], list[j]);
    return order != 0 ? order : (i > j) - (i < j);
}

/* The first keypoint of that name which has no partner yet; -1: none. */
static int find_free(const name_list *list, const char *name)
{
    int low = 0, high = list->n;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (strcasecmp(list->names[list->sorted[middle]], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < list->n && strcasecmp(list->names[list->sorted[low]], name) == 0; low++)
        if (!list->paired[list->sorted[low]]) return list->sorted[low];
    return -1;
}

/* The partner of a left keypoint, and whether the pair rests on a weak mark; -1: none. */
static int find_partner(const name_list *list, int keypoint, int *weak)
{
    char other[2 * MAX_NAME];
    spelling how, how_other;
    const char *const name = list->names[keypoint];
    const marks all = surest_marks(name, &how);
    for (int which = all.n > 1 ? -1 : 0; which < all.n; which++) {
        const side_mark *const k = &all.list[which < 0 ? 0 : which];
        if (k->side != HR_SIDE_LEFT) continue;
        mirror_name(other, name, &all, which);
        const int found = find_free(list, other);
        if (found < 0 || found == keypoint) continue;
        surest_marks(list->names[found], &how_other); /* "right" is no "light" with another initial */
        if (how_other != how) continue;
        *weak = is_weak(name, k, how);
        return found;
    }
    return -1;
}

int hr_pairs_by_name(const char *const *names, int n, int (*pairs)[2])
{
    name_list list = {.names = names, .n = n < HR_MAX_KEYPOINTS ? n : HR_MAX_KEYPOINTS};
    unsigned char is_weak_pair[HR_MAX_KEYPOINTS];
    int n_pairs = 0, n_weak = 0, n_kept = 0;
    for (int i = 0; i < list.n; i++) list.sorted[i] = i;
    qsort_r(list.sorted, (size_t)list.n, sizeof *list.sorted, compare_names, (void *)(uintptr_t)names);
    for (int i = 0; i < list.n; i++) {
        int weak = 0;
        const int partner = list.paired[i] ? -1 : find_partner(&list, i, &weak);
        if (partner < 0) continue;
        list.paired[i] = list.paired[partner] = 1;
        n_weak += weak;
        is_weak_pair[n_pairs] = (unsigned char)weak;
        pairs[n_pairs][0] = i;
        pairs[n_pairs++][1] = partner;
    }
    for (int i = 0; i < n_pairs; i++) {
        if (is_weak_pair[i] && n_weak < 2) continue;
        pairs[n_kept][0] = pairs[i][0];
        pairs[n_kept++][1] = pairs[i][1];
    }
    return n_kept;
}

/* Whether two names are equal but for their digits. */
static int same_but_digits(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, "0123456789");
        b += strspn(b, "0123456789");
        if (*a != *b) return 0;
        if (*a == '\0') return 1;
    }
}

int hr_names_are_numbers(const char *const *names, int n)
{
    for (int i = 1; i < n; i++)
        if (!same_but_digits(names[0], names[i]) && (strlen(names[0]) > 1 || strlen(names[i]) > 1)) return 0;
    return n > 1;
}

/* ------------------------------------------------------------------------------------------------ one keypoint */

/* The keypoint that a mirror exchanges with this one; -1: none. */
static int partner_of(const hrnet_skeleton *skeleton, int keypoint)
{
    for (int i = 0; i < skeleton->n_flip_pairs; i++)
        for (int side = 0; side < 2; side++)
            if (skeleton->flip_pairs[i][side] == keypoint) return skeleton->flip_pairs[i][!side];
    return -1;
}

hr_side hr_skeleton_side(const hrnet_skeleton *skeleton, int keypoint)
{
    const char *const name = skeleton->keypoint_names[keypoint];
    char other[2 * MAX_NAME];
    spelling how;
    const marks all = surest_marks(name, &how);
    if (all.n == 0) return HR_SIDE_MIDDLE;
    if (how == BY_WORD || how == BY_LETTER || (how == BY_PART && all.list[0].at == 0)) return all.list[0].side;
    const int partner = partner_of(skeleton, keypoint);
    for (int m = 0; m < all.n && partner >= 0; m++) {
        mirror_name(other, name, &all, m);
        if (strcasecmp(other, skeleton->keypoint_names[partner]) == 0) return all.list[m].side;
    }
    return HR_SIDE_MIDDLE;
}
