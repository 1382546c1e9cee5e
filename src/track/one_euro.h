/*
 * one_euro.h - the One-Euro filter of one number: Casiez, Roussel, Vogel, 1 EUR filter: a simple speed-based low-pass
 * filter for noisy input in interactive systems (CHI 2012), as the author's Python package (OneEuroFilter 0.2.1) has
 * it.
 *
 *   alpha(c) = 1 / (1 + f / (2 pi c))                              c: a cutoff frequency, f: that of the samples
 *   speed    = low pass of (x - last output) f, with alpha(d_cutoff);  0 at the first sample
 *   output   = low pass of x, with alpha(min_cutoff + beta |speed|)
 *   low pass: value += alpha (new - value); the first value is the first sample
 *
 * Speed is that from the last output, not from the last sample as in many ports, which gives other numbers.
 */
#ifndef HR_TRACK_ONE_EURO_H
#define HR_TRACK_ONE_EURO_H

typedef struct hr_one_euro {
    double output, speed;
    int has_begun; /* 0: the next sample is the first */
} hr_one_euro;

typedef struct hr_one_euro_settings {
    double min_cutoff, d_cutoff; /* Hz, above 0 */
    double beta;                 /* Hz for each unit a second, from 0 on */
} hr_one_euro_settings;

/* The next output; frequency: of the samples in Hz, above 0. */
double hr_one_euro_filter(hr_one_euro *filter, const hr_one_euro_settings *settings, double x, double frequency);

#endif
