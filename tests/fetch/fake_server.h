/*
 * fake_server.h - a module of fetching without a network: it has one file in memory, answers as a test tells it, and
 * keeps what it was asked.
 */
#ifndef TESTS_FETCH_FAKE_SERVER_H
#define TESTS_FETCH_FAKE_SERVER_H

#include <stdio.h>
#include <string.h>

#include "fetch/fetch_module.h"

static struct {
    const char *bytes; /* of the file */
    size_t n;
    int code;                           /* 0: 200, or 206 for a part; else that status */
    int knows_parts, says_no_length;    /* of the server */
    size_t cut_after;                   /* bytes of a body after which it breaks off; 0: never */
    char validator[HR_FETCH_VALIDATOR]; /* of the file as it is now */

    int n_asked; /* since the last fake_begin; then the last request */
    uint64_t asked_from;
    char asked_validator[HR_FETCH_VALIDATOR], asked_url[256];
} fake;

static void fake_begin(const char *bytes, size_t n)
{
    memset(&fake, 0, sizeof fake);
    fake.bytes = bytes;
    fake.n = n;
    fake.knows_parts = 1;
    snprintf(fake.validator, sizeof fake.validator, "\"v1\"");
}

static hr_fetch_head fake_head(const hr_fetch_request *request, size_t *begin)
{
    const int is_same = request->validator[0] == '\0' || strcmp(request->validator, fake.validator) == 0;
    const int is_part = fake.knows_parts && request->from > 0 && is_same;
    hr_fetch_head head = {.code = fake.code != 0 ? fake.code
                                  : is_part      ? 206
                                                 : 200,
                          .length = HR_FETCH_UNKNOWN,
                          .from = HR_FETCH_UNKNOWN,
                          .total = HR_FETCH_UNKNOWN};
    if (is_part && request->from >= fake.n) head.code = 416;
    *begin = head.code == 206 ? (size_t)request->from : 0;
    if (head.code == 206) head.from = request->from;
    if (head.code == 206 || head.code == 416) head.total = fake.n;
    if (!fake.says_no_length) head.length = fake.n - *begin;
    snprintf(head.validator, sizeof head.validator, "%s", fake.validator);
    return head;
}

static hr_fetch_end fake_get(const hr_fetch_request *request, char *text)
{
    size_t begin;
    const hr_fetch_head head = fake_head(request, &begin);
    fake.n_asked++;
    fake.asked_from = request->from;
    snprintf(fake.asked_validator, sizeof fake.asked_validator, "%s", request->validator);
    snprintf(fake.asked_url, sizeof fake.asked_url, "%s", request->url);
    if (request->on_head(request->context, &head) != 0) return HR_FETCH_STOPPED;
    if (head.code >= 400) return HR_FETCH_DONE;
    const size_t rest = fake.n - begin, n = fake.cut_after != 0 && fake.cut_after < rest ? fake.cut_after : rest;
    for (size_t i = 0; i < n; i += 7) { /* in pieces */
        const size_t piece = n - i < 7 ? n - i : 7;
        if (request->on_bytes(request->context, fake.bytes + begin + i, piece) != 0) return HR_FETCH_STOPPED;
        if (request->on_wait(request->context) != 0) return HR_FETCH_STOPPED;
    }
    snprintf(text, HR_FETCH_TEXT, "made up");
    return n < rest ? HR_FETCH_CUT : HR_FETCH_DONE;
}

static const hr_fetch_module fake_module = {.version = HR_FETCH_MODULE_VERSION, .get = fake_get};

#endif
