/* program.c - rooms, what is kept for backward, and putting the jobs in order. */
#include "train/program_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { TASK_FLOATS = 32 * 1024 };

int hr_task_rows(const hr_tape_tensor *tensor, int factor)
{
    const int rows = TASK_FLOATS / (tensor->w * tensor->ld) / factor * factor;
    return rows > factor ? rows : factor;
}

int hr_step_factor(const hr_step *step)
{
    int shift = 0;
    for (int i = 0; i < step->n_terms; i++) shift = hr_later(shift, step->terms[i].shift);
    return 1 << shift;
}

int hr_gates_by_output(const hr_step *step)
{
    const int is_plain = step->n_terms == 1 && step->terms[0].norm >= 0 && step->terms[0].shift == 0;
    return step->relu && !is_plain;
}

int hr_sum_slots(const hr_tape_tensor *tensor, int factor, int n)
{
    const int rows = hr_task_rows(tensor, factor);
    return (n * tensor->h + rows - 1) / rows;
}

size_t hr_sum_doubles(const hr_tape_tensor *tensor, int slots)
{
    return (size_t)slots * 2 * (size_t)tensor->ld + HR_STRIP;
}

int hr_plan_room(hr_planner *p, size_t bytes, int first, int last)
{
    hr_program *program = p->program;
    if (program->n_rooms == program->room_capacity) {
        const int capacity = program->room_capacity == 0 ? 1024 : 2 * program->room_capacity;
        hr_lifetime *rooms = hr_resize(program->rooms, (size_t)program->n_rooms, (size_t)capacity, sizeof *rooms);
        if (rooms == NULL) {
            p->has_failed = 1;
            return -1;
        }
        program->rooms = rooms;
        program->room_capacity = capacity;
    }
    program->rooms[program->n_rooms] =
        (hr_lifetime){.size = (bytes + HR_ALIGN - 1) / HR_ALIGN, .first = first, .last = last};
    return program->n_rooms++;
}

void hr_plan_touch(hr_planner *p, int room, int phase)
{
    if (room < 0) return;
    hr_lifetime *life = &p->program->rooms[room];
    if (phase < life->first) life->first = phase;
    if (phase > life->last) life->last = phase;
}

void hr_plan_job(hr_planner *p, hr_job job)
{
    hr_program *program = p->program;
    if (program->n_jobs == program->job_capacity) {
        const int capacity = program->job_capacity == 0 ? 1024 : 2 * program->job_capacity;
        hr_job *jobs = hr_resize(program->jobs, (size_t)program->n_jobs, (size_t)capacity, sizeof *jobs);
        if (jobs == NULL) {
            p->has_failed = 1;
            return;
        }
        program->jobs = jobs;
        program->job_capacity = capacity;
    }
    program->jobs[program->n_jobs++] = job;
    if (job.phase >= program->n_phases) program->n_phases = job.phase + 1;
}

size_t hr_plan_tensor_bytes(const hr_planner *p, int tensor)
{
    const hr_tape_tensor *t = &p->program->tape.tensors[tensor];
    return (size_t)p->options->max_batch * (size_t)t->h * (size_t)t->w * (size_t)t->ld * sizeof(float);
}

/* Which values are kept: with recompute, not those that can be made again from kept ones without a convolution. */
static void choose_kept(hr_planner *p)
{
    const hr_tape *tape = &p->program->tape;
    p->kept[0] = 1;
    for (int i = 0; i < tape->n_steps; i++) {
        const hr_step *step = &tape->steps[i];
        int again = p->options->recompute && step->kind == HR_STEP_COMBINE && step->out != tape->output;
        for (int j = 0; j < step->n_terms; j++) again = again && p->kept[step->terms[j].tensor];
        p->kept[step->out] = !again;
    }
}

/* Values that backward reads: kept ones live until then, others are made again just before. */
static void plan_values(hr_planner *p)
{
    hr_program *program = p->program;
    for (int t = 0; t < program->tape.n_tensors; t++) {
        if (p->first_read[t] == 0 || p->kept[t]) continue;
        const int step = program->tape.tensors[t].maker, phase = p->first_read[t] - 1;
        hr_plan_job(p, (hr_job){HR_JOB_REMAKE, step, 0, phase, -1, 0});
        program->tensors[t].again = hr_plan_room(p, hr_plan_tensor_bytes(p, t), phase, p->last_read[t]);
        for (int j = 0; j < program->tape.steps[step].n_terms; j++)
            p->last_read[program->tape.steps[step].terms[j].tensor] =
                hr_later(p->last_read[program->tape.steps[step].terms[j].tensor], phase);
    }
    for (int t = 0; t < program->tape.n_tensors; t++) {
        const int room = program->tensors[t].value;
        if (!p->kept[t] || p->last_read[t] == 0 || p->has_failed) continue;
        hr_plan_touch(p, room, p->last_read[t]);
        program->kept_lines += program->rooms[room].size;
    }
}

static int by_phase(const void *a, const void *b)
{
    const hr_job *x = a, *y = b;
    if (x->phase != y->phase) return x->phase - y->phase;
    if (x->kind != y->kind) return (int)x->kind - (int)y->kind;
    return x->step != y->step ? x->step - y->step : x->term - y->term;
}

static void order_jobs(hr_program *program)
{
    qsort(program->jobs, (size_t)program->n_jobs, sizeof *program->jobs, by_phase);
    for (int i = program->n_jobs - 1, phase = program->n_phases; phase >= 0; phase--) {
        while (i >= 0 && program->jobs[i].phase >= phase) i--;
        program->phase_jobs[phase] = i + 1;
    }
}

/* complete: parameters lie in the block in the order of the graph, so the last of them that is not complete decides. */
static void order_gradients(hr_planner *p)
{
    hr_program *program = p->program;
    const hr_graph *graph = program->tape.graph;
    int latest = 0;
    for (int i = 0; i < program->n_phases; i++) program->complete[i] = p->params->n_trainable;
    for (int i = graph->n_params - 1; i >= 0; i--) {
        if (p->params->at[i] >= p->params->n_trainable) continue;
        latest = hr_later(latest, p->settled[i]);
        program->complete[latest] = p->params->at[i];
    }
    for (int i = 1; i < program->n_phases; i++)
        if (program->complete[i] > program->complete[i - 1]) program->complete[i] = program->complete[i - 1];
}

static hrnet_status allocate_planner(hr_planner *p)
{
    const size_t n = (size_t)p->program->tape.n_tensors;
    HR_NEW(p->ready, n);
    HR_NEW(p->passed, n);
    HR_NEW(p->kept, n);
    HR_NEW(p->first_read, n);
    HR_NEW(p->last_read, n);
    HR_NEW(p->settled, (size_t)p->params->graph->n_params);
    HR_NEW(p->program->tensors, n);
    HR_NEW(p->program->layers, (size_t)p->program->tape.n_steps);
    for (size_t i = 0; i < n; i++) p->program->tensors[i] = (hr_tensor_rooms){-1, -1, -1};
    return HRNET_OK;
}

static void free_planner(hr_planner *p)
{
    hr_free(p->ready);
    hr_free(p->passed);
    hr_free(p->kept);
    hr_free(p->first_read);
    hr_free(p->last_read);
    hr_free(p->settled);
}

static hrnet_status plan(hr_planner *p)
{
    hr_program *program = p->program;
    HR_TRY(allocate_planner(p));
    hr_plan_forward(p);
    program->first_backward = program->n_phases;
    choose_kept(p);
    hr_plan_backward(p);
    plan_values(p);
    if (p->has_failed) return hr_fail_memory((size_t)program->room_capacity * sizeof *program->rooms);
    const int lasting[] = {program->tensors[0].value, program->tensors[program->tape.output].value,
                           program->tensors[program->tape.output].gradient};
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++) {
        hr_plan_touch(p, lasting[i], 0);
        hr_plan_touch(p, lasting[i], program->n_phases);
    }
    HR_NEW(program->phase_jobs, (size_t)program->n_phases + 1);
    HR_NEW(program->complete, (size_t)program->n_phases);
    order_jobs(program);
    order_gradients(p);
    return hr_arena_plan(program->rooms, program->n_rooms, NULL, NULL, &program->n_lines);
}

hrnet_status hr_program_make(hr_program *out, hr_tape *tape, const hr_params *params, const hr_program_options *options)
{
    hr_program program = {.tape = *tape};
    hr_planner p = {.program = &program, .params = params, .options = options};
    *tape = (hr_tape){0};
    const hrnet_status status = plan(&p);
    free_planner(&p);
    if (status != HRNET_OK) {
        hr_program_free(&program);
        return status;
    }
    *out = program;
    return HRNET_OK;
}

void hr_program_free(hr_program *program)
{
    hr_tape_free(&program->tape);
    hr_free(program->layers);
    hr_free(program->tensors);
    hr_free(program->jobs);
    hr_free(program->phase_jobs);
    hr_free(program->complete);
    hr_free(program->rooms);
    *program = (hr_program){0};
}
