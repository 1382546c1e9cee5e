/*
 * json_stream.c - hr_json_stream of json.h: a filter between yajl and the builder of json_build.h. Events inside the
 * elements of a wanted list go to the builder, which makes a tree of one element; all other events only change the
 * depth. When an element is complete, the list's function gets its tree and the builder is reset.
 *
 * Where an event stands is a matter of three counters:
 *   skipped > 0          inside a value that is skipped; depth of the containers open there
 *   builder.depth > 0    inside an element; depth of its open containers
 *   depth                containers open around that: 0 before the root, 1 in the root, 2 in a list of a root object
 */
#include "io/json.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "io/json_feed.h"

typedef struct stream {
    const hr_json_plan *plan;
    void *context;
    hr_json_builder builder;  /* of the current element; its status is also the stream's */
    const hr_json_list *list; /* the list that is open or that the last key of the root announced; NULL: none wanted */
    size_t index;             /* of the next element of that list */
    size_t depth;             /* open containers outside of elements */
    size_t skipped;           /* open containers inside a skipped value */
    int skip_value;           /* the key before was one of plan->skip: skip the next value */
    int in_object;            /* the root is an object, not a list */
} stream;

static int is_key(const char *name, const unsigned char *key, size_t n)
{
    return strlen(name) == n && memcmp(name, key, n) == 0;
}

/* Record a status; 0, which makes yajl stop, unless it is HRNET_OK. */
static int stop(stream *s, hrnet_status status)
{
    s->builder.status = status;
    return status == HRNET_OK;
}

/* The depth at which elements of a list stand. */
static size_t element_depth(const stream *s)
{
    return s->in_object ? 2 : 1;
}

/* Decide about a value (or a container that opens): 1: it goes to the builder; 0: it is skipped; -1: stop, since a
 * value stands where a list was expected. */
static int classify(stream *s)
{
    if (s->skipped > 0) return 0;
    if (s->skip_value) {
        s->skip_value = 0;
        return 0;
    }
    if (s->depth == element_depth(s) && s->list != NULL) return 1;
    if (s->depth == 0) return stop(s, hr_fail(HRNET_ERR_FORMAT, "expected an object or a list")) - 1;
    if (s->list != NULL) return stop(s, hr_fail(HRNET_ERR_FORMAT, "\"%s\": expected a list", s->list->key)) - 1;
    return 0;
}

hrnet_status hr_json_note_broken(hr_json_broken *broken, hrnet_status status, const char *key, size_t index)
{
    if (status != HRNET_ERR_FORMAT && status != HRNET_ERR_CONFIG) return status;
    if (broken->n++ > 0) return HRNET_OK;
    if (key != NULL)
        snprintf(broken->first, sizeof broken->first, "%.40s[%zu]: %.180s", key, index, hrnet_last_error());
    else
        snprintf(broken->first, sizeof broken->first, "entry %zu: %.180s", index, hrnet_last_error());
    return HRNET_OK;
}

/* The status of an element's function: an entry that may be left out is none of the stream's failures. */
static hrnet_status take_element(stream *s)
{
    const hr_json_list *const list = s->list;
    hrnet_status status = list->element(s->context, s->builder.nodes, s->index);
    if (status != HRNET_OK && list->broken != NULL)
        status = hr_json_note_broken(list->broken, status, list->key, s->index);
    if (status == HRNET_OK) return HRNET_OK;
    char where[80];
    if (list->key != NULL)
        snprintf(where, sizeof where, "%.40s[%zu]", list->key, s->index);
    else
        snprintf(where, sizeof where, "entry %zu", s->index);
    return hr_fail_in(status, where);
}

/* After the builder took an event, with its result: if that completed an element, call the list's function with it. */
static int finish_element(stream *s, int result)
{
    if (!result || s->builder.depth > 0) return result;
    const hrnet_status status = take_element(s);
    if (status != HRNET_OK) return stop(s, status);
    hr_json_builder_reset(&s->builder);
    s->index++;
    return 1;
}

static int on_null(void *context)
{
    stream *const s = context;
    const int pass = classify(s);
    return pass > 0 ? finish_element(s, hr_json_build.yajl_null(&s->builder)) : pass == 0;
}

static int on_bool(void *context, int value)
{
    stream *const s = context;
    const int pass = classify(s);
    return pass > 0 ? finish_element(s, hr_json_build.yajl_boolean(&s->builder, value)) : pass == 0;
}

static int on_number(void *context, const char *text, size_t n)
{
    stream *const s = context;
    const int pass = classify(s);
    return pass > 0 ? finish_element(s, hr_json_build.yajl_number(&s->builder, text, n)) : pass == 0;
}

static int on_string(void *context, const unsigned char *bytes, size_t n)
{
    stream *const s = context;
    const int pass = classify(s);
    return pass > 0 ? finish_element(s, hr_json_build.yajl_string(&s->builder, bytes, n)) : pass == 0;
}

/* A key of the root selects the list to read, or none. A key inside an element may be one of plan->skip. */
static int on_key(void *context, const unsigned char *bytes, size_t n)
{
    stream *const s = context;
    if (s->skipped > 0) return 1;
    if (s->builder.depth == 0) {
        s->index = 0;
        for (s->list = s->plan->lists; s->list->element != NULL; s->list++)
            if (s->list->key != NULL && is_key(s->list->key, bytes, n)) return 1;
        s->list = NULL;
        return 1;
    }
    for (const char *const *name = s->plan->skip; name != NULL && *name != NULL; name++)
        if (is_key(*name, bytes, n)) return s->skip_value = 1;
    return hr_json_build.yajl_map_key(&s->builder, bytes, n);
}

/* The root opens. An object needs a list with a key in the plan, a list one without; the first such list is current. */
static int open_root(stream *s, int is_object)
{
    s->in_object = is_object;
    s->depth = 1;
    for (const hr_json_list *list = s->plan->lists; list->element != NULL; list++) {
        if ((list->key != NULL) != is_object) continue;
        s->list = is_object ? NULL : list; /* in an object the keys select it */
        return 1;
    }
    return stop(s, hr_fail(HRNET_ERR_FORMAT,
                           is_object ? "expected a list, found an object" : "expected an object, found a list"));
}

static int open_container(stream *s, int is_object)
{
    if (s->skipped == 0 && s->depth == 0) return open_root(s, is_object);
    /* the wanted list itself opens; its elements follow one level deeper */
    if (s->skipped == 0 && s->in_object && s->depth == 1 && s->list != NULL && !is_object) {
        s->depth = 2;
        return 1;
    }
    const int pass = classify(s);
    if (pass > 0)
        return is_object ? hr_json_build.yajl_start_map(&s->builder) : hr_json_build.yajl_start_array(&s->builder);
    s->skipped += pass == 0;
    return pass == 0;
}

static int on_object(void *context)
{
    return open_container(context, 1);
}

static int on_array(void *context)
{
    return open_container(context, 0);
}

static int on_close(void *context)
{
    stream *const s = context;
    if (s->skipped > 0)
        s->skipped--;
    else if (s->builder.depth > 0)
        return finish_element(s, hr_json_build.yajl_end_map(&s->builder));
    else
        s->depth--;
    return 1;
}

static const yajl_callbacks events = {on_null,   on_bool, NULL,     NULL,     on_number, on_string,
                                      on_object, on_key,  on_close, on_array, on_close};

/* ------------------------------------------------------------------------------------------------ parts */

/*
 * A list that several threads read is cut at commas between two objects:
 *
 *   {"images": [...], "annotations": [{..}, {..}  ,  {..}, {..}  ,  {..}, {..}  ,  {..}], "categories": [...]}
 *   the caller: what is in front -----------------|  part 0      |  part 1      |  and what is behind
 *
 * A cut is a guess: the comma may be in a string or in another list. But if what is in front ends between two elements
 * of the list, and a part in brackets is a list, then the part's elements are the next ones of that list. A part for
 * which this does not hold, or that has an element that cannot be read, is read by the caller in its turn.
 */
enum { FEWEST_BYTES = 1 << 20, LAST_BYTES = 1 << 17, PARTS_A_THREAD = 4, MAX_PARTS = PARTS_A_THREAD * HR_MAX_THREADS };

typedef struct list_part {
    const char *from, *to; /* the comma in front of it and the one behind it */
    void *context;         /* of hr_json_split; NULL: no memory */
    size_t n;              /* elements */
    int is_read;
} list_part;

typedef struct divided_list {
    stream *whole;
    hr_json_feed *feed;
    const hr_json_list *list; /* that is divided */
    hrnet_status status;      /* of what is in front of the first part */
    int n;
    list_part parts[MAX_PARTS];
    atomic_int next; /* part to read */
} divided_list;

static int is_same_key(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

/* The first comma between two objects from p on, before end; NULL: there is none. */
static const char *find_cut(const char *p, const char *end)
{
    for (; (p = memchr(p, '}', (size_t)(end - p))) != NULL; p++) {
        const char *const comma = skip_space(p + 1, end);
        const char *const next = comma < end && *comma == ',' ? skip_space(comma + 1, end) : end;
        if (next < end && *next == '{') return comma;
    }
    return NULL;
}

/* Fill parts of about the same size. The last cut is near the end, since what is behind it is read when all else is. */
static void divide(divided_list *d, int n_parts)
{
    const hr_json_plan *const plan = d->whole->plan;
    const char *const text = d->feed->text, *const end = d->feed->text_end, *cut = NULL;
    const size_t share = ((size_t)(end - text) - LAST_BYTES) / (size_t)(n_parts + 1);
    for (int i = 1; i <= n_parts + 1; i++) {
        const char *const target = text + share * (size_t)i;
        const char *const next = find_cut(target, i <= n_parts ? target + share : end);
        if (next != NULL && cut != NULL)
            d->parts[d->n++] = (list_part){.from = cut, .to = next, .context = plan->split->fork(d->whole->context)};
        if (next != NULL) cut = next;
    }
    for (d->list = plan->lists; !is_same_key(d->list->key, plan->split->key);) d->list++;
}

static void read_part(const divided_list *d, list_part *part)
{
    const hr_json_list lists[] = {{NULL, d->list->element, NULL}, {0}};
    const hr_json_plan plan = {.lists = lists, .skip = d->whole->plan->skip};
    stream s = {.plan = &plan, .context = part->context};
    hr_json_feed feed;
    const char *const from = part->from + 1;
    if (part->context == NULL ||
        hr_json_feed_begin(&feed, &events, &s, &s.builder, from, (size_t)(part->to - from)) != HRNET_OK)
        return;
    part->is_read = hr_json_feed_bytes(&feed, "[") == HRNET_OK &&
                    hr_json_feed_range(&feed, from, part->to) == HRNET_OK &&
                    hr_json_feed_bytes(&feed, "]") == HRNET_OK && hr_json_feed_end(&feed) == HRNET_OK;
    part->n = s.index;
    hr_json_feed_free(&feed);
    hr_json_builder_free(&s.builder);
}

/* hr_pool_fn. Thread 0 is the caller's, whose message a failure sets. */
static void read_parts(void *context, int thread)
{
    divided_list *const d = context;
    if (thread == 0) d->status = hr_json_feed_range(d->feed, d->feed->text, d->parts[0].from);
    if (thread == 0 && d->status != HRNET_OK) atomic_store(&d->next, d->n);
    for (int i; (i = atomic_fetch_add(&d->next, 1)) < d->n;) read_part(d, &d->parts[i]);
}

/* 1 if the text so far ends behind an element of the divided list, as a cut stands behind a closing brace. */
static int is_behind_element(const divided_list *d)
{
    const stream *const s = d->whole;
    return d->feed->open_string == NULL && s->skipped == 0 && !s->skip_value && s->builder.depth == 0 &&
           s->depth == element_depth(s) && s->list == d->list && s->index > 0;
}

/* Append all parts to the whole, in their order. */
static hrnet_status join_parts(divided_list *d)
{
    stream *const s = d->whole;
    for (int i = 0; i < d->n; i++) {
        const list_part *const part = &d->parts[i];
        if (part->is_read && is_behind_element(d) && s->plan->split->join(s->context, part->context, s->index))
            s->index += part->n;
        else
            HR_TRY(hr_json_feed_range(d->feed, part->from, part->to));
    }
    return HRNET_OK;
}

/* Read the text with the pool, up to *rest. */
static hrnet_status read_divided(stream *s, hr_json_feed *feed, const char **rest)
{
    hrnet_pool *const pool = s->plan->pool;
    divided_list d = {.whole = s, .feed = feed};
    if (pool == NULL || hr_pool_threads(pool) < 2 || feed->text_end - feed->text < FEWEST_BYTES) return HRNET_OK;
    HR_TRY(hr_pool_check(pool));
    divide(&d, PARTS_A_THREAD * hr_pool_threads(pool));
    if (d.n == 0) return HRNET_OK;
    hr_pool_run(pool, read_parts, &d);
    const hrnet_status status = d.status == HRNET_OK ? join_parts(&d) : d.status;
    for (int i = 0; i < d.n; i++)
        if (d.parts[i].context != NULL) s->plan->split->drop(d.parts[i].context);
    *rest = d.parts[d.n - 1].to;
    return status;
}

hrnet_status hr_json_stream(const hr_json_plan *plan, void *context, const void *bytes, size_t n_bytes)
{
    stream s = {.plan = plan, .context = context};
    hr_json_feed feed;
    HR_TRY(hr_json_feed_begin(&feed, &events, &s, &s.builder, bytes, n_bytes));
    const char *rest = feed.text;
    hrnet_status status = read_divided(&s, &feed, &rest);
    if (status == HRNET_OK) status = hr_json_feed_range(&feed, rest, feed.text_end);
    if (status == HRNET_OK) status = hr_json_feed_end(&feed);
    hr_json_feed_free(&feed);
    hr_json_builder_free(&s.builder);
    return status;
}
