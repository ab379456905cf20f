/* SPDX-License-Identifier: Apache-2.0 */
/* zk.h - the transport on the ZooKeeper C client. */
#ifndef ZKL_PORT_ZK_H
#define ZKL_PORT_ZK_H

#include "port/transport.h"

const struct zkl_transport_ops *zkl_zk_transport(void);

#endif
