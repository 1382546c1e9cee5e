/* people_run.c - reads ahead and draws behind on worker threads of the library; tells what happened in order. */
#include "people_run.h"

#include "interrupt.h"
#include "progress.h"
#include "tool.h"

typedef struct state {
    const people_run *run;
    progress shown;
    size_t n_done, n_read, n_people, n_empty; /* n_read: pictures that could be read; n_empty: with nobody in them */
    int n_failed;
} state;

/* ---------------------------------------------------------------------------------------------- on worker threads */

static hrnet_status give_boxes(const people_run *run, hrnet_picture *picture)
{
    hrnet_people *const people = &picture->people;
    const hrnet_box whole = {0, 0, (float)people->width, (float)people->height};
    const hrnet_detection *found;
    const size_t n = boxes_of(run->where, run->in->paths[picture->index], &found);
    const hrnet_status status = hrnet_people_add(people, (int)n, run->n_keypoints);
    if (status != HRNET_OK) return status;
    picture->has_boxes = 1;
    for (size_t i = 0; i < n; i++) {
        people->persons[i].box = found[i].box.w > 0 ? found[i].box : whole;
        people->persons[i].box_score = found[i].score;
        people->persons[i].category_id = found[i].category_id;
        people->persons[i].has_category = found[i].has_category;
    }
    if (n > 0) { /* all boxes of a picture have its id */
        people->image_id = found[0].image_id;
        people->has_image_id = found[0].has_image_id;
        people->image_text = found[0].image_text;
    }
    return HRNET_OK;
}

static hrnet_status load(void *context, size_t index, hrnet_picture *picture)
{
    const people_run *const run = ((const state *)context)->run;
    const char *const path = run->in->paths[index];
    const int begun = interrupt_read_begin(path);
    if (begun < 0) return HRNET_ERR_CANCELLED;
    const hrnet_status status = hrnet_picture_load(picture, path, NULL, run->image_flags);
    interrupt_read_done(begun);
    if (status != HRNET_OK || picture->people.status != HRNET_OK || run->where == NULL) return status;
    return give_boxes(run, picture);
}

static hrnet_status draw(void *context, hrnet_picture *picture)
{
    return target_draw(((const state *)context)->run->to, picture);
}

/* ---------------------------------------------------------------------------------------------- in order */

/* What went wrong in a picture; returns how many things. */
static int tell_failures(const hrnet_picture *picture)
{
    const hrnet_people *const people = &picture->people;
    int n_failed = 0;
    if (people->status != HRNET_OK) {
        tool_error("%s", people->message != NULL ? people->message : hrnet_status_text(people->status));
        n_failed++;
    }
    for (int i = 0; i < people->n_persons; i++) {
        const hrnet_pose *const who = &people->persons[i];
        if (who->status == HRNET_OK) continue;
        tool_error("%s: person %d: %s", people->name, i,
                   who->message != NULL ? who->message : hrnet_status_text(who->status));
        n_failed++;
    }
    if (picture->drawing != HRNET_OK) {
        tool_error("%s",
                   picture->drawing_message != NULL ? picture->drawing_message : hrnet_status_text(picture->drawing));
        n_failed++;
    }
    return n_failed;
}

/* What was left out of a picture, and why. */
static void tell_left_out(const hrnet_people *people)
{
    if (people->is_cut)
        tool_error("warning: %s: more than %d people; the best are kept (--max-persons)", people->name,
                   people->n_persons + people->n_suppressed);
    if (people->n_over_limit > 0)
        tool_error("warning: %s: %d boxes above the threshold were not looked at (--det-threshold)", people->name,
                   people->n_over_limit);
    if (people->n_not_finite > 0)
        tool_error("warning: %s: %d boxes are no numbers or have no area, and are left out", people->name,
                   people->n_not_finite);
}

static hrnet_status done(void *context, const hrnet_picture *picture)
{
    state *const s = context;
    const hrnet_people *const people = &picture->people;
    if (picture->warning != NULL) tool_error("warning: %s", picture->warning);
    tell_left_out(people);
    s->n_failed += tell_failures(picture);
    s->n_failed += target_write(s->run->to, people) != 0;
    s->n_people += (size_t)people->n_persons;
    s->n_read += people->status == HRNET_OK;
    s->n_empty += people->status == HRNET_OK && people->n_persons == 0;
    progress_update(&s->shown, ++s->n_done);
    return HRNET_OK;
}

static int is_cancelled(void *context)
{
    (void)context;
    return interrupt_signal() != 0;
}

static void tell_people(const state *s)
{
    if (s->run->quiet || s->run->where != NULL || s->n_read == 0) return;
    if (s->run->in->n == 1 && s->n_empty == 1)
        tool_error("%s: nobody was found (--det-threshold takes boxes of lower scores)", s->run->in->paths[0]);
    else if (s->n_empty > 0)
        tool_error("%zu people in %zu pictures; nobody was found in %zu of them", s->n_people, s->n_read, s->n_empty);
    else
        tool_error("%zu people in %zu picture%s", s->n_people, s->n_read, s->n_read == 1 ? "" : "s");
}

int people_run_all(const people_run *run)
{
    state s = {.run = run, .shown = progress_begin(run->in->n, "pictures", run->progress)};
    const hrnet_pictures_options how = {
        .n = run->in->n, .load = load, .draw = draw, .done = done, .cancelled = is_cancelled, .context = &s};
    const hrnet_status status = hrnet_pictures_run(run->finder, &how);
    progress_end(&s.shown, s.n_done);
    if (status != HRNET_OK && status != HRNET_ERR_CANCELLED) {
        tool_failed();
        s.n_failed++;
    }
    if (status == HRNET_OK) tell_people(&s);
    return s.n_failed;
}
