/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.h - numbers from many measurements (GArray of double): order statistics, no means, since
 * one garbage collection of a server would move a mean and says nothing about a lock.
 */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <glib.h>

GArray *sample_new(void);
void sample_add(GArray *sample, double value);

/* The value below which the share `part` (0 to 1) lies; sorts the sample; NAN when it is empty. */
double sample_quantile(GArray *sample, double part);
double sample_median(GArray *sample);

/* Distance of the quartiles over the median: how much to believe a median. */
double sample_spread(GArray *sample);

#endif
