/*
 * test_record.c - the JSONL log and TensorBoard's event file: their contents after reports, a resumed run, a killed
 * run, a full disk. golden/train/events.bin comes from TensorBoard's own writer (make_events.py).
 */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/record_internal.h"
#include "report/record.h"
#include "report/run_log.h"

static char folder[] = "/tmp/hrnet_record_XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static hr_bytes read_whole(const char *path)
{
    hr_bytes bytes;
    assert_int_equal(hr_file_read(&bytes, path, 1 << 20), HRNET_OK);
    return bytes;
}

static void write_whole(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void expect_text(const char *path, const char *text)
{
    hr_bytes bytes = read_whole(path);
    assert_int_equal(bytes.size, strlen(text));
    assert_memory_equal(bytes.data, text, bytes.size);
    hr_free(bytes.data);
}

/* The only event file of a folder, or the one whose name has this ending. */
static const char *event_file(const char *where)
{
    static char path[1024];
    DIR *entries = opendir(where);
    assert_non_null(entries);
    int n = 0;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strncmp(entry->d_name, "events.out.tfevents.", 20) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", where, entry->d_name);
        n++;
    }
    closedir(entries);
    assert_int_equal(n, 1);
    return path;
}

/* ------------------------------------------------------------------------------------------------ the log */

static void reports_read_back(void **state)
{
    (void)state;
    hr_record *record = NULL;
    hr_run_log log;
    const char *const path = in_folder("new/deep/train.jsonl");
    const hr_record_value training[] = {{"train_loss", 0.1}, {"train_acc", 1.0 / 3}, {"learning_rate", 1e-3}};
    const hr_record_value validation[] = {{"Ap .5", 0.75}, {"a \"quoted\"\ttag", -1e300}, {"train_loss", NAN}};
    assert_int_equal(hr_record_open(&record, path, NULL, -1), HRNET_OK);
    assert_int_equal(hr_record_add(record, 0, 0, training, 3), HRNET_OK);
    assert_int_equal(hr_record_add(record, INT64_MAX, 209, validation, 3), HRNET_OK);

    /* readable while the run goes on */
    assert_int_equal(hr_run_log_read(&log, path), HRNET_OK);
    assert_int_equal(log.n_reports, 2);
    assert_int_equal(log.n_series, 5);
    assert_string_equal(log.series[0].tag, "train_loss");
    assert_int_equal(log.series[0].n, 2);
    assert_true(log.series[0].points[0].value == 0.1 && isnan(log.series[0].points[1].value));
    assert_true(log.series[0].points[0].step == 0 && log.series[0].points[1].step == INT64_MAX);
    assert_true(log.series[1].points[0].value == 1.0 / 3 && log.series[1].points[0].epoch == 0);
    assert_string_equal(log.series[4].tag, "a \"quoted\"\ttag");
    assert_true(log.series[4].points[0].value == -1e300 && log.series[4].points[0].epoch == 209);
    hr_run_log_free(&log);
    assert_int_equal(hr_record_close(record), HRNET_OK);

    hr_bytes bytes = read_whole(path);
    assert_memory_equal(bytes.data, "{\"step\":0,\"epoch\":0,\"time\":", 27);
    assert_non_null(memmem(bytes.data, bytes.size, ",\"train_loss\":0.1,\"train_acc\":0.3333333333333333,", 48));
    assert_non_null(memmem(bytes.data, bytes.size, ",\"train_loss\":null}\n", 20));
    hr_free(bytes.data);
}

#define STEPS "{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":2}\n"

static void resumed_runs_take_out_what_comes_again(void **state)
{
    (void)state;
    const char *const path = in_folder("resumed.jsonl");
    hr_record *record = NULL;
    write_whole(path, STEPS "{\"step\":3,\"a\":3}\nno report\n{\"step\":7}\n{\"step\":4,\"a\":0.");
    assert_int_equal(hr_record_open(&record, path, NULL, 3), HRNET_OK);
    assert_int_equal(hr_record_close(record), HRNET_OK);
    expect_text(path, STEPS "no report\n");

    /* kept: all that is whole */
    write_whole(path, STEPS "{\"step\":3,\"a");
    assert_int_equal(hr_record_open(&record, path, NULL, -1), HRNET_OK);
    assert_int_equal(hr_record_close(record), HRNET_OK);
    expect_text(path, STEPS);

    write_whole(path, "{\"step\":0");
    assert_int_equal(hr_record_open(&record, path, NULL, 0), HRNET_OK);
    assert_int_equal(hr_record_add(record, 0, 0, NULL, 0), HRNET_OK);
    assert_int_equal(hr_record_close(record), HRNET_OK);
    hr_bytes bytes = read_whole(path);
    assert_memory_equal(bytes.data, "{\"step\":0,\"epoch\":0,\"time\":", 27);
    hr_free(bytes.data);
}

static void tolerant_reading(void **state)
{
    (void)state;
    static const char text[] =
        "\r\n{\"step\":5,\"epoch\":\"x\",\"note\":\"text\",\"list\":[1,2],\"b\":2,\"b\":3}\n \n{\"step\":6";
    hr_run_log log;
    assert_int_equal(hr_run_log_parse(&log, text, sizeof text - 1), HRNET_OK);
    assert_int_equal(log.n_reports, 1);
    assert_int_equal(log.n_series, 1);
    assert_int_equal(log.series[0].n, 2);
    assert_true(log.series[0].points[0].epoch == -1 && log.series[0].points[1].value == 3);
    hr_run_log_free(&log);

    static const char *const broken[] = {"{\"step\":1}\n[1]\n", "{\"step\":1}\n{\"step\":1.5}\n",
                                         "{\"step\":1}\n{\"a\":1}\n", "{\"step\":1}\n{\"step\":-4}\n",
                                         "{\"step\":1}\n{\"step\":2,}\n"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(hr_run_log_parse(&log, broken[i], strlen(broken[i])), HRNET_ERR_FORMAT);
        assert_memory_equal(hrnet_last_error(), "line 2: expected a report", 25);
    }
    assert_int_equal(hr_run_log_parse(&log, "{\"step\":1}\n\0\0\0\n", 15), HRNET_ERR_FORMAT);

    hr_text many = {0};
    hr_text_add(&many, "{\"step\":1");
    for (int i = 0; i < 257; i++) hr_text_add(&many, ",\"t%d\":1", i);
    hr_text_add(&many, "}\n");
    assert_int_equal(hr_run_log_parse(&log, many.data, many.length), HRNET_ERR_LIMIT);
    hr_text_free(&many);
    assert_int_equal(hr_run_log_read(&log, in_folder("missing")), HRNET_ERR_IO);
}

/* ------------------------------------------------------------------------------------------------ table */

static void table_of_epochs(void **state)
{
    (void)state;
    char path[512], csv[512];
    snprintf(path, sizeof path, "%s/table.jsonl", folder);
    snprintf(csv, sizeof csv, "%s/table.csv", folder);
    write_whole(path, "{\"step\":0,\"epoch\":3,\"loss\":0.5,\"learning_rate\":0.001}\n"
                      "{\"step\":9,\"epoch\":3,\"loss\":0.25,\"learning_rate\":0.0001}\n"
                      "{\"step\":9,\"epoch\":3,\"A, \\\"b\\\"\":0.7123456}\n"
                      "{\"step\":15,\"epoch\":5,\"loss\":null,\"learning_rate\":0}\n{\"step\":16,\"loss\":7}\n");
    assert_int_equal(hr_record_table(path, csv), HRNET_OK);
    expect_text(csv, "epoch,step,loss,learning_rate,\"A, \"\"b\"\"\"\n3,9,0.375,0.0001,0.712346\n5,15,,0,\n");

    write_whole(path, "{\"step\":0,\"loss\":1}\n");
    assert_int_equal(hr_record_table(path, csv), HRNET_ERR_FORMAT);
    write_whole(path, "{\"step\":0,\"epoch\":0,\"loss\":1}\n{\"step\":0,\"epoch\":9223372036854775807,\"loss\":1}\n");
    assert_int_equal(hr_record_table(path, csv), HRNET_ERR_LIMIT);
    write_whole(path,
                "{\"step\":0,\"epoch\":0,\"loss\":1.7e308,\"b\":5e-324}\n{\"step\":0,\"epoch\":0,\"b\":-123456789}\n");
    assert_int_equal(hr_record_table(path, csv), HRNET_OK);
    expect_text(csv, "epoch,step,loss,b\n0,0,1.7e+308,-61728400\n");
    for (long n = 0; n < 6; n++) {
        hr_mem_fail_after(n);
        assert_int_equal(hr_record_table(path, csv), HRNET_ERR_MEMORY);
        hr_mem_fail_after(-1);
    }
}

/* ------------------------------------------------------------------------------------------------ events */

static void events_are_tensorboards(void **state)
{
    (void)state;
    const char *const where = in_folder("board/run");
    const hr_record_value training[] = {{"train_loss", 0.00123456789}, {"train_acc", 0.5}, {"learning_rate", 1e-3}};
    const hr_record_value score = {"AP", NAN};
    hr_events events;
    assert_int_equal(hr_events_open(&events, where, 1700000000.25, 300), HRNET_OK);
    assert_non_null(strstr(events.journal.path, "/events.out.tfevents.1700000000."));
    assert_int_equal(hr_events_add(&events, 1700000001.25, 300, training, 3), HRNET_OK);
    assert_int_equal(hr_events_add(&events, 1700000002.25, (int64_t)1 << 40, &score, 1), HRNET_OK);
    hr_bytes ours = read_whole(event_file(where)), theirs = read_whole(TEST_DATA "/golden/train/events.bin");
    assert_int_equal(ours.size, theirs.size);
    assert_memory_equal(ours.data, theirs.data, ours.size);

    /* a second start within the second, not resumed: a file of its own, without the session */
    hr_events second;
    assert_int_equal(hr_events_open(&second, where, 1700000000.25, -1), HRNET_OK);
    assert_string_not_equal(second.journal.path, events.journal.path);
    hr_bytes head = read_whole(second.journal.path);
    assert_int_equal(head.size, 40);
    assert_memory_equal(head.data, theirs.data, head.size);
    assert_int_equal(hr_events_close(&events), HRNET_OK);
    assert_int_equal(hr_events_close(&second), HRNET_OK);
    hr_free(ours.data);
    hr_free(theirs.data);
    hr_free(head.data);
}

/* ------------------------------------------------------------------------------------------------ failures */

static void limit_files(rlim_t bytes)
{
    const struct rlimit limit = {bytes, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A file that may not grow stands for a full disk: write() takes a part and then nothing. */
static void full_disks_cut_no_entry(void **state)
{
    (void)state;
    const char *const path = in_folder("full.jsonl");
    char board[512];
    snprintf(board, sizeof board, "%s/full", folder);
    const hr_record_value value = {"train_loss", 0.5};
    hr_record *record = NULL;
    signal(SIGXFSZ, SIG_IGN);
    for (int with_log = 0; with_log < 2; with_log++) {
        assert_int_equal(hr_record_open(&record, with_log ? path : NULL, with_log ? NULL : board, -1), HRNET_OK);
        assert_int_equal(hr_record_add(record, 1, 0, &value, 1), HRNET_OK);
        hr_bytes before = read_whole(with_log ? path : event_file(board));
        limit_files(before.size + 10);
        assert_int_equal(hr_record_add(record, 2, 0, &value, 1), HRNET_ERR_IO);
        assert_non_null(strstr(hrnet_last_error(), "cannot write: File too large"));
        limit_files(RLIM_INFINITY);
        hr_bytes after = read_whole(with_log ? path : event_file(board));
        assert_int_equal(after.size, before.size);
        assert_memory_equal(after.data, before.data, before.size);
        /* the file may grow again */
        assert_int_equal(hr_record_add(record, 3, 0, &value, 1), HRNET_OK);
        hr_free(after.data);
        after = read_whole(with_log ? path : event_file(board));
        assert_true(after.size > before.size && after.data[0] == before.data[0]);
        hr_free(before.data);
        hr_free(after.data);
        assert_int_equal(hr_record_close(record), HRNET_OK);
    }
}

static void places_that_cannot_be_written(void **state)
{
    (void)state;
    char below_file[512];
    hr_record *record = NULL;
    write_whole(in_folder("file"), "x");
    snprintf(below_file, sizeof below_file, "%s/file/below", folder);
    assert_int_equal(hr_record_open(&record, below_file, NULL, -1), HRNET_ERR_IO);
    assert_int_equal(hr_record_open(&record, NULL, below_file, -1), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "cannot make the folder"));
    assert_int_equal(hr_record_open(&record, folder, NULL, -1), HRNET_ERR_IO);
    assert_null(record);
    assert_int_equal(hr_record_close(NULL), HRNET_OK);

    assert_int_equal(hr_record_open(&record, "/dev/full", NULL, -1), HRNET_OK);
    assert_int_equal(hr_record_add(record, 1, 0, NULL, 0), HRNET_ERR_IO);
    assert_int_equal(hr_record_close(record), HRNET_OK);
}

static hrnet_status whole_life(const char *path, const char *board)
{
    const hr_record_value values[] = {{"a", 1}, {"b", 2}};
    hr_record *record = NULL;
    HR_TRY(hr_record_open(&record, path, board, 1));
    const hrnet_status status = hr_record_add(record, 1, 0, values, 2);
    const hrnet_status closed = hr_record_close(record);
    return status != HRNET_OK ? status : closed;
}

static void memory_runs_out(void **state)
{
    (void)state;
    char path[512], board[512];
    snprintf(path, sizeof path, "%s/faults.jsonl", folder);
    snprintf(board, sizeof board, "%s/faults", folder);
    long n = 0;
    hrnet_status status = HRNET_ERR_MEMORY;
    for (; status != HRNET_OK && n < 1000; n++) {
        hr_run_log log;
        write_whole(path, STEPS "{\"step\":0,\"c\":2}\n");
        hr_mem_fail_after(n);
        status = hr_run_log_read(&log, path);
        if (status == HRNET_OK) hr_run_log_free(&log);
        hr_mem_fail_after(n);
        if (status == HRNET_OK) status = whole_life(path, board);
        hr_mem_fail_after(-1);
        if (status != HRNET_OK) assert_int_equal(status, HRNET_ERR_MEMORY);
    }
    assert_true(n > 20 && n < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reports_read_back),
                                       cmocka_unit_test(resumed_runs_take_out_what_comes_again),
                                       cmocka_unit_test(tolerant_reading),
                                       cmocka_unit_test(table_of_epochs),
                                       cmocka_unit_test(events_are_tensorboards),
                                       cmocka_unit_test(full_disks_cut_no_entry),
                                       cmocka_unit_test(places_that_cannot_be_written),
                                       cmocka_unit_test(memory_runs_out)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
