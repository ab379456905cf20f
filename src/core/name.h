/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name.h - names of contenders' znodes: ours, and those of the neighbours that may stand in the
 * same queue (docs/peers.md).
 *
 *	<guid>-lock-<seq>		ours; the name that ZooKeeper's recipe page gives
 *	_c_<guid>-lock-<seq>		Curator, go-zookeeper
 *	<hex>__lock__<seq>		kazoo (exclusive)
 *	<hex>__rlock__<seq>		kazoo (shared)
 */
#ifndef ZKL_CORE_NAME_H
#define ZKL_CORE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZKL_GUID_LEN 36 /* as in RFC 4122, with dashes */
#define ZKL_NAME_MAX 128

enum zkl_make { ZKL_MAKE_OURS, ZKL_MAKE_CURATOR, ZKL_MAKE_KAZOO, ZKL_MAKE_OTHER };
enum zkl_share { ZKL_EXCLUSIVE, ZKL_SHARED };

struct zkl_name {
	enum zkl_make make;
	enum zkl_share share;
	int32_t seq;
};

/* Is this child of a lock's parent a contender, and which? */
bool zkl_name_parse(const char *child, struct zkl_name *ret);

/* Does this child carry that GUID as ours do? */
bool zkl_name_has_guid(const char *child, const char *guid);

/* Order of two sequence numbers: < 0 when a comes first. Serial numbers of 32 bits: right over the
 * wrap, as long as the queue spans less than 2^31 (bugs.md 38). */
int32_t zkl_seq_compare(int32_t a, int32_t b);

/* May this text be a lock's name / a root? */
bool zkl_name_is_valid(const char *name);
bool zkl_root_is_valid(const char *root);

#endif
