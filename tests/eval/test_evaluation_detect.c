/* test_evaluation_detect.c - a validation pass whose boxes a detector finds. The detector is a golden YOLOX that was
 * never trained: its boxes mean nothing, and are the same every time. */
#include <hrnet_eval.h>

#include "../support/small_set.h"

#include <stdio.h>
#include <string.h>

#include "../support/net_files.h"
#include "base/file.h"
#include "base/mem.h"

enum { PICTURES = 3, SIZE = 96 };

static const char yolox[] = "yolox_w125_160x224/checkpoint.pth",
                  three_classes[] = "yolox_dw_w125_128x96/checkpoint.pth";
static char folder[64];

/* The networks, and the set FOLDER/set with pictures 0.png.. of ids 1... */
typedef struct pass {
    hr_config config;
    hrnet_model *model;
    hrnet_session *session;
    hrnet_detector *detector;
    hrnet_detector_session *boxes;
    hrnet_evaluation *evaluation;
    hrnet_evaluation_options how;
} pass;

static char *in_folder(const char *name)
{
    static char paths[4][256];
    static int next;
    char *const path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void open_networks(pass *p, const char *detector, int threads, int batch)
{
    const char *const path = golden_path("people", detector);
    *p = (pass){.model = golden_model(net_names[0], NULL)};
    small_config(&p->config, folder, "set");
    strcpy(p->config.dataset.test_set, p->config.dataset.train_set);
    p->config.test.image_thre = .5;
    MUST(hrnet_session_create(&p->session, p->model, &(hrnet_session_options){.threads = threads, .max_batch = batch}));
    MUST(hrnet_detector_load(&p->detector, path, NULL));
    MUST(hrnet_detector_session_create(
        &p->boxes, p->detector,
        &(hrnet_detector_session_options){.threads = threads, .max_batch = batch, .size = SIZE}));
    p->how = (hrnet_evaluation_options){.detector = p->boxes};
}

static void open_set(pass *p, const hrnet_evaluation_files *files)
{
    MUST(hrnet_evaluation_open(&p->evaluation, &p->config, files));
}

static void begin(pass *p)
{
    open_networks(p, yolox, 1, 4);
    open_set(p, &(hrnet_evaluation_files){.detect = 1});
}

static void end(pass *p)
{
    hrnet_evaluation_free(p->evaluation);
    hrnet_detector_session_free(p->boxes);
    hrnet_detector_free(p->detector);
    hrnet_session_free(p->session);
    hrnet_model_free(p->model);
}

static void assert_same_files(const char *a, const char *b)
{
    hr_bytes x, y;
    MUST(hr_file_read(&x, a, 1 << 24));
    MUST(hr_file_read(&y, b, 1 << 24));
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    hr_free(x.data);
    hr_free(y.data);
}

/* Run, and write FOLDER/NAME.boxes.json and FOLDER/NAME.poses.json. */
static void run_and_save(pass *p, const char *name)
{
    char file[64];
    MUST(hrnet_evaluation_run(p->evaluation, p->session, &p->how));
    snprintf(file, sizeof file, "%s.boxes.json", name);
    MUST(hrnet_evaluation_save_boxes(p->evaluation, in_folder(file)));
    snprintf(file, sizeof file, "%s.poses.json", name);
    MUST(hrnet_evaluation_save(p->evaluation, in_folder(file)));
}

/* ------------------------------------------------------------------------------------------------ numbers */

/* The scores of one pass are those of its files, and the poses are those of the same boxes read from a file. */
static void files_give_the_same_numbers(void **state)
{
    (void)state;
    pass p;
    hrnet_annotations *truth = NULL;
    hrnet_coco_results results = {0};
    hrnet_box_score boxes, again;
    hrnet_coco_score poses = {0}, from_file = {0};
    begin(&p);
    assert_int_equal(hrnet_evaluation_get_info(p.evaluation).n_images, PICTURES);
    assert_int_equal(hrnet_evaluation_get_info(p.evaluation).n_persons, 0);
    run_and_save(&p, "found");
    MUST(hrnet_evaluation_boxes(p.evaluation, &boxes));
    MUST(hrnet_evaluation_coco(p.evaluation, &poses));
    MUST(hrnet_annotations_load(&truth, in_folder("set/annotations/person_keypoints_train.json")));
    MUST(hrnet_box_results_load(&results, in_folder("found.boxes.json")));
    MUST(hrnet_box_evaluate(&again, truth, &results));
    assert_memory_equal(&again, &boxes, sizeof boxes);
    assert_int_equal(results.n, PICTURES * 100);
    hrnet_coco_results_free(&results);
    MUST(hrnet_coco_results_load(&results, in_folder("found.poses.json"), 17));
    MUST(hrnet_coco_evaluate(&from_file, truth, &results, NULL));
    assert_memory_equal(from_file.numbers, poses.numbers, sizeof poses.numbers);
    hrnet_coco_results_free(&results);
    hrnet_annotations_free(truth);
    hrnet_coco_score_free(&poses);
    hrnet_coco_score_free(&from_file);

    const size_t n_persons = hrnet_evaluation_get_info(p.evaluation).n_persons;
    assert_true(n_persons > 0 && n_persons < PICTURES * 100);
    hrnet_evaluation_free(p.evaluation);
    open_set(&p, &(hrnet_evaluation_files){.detections = in_folder("found.boxes.json")});
    MUST(hrnet_evaluation_run(p.evaluation, p.session, NULL));
    assert_int_equal(hrnet_evaluation_get_info(p.evaluation).n_persons, n_persons);
    MUST(hrnet_evaluation_save(p.evaluation, in_folder("given.poses.json")));
    assert_same_files(in_folder("given.poses.json"), in_folder("found.poses.json"));
    end(&p);
}

/* Annotations made of what is found: in each picture but the last the best pose, with its own box of the detector. */
static void write_truth(const hrnet_coco_results *boxes, const hrnet_coco_results *poses)
{
    FILE *const f = fopen(in_folder("truth.json"), "w");
    assert_non_null(f);
    fprintf(f, "{\"categories\": [{\"id\": 1, \"name\": \"person\", \"keypoints\": [\"0\"");
    for (int k = 1; k < 17; k++) fprintf(f, ", \"%d\"", k);
    fprintf(f, "]}], \"images\": [");
    for (int i = 0; i < PICTURES; i++) fprintf(f, "%s{\"id\": %d, \"file_name\": \"%d.png\"}", i ? ", " : "", i + 1, i);
    fprintf(f, "], \"annotations\": [");
    for (int image = 1; image < PICTURES; image++) {
        size_t box = 0, pose = 0;
        while (boxes->image_ids[box] != image) box++;
        while (poses->image_ids[pose] != image) pose++;
        const double *const b = boxes->boxes[box];
        fprintf(f, "%s{\"image_id\": %d, \"category_id\": 1, \"area\": 2000, \"bbox\": [%.17g, %.17g, %.17g, %.17g]",
                image > 1 ? ", " : "", image, b[0], b[1], b[2], b[3]);
        for (int k = 0; k < 51; k++)
            fprintf(f, "%s%.17g", k == 0 ? ", \"keypoints\": [" : ", ",
                    k % 3 == 2 ? 2 : poses->keypoints[51 * pose + (size_t)k]);
        fprintf(f, "]}");
    }
    fprintf(f, "]}");
    assert_int_equal(fclose(f), 0);
}

/* Who is where the network looks is found at every threshold: the best box and the best pose of a picture are right,
 * all others are wrong, and so are those of the picture without anybody. */
static void what_is_found_counts(void **state)
{
    (void)state;
    pass p;
    hrnet_coco_results boxes = {0}, poses = {0};
    hrnet_box_score box_score;
    hrnet_coco_score pose_score = {0};
    begin(&p);
    run_and_save(&p, "found");
    MUST(hrnet_box_results_load(&boxes, in_folder("found.boxes.json")));
    MUST(hrnet_coco_results_load(&poses, in_folder("found.poses.json"), 17));
    write_truth(&boxes, &poses);
    hrnet_evaluation_free(p.evaluation);
    const char *const images = in_folder("set/images/train");
    open_set(&p, &(hrnet_evaluation_files){.annotations = in_folder("truth.json"), .images = images, .detect = 1});
    MUST(hrnet_evaluation_run(p.evaluation, p.session, &p.how));
    MUST(hrnet_evaluation_boxes(p.evaluation, &box_score));
    MUST(hrnet_evaluation_coco(p.evaluation, &pose_score));
    assert_int_equal(box_score.n_images, PICTURES);
    assert_int_equal(box_score.n_boxes, PICTURES - 1);
    assert_int_equal(box_score.n_results, PICTURES * 100);
    assert_true(box_score.numbers[HRNET_BOX_AR1] == 1);
    assert_true(box_score.numbers[HRNET_BOX_AP] > .5 && box_score.numbers[HRNET_BOX_AP] < 1.000001);
    assert_true(pose_score.numbers[HRNET_COCO_AR] == 1);
    hrnet_coco_score_free(&pose_score);
    hrnet_coco_results_free(&boxes);
    hrnet_coco_results_free(&poses);
    end(&p);
}

static void threads_and_batches_change_nothing(void **state)
{
    (void)state;
    static const struct {
        int threads, batch, workers;
    } ways[] = {{1, 1, 1}, {3, 2, 4}};
    pass p;
    begin(&p);
    run_and_save(&p, "found");
    end(&p);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        open_networks(&p, yolox, ways[i].threads, ways[i].batch);
        open_set(&p, &(hrnet_evaluation_files){.detect = 1});
        p.how.workers = ways[i].workers;
        run_and_save(&p, "other");
        assert_same_files(in_folder("other.boxes.json"), in_folder("found.boxes.json"));
        assert_same_files(in_folder("other.poses.json"), in_folder("found.poses.json"));
        run_and_save(&p, "other"); /* a second run begins anew */
        assert_same_files(in_folder("other.poses.json"), in_folder("found.poses.json"));
        end(&p);
    }
}

static void boxes_alone(void **state)
{
    (void)state;
    pass p;
    hrnet_box_score with_poses, alone;
    hrnet_coco_score score = {0};
    begin(&p);
    REFUSED(hrnet_evaluation_boxes(p.evaluation, &alone), HRNET_ERR_ARGUMENT, "nothing was run yet");
    MUST(hrnet_evaluation_run(p.evaluation, p.session, &p.how));
    MUST(hrnet_evaluation_boxes(p.evaluation, &with_poses));
    MUST(hrnet_evaluation_run(p.evaluation, NULL, &p.how));
    MUST(hrnet_evaluation_boxes(p.evaluation, &alone));
    assert_memory_equal(&alone, &with_poses, sizeof alone);
    REFUSED(hrnet_evaluation_coco(p.evaluation, &score), HRNET_ERR_ARGUMENT, "expected poses, found boxes alone");
    REFUSED(hrnet_evaluation_save(p.evaluation, in_folder("x.json")), HRNET_ERR_ARGUMENT, "boxes alone");
    p.how.det_threshold = .5F;
    p.how.max_detections = 7;
    MUST(hrnet_evaluation_run(p.evaluation, NULL, &p.how));
    MUST(hrnet_evaluation_boxes(p.evaluation, &alone));
    assert_int_equal(alone.n_results, 7 * PICTURES);
    end(&p);
}

/* ------------------------------------------------------------------------------------------------ what goes wrong */

static void count_message(void *context, const char *line)
{
    if (strstr(line, "1.png") != NULL && strstr(line, "left out") != NULL) ++*(int *)context;
}

static void a_picture_that_is_not_there(void **state)
{
    (void)state;
    pass p;
    int n_messages = 0;
    hrnet_box_score score;
    begin(&p);
    assert_int_equal(rename(in_folder("set/images/train/1.png"), in_folder("away.png")), 0);
    REFUSED(hrnet_evaluation_run(p.evaluation, p.session, &p.how), HRNET_ERR_IO, "1.png");
    REFUSED(hrnet_evaluation_boxes(p.evaluation, &score), HRNET_ERR_ARGUMENT, "nothing was run yet");
    p.how.skip_broken = 1;
    p.how.on_message = count_message;
    p.how.context = &n_messages;
    MUST(hrnet_evaluation_run(p.evaluation, p.session, &p.how));
    assert_int_equal(n_messages, 1);
    assert_int_equal(hrnet_evaluation_n_skipped(p.evaluation), 1);
    MUST(hrnet_evaluation_boxes(p.evaluation, &score));
    assert_int_equal(score.n_results, 100 * (PICTURES - 1));
    assert_int_equal(score.n_boxes, 2 * PICTURES);
    assert_int_equal(rename(in_folder("away.png"), in_folder("set/images/train/1.png")), 0);
    end(&p);
}

static void refused_passes(void **state)
{
    (void)state;
    pass p;
    hrnet_evaluation *evaluation = NULL;
    hrnet_box_score score;
    begin(&p);
    REFUSED(hrnet_evaluation_run(p.evaluation, p.session, NULL), HRNET_ERR_ARGUMENT,
            "hrnet_evaluation_options.detector: expected one");
    p.config.test.use_gt_bbox = 1;
    MUST(hrnet_evaluation_open(&evaluation, &p.config, NULL));
    REFUSED(hrnet_evaluation_run(evaluation, p.session, &p.how), HRNET_ERR_ARGUMENT, "detector: expected none");
    REFUSED(hrnet_evaluation_run(evaluation, NULL, NULL), HRNET_ERR_ARGUMENT, "NULL");
    MUST(hrnet_evaluation_run(evaluation, p.session, NULL));
    REFUSED(hrnet_evaluation_boxes(evaluation, &score), HRNET_ERR_ARGUMENT, "expected boxes of a detector");
    hrnet_evaluation_free(evaluation);
    const hrnet_evaluation_files both = {.detect = 1, .detections = "boxes.json"};
    REFUSED(hrnet_evaluation_open(&evaluation, &p.config, &both), HRNET_ERR_ARGUMENT, "detections beside detect");
    small_file(folder, "two.json",
               "{\"images\": [{\"id\": 1}], \"annotations\": [], \"categories\": [{\"id\": 1, \"keypoints\": [\"a\"]},"
               " {\"id\": 2, \"keypoints\": [\"a\"]}]}");
    const hrnet_evaluation_files two = {.detect = 1, .annotations = in_folder("two.json")};
    REFUSED(hrnet_evaluation_open(&evaluation, &p.config, &two), HRNET_ERR_MISMATCH, "expected one category");
    small_file(folder, "none.json", "{\"images\": [], \"annotations\": [], \"categories\": []}");
    const hrnet_evaluation_files none = {.detect = 1, .annotations = in_folder("none.json")};
    REFUSED(hrnet_evaluation_open(&evaluation, &p.config, &none), HRNET_ERR_FORMAT, "expected pictures to evaluate");
    strcpy(p.config.dataset.dataset, "mpii");
    small_file(folder, "mpii.json", "[]");
    const hrnet_evaluation_files mpii = {.detect = 1, .annotations = in_folder("mpii.json")};
    REFUSED(hrnet_evaluation_open(&evaluation, &p.config, &mpii), HRNET_ERR_UNSUPPORTED, "expected coco");
    end(&p);
    open_networks(&p, three_classes, 1, 1);
    open_set(&p, &(hrnet_evaluation_files){.detect = 1});
    REFUSED(hrnet_evaluation_run(p.evaluation, p.session, &p.how), HRNET_ERR_MISMATCH, "person");
    end(&p);
}

typedef struct patience {
    int n_asked, limit; /* the run is cancelled when asked after `limit` times */
} patience;

static int run_out(void *context)
{
    patience *const p = context;
    return p->n_asked++ == p->limit;
}

static void cancelled_runs_have_no_results(void **state)
{
    (void)state;
    pass p;
    hrnet_box_score score;
    int n_cancelled = 0;
    begin(&p);
    for (hrnet_status status = HRNET_ERR_CANCELLED; status != HRNET_OK; n_cancelled++) {
        patience left = {.limit = n_cancelled};
        p.how.cancelled = run_out;
        p.how.context = &left;
        status = hrnet_evaluation_run(p.evaluation, p.session, &p.how);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_CANCELLED);
        assert_int_equal(hrnet_evaluation_boxes(p.evaluation, &score), HRNET_ERR_ARGUMENT);
    }
    assert_true(n_cancelled > PICTURES + 2); /* before each picture, and before each pass of both networks */
    MUST(hrnet_evaluation_boxes(p.evaluation, &score));
    end(&p);
}

/* Every allocation of opening, running and scoring fails once, some of many. */
static hrnet_status attempt(pass *p)
{
    hrnet_box_score boxes;
    hrnet_coco_score poses = {0};
    p->evaluation = NULL;
    hrnet_status status = hrnet_evaluation_open(&p->evaluation, &p->config, &(hrnet_evaluation_files){.detect = 1});
    if (status == HRNET_OK) status = hrnet_evaluation_run(p->evaluation, p->session, &p->how);
    if (status == HRNET_OK) status = hrnet_evaluation_boxes(p->evaluation, &boxes);
    if (status == HRNET_OK) status = hrnet_evaluation_coco(p->evaluation, &poses);
    hrnet_coco_score_free(&poses);
    hrnet_evaluation_free(p->evaluation);
    p->evaluation = NULL;
    return status;
}

static void out_of_memory(void **state)
{
    enum { TRIES = 80 };
    (void)state;
    pass p;
    open_networks(&p, yolox, 1, 4);
    p.how.workers = 1;
    MUST(attempt(&p));
    hr_mem_fail_after(-1);
    MUST(attempt(&p));
    const long n = hr_mem_fail_after(-1), step = 1 + n / TRIES;
    assert_true(n > TRIES);
    for (long k = 0; k < n; k += step) {
        hr_mem_fail_after(k);
        const hrnet_status status = attempt(&p);
        hr_mem_fail_after(-1);
        /* a line that cannot be told is no failure */
        if (status != HRNET_ERR_MEMORY && status != HRNET_OK)
            fail_msg("allocation %ld of %ld: %s", k, n, hrnet_last_error());
    }
    MUST(attempt(&p));
    end(&p);
}

/* ------------------------------------------------------------------------------------------------ all */

static int set_up(void **state)
{
    (void)state;
    small_folder(folder);
    small_set_make(folder, "set", PICTURES, NULL, 17);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    small_folder_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_give_the_same_numbers),        cmocka_unit_test(what_is_found_counts),
        cmocka_unit_test(threads_and_batches_change_nothing), cmocka_unit_test(boxes_alone),
        cmocka_unit_test(a_picture_that_is_not_there),        cmocka_unit_test(refused_passes),
        cmocka_unit_test(cancelled_runs_have_no_results),     cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
