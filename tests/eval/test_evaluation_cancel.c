/* test_evaluation_cancel.c - a validation pass that is cancelled at any moment, and run again. */
#include <hrnet_eval.h>

#include "../support/small_set.h"

#include <math.h>
#include <string.h>

#include "../support/net_files.h"

enum { PICTURES = 3 };

static char folder[64];

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
    static hr_config config;
    (void)state;
    hrnet_model *model = golden_model(net_names[0], NULL);
    hrnet_session *session = NULL;
    hrnet_evaluation *evaluation = NULL;
    double whole, loss, accuracy;
    small_config(&config, folder, "set");
    strcpy(config.dataset.test_set, config.dataset.train_set);
    config.test.use_gt_bbox = 1;
    MUST(hrnet_session_create(&session, model, &(hrnet_session_options){.max_batch = 4}));
    MUST(hrnet_evaluation_open(&evaluation, &config, NULL));
    MUST(hrnet_evaluation_run(evaluation, session, NULL));
    MUST(hrnet_evaluation_loss(evaluation, &whole, &accuracy));
    int n_cancelled = 0;
    for (hrnet_status status = HRNET_ERR_CANCELLED; status != HRNET_OK; n_cancelled++) {
        patience p = {.limit = n_cancelled};
        const hrnet_evaluation_options how = {.cancelled = run_out, .context = &p};
        status = hrnet_evaluation_run(evaluation, session, &how);
        if (status == HRNET_OK) break;
        assert_int_equal(status, HRNET_ERR_CANCELLED);
        assert_int_equal(p.n_asked, n_cancelled + 1);
        assert_int_equal(hrnet_evaluation_loss(evaluation, &loss, &accuracy), HRNET_ERR_ARGUMENT);
    }
    assert_true(n_cancelled > PICTURES); /* before each picture, and before each pass */
    MUST(hrnet_evaluation_loss(evaluation, &loss, &accuracy));
    assert_true(loss == whole);
    REFUSED(hrnet_evaluation_run(evaluation, session, &(hrnet_evaluation_options){.reserved = {1}}), HRNET_ERR_ARGUMENT,
            "reserved[0]");
    hrnet_evaluation_free(evaluation);
    hrnet_session_free(session);
    hrnet_model_free(model);
}

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
    const struct CMUnitTest tests[] = {cmocka_unit_test(cancelled_runs_have_no_results)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
