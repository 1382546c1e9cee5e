/*
 * test_writer.c - every format against the bytes that tests/golden/results/make.py expects, to files and to streams;
 * documents that fail, whole or not there.
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <hrnet_results.h>

#include "base/file.h"
#include "base/mem.h"

#define MUST(call) assert_int_equal((call), HRNET_OK)

enum { N_PICTURES = 5, MOST = 17 };

static char folder[] = "/tmp/hrnet-test-writer-XXXXXX";
static const hrnet_model_info network = {.name = "pose_hrnet", .input_width = 192, .input_height = 256};

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a document leaves a file behind */
}

static const char *in_folder(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* ---------------------------------------------------------------------------------------------- people */

/* Person p of everybody; the second has numbers that are hard to write. make.py makes the same. */
static void fill_person(hrnet_pose *who, int p, int n_keypoints)
{
    static const float special[] = {NAN, INFINITY, -0.0f, 1e-7f, 1e20f, 16777216, 0.1f, 3.4028234663852886e38f};
    who->box = (hrnet_box){10.0f + (float)p, 20, 50.5f, 100.0f - (float)p};
    who->box_score = p == 0 ? 0.9f : 1;
    who->score = 0.625f + (float)p;
    who->track = p == 0 ? 7 : p == 2 ? UINT32_MAX : 0;
    for (int k = 0; k < n_keypoints; k++)
        who->keypoints[k] = (hrnet_keypoint){10.5f + 100 * (float)p + (float)k * 7.25f, (float)k * 0.3f - (float)p,
                                             (float)((k * 37 + p) % 101) / 100.0f};
    for (int i = 0; p == 1 && n_keypoints > 0 && i < 8; i++) {
        hrnet_keypoint *const k = &who->keypoints[i];
        *(i % 3 == 0 ? &k->x : i % 3 == 1 ? &k->y : &k->score) = special[i];
    }
}

static void make_people(hrnet_people people[N_PICTURES], int n_keypoints)
{
    static const struct {
        const char *name;
        int width, height, n_persons;
    } pictures[N_PICTURES] = {{"images/000000000785.jpg", 640, 425, 3},
                              {"a,\"b\"\\c\x01\t\xff\xc3\xa9\n.png", 1, 2, 1},
                              {"broken.jpg", 0, 0, 0},
                              {"lost.jpg", 0, 0, 0},
                              {"-", 3, 4, 0}};
    for (int i = 0; i < N_PICTURES; i++) {
        people[i] = (hrnet_people){0};
        MUST(hrnet_people_create(&people[i], pictures[i].name, pictures[i].n_persons, n_keypoints));
        people[i].width = pictures[i].width;
        people[i].height = pictures[i].height;
    }
    fill_person(&people[0].persons[0], 0, n_keypoints);
    people[0].persons[1].box = (hrnet_box){1, 2, -3, 4};
    hrnet_people_fail(&people[0], 1, HRNET_ERR_ARGUMENT, "box: too small");
    fill_person(&people[0].persons[2], 1, n_keypoints);
    fill_person(&people[1].persons[0], 2, n_keypoints);
    hrnet_people_fail(&people[2], -1, HRNET_ERR_FORMAT, "broken.jpg: no picture");
    hrnet_people_fail(&people[3], -1, HRNET_ERR_IO, NULL);
}

static void free_people(hrnet_people people[N_PICTURES])
{
    for (int i = 0; i < N_PICTURES; i++) hrnet_people_free(&people[i]);
}

/* ---------------------------------------------------------------------------------------------- formats */

/* A stream in memory that takes the first `room` bytes. */
typedef struct memory {
    char bytes[20000];
    size_t n, room;
} memory;

static int to_memory(void *context, const void *bytes, size_t n)
{
    memory *const m = context;
    if (m->n + n > m->room) return -1;
    memcpy(m->bytes + m->n, bytes, n);
    m->n += n;
    return 0;
}

static hrnet_status write_all(const char *path, const hrnet_results_options *how, const hrnet_people *people, int n)
{
    hrnet_results_writer *writer = NULL;
    hrnet_status status = hrnet_results_open(&writer, path, how);
    for (int i = 0; status == HRNET_OK && i < n; i++) status = hrnet_results_write(writer, &people[i]);
    if (status == HRNET_OK) status = hrnet_results_finish(writer);
    hrnet_results_free(writer);
    return status;
}

static const struct {
    hrnet_results_format format;
    const char *name, *ending; /* of the format, of the golden file behind the skeleton's name */
    int single;
} formats[] = {{HRNET_RESULTS_JSON, "json", ".json", 0},
               {HRNET_RESULTS_JSONL, "jsonl", ".jsonl", 0},
               {HRNET_RESULTS_CSV, "csv", ".csv", 0},
               {HRNET_RESULTS_COCO, "coco", "_results.json", 0},
               {HRNET_RESULTS_OPENPOSE, "openpose", "_openpose.json", 1},
               {HRNET_RESULTS_OPENPOSE_18, "openpose-18", "_openpose_18.json", 1},
               {HRNET_RESULTS_MOT, "mot", "_tracks.txt", 0},
               {HRNET_RESULTS_OPENPOSE_RAW, "openpose-raw", "_openpose_raw.json", 1},
               {HRNET_RESULTS_TRC, "trc", ".trc", 0}};
enum { N_FORMATS = sizeof formats / sizeof *formats };

static void check_formats(const hrnet_skeleton *skeleton)
{
    hrnet_people people[N_PICTURES];
    static memory stream;
    make_people(people, skeleton->n_keypoints);
    for (int f = 0; f < N_FORMATS; f++) {
        hrnet_results_options how = {
            .format = formats[f].format, .skeleton = skeleton, .network = &network, .threshold = 0.25f};
        const int n = formats[f].single ? 1 : N_PICTURES;
        char golden[300];
        hr_bytes expected, found;
        snprintf(golden, sizeof golden, "%s/golden/results/%s%s", TEST_DATA, skeleton->name, formats[f].ending);
        MUST(hr_file_read(&expected, golden, 1 << 20));
        MUST(write_all(in_folder("out"), &how, people, n));
        MUST(hr_file_read(&found, in_folder("out"), 1 << 20));
        assert_int_equal(found.size, expected.size);
        assert_memory_equal(found.data, expected.data, expected.size);
        how.write = to_memory;
        how.context = &stream;
        stream = (memory){.room = sizeof stream.bytes};
        MUST(write_all("out", &how, people, n)); /* the name stands in trc */
        assert_int_equal(stream.n, expected.size);
        assert_memory_equal(stream.bytes, expected.data, expected.size);
        hr_free(expected.data);
        hr_free(found.data);
        assert_int_equal(unlink(in_folder("out")), 0);
    }
    free_people(people);
}

/* Boxes alone, and what found them. */
static void documents_of_boxes(void **state)
{
    (void)state;
    static const hrnet_detector_info detector = {
        .name = "yolox", .input_width = 416, .input_height = 416, .threshold = 0.3f, .nms_iou = 0.5f};
    hrnet_people people[N_PICTURES];
    make_people(people, 0);
    for (int f = 0; f < N_FORMATS; f++) {
        const hrnet_results_options how = {.format = formats[f].format, .detector = &detector, .boxes = 1};
        char golden[300];
        hr_bytes expected, found;
        if (formats[f].single || formats[f].format == HRNET_RESULTS_TRC) {
            assert_int_equal(hrnet_results_check(&how), HRNET_ERR_UNSUPPORTED);
            continue;
        }
        snprintf(golden, sizeof golden, "%s/golden/results/boxes%s", TEST_DATA, formats[f].ending);
        MUST(hr_file_read(&expected, golden, 1 << 20));
        MUST(write_all(in_folder("out"), &how, people, N_PICTURES));
        MUST(hr_file_read(&found, in_folder("out"), 1 << 20));
        assert_int_equal(found.size, expected.size);
        assert_memory_equal(found.data, expected.data, expected.size);
        hr_free(expected.data);
        hr_free(found.data);
        assert_int_equal(unlink(in_folder("out")), 0);
    }
    free_people(people);
}

static void documents_are_the_expected_bytes(void **state)
{
    (void)state;
    check_formats(hrnet_skeleton_coco());
    check_formats(hrnet_skeleton_mpii());
}

/* In a locale with a decimal comma every number still has a point. */
static void the_locale_changes_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
    size_t i = 0;
    while (i < sizeof names / sizeof *names && setlocale(LC_ALL, names[i]) == NULL) i++;
    if (i == sizeof names / sizeof *names) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    check_formats(hrnet_skeleton_coco());
    setlocale(LC_ALL, "C");
}

/* A frame is told from the others of its video: by keys in JSON, by a number behind the name in CSV. */
static void frames_of_a_video(void **state)
{
    (void)state;
    static const struct {
        hrnet_results_format format;
        const char *text;
    } all[] = {{HRNET_RESULTS_JSONL,
                "{\"file\":\"a,b.mp4\",\"frame\":17,\"seconds\":0.64,\"width\":8,\"height\":6,\"persons\":["},
               {HRNET_RESULTS_CSV, "\n\"a,b.mp4#17\",0,"}};
    hrnet_people people = {0};
    MUST(hrnet_people_create(&people, "a,b.mp4", 1, 0));
    people.width = 8;
    people.height = 6;
    people.frame = 17;
    people.seconds = 0.64;
    people.persons[0].box = (hrnet_box){1, 2, 3, 4};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        static memory got;
        got = (memory){.room = sizeof got.bytes - 1};
        hrnet_results_writer *writer = NULL;
        MUST(hrnet_results_open(
            &writer, NULL,
            &(hrnet_results_options){.format = all[i].format, .boxes = 1, .write = to_memory, .context = &got}));
        MUST(hrnet_results_write(writer, &people));
        MUST(hrnet_results_finish(writer));
        hrnet_results_free(writer);
        got.bytes[got.n] = '\0';
        assert_non_null(strstr(got.bytes, all[i].text));
    }
    hrnet_people_free(&people);
}

/* Three frames with two persons, of keypoints that tell the track and the frame; the second keypoint is unsure. */
static void write_walk(hrnet_results_writer *writer)
{
    static const uint32_t tracks[3][2] = {{5, 0}, {3, 9}, {0, 3}};
    for (int frame = 0; frame < 3; frame++) {
        hrnet_people people = {0};
        MUST(hrnet_people_create(&people, "walk.mp4", 2, 3));
        people.frame = frame + 1;
        people.seconds = 0.04 * frame;
        for (int i = 0; i < 2; i++) {
            people.persons[i].track = tracks[frame][i];
            for (int k = 0; k < 3; k++)
                people.persons[i].keypoints[k] = (hrnet_keypoint){(float)(10 * tracks[frame][i]) + (float)k,
                                                                  (float)frame + 0.5f, k == 1 ? 0.1f : 0.9f};
        }
        MUST(hrnet_results_write(writer, &people));
        hrnet_people_free(&people);
    }
}

/* What trc says of a video: Sports2D's reader takes these rows. */
static void markers_of_a_track(void **state)
{
    (void)state;
    static const char *const names[] = {"nose", "left_big_toe", "tail tip"};
    const hrnet_skeleton skeleton = {.name = "custom", .n_keypoints = 3, .keypoint_names = names};
    static const char header[] =
        "PathFileType\t4\t(X/Y/Z)\twalk.trc\n"
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n"
        "25\t25\t3\t3\tpx\t25\t1\t3\n"
        "Frame#\tTime\tNose\t\t\tLBigToe\t\t\tTailTip\t\t\n\t\tX1\tY1\tZ1\tX2\tY2\tZ2\tX3\tY3\tZ3\n";
    static const struct {
        uint32_t asked, written;
        int n_others;
        const char *rows;
    } all[] = {
        {0, 3, 2,
         "1\t0\t\t\t\t\t\t\t\t\t\n2\t0.04\t30\t1.5\t0\t\t\t\t32\t1.5\t0\n3\t0.08\t30\t2.5\t0\t\t\t\t32\t2.5\t0\n"},
        {5, 5, 0, "1\t0\t50\t0.5\t0\t\t\t\t52\t0.5\t0\n2\t0.04\t\t\t\t\t\t\t\t\t\n3\t0.08\t\t\t\t\t\t\t\t\t\n"},
        {4, 0, 0, "1\t0\t\t\t\t\t\t\t\t\t\n2\t0.04\t\t\t\t\t\t\t\t\t\n3\t0.08\t\t\t\t\t\t\t\t\t\n"}};
    for (size_t t = 0; t < sizeof all / sizeof *all; t++) {
        static memory got;
        got = (memory){.room = sizeof got.bytes - 1};
        hrnet_results_writer *writer = NULL;
        const hrnet_results_options how = {.format = HRNET_RESULTS_TRC,
                                           .skeleton = &skeleton,
                                           .threshold = 0.2f,
                                           .track = all[t].asked,
                                           .write = to_memory,
                                           .context = &got};
        int n_others = -1;
        MUST(hrnet_results_open(&writer, "walks/walk.trc", &how));
        write_walk(writer);
        MUST(hrnet_results_finish(writer));
        got.bytes[got.n] = '\0';
        assert_int_equal(strncmp(got.bytes, header, strlen(header)), 0);
        assert_string_equal(got.bytes + strlen(header), all[t].rows);
        assert_int_equal(hrnet_results_track(writer, &n_others), all[t].written);
        assert_int_equal(n_others, all[t].n_others);
        hrnet_results_free(writer);
    }
}

static void formats_are_described(void **state)
{
    (void)state;
    assert_int_equal(N_FORMATS, HRNET_RESULTS_FORMATS);
    for (int f = 0; f < N_FORMATS; f++) {
        const hrnet_results_format_info *const info = hrnet_results_format_get_info(formats[f].format);
        assert_string_equal(info->name, formats[f].name);
        assert_int_equal(info->single, formats[f].single);
        assert_int_equal(strncmp(info->ending, "_", 1), 0);
    }
    assert_null(hrnet_results_format_get_info(HRNET_RESULTS_FORMATS));
    assert_null(hrnet_results_format_get_info((hrnet_results_format)-1));
}

/* A document of nobody is a document, and what is not known is left out. */
static void defaults(void **state)
{
    (void)state;
    static const char *const empty[N_FORMATS] = {
        "{\n  \"images\": [\n\n  ]\n}\n\n",
        "",
        ("file,person,person_score,keypoint,name,x,y,score,box_x,box_y,box_w,box_h,"
         "box_score,track\n"),
        "[]\n",
        "{\"version\":1.3,\"people\":[]}\n",
        "{\"version\":1.3,\"people\":[]}\n",
        "",
        "{\"version\":1.3,\"people\":[]}\n",
        NULL};
    static memory stream;
    hrnet_people people[N_PICTURES];
    for (int f = 0; f < N_FORMATS; f++) {
        stream = (memory){.room = sizeof stream.bytes - 1};
        const hrnet_results_options how = {.format = formats[f].format, .write = to_memory, .context = &stream};
        MUST(write_all(NULL, &how, NULL, 0));
        if (empty[f] != NULL) assert_string_equal(stream.bytes, empty[f]);
    }
    assert_non_null(strstr(stream.bytes, "\n0\t0\t0\t17\tpx\t0\t1\t0\nFrame#\tTime\tNose\t\t\tLEye"));
    make_people(people, MOST);
    stream = (memory){.room = sizeof stream.bytes - 1};
    MUST(write_all(NULL, &(hrnet_results_options){.format = HRNET_RESULTS_COCO, .write = to_memory, .context = &stream},
                   people, N_PICTURES));
    assert_null(strstr(stream.bytes, "center"));
    assert_null(strstr(stream.bytes, "scale"));
    assert_non_null(strstr(stream.bytes, "\"category_id\":1,\"image_id\":785,\"keypoints\":[10.5,0,0,17.75,0.3,0.37,"));
    free_people(people);
}

/* ---------------------------------------------------------------------------------------------- failures */

static void refused_options(void **state)
{
    (void)state;
    static const char *const names[] = {"tail"};
    const hrnet_skeleton tail = {.name = "custom", .n_keypoints = 1, .keypoint_names = names},
                         false_coco = {.name = "coco", .n_keypoints = 1, .keypoint_names = names};
    hrnet_results_writer *writer = NULL;
    for (hrnet_results_format f = 0; f < HRNET_RESULTS_FORMATS; f++) {
        const int is_openpose = f == HRNET_RESULTS_OPENPOSE || f == HRNET_RESULTS_OPENPOSE_18;
        const hrnet_status expected = is_openpose ? HRNET_ERR_UNSUPPORTED : HRNET_OK;
        assert_int_equal(hrnet_results_check(&(hrnet_results_options){.format = f, .skeleton = &tail}), expected);
        assert_int_equal(hrnet_results_check(&(hrnet_results_options){.format = f, .skeleton = &false_coco}), expected);
    }
    assert_int_equal(hrnet_results_open(&writer, in_folder("out"), &(hrnet_results_options){.format = 77}),
                     HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_results_open(&writer, in_folder("out"), &(hrnet_results_options){.reserved = {0, 0, 1}}),
                     HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_results_open(&writer, NULL, NULL), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_results_open(&writer, in_folder("no/such/out"), NULL), HRNET_ERR_IO);
    assert_non_null(strstr(hrnet_last_error(), "no/such/out"));
    assert_null(writer);
    hrnet_results_free(NULL);
}

/* Refused people leave the document as it was. */
static void refused_people(void **state)
{
    (void)state;
    static memory stream;
    hrnet_people people[N_PICTURES];
    hrnet_results_writer *writer = NULL;
    make_people(people, MOST);
    stream = (memory){.room = sizeof stream.bytes - 1};
    MUST(hrnet_results_open(
        &writer, "mine",
        &(hrnet_results_options){.format = HRNET_RESULTS_OPENPOSE, .write = to_memory, .context = &stream}));
    const hrnet_pose headless = {.box = {1, 2, 3, 4}};
    hrnet_people other = people[0];
    other.n_keypoints = 16;
    assert_int_equal(hrnet_results_write(writer, &other), HRNET_ERR_MISMATCH);
    assert_non_null(strstr(hrnet_last_error(), "000000000785.jpg"));
    other = (hrnet_people){.name = "a", .n_keypoints = MOST, .n_persons = 1, .persons = (hrnet_pose *)&headless};
    assert_int_equal(hrnet_results_write(writer, &other), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_results_write(writer, &(hrnet_people){0}), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_results_write(writer, &(hrnet_people){.name = "a", .reserved = {1}}), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_results_write(writer, NULL), HRNET_ERR_ARGUMENT);
    MUST(hrnet_results_write(writer, &people[4]));
    assert_int_equal(hrnet_results_write(writer, &people[4]), HRNET_ERR_ARGUMENT); /* a second picture */
    assert_non_null(strstr(hrnet_last_error(), "mine: format openpose"));
    MUST(hrnet_results_finish(writer));
    assert_string_equal(stream.bytes, "{\"version\":1.3,\"people\":[]}\n");
    assert_int_equal(hrnet_results_write(writer, &people[4]), HRNET_ERR_ARGUMENT);
    assert_int_equal(hrnet_results_finish(writer), HRNET_ERR_ARGUMENT);
    hrnet_results_free(writer);
    free_people(people);
}

/* Before the end there is no file; a document that is given up leaves what was there. */
static void files_are_whole_or_as_they_were(void **state)
{
    (void)state;
    hrnet_people people[N_PICTURES];
    hrnet_results_writer *writer = NULL;
    hr_bytes found;
    make_people(people, MOST);
    MUST(hrnet_results_open(&writer, in_folder("out"), NULL));
    MUST(hrnet_results_write(writer, &people[0]));
    assert_int_equal(access(in_folder("out"), F_OK), -1);
    hrnet_results_free(writer);
    MUST(write_all(in_folder("out"), &(hrnet_results_options){.format = HRNET_RESULTS_COCO}, NULL, 0));
    MUST(hrnet_results_open(&writer, in_folder("out"), NULL));
    hrnet_results_free(writer);
    MUST(hr_file_read(&found, in_folder("out"), 100));
    assert_int_equal(found.size, 3);
    assert_memory_equal(found.data, "[]\n", 3);
    hr_free(found.data);
    assert_int_equal(unlink(in_folder("out")), 0);
    free_people(people);
}

/* Wherever a stream or a device ends, the failure is told, and told again. */
static void writing_errors_stay(void **state)
{
    (void)state;
    static memory stream;
    hrnet_people people[N_PICTURES];
    make_people(people, MOST);
    for (int f = 0; f < N_FORMATS; f++) {
        const hrnet_results_options how = {.format = formats[f].format, .write = to_memory, .context = &stream};
        const int n = formats[f].single ? 1 : N_PICTURES;
        stream = (memory){.room = sizeof stream.bytes};
        MUST(write_all(NULL, &how, people, n));
        const size_t whole = stream.n;
        for (size_t room = 0; room < whole; room += 1 + whole / 50) {
            stream = (memory){.room = room};
            assert_int_equal(write_all("mine", &how, people, n), HRNET_ERR_IO);
            assert_non_null(strstr(hrnet_last_error(), "mine: cannot write"));
        }
    }
    hrnet_results_writer *writer = NULL;
    stream = (memory){.room = 5};
    MUST(hrnet_results_open(
        &writer, NULL,
        &(hrnet_results_options){.format = HRNET_RESULTS_JSONL, .write = to_memory, .context = &stream}));
    assert_int_equal(hrnet_results_write(writer, &people[0]), HRNET_ERR_IO);
    stream.room = sizeof stream.bytes;
    assert_int_equal(hrnet_results_write(writer, &people[0]), HRNET_ERR_IO);
    assert_int_equal(hrnet_results_finish(writer), HRNET_ERR_IO);
    hrnet_results_free(writer);
    if (access("/dev/full", W_OK) == 0) {
        assert_int_equal(write_all("/dev/full", NULL, people, N_PICTURES), HRNET_ERR_IO);
        assert_non_null(strstr(hrnet_last_error(), "/dev/full: cannot write"));
    }
    free_people(people);
}

static void failing_allocations(void **state)
{
    (void)state;
    hrnet_people people[N_PICTURES];
    make_people(people, MOST);
    for (int f = 0; f < N_FORMATS; f++) {
        const hrnet_results_options how = {.format = formats[f].format, .network = &network};
        const int n = formats[f].single ? 1 : N_PICTURES;
        hr_mem_fail_after(-1);
        MUST(write_all(in_folder("out"), &how, people, n));
        const long total = hr_mem_fail_after(-1);
        assert_int_equal(unlink(in_folder("out")), 0);
        for (long k = 0; k < total; k++) {
            hr_mem_fail_after(k);
            const hrnet_status status = write_all(in_folder("out"), &how, people, n);
            hr_mem_fail_after(-1);
            assert_int_equal(status, HRNET_ERR_MEMORY);
            assert_int_equal(access(in_folder("out"), F_OK), -1);
        }
    }
    free_people(people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_the_expected_bytes),
        cmocka_unit_test(documents_of_boxes),
        cmocka_unit_test(the_locale_changes_nothing),
        cmocka_unit_test(frames_of_a_video),
        cmocka_unit_test(markers_of_a_track),
        cmocka_unit_test(formats_are_described),
        cmocka_unit_test(defaults),
        cmocka_unit_test(refused_options),
        cmocka_unit_test(refused_people),
        cmocka_unit_test(files_are_whole_or_as_they_were),
        cmocka_unit_test(writing_errors_stay),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
