/*
 * Both sides of connections in one process, each with threads of its own.
 *
 *   both CASE PATH [NUMBER]
 *
 * Ends with 0 if all is as it should be, with 77 if the case cannot be tried here, and otherwise with
 * 1 and the line that says what is not so.
 */
#include "common.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { WIDTH = 32, HEIGHT = 16, FRAME = WIDTH * HEIGHT * 4, CANNOT_TRY = 77, SECOND_US = 1000000 };

struct end {
    mcm_conn_param param;
    mcm_conn_context *context;
    pthread_t thread;
};

static struct end end_of(const char *path, unsigned id, transfer_type type, bool is_master)
{
    struct end end;
    memset(&end, 0, sizeof end);
    end.param.type = type;
    end.param.protocol = PROTO_MEMIF;
    strncpy(end.param.path, path, sizeof end.param.path - 1);
    end.param.memif_interface.is_master = is_master;
    end.param.memif_interface.interface_id = id;
    end.param.payload_type = PAYLOAD_TYPE_ST20_VIDEO;
    end.param.payload_args.video_args.width = WIDTH;
    end.param.payload_args.video_args.height = HEIGHT;
    end.param.payload_args.video_args.pix_fmt = PIX_FMT_YUV422P_10BIT_LE;
    return end;
}

static void *create(void *argument)
{
    struct end *end = argument;
    end->context = mcm_create_connection(&end->param);
    CHECK(end->context, "id %u", end->param.memif_interface.interface_id);
    return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    int error = pthread_create(thread, NULL, run, argument);
    CHECK(error == 0, "pthread_create: %d", error);
}

static void join(pthread_t thread)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    int error = pthread_timedjoin_np(thread, NULL, &end);
    CHECK(error == 0, "a thread does not end: %d", error);
}

static void connect_both(struct end *a, struct end *b)
{
    start(&a->thread, create, a);
    start(&b->thread, create, b);
    join(a->thread);
    join(b->thread);
}

static void send_one(mcm_conn_context *tx, uint64_t number)
{
    int error = 0;
    mcm_buffer *room = mcm_dequeue_buffer(tx, 5000, &error);
    CHECK(room, "frame %llu: error %d", (unsigned long long)number, error);
    fill_frame(room->data, room->len, number);
    int code = mcm_enqueue_buffer(tx, room);
    CHECK(code == 0, "frame %llu: code %d", (unsigned long long)number, code);
}

static void receive_one(mcm_conn_context *rx, uint64_t number)
{
    int error = 0;
    mcm_buffer *frame = mcm_dequeue_buffer(rx, 5000, &error);
    CHECK(frame, "frame %llu: error %d", (unsigned long long)number, error);
    long wrong = wrong_byte(frame->data, frame->len, number);
    CHECK(frame->len == FRAME && wrong < 0, "frame %llu: %zu bytes, wrong at %ld", (unsigned long long)number,
          frame->len, wrong);
    CHECK(mcm_enqueue_buffer(rx, frame) == 0, "frame %llu", (unsigned long long)number);
}

static void destroy_both(struct end *tx, struct end *rx)
{
    mcm_destroy_connection(tx->context);
    mcm_destroy_connection(rx->context);
}

/* What would grow if a connection left anything behind. */
struct holdings {
    unsigned fds, threads, shared, mappings;
    unsigned long resident;
};

static unsigned entries(const char *path)
{
    unsigned count = 0;
    DIR *dir = opendir(path);
    CHECK(dir, "%s", path);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static struct holdings held(void)
{
    struct holdings h = {entries("/proc/self/fd"), entries("/proc/self/task"), 0, 0, 0};
    char line[1024], access[8];
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps, "maps");
    for (; fgets(line, sizeof line, maps); h.mappings++)
        h.shared += sscanf(line, "%*s %7s", access) == 1 && access[3] == 's';
    fclose(maps);
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm && fscanf(statm, "%*u %lu", &h.resident) == 1, "statm");
    fclose(statm);
    return h;
}

struct cycler {
    struct end end;
    pthread_barrier_t *barrier;
    long rounds;
};

static void *cycle(void *argument)
{
    struct cycler *cycler = argument;
    for (long i = 0; i < cycler->rounds; i++) {
        create(&cycler->end);
        pthread_barrier_wait(cycler->barrier);
        mcm_destroy_connection(cycler->end.context);
        pthread_barrier_wait(cycler->barrier);
    }
    return NULL;
}

/* Half of the connections are created and destroyed by each of two threads. */
static void cycle_both(const char *path, long connections)
{
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 2);
    struct cycler tx = {end_of(path, 0, is_tx, true), &barrier, connections / 2};
    struct cycler rx = {end_of(path, 0, is_rx, false), &barrier, connections / 2};
    start(&tx.end.thread, cycle, &tx);
    start(&rx.end.thread, cycle, &rx);
    pthread_join(tx.end.thread, NULL);
    pthread_join(rx.end.thread, NULL);
    pthread_barrier_destroy(&barrier);
}

static void case_cycles(const char *path, long connections)
{
    cycle_both(path, 400);
    struct holdings before = held();
    uint64_t began = now_us();
    cycle_both(path, connections);
    struct holdings after = held();
    printf("%ld connections in %llu ms; resident %lu -> %lu pages, mappings %u -> %u, fds %u -> %u\n",
           connections, (unsigned long long)(now_us() - began) / 1000, before.resident, after.resident,
           before.mappings, after.mappings, before.fds, after.fds);
    CHECK(after.fds == before.fds, "fds: %u, then %u", before.fds, after.fds);
    CHECK(after.threads == before.threads, "threads: %u, then %u", before.threads, after.threads);
    CHECK(after.shared == before.shared, "shared mappings: %u, then %u", before.shared, after.shared);
    CHECK(after.mappings <= before.mappings + 8, "mappings: %u, then %u", before.mappings, after.mappings);
    CHECK(after.resident <= before.resident + 512, "pages: %lu, then %lu", before.resident, after.resident);
}

/* Several threads on each side of one connection. */
enum { HAMMERS = 4, HAMMERED = 20000 };

static struct {
    struct end tx, rx;
    unsigned long next, sent, taken;
    long total;
    unsigned char seen[HAMMERED];
} hammered;

static void *hammer_tx(void *unused)
{
    unsigned long number;
    (void)unused;
    while ((number = __atomic_fetch_add(&hammered.next, 1, __ATOMIC_RELAXED)) < (unsigned long)hammered.total) {
        send_one(hammered.tx.context, number);
        __atomic_fetch_add(&hammered.sent, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void note_hammered(const mcm_buffer *frame)
{
    uint64_t number = frame_number(frame->data, frame->len);
    CHECK(number < (uint64_t)hammered.total, "%llu", (unsigned long long)number);
    CHECK(wrong_byte(frame->data, frame->len, number) < 0, "frame %llu", (unsigned long long)number);
    __atomic_fetch_add(&hammered.seen[number], 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&hammered.taken, 1, __ATOMIC_RELAXED);
}

/* Holds a frame while it takes the next, and then looks at it again. */
static void *hammer_rx(void *unused)
{
    mcm_buffer *frame, *held_back = NULL;
    uint64_t deadline = now_us() + 60ull * SECOND_US;
    (void)unused;
    while (__atomic_load_n(&hammered.taken, __ATOMIC_RELAXED) < (unsigned long)hammered.total) {
        int error = -1;
        frame = mcm_dequeue_buffer(hammered.rx.context, 5, &error);
        CHECK(frame || error == 0, "error %d", error);
        CHECK(now_us() < deadline, "%lu of %ld taken", hammered.taken, hammered.total);
        if (!frame)
            continue;
        note_hammered(frame);
        if (held_back) {
            uint64_t number = frame_number(held_back->data, held_back->len);
            CHECK(wrong_byte(held_back->data, held_back->len, number) < 0, "held back");
            CHECK(mcm_enqueue_buffer(hammered.rx.context, held_back) == 0, "enqueue");
        }
        held_back = frame;
    }
    if (held_back)
        CHECK(mcm_enqueue_buffer(hammered.rx.context, held_back) == 0, "enqueue");
    return NULL;
}

/* Asks both ends whatever can be asked, all the time. */
static void *hammer_questions(void *unused)
{
    mcm_dp_stats stats;
    (void)unused;
    while (__atomic_load_n(&hammered.taken, __ATOMIC_RELAXED) < (unsigned long)hammered.total) {
        struct end *end = now_us() % 2 ? &hammered.tx : &hammered.rx;
        CHECK(mcm_connection_stats(end->context, &stats, sizeof stats) == 0, "stats");
        CHECK(mcm_connection_fd(end->context) >= 0, "fd");
        CHECK(mcm_last_error(), "last error");
        sched_yield();
    }
    return NULL;
}

static uint64_t frames_of(const struct end *end)
{
    mcm_dp_stats stats;
    CHECK(mcm_connection_stats(end->context, &stats, sizeof stats) == 0, "stats");
    CHECK(stats.held == 0, "%llu held", (unsigned long long)stats.held);
    return stats.frames;
}

static void hammer(const char *path, bool tx_is_master, long total)
{
    pthread_t threads[2 * HAMMERS + 1];
    memset(&hammered, 0, sizeof hammered);
    hammered.total = total < HAMMERED ? total : HAMMERED;
    hammered.tx = end_of(path, 0, is_tx, tx_is_master);
    hammered.rx = end_of(path, 0, is_rx, !tx_is_master);
    connect_both(&hammered.tx, &hammered.rx);
    for (int i = 0; i < 2 * HAMMERS; i++)
        start(&threads[i], i % 2 ? hammer_tx : hammer_rx, NULL);
    start(&threads[2 * HAMMERS], hammer_questions, NULL);
    for (int i = 0; i <= 2 * HAMMERS; i++)
        pthread_join(threads[i], NULL);
    for (long i = 0; i < hammered.total; i++)
        CHECK(hammered.seen[i] == 1, "frame %ld came %d times", i, hammered.seen[i]);
    CHECK(frames_of(&hammered.tx) == (uint64_t)hammered.total, "sent");
    CHECK(frames_of(&hammered.rx) == (uint64_t)hammered.total, "received");
    destroy_both(&hammered.tx, &hammered.rx);
}

static void case_hammer(const char *path, long total)
{
    hammer(path, true, total);
    hammer(path, false, total);
}

/* A thread in a dequeue without end. */
struct waiter {
    mcm_conn_context *on;
    pthread_t thread;
    int tid, error, why;
    mcm_buffer *got;
};

static void *wait_for_ever(void *argument)
{
    struct waiter *waiter = argument;
    __atomic_store_n(&waiter->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    errno = 0;
    waiter->got = mcm_dequeue_buffer(waiter->on, -1, &waiter->error);
    waiter->why = errno;
    return NULL;
}

static char state_of(int tid)
{
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    FILE *stat = fopen(path, "r");
    if (!stat)
        return state;
    if (fscanf(stat, "%*d %*s %c", &state) != 1)
        state = '?';
    fclose(stat);
    return state;
}

/* Starts it, and waits until it sleeps. */
static void start_waiter(struct waiter *waiter, mcm_conn_context *on)
{
    memset(waiter, 0, sizeof *waiter);
    waiter->on = on;
    start(&waiter->thread, wait_for_ever, waiter);
    uint64_t deadline = now_us() + 10 * SECOND_US;
    int tid = 0;
    while (!tid || state_of(tid) != 'S') {
        tid = __atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE);
        CHECK(now_us() < deadline, "the waiting thread does not sleep: %c", state_of(tid));
        sched_yield();
    }
}

static void fill_up(mcm_conn_context *tx)
{
    mcm_buffer *room;
    int frames = 0;
    for (; (room = mcm_dequeue_buffer(tx, 0, NULL)); frames++)
        CHECK(mcm_enqueue_buffer(tx, room) == 0, "frame %d", frames);
    CHECK(frames > 0, "no room at all");
}

/* Destroys one side while three threads wait on it. */
static void destroy_beside_waiters(const char *path, bool destroy_tx)
{
    struct end tx = end_of(path, 0, is_tx, true), rx = end_of(path, 0, is_rx, false);
    struct waiter waiters[3];
    connect_both(&tx, &rx);
    if (destroy_tx)
        fill_up(tx.context);
    for (int i = 0; i < 3; i++)
        start_waiter(&waiters[i], destroy_tx ? tx.context : rx.context);
    mcm_destroy_connection(destroy_tx ? tx.context : rx.context);
    for (int i = 0; i < 3; i++) {
        join(waiters[i].thread);
        CHECK(!waiters[i].got, "a buffer of a destroyed connection");
        CHECK(waiters[i].error != 0 && waiters[i].why != 0, "error %d, errno %d", waiters[i].error, waiters[i].why);
    }
    mcm_destroy_connection(destroy_tx ? rx.context : tx.context);
}

static void case_destroy(const char *path, long rounds)
{
    for (long i = 0; i < rounds; i++)
        destroy_beside_waiters(path, false);
    destroy_beside_waiters(path, true);
}

static uint64_t since(uint64_t began)
{
    return now_us() - began;
}

/* A receiver in whose dequeue another thread waits. */
static void beside_a_waiting_receiver(const char *path)
{
    struct end tx = end_of(path, 0, is_tx, true), rx = end_of(path, 0, is_rx, false);
    struct waiter waiter;
    mcm_dp_stats stats;
    int error = -1;
    connect_both(&tx, &rx);
    send_one(tx.context, 1);
    mcm_buffer *held_back = mcm_dequeue_buffer(rx.context, 1000, &error);
    CHECK(held_back, "error %d", error);
    start_waiter(&waiter, rx.context);
    uint64_t began = now_us();
    CHECK(!mcm_dequeue_buffer(rx.context, 0, &error) && error == 0, "error %d", error);
    CHECK(!mcm_dequeue_buffer(rx.context, 20, &error) && error == 0, "error %d", error);
    CHECK(mcm_enqueue_buffer(rx.context, held_back) == 0, "enqueue");
    CHECK(mcm_connection_stats(rx.context, &stats, sizeof stats) == 0, "stats");
    CHECK(since(began) < SECOND_US, "%llu us", (unsigned long long)since(began));
    send_one(tx.context, 2);
    join(waiter.thread);
    CHECK(waiter.got && frame_number(waiter.got->data, waiter.got->len) == 2, "error %d", waiter.error);
    CHECK(mcm_enqueue_buffer(rx.context, waiter.got) == 0, "enqueue");
    destroy_both(&tx, &rx);
}

/* A sender without room, in whose dequeue another thread waits: giving back a buffer ends the wait. */
static void beside_a_waiting_sender(const char *path)
{
    struct end tx = end_of(path, 0, is_tx, true), rx = end_of(path, 0, is_rx, false);
    struct waiter waiter;
    int error = -1;
    connect_both(&tx, &rx);
    mcm_buffer *first = mcm_dequeue_buffer(tx.context, 1000, &error);
    mcm_buffer *second = mcm_dequeue_buffer(tx.context, 1000, &error);
    CHECK(first && second, "error %d", error);
    fill_up(tx.context);
    start_waiter(&waiter, tx.context);
    uint64_t began = now_us();
    CHECK(!mcm_dequeue_buffer(tx.context, 0, &error) && error == MCM_DP_ERROR_TIMEOUT, "error %d", error);
    CHECK(mcm_enqueue_buffer(tx.context, first) == 0, "enqueue");
    CHECK(since(began) < SECOND_US, "%llu us", (unsigned long long)since(began));
    CHECK(mcm_cancel_buffer(tx.context, second) == 0, "cancel");
    join(waiter.thread);
    CHECK(waiter.got, "error %d, errno %d", waiter.error, waiter.why);
    CHECK(mcm_cancel_buffer(tx.context, waiter.got) == 0, "cancel");
    mcm_destroy_connection(rx.context);
    mcm_destroy_connection(tx.context);
}

static void case_beside(const char *path, long unused)
{
    (void)unused;
    beside_a_waiting_receiver(path);
    beside_a_waiting_sender(path);
}

/* Two threads send without end, to receivers that come and go. */
static struct {
    mcm_conn_context *tx;
    bool over;
    unsigned long sent, failed;
} churned;

static void *churn_tx(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&churned.over, __ATOMIC_RELAXED)) {
        int error = 0;
        mcm_buffer *room = mcm_dequeue_buffer(churned.tx, 20, &error);
        CHECK(room || error == MCM_DP_ERROR_TIMEOUT || error == MCM_DP_ERROR_CONNECTION_FAILED, "error %d", error);
        if (!room)
            continue;
        fill_frame(room->data, room->len, __atomic_fetch_add(&churned.sent, 1, __ATOMIC_RELAXED));
        int code = mcm_enqueue_buffer(churned.tx, room);
        CHECK(code == 0 || code == MCM_DP_ERROR_CONNECTION_FAILED, "code %d", code);
        __atomic_fetch_add(&churned.failed, code != 0, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void take_some(mcm_conn_context *rx, long frames)
{
    for (long i = 0; i < frames; i++) {
        int error = -1;
        mcm_buffer *frame = mcm_dequeue_buffer(rx, 5000, &error);
        CHECK(frame, "frame %ld: error %d", i, error);
        long wrong = wrong_byte(frame->data, frame->len, frame_number(frame->data, frame->len));
        CHECK(frame->len == FRAME && wrong < 0, "%zu bytes, wrong at %ld", frame->len, wrong);
        if (i % 5 != 4) /* the others are still held when the connection goes */
            CHECK(mcm_enqueue_buffer(rx, frame) == 0, "enqueue");
    }
}

static void churn(const char *path, bool tx_is_master, long rounds)
{
    struct end tx = end_of(path, 0, is_tx, tx_is_master), rx = end_of(path, 0, is_rx, !tx_is_master);
    pthread_t threads[2];
    connect_both(&tx, &rx);
    memset(&churned, 0, sizeof churned);
    churned.tx = tx.context;
    for (int i = 0; i < 2; i++)
        start(&threads[i], churn_tx, NULL);
    for (long round = 0; round < rounds; round++) {
        take_some(rx.context, 1 + round % 17);
        mcm_destroy_connection(rx.context);
        create(&rx);
    }
    __atomic_store_n(&churned.over, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        join(threads[i]);
    destroy_both(&tx, &rx);
}

static void case_churn(const char *path, long rounds)
{
    churn(path, true, rounds);
    churn(path, false, rounds);
}

/* Many connections on one path, created in no order; every other sender is the master. */
static void case_many(const char *path, long count)
{
    struct end *ends = calloc((size_t)count * 2, sizeof *ends);
    CHECK(ends, "calloc");
    for (long i = 0; i < 2 * count; i++)
        ends[i] = end_of(path, (unsigned)(i / 2), i % 2 ? is_rx : is_tx, (i / 2 + i) % 2 == 0);
    for (long i = 0; i < 2 * count; i++)
        start(&ends[(i * 7 + 3) % (2 * count)].thread, create, &ends[(i * 7 + 3) % (2 * count)]);
    for (long i = 0; i < 2 * count; i++)
        join(ends[i].thread);
    for (uint64_t number = 0; number < 8; number++)
        for (long i = 0; i < count; i++)
            send_one(ends[2 * i].context, 1000 * (uint64_t)i + number);
    for (uint64_t number = 0; number < 8; number++)
        for (long i = 0; i < count; i++)
            receive_one(ends[2 * i + 1].context, 1000 * (uint64_t)i + number);
    for (long i = 0; i < count; i++)
        destroy_both(&ends[2 * i], &ends[2 * i + 1]);
    free(ends);
    CHECK(access(path, F_OK) != 0, "%s is still there", path);
}

/* What works and what fails, of everything a little. */
static void case_silent(const char *path, long unused)
{
    struct end tx = end_of(path, 0, is_tx, true), rx = end_of(path, 0, is_rx, false);
    struct end again = end_of(path, 0, is_tx, true), udp = end_of(path, 1, is_tx, true);
    (void)unused;
    udp.param.protocol = PROTO_UDP;
    connect_both(&tx, &rx);
    for (uint64_t number = 0; number < 50; number++) {
        send_one(tx.context, number);
        receive_one(rx.context, number);
    }
    CHECK(!mcm_create_connection(&udp.param), "UDP");
    CHECK(!mcm_create_connection_timeout(&again.param, 10), "the same id again");
    CHECK(!mcm_dequeue_buffer(rx.context, 5, NULL), "a frame from nowhere");
    CHECK(mcm_enqueue_buffer(rx.context, NULL) != 0, "NULL");
    mcm_destroy_connection(tx.context);
    CHECK(!mcm_dequeue_buffer(rx.context, 1000, NULL), "a frame from nowhere");
    mcm_destroy_connection(rx.context);
    strcpy(again.param.path, "/nowhere/at/all.sock");
    CHECK(!mcm_create_connection_timeout(&again.param, 10), "a directory that does not exist");
}

static void handle_nothing(int signal)
{
    (void)signal;
}

static int cancel_type;

static void *take_until_cancelled(void *argument)
{
    pthread_setcanceltype(cancel_type, NULL);
    for (;;) {
        mcm_dequeue_buffer(argument, 100, NULL);
        pthread_testcancel();
    }
    return NULL;
}

/* A thread that is cancelled ends between calls, and takes nothing with it. */
static void case_cancelled(const char *path, long rounds)
{
    struct end tx = end_of(path, 0, is_tx, true), rx = end_of(path, 0, is_rx, false);
    pthread_t thread;
    signal(SIGINT, handle_nothing); /* then a wait has a descriptor to close */
    connect_both(&tx, &rx);
    for (long round = 0; round < rounds; round++) {
        cancel_type = round % 2 ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
        start(&thread, take_until_cancelled, rx.context);
        usleep(20000 + (useconds_t)round * 7000);
        CHECK(pthread_cancel(thread) == 0, "cancel");
        join(thread);
        send_one(tx.context, (uint64_t)round);
        receive_one(rx.context, (uint64_t)round);
    }
    destroy_both(&tx, &rx);
}

/* A call that does not want to wait is not denied a frame because another asks for figures. */
static void *ask_for_figures(void *argument)
{
    struct end *end = argument;
    mcm_dp_stats stats;
    for (int i = 0; i < 20000; i++)
        mcm_connection_stats(end->context, &stats, sizeof stats);
    return NULL;
}

static void case_asked(const char *path, long frames)
{
    struct end tx = end_of(path, 0, is_tx, true), rx = end_of(path, 0, is_rx, false);
    connect_both(&tx, &rx);
    start(&rx.thread, ask_for_figures, &rx);
    for (long number = 0; number < frames; number++) {
        send_one(tx.context, (uint64_t)number);
        mcm_buffer *frame = mcm_dequeue_buffer(rx.context, 0, NULL);
        CHECK(frame, "frame %ld was there and was denied", number);
        CHECK(mcm_enqueue_buffer(rx.context, frame) == 0, "enqueue");
    }
    join(rx.thread);
    destroy_both(&tx, &rx);
}

/* A /run of our own. */
static void enter_namespace(void)
{
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        exit(CANNOT_TRY);
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", "/run", "tmpfs", 0, "mode=755") != 0)
        exit(CANNOT_TRY);
}

static void exchange_at(const char *path, const char *expected)
{
    struct end tx = end_of(path, 0, is_tx, true), rx = end_of(path, 0, is_rx, false);
    struct stat node;
    connect_both(&tx, &rx);
    CHECK(stat(expected, &node) == 0 && S_ISSOCK(node.st_mode), "%s is no socket", expected);
    send_one(tx.context, 5);
    receive_one(rx.context, 5);
    destroy_both(&tx, &rx);
    CHECK(access(expected, F_OK) != 0, "%s is still there", expected);
}

/* A directory with r or w, but without x, is of no use to whom it is meant for. */
static void case_default(const char *path, long umask_bits)
{
    struct stat dir;
    umask((mode_t)umask_bits);
    enter_namespace();
    exchange_at(path, path);
    CHECK(stat("/run/mcm", &dir) != 0, "/run/mcm was made though another path was asked for");
    exchange_at("", "/run/mcm/mcm_rx_memif.sock");
    CHECK(stat("/run/mcm", &dir) == 0 && S_ISDIR(dir.st_mode), "no /run/mcm");
    unsigned mode = dir.st_mode & 0777, readers = (mode | mode >> 1) & 0222;
    CHECK((mode & 0700) == 0700, "mode %o", mode);
    CHECK(((mode & 0111) << 1 & readers) == readers, "mode %o", mode);
    exchange_at("", "/run/mcm/mcm_rx_memif.sock");
}

static const struct {
    const char *word;
    void (*run)(const char *path, long number);
} CASES[] = {
    {"cycles", case_cycles}, {"hammer", case_hammer}, {"destroy", case_destroy}, {"beside", case_beside},
    {"churn", case_churn},   {"many", case_many},     {"silent", case_silent}, {"default", case_default},
    {"cancelled", case_cancelled}, {"asked", case_asked},
};

int main(int count, char **argument)
{
    CHECK(count >= 3, "usage: both CASE PATH [NUMBER]");
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        if (strcmp(CASES[i].word, argument[1]) == 0) {
            CASES[i].run(argument[2], count > 3 ? strtol(argument[3], NULL, 0) : 0);
            return 0;
        }
    CHECK(false, "no case \"%s\"", argument[1]);
}
