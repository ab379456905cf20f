/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - requests of the transport's owner, on their way to the client. */
#ifndef ZKL_PORT_ZK_REQUEST_H
#define ZKL_PORT_ZK_REQUEST_H

#include <stdbool.h>

#include "port/transport.h"

/* send() of the transport. */
bool zkl_request_send(struct zkl_transport *t, const struct zkl_request *q);

#endif
