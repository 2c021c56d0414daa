/*
 * Ethernet frames for a tenant process, from a DMA Agent.
 *
 *   fill a descsock_client_spec_t            which file, which agent, which service
 *   descsock_open                            registers, and starts a worker thread
 *   descsock_poll, descsock_send, descsock_recv
 *   descsock_close
 *
 * The worker thread posts buffers, takes received frames in and sends queued ones, whether the program calls anything
 * or not. A process has one connection, which all of its threads may use at once. It stays with the process that
 * opened it: a child of that closes it, which does nothing to the parent's, and opens its own.
 *
 * Frames are complete, and have 4 bytes more at their end, where hardware puts the CRC: what they are when sent does not
 * matter, when received they are zero. So a frame has at least 18 bytes and at most 2048; a shorter one than 64 is padded
 * with zeros on its way.
 *
 * All calls but descsock_poll wait until they are done, unless DESCSOCK_NONBLOCK is given to descsock_open or to the
 * call. -1 is failure, and errno says why; nothing is printed, unless the environment has MEMWIRE_LOG (error, warn, info,
 * debug, trace), and no signal is raised.
 *
 * An agent that ends is noticed at once. Calls then fail with ENOTCONN until there is one again; the connection comes
 * back by itself.
 *
 * This is the documented interface; for the names and the answers of the released library, include descsock_client.h
 * instead. Link with -ldescsock-client.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#ifndef DESCSOCK_H
#define DESCSOCK_H

#ifdef DESCSOCK_CLIENT_H
#error "descsock.h and descsock_client.h are two interfaces to the same library: include one of them"
#endif

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a path, its NUL included. */
#define DESCSOCK_PATHLEN 512

/* A flag of descsock_open, descsock_send and descsock_recv: do not wait. */
#define DESCSOCK_NONBLOCK (1 << 0)

/* What descsock_poll is asked for and answers. */
#define DESCSOCK_POLLIN (1 << 0)         /* there is a frame to receive */
#define DESCSOCK_POLLOUT (1 << 1)        /* there is room to send a frame */
#define DESCSOCK_POLLERR ((int)(1u << 31)) /* there is no agent; answered only */

/* Commands of descsock_cntl, beyond the documented interface, which has none. Each takes an int *, where it puts a
 * descriptor for poll, select and epoll. It belongs to the connection: do not read or close it. */
#define DESCSOCK_RECV_FD 0x44530001 /* readable while there is a frame to receive, and once when the agent ends */
#define DESCSOCK_SEND_FD 0x44530002 /* readable while there is room to send, and once when the agent ends */

/* 1028 bytes. */
typedef struct {
    char dma_shmem_path[DESCSOCK_PATHLEN];     /* @0 the file to share with the agent, or a directory to make it in,
                                                * as descsock.000 or with the next number that is free. 8 MiB, or as
                                                * many huge pages as that takes. A file that exists is zeroed, and gets
                                                * its size; it is removed by descsock_close. */
    char master_socket_path[DESCSOCK_PATHLEN]; /* @512 the agent's doorbell socket; @NAME for an abstract one */
    int svc_id;                                /* @1024 the service to register with: 0 to 16383 */
} descsock_client_spec_t;

/*
 * Opens the connection, as spec says. flags are the defaults of descsock_send and descsock_recv: 0 or DESCSOCK_NONBLOCK.
 *
 * 0, or -1 and errno: EISCONN (there is a connection), EALREADY (another thread opens or closes one), EFAULT (spec is NULL),
 * EINVAL (a path is empty, a number or a flag is none), ENAMETOOLONG, ENOENT or ECONNREFUSED (no agent there), EACCES (the
 * agent refuses; its log says why), ETIMEDOUT (it does not answer within 5 s), EPROTO or ECONNRESET (it is none), EBUSY
 * (another process uses the file), ELOOP (the file is a symbolic link), ENOSPC or ENOMEM (no room for the file), or what
 * the system says of the file. After a failure everything is as it was.
 */
int descsock_open(descsock_client_spec_t *const spec, const int flags);

/*
 * Which of the events in event_mask are the case now, at the cost of no system call. An event is answered as long as it
 * is the case.
 *
 * A mask, perhaps 0, or -1, which has the bit DESCSOCK_POLLERR, and errno: ENOTCONN (no connection, or no agent now).
 */
int descsock_poll(int event_mask);

/*
 * Queues a frame for the worker thread to send. len counts the 4 bytes for the CRC. flags are added to those of
 * descsock_open.
 *
 * len, or -1 and errno: EWOULDBLOCK (no room, with DESCSOCK_NONBLOCK), EMSGSIZE (too long), EINVAL (too short, or an
 * unknown flag), EFAULT (buf is NULL), ENOTCONN.
 */
ssize_t descsock_send(const void *const buf, const size_t len, const int flags);

/*
 * Copies the next frame to buf, which has len bytes, 4 zero bytes for the CRC at its end. flags are added to those of
 * descsock_open.
 *
 * The bytes of the frame with those 4, or -1 and errno: EWOULDBLOCK (no frame, with DESCSOCK_NONBLOCK), EMSGSIZE (buf is
 * too short; the frame is still there), EINVAL (an unknown flag), EFAULT (buf is NULL), ENOTCONN (no agent, and no frame
 * that had come from it before).
 */
ssize_t descsock_recv(void *const buf, const size_t len, const int flags);

/*
 * Carries out a command.
 *
 * 0, or -1 and errno: EINVAL (no such command), EFAULT, ENOTCONN.
 */
int descsock_cntl(const int cmd, ...);

/*
 * Closes the connection, after what was queued has been sent, within a second. Calls of other threads that wait fail with
 * ENOTCONN. The file is unmapped and removed, and the worker thread ends.
 *
 * 0, or -1 and errno: ENOTCONN (there is none).
 */
int descsock_close(void);

#ifdef __cplusplus
}
#endif

#endif
