/*
 * curl_module.c - libhrnet_curl.so: one request over libcurl.
 *
 * A part is asked for by the header Range, not by CURLOPT_RESUME_FROM, for which an answer with the whole file would be
 * an error. libcurl gives the headers of every answer on the way; those of the last one count.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fetch/fetch_module.h"

enum { MOST_REDIRECTS = 5, CONNECT_SECONDS = 30, LEAST_SPEED = 1000 /* bytes a second */ };

typedef struct answer {
    const hr_fetch_request *request;
    CURL *curl;
    hr_fetch_head head; /* of the answer whose headers come */
    char etag[HR_FETCH_VALIDATOR], modified[HR_FETCH_VALIDATOR];
    int is_https, is_downgraded; /* of the address that answers; a redirect asked for http instead */
    int is_begun, is_stopped;    /* the head was given; a callback ended the request */
} answer;

/* The value of a header line if it has that name, without spaces around it; else NULL. */
static const char *value_of(const char *line, size_t n, const char *name, size_t *n_value)
{
    const size_t n_name = strlen(name);
    if (n <= n_name || strncasecmp(line, name, n_name) != 0 || line[n_name] != ':') return NULL;
    const char *value = line + n_name + 1, *end = line + n;
    while (value < end && (*value == ' ' || *value == '\t')) value++;
    while (end > value && (unsigned char)end[-1] <= ' ') end--;
    *n_value = (size_t)(end - value);
    return value;
}

static void keep(char out[HR_FETCH_VALIDATOR], const char *value, size_t n)
{
    out[0] = '\0';
    if (n > 0 && n < HR_FETCH_VALIDATOR) snprintf(out, HR_FETCH_VALIDATOR, "%.*s", (int)n, value);
}

static uint64_t read_number(const char *text)
{
    return text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) : HR_FETCH_UNKNOWN;
}

/* "bytes 100-199/200", "bytes 100-199/" and a star, "bytes", a star and "/200". */
static void read_range(hr_fetch_head *head, const char *value, size_t n)
{
    char text[128];
    if (n < 6 || n >= sizeof text || strncasecmp(value, "bytes ", 6) != 0) return;
    snprintf(text, sizeof text, "%.*s", (int)n, value);
    const char *const slash = strchr(text, '/');
    head->from = read_number(text + 6);
    if (slash != NULL) head->total = read_number(slash + 1);
}

static void begin_headers(answer *a)
{
    a->head = (hr_fetch_head){.length = HR_FETCH_UNKNOWN, .from = HR_FETCH_UNKNOWN, .total = HR_FETCH_UNKNOWN};
    a->etag[0] = a->modified[0] = '\0';
}

/* Follow where redirects lead: from https nothing leads to http. Returns 0 if this one does. */
static int is_safe(answer *a, const char *location, size_t n)
{
    if (n >= 6 && strncasecmp(location, "https:", 6) == 0) a->is_https = 1;
    if (n < 5 || strncasecmp(location, "http:", 5) != 0) return 1;
    a->is_downgraded = a->is_https;
    a->is_https = 0;
    return !a->is_downgraded;
}

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
    answer *const a = context;
    const char *value;
    size_t n_value;
    long code = 0;
    n *= size;
    if (n >= 5 && strncmp(line, "HTTP/", 5) == 0) begin_headers(a);
    if ((value = value_of(line, n, "ETag", &n_value)) != NULL) keep(a->etag, value, n_value);
    if ((value = value_of(line, n, "Last-Modified", &n_value)) != NULL) keep(a->modified, value, n_value);
    if ((value = value_of(line, n, "Content-Range", &n_value)) != NULL) read_range(&a->head, value, n_value);
    if ((value = value_of(line, n, "Location", &n_value)) == NULL) return n;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &code);
    return code < 300 || code >= 400 || is_safe(a, value, n_value) ? n : 0;
}

/* Give the head, once. Returns 0 to go on. */
static int begin(answer *a)
{
    long code = 0;
    curl_off_t length = -1;
    if (a->is_begun) return 0;
    a->is_begun = 1;
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(a->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    a->head.code = (int)code;
    if (length >= 0) a->head.length = (uint64_t)length;
    snprintf(a->head.validator, sizeof a->head.validator, "%s", a->etag[0] == '"' ? a->etag : a->modified);
    a->is_stopped = a->request->on_head(a->request->context, &a->head) != 0;
    return a->is_stopped;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    answer *const a = context;
    if (begin(a) != 0) return 0;
    a->is_stopped = a->request->on_bytes(a->request->context, bytes, n * size) != 0;
    return a->is_stopped ? 0 : n * size;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    answer *const a = context;
    (void)total, (void)now, (void)up_total, (void)up_now;
    a->is_stopped = a->is_stopped || a->request->on_wait(a->request->context) != 0;
    return a->is_stopped;
}

static void set_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_options(answer *a, struct curl_slist *headers, char *error)
{
    const hr_fetch_request *const request = a->request;
    CURL *const curl = a->curl;
    char range[32];
    set_protocols(curl);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, request->agent);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)LEAST_SPEED);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)request->stall_seconds);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, a);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    snprintf(range, sizeof range, "%llu-", (unsigned long long)request->from);
    if (request->from > 0) curl_easy_setopt(curl, CURLOPT_RANGE, range);
}

static hr_fetch_end end_of(answer *a, CURLcode code, const char *error, char *text)
{
    if (code == CURLE_OK && begin(a) == 0) return HR_FETCH_DONE; /* a body without bytes */
    if (a->is_stopped) return HR_FETCH_STOPPED;
    if (a->is_downgraded)
        snprintf(text, HR_FETCH_TEXT, "a redirect from https to http, which is not followed");
    else
        snprintf(text, HR_FETCH_TEXT, "%s", error[0] != '\0' ? error : curl_easy_strerror(code));
    return a->is_begun ? HR_FETCH_CUT : HR_FETCH_FAILED;
}

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static hr_fetch_end get(const hr_fetch_request *request, char *text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char error[CURL_ERROR_SIZE] = "", condition[HR_FETCH_VALIDATOR + 16];
    pthread_once(&once, start_curl);
    answer a = {.request = request, .curl = curl_easy_init(), .is_https = strncasecmp(request->url, "https:", 6) == 0};
    struct curl_slist *headers = NULL;
    hr_fetch_end end = HR_FETCH_FAILED;
    begin_headers(&a);
    snprintf(condition, sizeof condition, "If-Range: %s", request->validator);
    const int is_conditional = request->from > 0 && request->validator[0] != '\0';
    if (is_conditional) headers = curl_slist_append(NULL, condition);
    if (a.curl == NULL || (is_conditional && headers == NULL)) {
        snprintf(text, HR_FETCH_TEXT, "libcurl: out of memory");
    } else {
        set_options(&a, headers, error);
        end = end_of(&a, curl_easy_perform(a.curl), error, text);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(a.curl);
    return end;
}

__attribute__((visibility("default"))) extern const hr_fetch_module hrnet_fetch_module;
const hr_fetch_module hrnet_fetch_module = {.version = HR_FETCH_MODULE_VERSION, .get = get};
