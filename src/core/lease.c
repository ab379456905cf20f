/* SPDX-License-Identifier: Apache-2.0 */
/* lease.c - arithmetic of proven validity. Every rounding errs to the early side. */
#include "core/lease.h"

static int64_t hop_of(int64_t timeout, int hops)
{
	return timeout / 4 * (1 + hops);
}

static void forget(struct zkl_lease *lease, int64_t greeted)
{
	lease->greeted = greeted - lease->margin; /* no delay here; so the whole margin */
	lease->last = greeted;
	lease->next = 0;
	lease->count = 0;
}

void zkl_lease_open(
	struct zkl_lease *lease, int64_t timeout, int64_t margin, int hops, int64_t greeted)
{
	lease->timeout = timeout;
	/* one half for what a request takes longer to the server than the write behind it, the
	 * other for clocks that run at different rates */
	lease->hop = hop_of(timeout, hops) + margin / 2;
	lease->margin = margin - margin / 2;
	lease->until = 0;
	forget(lease, greeted);
}

void zkl_lease_moved(struct zkl_lease *lease, int64_t greeted)
{
	forget(lease, greeted);
}

static int64_t newest(const struct zkl_lease *lease)
{
	unsigned at = (lease->next + ZKL_LEASE_RING - 1) % ZKL_LEASE_RING;

	return lease->count ? lease->sent[at] : lease->greeted;
}

void zkl_lease_sent(struct zkl_lease *lease, int64_t now)
{
	lease->last = now;
	if (now - newest(lease) < lease->timeout / ZKL_LEASE_RING)
		return; /* leaving one out only makes L earlier */
	lease->sent[lease->next] = now;
	lease->next = (lease->next + 1) % ZKL_LEASE_RING;
	if (lease->count < ZKL_LEASE_RING)
		lease->count++;
}

int64_t zkl_lease_promise(const struct zkl_lease *lease, int64_t now)
{
	int64_t heard = lease->greeted;

	if (lease->last <= now - lease->hop)
		return lease->last + lease->timeout - lease->margin;
	for (unsigned i = 0; i < lease->count; i++) {
		unsigned at = (lease->next + ZKL_LEASE_RING - 1 - i) % ZKL_LEASE_RING;

		if (lease->sent[at] <= now - lease->hop) {
			heard = lease->sent[at] > heard ? lease->sent[at] : heard;
			break;
		}
	}
	return heard + lease->timeout - lease->margin;
}

int64_t zkl_lease_ripe(const struct zkl_lease *lease)
{
	unsigned first = (lease->next + ZKL_LEASE_RING - lease->count) % ZKL_LEASE_RING;

	return lease->count ? lease->sent[first] + lease->hop : 0;
}

void zkl_lease_acked(struct zkl_lease *lease, int64_t promise)
{
	if (promise > lease->until)
		lease->until = promise;
}

int64_t zkl_lease_validity(int64_t timeout, int64_t gap, int64_t margin, int hops)
{
	return timeout - gap - hop_of(timeout, hops) - margin;
}
