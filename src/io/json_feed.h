/*
 * json_feed.h - yajl and the text it reads. Most callers run it over a whole text (hr_json_run); json_stream.c also
 * gives it the text range by range:
 *
 *   hr_json_feed feed;
 *   HR_TRY(hr_json_feed_begin(&feed, events, context, &builder, bytes, n_bytes));
 *   status = hr_json_feed_range(&feed, feed.text, cut);                // as often as needed
 *   if (status == HRNET_OK) status = hr_json_feed_end(&feed);          // is the text complete?
 *   hr_json_feed_free(&feed);
 */
#ifndef HR_IO_JSON_FEED_H
#define HR_IO_JSON_FEED_H

#include "io/json_arena.h"
#include "io/json_build.h"

typedef struct hr_json_feed {
    yajl_handle parser;
    hr_json_builder *builder;
    hr_json_arena arena;
    const char *text, *text_end;
    const char *end;         /* of the range that is read */
    const char *open_string; /* the quote of a string that the range before cut off; or NULL */
    hr_json_bounds bounds;   /* of the piece that is scanned */
    size_t depth;            /* at the place that is scanned */
} hr_json_feed;

/* A byte order mark is stepped over. bytes must outlive the feed. On failure there is nothing to free. */
hrnet_status hr_json_feed_begin(hr_json_feed *feed, const yajl_callbacks *events, void *context,
                                hr_json_builder *builder, const void *bytes, size_t n_bytes);

/* Run yajl over a range of the text, whose places messages name. NaN, Infinity and -Infinity reach the builder as
 * values of kind HR_JSON_NOT_FINITE, lists of numbers as such, both by way of the callback for null. A callback that
 * stops yajl stores the reason in builder->status and sets the message. The message of that failure, or of a syntax
 * error, gets "line L, byte B: " in front. */
hrnet_status hr_json_feed_range(hr_json_feed *feed, const char *from, const char *to);

/* Give yajl bytes that are not in the text. */
hrnet_status hr_json_feed_bytes(hr_json_feed *feed, const char *bytes);

/* HRNET_ERR_FORMAT if yajl expects more text. */
hrnet_status hr_json_feed_end(hr_json_feed *feed);
void hr_json_feed_free(hr_json_feed *feed);

/* All of it for n_bytes of text in one range. */
hrnet_status hr_json_run(const yajl_callbacks *events, void *context, hr_json_builder *builder, const void *bytes,
                         size_t n_bytes);

#endif
