/*
 * A peer on top of somebody else's libmemif, loaded by path at run time.
 *
 *   libmemif_peer LIBRARY server|client sink|echo|idle SOCKET ID QUEUES LOG2_SLOTS BUFFER_BYTES poll|interrupt
 *
 * Says on stdout: "ready", "up", "down", and answers what it reads on stdin:
 *
 *   stats             -> stats rx=N rx_bytes=N bad=N tx=N tx_bytes=N
 *   send COUNT BYTES  -> sent        (numbered frames, round robin over the queues)
 *   quit, end of file -> ends
 *
 * A numbered frame carries a little-endian u64 at offset 14; every other byte
 * at offset i is (7 * i + number) mod 256. A frame of less than 22 bytes has no
 * number and counts as bad.
 *
 * The declarations below are ours; they follow libmemif 4.0 on x86-64 and
 * aarch64, and the sizes are asserted.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef void *link_t;
typedef void *socket_t;
typedef int link_event (link_t link, void *context);
typedef int interrupt_event (link_t link, void *context, uint16_t queue);

struct socket_options
{
  char path[108];
  char program[32];
  struct itimerspec retry;
  void *hooks[4]; /* fd updates, alloc, realloc, free: all the library's own */
};

struct link_options
{
  socket_t socket;
  uint8_t secret[24];
  uint8_t s2m_rings, m2s_rings;
  uint16_t buffer_bytes;
  uint8_t log2_slots;
  uint8_t is_server;
  uint32_t id;
  uint8_t name[32];
  uint8_t mode;
};

struct buffer
{
  uint16_t slot;
  void *queue;
  uint32_t len;
  uint8_t flags; /* bit 0: the frame goes on in the next buffer */
  void *data;
};

_Static_assert (sizeof (struct socket_options) == 208, "socket options");
_Static_assert (sizeof (struct link_options) == 80, "link options");
_Static_assert (sizeof (struct buffer) == 32, "buffer");

enum
{
  MAX_QUEUES = 16,
  BURST = 256,
  MAX_FRAME = 65535,
  ALL = 65535,
  INTERRUPT = 0,
  POLLING = 1
};

static struct
{
  int (*create_socket) (socket_t *, struct socket_options *, void *);
  int (*create) (link_t *, struct link_options *, link_event *, link_event *,
		 interrupt_event *, void *);
  int (*request_connection) (link_t);
  int (*poll_event) (socket_t, int);
  int (*set_rx_mode) (link_t, int, uint16_t);
  int (*refill_queue) (link_t, uint16_t, uint16_t, uint16_t);
  int (*buffer_alloc) (link_t, uint16_t, struct buffer *, uint16_t,
		       uint16_t *, uint16_t);
  int (*tx_burst) (link_t, uint16_t, struct buffer *, uint16_t, uint16_t *);
  int (*rx_burst) (link_t, uint16_t, struct buffer *, uint16_t, uint16_t *);
  int (*delete) (link_t *);
} lib;

/* Buffers taken from a ring and not yet given back: the start of a chain may
   arrive in one burst and its end in the next. */
struct inbox
{
  struct buffer buffers[BURST];
  uint16_t count;
};

static struct
{
  socket_t socket;
  link_t link;
  bool is_client, echo, sink, interrupts, up, over;
  uint16_t queues;
  struct inbox inbox[MAX_QUEUES];
  uint64_t rx, rx_bytes, bad, tx, tx_bytes;
  uint64_t next_number, to_send;
  uint16_t send_bytes;
} peer;

static void
say (const char *what)
{
  printf ("%s\n", what);
  fflush (stdout);
}

static void
fail (const char *what, const char *why)
{
  fprintf (stderr, "libmemif_peer: %s: %s\n", what, why);
  exit (1);
}

static void *
symbol (void *library, const char *name)
{
  void *found = dlsym (library, name);
  if (!found)
    fail (name, "not in this library");
  return found;
}

static void
load (const char *path)
{
  void *library = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail (path, dlerror ());
  lib.create_socket = symbol (library, "memif_create_socket");
  lib.create = symbol (library, "memif_create");
  lib.request_connection = symbol (library, "memif_request_connection");
  lib.poll_event = symbol (library, "memif_poll_event");
  lib.set_rx_mode = symbol (library, "memif_set_rx_mode");
  lib.refill_queue = symbol (library, "memif_refill_queue");
  lib.buffer_alloc = symbol (library, "memif_buffer_alloc");
  lib.tx_burst = symbol (library, "memif_tx_burst");
  lib.rx_burst = symbol (library, "memif_rx_burst");
  lib.delete = symbol (library, "memif_delete");
}

static int
on_up (link_t link, void *context)
{
  (void) context;
  for (uint16_t q = 0; q < peer.queues; q++)
    {
      peer.inbox[q].count = 0;
      lib.set_rx_mode (link, peer.interrupts ? INTERRUPT : POLLING, q);
      lib.refill_queue (link, q, ALL, 0);
    }
  peer.up = true;
  say ("up");
  return 0;
}

static int
on_down (link_t link, void *context)
{
  (void) link;
  (void) context;
  peer.up = false;
  say ("down");
  return 0;
}

static uint8_t
pattern (uint64_t number, uint32_t at)
{
  if (at >= 14 && at < 22)
    return (uint8_t) (number >> (8 * (at - 14)));
  return (uint8_t) (7 * at + number);
}

static bool
is_intact (const uint8_t *frame, uint32_t len)
{
  uint64_t number = 0;
  if (len < 22)
    return false;
  for (int i = 7; i >= 0; i--)
    number = number << 8 | frame[14 + i];
  for (uint32_t i = 0; i < len; i++)
    if (frame[i] != pattern (number, i))
      return false;
  return true;
}

/* Spreads a frame over fresh buffers and sends it; false when there is no room. */
static bool
transmit (uint16_t queue, const uint8_t *frame, uint16_t len)
{
  static struct buffer chain[BURST];
  uint16_t count = 0, sent = 0;
  uint32_t done = 0;
  lib.buffer_alloc (peer.link, queue, chain, 1, &count, len);
  for (uint16_t i = 0; i < count; i++)
    {
      memcpy (chain[i].data, frame + done, chain[i].len);
      done += chain[i].len;
    }
  if (count == 0 || done != len)
    return false;
  lib.tx_burst (peer.link, queue, chain, count, &sent);
  peer.tx++;
  peer.tx_bytes += len;
  return sent == count;
}

static void
deliver (uint16_t queue, const uint8_t *frame, uint32_t len)
{
  peer.rx++;
  peer.rx_bytes += len;
  if (peer.sink && !is_intact (frame, len))
    peer.bad++;
  while (peer.echo && peer.up && !transmit (queue, frame, (uint16_t) len))
    lib.poll_event (peer.socket, 0);
}

/* Delivers the first whole frame of an inbox; how many buffers it took. */
static uint16_t
first_frame (uint16_t queue, const struct buffer *buffers, uint16_t count)
{
  static uint8_t frame[MAX_FRAME];
  uint32_t len = 0;
  for (uint16_t i = 0; i < count; i++)
    {
      if (len + buffers[i].len > MAX_FRAME)
	fail ("received", "a frame of more than 65535 bytes");
      memcpy (frame + len, buffers[i].data, buffers[i].len);
      len += buffers[i].len;
      if (buffers[i].flags & 1)
	continue;
      deliver (queue, frame, len);
      return i + 1;
    }
  return 0;
}

static void
receive (uint16_t queue)
{
  struct inbox *in = &peer.inbox[queue];
  uint16_t fresh = 0, used = 0, step;
  lib.rx_burst (peer.link, queue, in->buffers + in->count, BURST - in->count,
		&fresh);
  in->count += fresh;
  while ((step = first_frame (queue, in->buffers + used, in->count - used)))
    used += step;
  if (used == 0)
    return;
  in->count -= used;
  memmove (in->buffers, in->buffers + used, in->count * sizeof in->buffers[0]);
  lib.refill_queue (peer.link, queue, used, 0);
}

static int
on_interrupt (link_t link, void *context, uint16_t queue)
{
  (void) link;
  (void) context;
  receive (queue);
  return 0;
}

static void
send_numbered (void)
{
  static uint8_t frame[MAX_FRAME];
  uint64_t number = peer.next_number;
  for (uint32_t i = 0; i < peer.send_bytes; i++)
    frame[i] = pattern (number, i);
  if (!transmit ((uint16_t) (number % peer.queues), frame, peer.send_bytes))
    return;
  peer.next_number++;
  if (--peer.to_send == 0)
    say ("sent");
}

static void
obey (const char *line)
{
  unsigned long long count;
  unsigned bytes;
  if (strncmp (line, "quit", 4) == 0)
    peer.over = true;
  else if (strncmp (line, "stats", 5) == 0)
    {
      printf ("stats rx=%llu rx_bytes=%llu bad=%llu tx=%llu tx_bytes=%llu\n",
	      (unsigned long long) peer.rx, (unsigned long long) peer.rx_bytes,
	      (unsigned long long) peer.bad, (unsigned long long) peer.tx,
	      (unsigned long long) peer.tx_bytes);
      fflush (stdout);
    }
  else if (sscanf (line, "send %llu %u", &count, &bytes) == 2)
    {
      peer.to_send = count;
      peer.send_bytes = (uint16_t) bytes;
    }
}

static void
listen_to_stdin (void)
{
  struct pollfd in = { .fd = 0, .events = POLLIN };
  char line[256];
  ssize_t len;
  if (poll (&in, 1, 0) <= 0)
    return;
  len = read (0, line, sizeof line - 1);
  if (len <= 0)
    {
      peer.over = true;
      return;
    }
  line[len] = 0;
  for (char *rest = line, *one; (one = strsep (&rest, "\n"));)
    obey (one);
}

static void
open_link (char **argument)
{
  struct socket_options at = { .program = "libmemif peer" };
  struct link_options options = { .name = "libmemif0" };
  int error;
  strncpy (at.path, argument[4], sizeof at.path - 1);
  error = lib.create_socket (&peer.socket, &at, NULL);
  if (error)
    fail (argument[4], "memif_create_socket");
  options.socket = peer.socket;
  options.is_server = !peer.is_client;
  options.id = (uint32_t) strtoul (argument[5], NULL, 10);
  options.s2m_rings = options.m2s_rings = (uint8_t) peer.queues;
  options.log2_slots = (uint8_t) strtoul (argument[7], NULL, 10);
  options.buffer_bytes = (uint16_t) strtoul (argument[8], NULL, 10);
  error = lib.create (&peer.link, &options, on_up, on_down,
		      peer.interrupts ? on_interrupt : NULL, NULL);
  if (error)
    fail (argument[4], "memif_create");
}

/* A client that has no connection asks for one every 50 ms. */
static void
reconnect (void)
{
  static struct timespec last;
  struct timespec now;
  clock_gettime (CLOCK_MONOTONIC, &now);
  long passed = (now.tv_sec - last.tv_sec) * 1000
		+ (now.tv_nsec - last.tv_nsec) / 1000000;
  if (passed < 50)
    return;
  last = now;
  lib.request_connection (peer.link);
}

static void
turn (void)
{
  lib.poll_event (peer.socket, peer.interrupts && !peer.to_send ? 1 : 0);
  listen_to_stdin ();
  if (!peer.up && peer.is_client)
    reconnect ();
  for (uint16_t q = 0; peer.up && !peer.interrupts && q < peer.queues; q++)
    receive (q);
  for (int i = 0; peer.up && peer.to_send && i < 32; i++)
    send_numbered ();
}

int
main (int count, char **argument)
{
  if (count != 10)
    fail ("usage",
	  "LIBRARY server|client sink|echo|idle SOCKET ID QUEUES LOG2_SLOTS "
	  "BUFFER_BYTES poll|interrupt");
  load (argument[1]);
  peer.is_client = strcmp (argument[2], "client") == 0;
  peer.sink = strcmp (argument[3], "sink") == 0;
  peer.echo = strcmp (argument[3], "echo") == 0;
  peer.queues = (uint16_t) strtoul (argument[6], NULL, 10);
  peer.interrupts = strcmp (argument[9], "interrupt") == 0;
  if (peer.queues == 0 || peer.queues > MAX_QUEUES)
    fail ("queues", "1 to 16");
  open_link (argument);
  say ("ready");
  while (!peer.over)
    turn ();
  lib.delete (&peer.link);
  return 0;
}
