/*
 * steadiness.c - steadiness PICTURE [RATE...]: how much the smoother calms the joints of people at rest, and how far it
 * makes them lag behind people who move, with the networks that ship: the numbers of MODEL.md.
 *
 *   cc -O2 -Iinclude bench/steadiness.c -o steadiness -Lbuild/src -lhrnet -lm
 *
 * A frame is the picture with noise of 5 grey levels, moved sideways in a wider one if people are to move. People are
 * found, tracked and smoothed in it as in a video. At rest: the standard deviation of keypoints, without and with
 * smoothing, over all frames after the first second. Moving, at 0.8 heights of a person a second ("constant") or to and
 * fro, with that speed in the middle ("varying"): the delay in frames at which the smoothed keypoints fit the
 * unsmoothed ones best, these carried along with the motion.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hrnet_track.h>

enum { MOST_FRAMES = 512, MOST_PEOPLE = 8, JOINTS = 17, NOISE = 5 };
static const double speed = 0.8;          /* heights a second */
static const double seen = 0.3;           /* keypoints of a lower score are not looked at */
static const double settling = 1;         /* seconds that are left out at the beginning */
static const double seconds[] = {5, 2.5}; /* of a run at rest, and of one that moves */

typedef enum motion { REST, CONSTANT, VARYING, N_MOTIONS } motion;

/* x and y of the keypoints that all frames of a run have. */
typedef struct course {
    int n_frames, n_people;
    double height; /* of a person, on average */
    float at[MOST_FRAMES][MOST_PEOPLE][JOINTS][2];
    unsigned char missing[MOST_PEOPLE][JOINTS];
} course;

static hrnet_finder *finder;
static hrnet_image photo;

static void need(hrnet_status status)
{
    if (status == HRNET_OK) return;
    fprintf(stderr, "%s\n", hrnet_last_error());
    exit(1);
}

/* Heights of a person that everything has moved by after t seconds. */
static double moved(motion how, double t)
{
    const double half_turns = M_PI; /* radians a second: to and fro takes 2 s */
    if (how == REST) return 0;
    return how == CONSTANT ? speed * (t - seconds[1] / 2) : speed / half_turns * sin(half_turns * t);
}

static double normal(void)
{
    static unsigned long long state = 88172645463325252;
    double u[2];
    for (int i = 0; i < 2; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u[i] = ((double)(state >> 11) + 0.5) / 9007199254740992.0;
    }
    return sqrt(-2 * log(u[0])) * cos(2 * M_PI * u[1]);
}

/* A frame of `width` pixels in a row in which the picture begins at column dx, its border repeated. */
static void make_frame(unsigned char *out, int width, double dx)
{
    for (int x = 0; x < width; x++) {
        const double from = fmin(fmax(x - dx, 0), photo.width - 1);
        const int left = (int)from, right = left + (left < photo.width - 1);
        const double share = from - left;
        for (int y = 0; y < photo.height; y++) {
            const unsigned char *const row = photo.rgb + (size_t)y * (size_t)photo.width * 3;
            for (int c = 0; c < 3; c++) {
                const double clean = row[left * 3 + c] * (1 - share) + row[right * 3 + c] * share;
                const double value = fmin(fmax(clean + NOISE * normal() + 0.5, 0), 255);
                out[((size_t)y * (size_t)width + (size_t)x) * 3 + (size_t)c] = (unsigned char)value;
            }
        }
    }
}

/* When all has settled: who is there counts. */
static void begin(course *raw, course *smooth, const hrnet_people *people, int n)
{
    int n_tracked = 0;
    raw->n_people = smooth->n_people = n < MOST_PEOPLE ? n : MOST_PEOPLE;
    for (int p = 0; p < people->n_persons; p++) {
        if (people->persons[p].track == 0) continue;
        raw->height += (double)people->persons[p].box.h;
        n_tracked++;
    }
    raw->height /= n_tracked;
}

/* Enter a frame's people. Keypoints that one frame lacks do not count. */
static void enter(course *to, int frame, const hrnet_people *people)
{
    for (int p = 0; p < to->n_people; p++) {
        const hrnet_pose *who = NULL;
        for (int i = 0; i < people->n_persons; i++)
            if (people->persons[i].track == (unsigned)p + 1) who = &people->persons[i];
        for (int k = 0; k < JOINTS; k++) {
            if (who == NULL || (double)who->keypoints[k].score < seen) {
                to->missing[p][k] = 1;
                continue;
            }
            to->at[frame][p][k][0] = who->keypoints[k].x;
            to->at[frame][p][k][1] = who->keypoints[k].y;
        }
    }
}

static void find(course *raw, course *smooth, motion how, double rate, double height)
{
    const int margin = how == REST ? 0 : (int)(height * speed * seconds[1] / 2), width = photo.width + 2 * margin;
    unsigned char *const rgb = malloc((size_t)width * (size_t)photo.height * 3);
    hrnet_tracker *tracker = NULL;
    hrnet_smoother *smoother = NULL;
    need(hrnet_tracker_create(&tracker, NULL));
    need(hrnet_smoother_create(&smoother, JOINTS, NULL));
    memset(raw, 0, sizeof *raw);
    raw->n_frames = (int)(rate * seconds[how != REST]);
    if (raw->n_frames > MOST_FRAMES) raw->n_frames = MOST_FRAMES;
    *smooth = *raw;
    for (int i = 0; i < raw->n_frames; i++) {
        hrnet_people people = {0};
        make_frame(rgb, width, margin + height * moved(how, i / rate));
        const hrnet_pixels pixels = {.width = width, .height = photo.height, .planes = {rgb}};
        need(hrnet_people_find(finder, &pixels, 1, NULL, &people));
        need(hrnet_tracker_update(tracker, &people, i / rate));
        if (i == (int)(settling * rate)) begin(raw, smooth, &people, (int)hrnet_tracker_n_tracks(tracker));
        enter(raw, i, &people);
        need(hrnet_smoother_update(smoother, &people, i / rate));
        enter(smooth, i, &people);
        hrnet_people_free(&people);
    }
    hrnet_smoother_free(smoother);
    hrnet_tracker_free(tracker);
    free(rgb);
}

/* Standard deviations of x and y of all keypoints that count, from frame `first` on, into out. Returns how many. */
static int deviations(const course *c, int first, double *out)
{
    int n = 0;
    for (int p = 0; p < c->n_people; p++) {
        for (int k = 0; k < 2 * JOINTS; k++) {
            double mean = 0, square = 0;
            if (c->missing[p][k / 2]) continue;
            for (int i = first; i < c->n_frames; i++) mean += (double)c->at[i][p][k / 2][k % 2];
            mean /= c->n_frames - first;
            for (int i = first; i < c->n_frames; i++) square += pow((double)c->at[i][p][k / 2][k % 2] - mean, 2);
            out[n++] = sqrt(square / (c->n_frames - first));
        }
    }
    return n;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many times less the keypoints deviate: in the median, and the root mean square of all, which is that of the few
 * that jump between two places. */
static void tell_rest(const course *raw, const course *smooth, int first)
{
    static double before[MOST_PEOPLE * JOINTS * 2], after[MOST_PEOPLE * JOINTS * 2], ratio[MOST_PEOPLE * JOINTS * 2];
    double squares_before = 0, squares_after = 0;
    const int n = deviations(raw, first, before);
    deviations(smooth, first, after);
    for (int i = 0; i < n; i++) {
        ratio[i] = before[i] / after[i];
        squares_before += before[i] * before[i];
        squares_after += after[i] * after[i];
    }
    qsort(ratio, (size_t)n, sizeof *ratio, compare);
    qsort(before, (size_t)n, sizeof *before, compare);
    printf("  at rest: median deviation %.2f pixels, %.1f times less (least tenth %.1f); all %.2f, %.1f times\n",
           before[n / 2], ratio[n / 2], ratio[n / 10], sqrt(squares_before / n), sqrt(squares_before / squares_after));
}

/* Squared error when the smoothed keypoints are taken for the unsmoothed ones of `delay` seconds ago. */
static double misfit(const course *raw, const course *smooth, motion how, double rate, double height, double delay)
{
    double sum = 0;
    for (int i = (int)(settling * rate); i < raw->n_frames; i++) {
        const double shift = height * (moved(how, i / rate - delay) - moved(how, i / rate));
        for (int p = 0; p < raw->n_people; p++)
            for (int k = 0; k < JOINTS; k++)
                if (!raw->missing[p][k])
                    sum += pow((double)raw->at[i][p][k][0] + shift - (double)smooth->at[i][p][k][0], 2);
    }
    return sum;
}

static double best_delay(const course *raw, const course *smooth, motion how, double rate, double height)
{
    double best = 0, least = INFINITY;
    for (double frames = -1; frames < 4; frames += 0.01) {
        const double error = misfit(raw, smooth, how, rate, height, frames / rate);
        if (error >= least) continue;
        least = error;
        best = frames;
    }
    return best;
}

static int count_joints(const course *c)
{
    int n = 0;
    for (int p = 0; p < c->n_people; p++)
        for (int k = 0; k < JOINTS; k++) n += !c->missing[p][k];
    return n;
}

int main(int argc, char **argv)
{
    static course raw, smooth;
    hrnet_detector *detector = NULL;
    hrnet_model *model = NULL;
    const double usual[] = {10, 25, 60};
    if (argc < 2) return fprintf(stderr, "usage: steadiness PICTURE [RATE...]\n"), 2;
    need(hrnet_detector_load(&detector, NULL, NULL));
    need(hrnet_model_load(&model, NULL, NULL));
    need(hrnet_finder_create(&finder, detector, model, NULL));
    need(hrnet_image_load(&photo, argv[1], 0));
    double height = 0;
    for (int r = 0; r < (argc > 2 ? argc - 2 : 3); r++) {
        const double rate = argc > 2 ? atof(argv[2 + r]) : usual[r];
        find(&raw, &smooth, REST, rate, 0);
        height = raw.height;
        const int first = (int)(settling * rate);
        printf("%g pictures a second, %d people of %.0f pixels, %d keypoints\n", rate, raw.n_people, height,
               count_joints(&raw));
        tell_rest(&raw, &smooth, first);
        for (motion how = CONSTANT; how < N_MOTIONS; how++) {
            find(&raw, &smooth, how, rate, height);
            printf("  %s: %.2f pictures behind (%d keypoints)\n", how == CONSTANT ? "constant" : "varying",
                   best_delay(&raw, &smooth, how, rate, height), count_joints(&raw));
            fflush(stdout);
        }
    }
    hrnet_image_free(&photo);
    hrnet_finder_free(finder);
    hrnet_model_free(model);
    hrnet_detector_free(detector);
    return 0;
}
