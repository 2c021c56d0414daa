/*
 * Ethernet frames for a tenant process, from a DMA Agent: the names and the answers of the released library, on which
 * existing programs depend. They build with this header, and run with this library as they are.
 *
 *                          succeeded          nothing done                  failed
 *   open, close, cntl      1                                                -1
 *   poll                   the events         0                             POLLERR, alone or with others
 *   send, send_extended    bytes on the wire  0 (no room)                   -1
 *   recv, recv_extended    bytes of a frame   0 (no frame, or no agent)     -1, or -99 (buf is too small)
 *
 * No call waits. errno is set by every call that did not succeed. Frames are without CRC; one of less than 60 bytes is
 * padded with zeros, and 4 bytes are added to each on its way. A worker thread keeps frames flowing. An agent that ends
 * is noticed at once: poll answers POLLERR, send fails with ENOTCONN, and the connection comes back by itself. All
 * threads of a process may use its one connection at once. It stays with the process that
 * opened it: a child of that closes it, which does nothing to the parent's, and opens its own.
 *
 * DESCSOCK_CLIENT_API, defined before this is included, selects the structures of an older release:
 *
 *   10500  1.5.0, the default: dsk_ifh_fields_t has 32 bytes
 *   10304  1.3.4: dsk_ifh_fields_t has 28 bytes, without sid
 *   10301  1.3.1: and descsock_client_stats_t has 72 bytes, without not4b
 *   10200  1.2.0: and there are no extended calls
 *   10000  before: and descsock_client_spec_t has 1028 bytes, without tenant_name
 *
 * What that takes is done at compile time: calls with an older structure lead to functions of their own, whose names end
 * with its size. Programs that were linked before have none of this, and the plain names take the newest structures;
 * descsock_client_open is careful with what follows 1028 bytes.
 *
 * This is the released interface; for the documented one, include descsock.h instead. Link with -ldescsock-client.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef DESCSOCK_CLIENT_H
#define DESCSOCK_CLIENT_H

#ifdef DESCSOCK_H
#error "descsock.h and descsock_client.h are two interfaces to the same library: include one of them"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef DESCSOCK_CLIENT_API
#define DESCSOCK_CLIENT_API 10500
#endif

/* The function that takes a structure of another size. Defined as nothing, the plain names are called. */
#ifndef DESCSOCK_CLIENT_LEADS_TO
#define DESCSOCK_CLIENT_LEADS_TO(name) __asm__(name)
#endif

/* Bytes of a path or a name, its NUL included. */
#define DESCSOCK_CLIENT_PATHLEN 512
#define DESCSOCK_PATHLEN DESCSOCK_CLIENT_PATHLEN

/* Bytes in which every frame fits. */
#define DESCSOCK_CLIENT_BUF_SIZE 2048

/* Results of descsock_client_open, _close, _ctrl and _cntl. */
#define CLIENT_SUCCESS 1
#define CLIENT_FAILED (-1)

/* A flag of descsock_client_open, without effect: no call waits. */
#define DESCSOCK_NONBLOCK (1 << 0)

/* A flag of descsock_client_recv and _recv_extended: of a frame that does not fit take what does; the rest is gone. */
#define DSK_FLAG_TRUNCATE_PKT (1 << 0)

/* What these answer when a frame does not fit. It is still there. */
#define DSK_FLAG_RXBUF_SMALL (-99)

/* What descsock_client_poll is asked for and answers. */
#define DESCSOCK_POLLIN (1 << 0)           /* there is a frame to receive */
#define DESCSOCK_POLLOUT (1 << 1)          /* there is room to send a frame */
#define DESCSOCK_POLLERR ((int)(1u << 31)) /* there is no agent; answered only */
#define DESCSOCK_CLIENT_POLLIN DESCSOCK_POLLIN
#define DESCSOCK_CLIENT_POLLOUT DESCSOCK_POLLOUT
#define DESCSOCK_CLIENT_POLLERR DESCSOCK_POLLERR

/* Commands of descsock_client_cntl, which only this library has. Each takes an int *, where it puts a descriptor for
 * poll, select and epoll. It belongs to the connection: do not read or close it. */
#define DESCSOCK_RECV_FD 0x44530001 /* readable while there is a frame to receive, and once when the agent ends */
#define DESCSOCK_SEND_FD 0x44530002 /* readable while there is room to send, and once when the agent ends */

/* 1540 bytes; 1028 before 1.2.0. */
typedef struct {
    char dma_shmem_path[DESCSOCK_CLIENT_PATHLEN];     /* @0 a directory, in which descsock.TENANT is made, or
                                                       * descsock.000 without a name, or with the next number that is
                                                       * free; or the path of the file. 8 MiB. */
    char master_socket_path[DESCSOCK_CLIENT_PATHLEN]; /* @512 the agent's doorbell socket; @NAME for an abstract one */
    int svc_id;                                       /* @1024 the service to register with: 0 to 16383 */
#if DESCSOCK_CLIENT_API >= 10200
    char tenant_name[DESCSOCK_CLIENT_PATHLEN]; /* @1028 at most 63 characters, or none */
#endif
} descsock_client_spec_t;

/* What the connections of this process have done. 80 bytes; 72 before 1.3.4. Bytes are those on the wire, CRC included. */
typedef struct {
    uint64_t rx_packets_in;  /* @0 frames that came from the agent */
    uint64_t rx_packets_out; /* @8 frames that the program has received */
    uint64_t rx_bytes_in;    /* @16 */
    uint64_t rx_bytes_out;   /* @24 */
    uint64_t rx_fc_drops;    /* @32 frames dropped because the program did not receive those before */
    uint64_t tx_packets_in;  /* @40 frames that the program has sent */
    uint64_t tx_packets_out; /* @48 frames that went to the agent */
    uint64_t tx_bytes_in;    /* @56 */
    uint64_t tx_bytes_out;   /* @64 */
#if DESCSOCK_CLIENT_API >= 10304
    uint64_t not4b; /* @72 frames that the program has sent whose length on the wire is no multiple of 4 */
#endif
} descsock_client_stats_t;

/* The counters themselves, which move at any time. */
extern descsock_client_stats_t descsock_client_stats;

#if DESCSOCK_CLIENT_API >= 10301
/*
 * Where a frame goes, or came from. 32 bytes; 28 before 1.5.0.
 *
 * Of a frame that is sent and not directed, qos_tier and nti count. Of a received one, did and sid are both the source,
 * sep and svc are those that it was for.
 */
typedef struct {
    uint32_t did; /* destination port: 0 to 2047 */
#if DESCSOCK_CLIENT_API >= 10500
    uint32_t sid; /* source port */
#endif
    uint32_t sep;      /* service endpoint: 0 to 15, 15 being any */
    uint32_t svc;      /* service: 0 to 16383 */
    uint32_t qos_tier; /* tier of service quality: 0 to 3 */
    uint32_t nti;      /* domain: 0 to 4095, 0 being the default one */
    uint32_t dm;       /* data mover: 0 to 3 */
    bool directed;     /* sent: without looking up addresses. Received: it came so. */
} dsk_ifh_fields_t;
#endif

/*
 * Opens the connection, as spec says. flags are not looked at.
 *
 * 1, or -1 and errno: EISCONN (there is a connection), EALREADY (another thread opens or closes one), EFAULT (spec is NULL),
 * EINVAL (a path is empty, a name has a '/', a number is none), ENAMETOOLONG, ENOENT or ECONNREFUSED (no agent there),
 * EACCES (the agent refuses; its log says why), ETIMEDOUT (it does not answer within 5 s), EPROTO or ECONNRESET (it is
 * none), EBUSY (another process uses the file), ELOOP (the file is a symbolic link), ENOSPC or ENOMEM (no room for the
 * file), or what the system says of the file. After a failure everything is as it was.
 */
#if DESCSOCK_CLIENT_API >= 10200
int descsock_client_open(descsock_client_spec_t *const spec, const int flags);
#else
int descsock_client_open(descsock_client_spec_t *const spec, const int flags)
    DESCSOCK_CLIENT_LEADS_TO("descsock_client_open_1028");
#endif

/*
 * Which of the events in event_mask are the case now, at the cost of no system call, and POLLERR if there is no agent or
 * no connection (errno ENOTCONN then). An event is answered as long as it is the case.
 */
int descsock_client_poll(int event_mask);

/*
 * Queues a frame of len bytes without CRC, 1 to 2044, for the worker thread to send. flags are not looked at.
 *
 * Its bytes on the wire: 64, or len + 4 if that is more. 0 and EWOULDBLOCK: no room. -1 and errno: EMSGSIZE (too long),
 * EINVAL (no bytes), EFAULT (buf is NULL), ENOTCONN.
 */
ssize_t descsock_client_send(const void *const buf, const size_t len, const int flags);

/*
 * Copies the next frame to buf, which has len bytes, without CRC.
 *
 * Its bytes, or those that fit with DSK_FLAG_TRUNCATE_PKT. 0 and EWOULDBLOCK: no frame. 0 and ENOTCONN: no frame, and no
 * agent now. -99 and EMSGSIZE: buf is too small. -1 and errno: EFAULT (buf is NULL), ENOTCONN (no connection).
 */
ssize_t descsock_client_recv(void *const buf, const size_t len, const int flags);

/*
 * The two with what goes with a frame; EINVAL also for a number in ifh that is too large.
 */
#if DESCSOCK_CLIENT_API >= 10500
ssize_t descsock_client_send_extended(dsk_ifh_fields_t *const ifh, const void *const buf, const size_t len,
                                      const int flags);
ssize_t descsock_client_recv_extended(dsk_ifh_fields_t *const ifh, void *const buf, const size_t len,
                                      const int flags);
#elif DESCSOCK_CLIENT_API >= 10301
ssize_t descsock_client_send_extended(dsk_ifh_fields_t *const ifh, const void *const buf, const size_t len,
                                      const int flags)
    DESCSOCK_CLIENT_LEADS_TO("descsock_client_send_extended_28");
ssize_t descsock_client_recv_extended(dsk_ifh_fields_t *const ifh, void *const buf, const size_t len, const int flags)
    DESCSOCK_CLIENT_LEADS_TO("descsock_client_recv_extended_28");
#endif

/*
 * Carries out a command; both names are one function.
 *
 * 1, or -1 and errno: EINVAL (no such command), EFAULT, ENOTCONN.
 */
int descsock_client_ctrl(const int cmd, ...);
int descsock_client_cntl(const int cmd, ...);

/*
 * Closes the connection, after what was queued has been sent, within a second. The file is unmapped and removed, and the
 * worker thread ends.
 *
 * 1, or -1 and errno: ENOTCONN (there is none).
 */
int descsock_client_close(void);

#ifdef __cplusplus
}
#endif

#endif
