/*
 * trainer_identity.c - the identity of a run: everything that the weights depend on, as text, one line a key:
 *
 *   MODEL.NAME: pose_hrnet
 *   TRAIN.LR: 0.001
 *   ...
 *   examples of a pass, all processes: 32
 *   data: 64115 persons, 64115 examples, <SHA-256 of what examples are made of>
 *
 * A run may resume only with the identity it began with; otherwise the result would be neither the old run's nor a new
 * one's. The text stands in checkpoint.txt, so that a message can name the keys that differ, and its SHA-256 (the
 * fingerprint) in checkpoint.pth, which decides if the text is missing.
 */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/checksum.h"
#include "trainer/trainer.h"
#include "config/config_keys.h"

/* Keys that may change between stop and resume, because no weight depends on them: folders, logging, threads, the end
 * of the run. GPUS and the batch size enter the identity as their product, the examples of a pass. */
static int may_change(const char *path)
{
    static const char *const keys[] = {"OUTPUT_DIR",
                                       "LOG_DIR",
                                       "GPUS",
                                       "WORKERS",
                                       "PRINT_FREQ",
                                       "AUTO_RESUME",
                                       "PIN_MEMORY",
                                       "RANK",
                                       "TRAIN.END_EPOCH",
                                       "TRAIN.PATIENCE",
                                       "TRAIN.SAVE_MINUTES",
                                       "TRAIN.BATCH_SIZE_PER_GPU",
                                       "TEST.BATCH_SIZE_PER_GPU",
                                       "TEST.MODEL_FILE"};
    if (strncmp(path, "DEBUG.", 6) == 0 || strncmp(path, "CUDNN.", 6) == 0) return 1;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(path, keys[i]) == 0) return 1;
    return 0;
}

/* A key that came later than version 0.1 and is off, or that this network, which was there before, does not have:
 * without its line, the checkpoints of older versions go on. */
static int is_new_and_off(const hr_config *config, const hr_key *key)
{
    const hr_dataset_config *const d = &config->dataset;
    const struct {
        const char *path;
        int is_off;
    } keys[] = {{"TRAIN.FREEZE", config->train.n_freeze == 0}, {"DATASET.VALID_PART", !(d->valid_part > 0)},
                {"DATASET.MOSAIC", !(d->mosaic > 0)},          {"DATASET.ASPECT_JITTER", !(d->aspect_jitter > 0)},
                {"LOSS.USE_L1", !config->loss.use_l1},         {"DATASET.PICTURE_SIZE", d->picture_size == 0}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key->path, keys[i].path) == 0) return keys[i].is_off;
    const int of_detectors = key->families != 0 && (key->families & ~HR_DETECTORS) == 0;
    return of_detectors && !hr_config_detects(config);
}

static void write_keys(hr_text *text, const hr_config *config)
{
    for (int i = 0; i < hr_n_keys; i++) {
        const hr_key *const key = &hr_keys[i];
        if (key->note != NULL || may_change(key->path) || is_new_and_off(config, key)) continue;
        hr_text_add(text, "%s: ", key->path);
        hr_key_write(key, config, text);
        hr_text_add(text, "\n");
    }
}

hrnet_status hr_trainer_identify(hrnet_trainer *t)
{
    hr_sha256 hash;
    char digest[HR_SHA256_TEXT];
    hr_text *const text = &t->identity;
    write_keys(text, &t->config);
    hr_text_add(text, "examples of a pass, all processes: %lld\n", (long long)t->learner->batch * t->learner->n_ranks);
    hr_sha256_begin(&hash);
    hr_train_set_hash(t->set, &hash);
    hr_sha256_end(&hash, digest);
    hr_text_add(text, "data: %zu persons, %zu examples, %s\n", hr_train_set_n_persons(t->set),
                hr_train_set_n_examples(t->set), digest);
    if (text->failed) return hr_fail_memory(text->length);
    hr_sha256_begin(&hash);
    hr_sha256_add(&hash, text->data, text->length);
    hr_sha256_end(&hash, t->learner->state.fingerprint);
    return HRNET_OK;
}

/* ---------------------------------------------------------------------------------------------- comparing */

static const char event_line[] = "log: "; /* the last line of checkpoint.txt, no part of the identity */

static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

/* The line that begins with the same name (up to ':') as `line`, or NULL. */
static const char *find_line(const char *text, const char *line)
{
    const size_t n = strcspn(line, ":\n") + 1;
    while (*text != '\0') {
        if (strncmp(text, line, n) == 0) return text;
        text += line_length(text);
        text += *text == '\n';
    }
    return NULL;
}

enum { MOST_DIFFERENCES = 4 }; /* in a message */

/* Describe the first lines of `now` that differ from `old` or are not in it: "TRAIN.LR was 0.001, is 0.01; ...".
 * Returns how many there are. */
static int differences(hr_text *out, const char *old, const char *now)
{
    int n = 0;
    while (*now != '\0') {
        const size_t length = line_length(now), name = strcspn(now, ":\n");
        const char *const was = find_line(old, now);
        if (was == NULL || line_length(was) != length || strncmp(was, now, length) != 0) {
            if (n++ < MOST_DIFFERENCES)
                hr_text_add(out, "%s%.*s was%.*s, is%.*s", n > 1 ? "; " : "", (int)name, now,
                            was != NULL ? (int)(line_length(was) - name - 1) : 8,
                            was != NULL ? was + name + 1 : " not set", (int)(length - name - 1), now + name + 1);
        }
        now += length;
        now += *now == '\n';
    }
    return n;
}

/* The same for lines of `old` that are not in `now`: keys that were on and are off. n: differences so far. */
static int disappeared(hr_text *out, const char *old, const char *now, int n)
{
    while (*old != '\0') {
        const size_t length = line_length(old), name = strcspn(old, ":\n");
        if (find_line(now, old) == NULL && strncmp(old, event_line, strlen(event_line)) != 0 && name < length)
            if (n++ < MOST_DIFFERENCES)
                hr_text_add(out, "%s%.*s was%.*s, is not set", n > 1 ? "; " : "", (int)name, old,
                            (int)(length - name - 1), old + name + 1);
        old += length;
        old += *old == '\n';
    }
    return n;
}

/* The published name of TensorBoard's folder ends with the time when the run began: a resumed run goes on in the old
 * one, if the names differ in nothing else. */
static void keep_event_folder(hrnet_trainer *t, const char *old)
{
    const char *const line = find_line(old, event_line), *const was = line != NULL ? line + strlen(event_line) : NULL;
    const size_t length = strlen(t->event_folder), n_stamp = strlen(t->stamp);
    if (length < n_stamp || strcmp(t->event_folder + length - n_stamp, t->stamp) != 0) return; /* it carries none */
    if (was == NULL || line_length(was) != length) return;
    if (strncmp(was, t->event_folder, length - n_stamp) == 0)
        memcpy(t->event_folder + length - n_stamp, was + length - n_stamp, n_stamp);
}

static hrnet_status compare(hrnet_trainer *t, const char *old)
{
    hr_text list = {0};
    const int n = disappeared(&list, old, t->identity.data, differences(&list, old, t->identity.data));
    if (n > MOST_DIFFERENCES) hr_text_add(&list, "; and %d more", n - MOST_DIFFERENCES);
    const hrnet_status status =
        n == 0 ? HRNET_OK
               : hr_fail(HRNET_ERR_MISMATCH,
                         "%s/checkpoint.pth belongs to another run: %s. Begin anew (--no-resume) or write elsewhere "
                         "(--output)",
                         t->folder, list.data != NULL ? list.data : "");
    if (n == 0) keep_event_folder(t, old);
    hr_text_free(&list);
    return status;
}

hrnet_status hr_trainer_check_identity(hrnet_trainer *t)
{
    enum { MOST = 1 << 20 };
    hr_bytes old;
    hr_text text = {0};
    char *path, *copy;
    HR_TRY(hr_trainer_path(&path, t, "checkpoint.txt"));
    /* without the text the fingerprint in the checkpoint still decides */
    const int is_there = access(path, F_OK) == 0;
    hrnet_status status = is_there ? hr_file_read(&old, path, MOST) : HRNET_OK;
    hr_free(path);
    if (!is_there || status != HRNET_OK) return status;
    hr_text_add_bytes(&text, old.data, old.size);
    hr_free(old.data);
    HR_TRY(hr_text_take(&text, &copy));
    status = copy != NULL ? compare(t, copy) : HRNET_OK;
    hr_free(copy);
    return status;
}

static hrnet_status write_text(const hrnet_trainer *t, const char *name, const char *text)
{
    hr_file file;
    char *path;
    HR_TRY(hr_trainer_path(&path, t, name));
    hrnet_status status = hr_file_create(&file, path);
    hr_free(path);
    if (status != HRNET_OK) return status;
    file.is_durable = 1; /* a run whose identity is lost cannot be resumed */
    fputs(text, file.stream);
    return hr_file_commit(&file);
}

hrnet_status hr_trainer_save_identity(hrnet_trainer *t)
{
    char *yaml;
    HR_TRY(hrnet_config_dump(&t->config, &yaml));
    hrnet_status status = write_text(t, "config.yaml", yaml);
    hrnet_string_free(yaml);
    if (status != HRNET_OK) return status;
    hr_text text = {0};
    char *whole;
    hr_text_add(&text, "%s%s%s\n", t->identity.data, event_line, t->event_folder);
    HR_TRY(hr_text_take(&text, &whole));
    status = write_text(t, "checkpoint.txt", whole);
    hr_free(whole);
    return status;
}
