/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.c - order statistics.
 */
#include "sample.h"

#include <math.h>

GArray *sample_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(double));
}

void sample_add(GArray *sample, double value)
{
	g_array_append_val(sample, value);
}

static int by_value(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Linear between the two neighbours, as most tools do it. */
double sample_quantile(GArray *sample, double part)
{
	double place = part * ((double)sample->len - 1);
	guint low = (guint)place;

	if (sample->len == 0)
		return NAN;
	g_array_sort(sample, by_value);
	if (low + 1 >= sample->len)
		return g_array_index(sample, double, sample->len - 1);
	return g_array_index(sample, double, low) * (low + 1 - place) +
	       g_array_index(sample, double, low + 1) * (place - low);
}

double sample_median(GArray *sample)
{
	return sample_quantile(sample, 0.5);
}

double sample_spread(GArray *sample)
{
	double high = sample_quantile(sample, 0.75), low = sample_quantile(sample, 0.25);

	return (high - low) / sample_median(sample);
}
