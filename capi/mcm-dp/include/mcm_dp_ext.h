/*
 * What libmcm_dp can do beyond mcm_dp.h. Programs that include this need this library.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef MCM_DP_EXT_H
#define MCM_DP_EXT_H

#include "mcm_dp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a connection has done since it was created; 80 bytes, ten counters. */
typedef struct {
    uint64_t frames;      /* @0 frames sent, or received */
    uint64_t bytes;       /* @8 bytes of payload in them */
    uint64_t lost;        /* @16 frames missing between received sequence numbers (receiver) */
    uint64_t refused;     /* @24 frames received that were larger than frame_size, or malformed */
    uint64_t copied;      /* @32 frames that had to be copied, because the peer's buffers are smaller
                             than frame_size; what does not fit in one of them is not sent (EMSGSIZE) */
    uint64_t timeouts;    /* @40 dequeues whose time was over */
    uint64_t cancelled;   /* @48 buffers given back with mcm_cancel_buffer */
    uint64_t connections; /* @56 peers so far, the present one included */
    uint64_t connected;   /* @64 1 while a peer is there */
    uint64_t held;        /* @72 buffers that the program holds now */
} mcm_dp_stats;

/*
 * mcm_create_connection that gives up after timeout milliseconds (-1: never), whatever
 * MCM_CREATE_TIMEOUT_MS says. NULL and ETIMEDOUT then.
 */
mcm_conn_context *mcm_create_connection_timeout(mcm_conn_param *param, int timeout);

/*
 * A descriptor for poll, select and epoll (wait for POLLIN): readable when mcm_dequeue_buffer may
 * have something to say: a frame, room, or the end of the peer; and when the library has work of its own,
 * such as another attempt to connect. Then call mcm_dequeue_buffer with
 * timeout 0 until it returns NULL, or once for each time the descriptor is readable. It belongs to the
 * connection: do not close or read it.
 *
 * -1 and errno on failure.
 */
int mcm_connection_fd(mcm_conn_context *pctx);

/*
 * Gives a buffer back without sending it. For a receiver the same as mcm_enqueue_buffer. A dequeue that
 * waits for room in another thread notices within 20 ms.
 *
 * 0, or MCM_DP_ERROR_INVALID_PARAM and EINVAL when buf is none of this connection's.
 */
int mcm_cancel_buffer(mcm_conn_context *pctx, mcm_buffer *buf);

/*
 * Fills the first size bytes of stats (pass sizeof(mcm_dp_stats)); a newer library may know more
 * counters, an older one leaves the rest 0. May be called from any thread.
 *
 * 0, or MCM_DP_ERROR_INVALID_PARAM and EINVAL.
 */
int mcm_connection_stats(mcm_conn_context *pctx, mcm_dp_stats *stats, size_t size);

/*
 * Why the last call of this thread that failed did so, in words; "" when none has. Valid until the
 * next call of this thread.
 */
const char *mcm_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
