/*
 * One side of media connections, which does what it reads on stdin, a line at a time, and says what
 * came of it: "> LINE" before, "= WORD key=value ... at=US" after. C and B are numbers of the caller's
 * choosing, for connections and buffers; times are in us, of CLOCK_MONOTONIC.
 *
 *   create C key=value ...      made frame_size= ...        | failed errno= us= cpu=
 *   destroy C                   destroyed us=
 *   dequeue C B TIMEOUT         buffer len= seq= ts= us=    | none error= errno= us= cpu=
 *   fill B LEN NUMBER, touch B LEN NUMBER (first and last bytes only), meta B SEQ TS
 *   check B, peek B             frame number= len= wrong=   (wrong: offset of a wrong byte, or -1)
 *   enqueue C B, cancel C B     result code= errno=
 *   send C COUNT LEN GAP FIRST  sent n= error= errno= code=
 *   receive C COUNT TIMEOUT HOLD FIRST
 *                               received n= bad= seq_breaks= last_seq= error= errno= us= cpu=
 *   stats C                     stats frames= ...
 *   poll C TIMEOUT, epoll C TIMEOUT      ready events= us=
 *   error                       error TEXT
 *   handle SIGNAL, alarm MS (SIGALRM that often), limit as|files ROOM (-1: none), via functions|pointers
 *   quit
 */
#include "common.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>

enum { CONNECTIONS = 64, BUFFERS = 128, WORDS = 64, NOT_SET = -12345 };

static mcm_conn_context *connections[CONNECTIONS];
static int epolls[CONNECTIONS];
static mcm_buffer *buffers[BUFFERS];
static bool through_pointers;

/* Where a setting of create lies in the parameters. */
struct setting {
    const char *key;
    size_t offset, size;
};

#define SETTING(key, field) {key, offsetof(mcm_conn_param, field), sizeof(((mcm_conn_param *)0)->field)}

static const struct setting SETTINGS[] = {
    SETTING("type", type),
    SETTING("protocol", protocol),
    SETTING("master", memif_interface.is_master),
    SETTING("id", memif_interface.interface_id),
    SETTING("payload", payload_type),
    SETTING("codec", payload_codec),
    SETTING("video.width", payload_args.video_args.width),
    SETTING("video.height", payload_args.video_args.height),
    SETTING("video.pix_fmt", payload_args.video_args.pix_fmt),
    SETTING("audio.type", payload_args.audio_args.type),
    SETTING("audio.format", payload_args.audio_args.format),
    SETTING("audio.channel", payload_args.audio_args.channel),
    SETTING("audio.sampling", payload_args.audio_args.sampling),
    SETTING("audio.ptime", payload_args.audio_args.ptime),
    SETTING("anc.type", payload_args.anc_args.type),
    SETTING("anc.format", payload_args.anc_args.format),
    SETTING("rdma.transfer_size", payload_args.rdma_args.transfer_size),
    SETTING("width", width),
    SETTING("height", height),
    SETTING("pix_fmt", pix_fmt),
};

__attribute__((format(printf, 1, 2))) static void answer(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("= ");
    vprintf(format, values);
    printf(" at=%llu\n", (unsigned long long)now_us());
    fflush(stdout);
    va_end(values);
}

static long long number(const char *word)
{
    char *end = NULL;
    CHECK(word, "a number is missing");
    long long value = strtoll(word, &end, 0);
    CHECK(*word && !*end, "\"%s\" is no number", word);
    return value;
}

static size_t index_of(const char *word, size_t limit)
{
    long long value = number(word);
    CHECK(value >= 0 && (size_t)value < limit, "%s", word);
    return (size_t)value;
}

static mcm_conn_context *connection(const char *word)
{
    return connections[index_of(word, CONNECTIONS)];
}

static mcm_buffer **buffer(const char *word)
{
    return &buffers[index_of(word, BUFFERS)];
}

static void set(mcm_conn_param *param, const char *key, const char *value)
{
    size_t count = sizeof SETTINGS / sizeof SETTINGS[0];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(SETTINGS[i].key, key) != 0)
            continue;
        long long bits = number(value);
        memcpy((char *)param + SETTINGS[i].offset, &bits, SETTINGS[i].size);
        return;
    }
    CHECK(false, "no setting \"%s\"", key);
}

/* path= is memif_interface.socket_path, alias= is path, which is the same. */
static void apply(mcm_conn_param *param, int *timeout, char *word)
{
    char *value = strchr(word, '=');
    CHECK(value, "\"%s\" is no setting", word);
    *value++ = 0;
    if (strcmp(word, "path") == 0)
        strncpy(param->memif_interface.socket_path, value, sizeof param->memif_interface.socket_path - 1);
    else if (strcmp(word, "alias") == 0)
        strncpy(param->path, value, sizeof param->path - 1);
    else if (strcmp(word, "port") == 0)
        strncpy(param->local_addr.port, value, sizeof param->local_addr.port - 1);
    else if (strcmp(word, "fps") == 0)
        param->fps = (double)number(value);
    else if (strcmp(word, "video.fps") == 0)
        param->payload_args.video_args.fps = (double)number(value);
    else if (strcmp(word, "timeout") == 0)
        *timeout = (int)number(value);
    else
        set(param, word, value);
}

static void say_made(const mcm_conn_context *made, uint64_t us)
{
    answer("made frame_size=%zu type=%d proto=%d width=%u height=%u pix_fmt=%d sampling=%d st30=%d pkt=%d "
           "proxy=%d session=%u hooks=%d us=%llu",
           made->frame_size, (int)made->type, (int)made->proto, made->width, made->height, (int)made->pix_fmt,
           (int)made->sampling, made->st30_frame_size, made->pkt_len, made->proxy_sockfd, made->session_id,
           made->dequeue_buffer && made->enqueue_buffer, (unsigned long long)us);
}

static void run_create(char **word)
{
    mcm_conn_param param;
    int timeout = NOT_SET;
    size_t which = index_of(word[1], CONNECTIONS);
    memset(&param, 0, sizeof param);
    for (char **one = word + 2; *one; one++)
        apply(&param, &timeout, *one);
    uint64_t began = now_us(), cpu = cpu_us();
    mcm_conn_context *made = timeout == NOT_SET ? mcm_create_connection(&param)
                                                : mcm_create_connection_timeout(&param, timeout);
    int why = errno;
    uint64_t us = now_us() - began;
    connections[which] = made;
    if (made)
        say_made(made, us);
    else
        answer("failed errno=%d us=%llu cpu=%llu", why, (unsigned long long)us,
               (unsigned long long)(cpu_us() - cpu));
}

static void run_destroy(char **word)
{
    size_t which = index_of(word[1], CONNECTIONS);
    uint64_t began = now_us();
    mcm_destroy_connection(connections[which]);
    uint64_t us = now_us() - began;
    connections[which] = NULL;
    if (epolls[which] > 0)
        close(epolls[which]);
    epolls[which] = 0;
    answer("destroyed us=%llu", (unsigned long long)us);
}

static mcm_buffer *dequeue(mcm_conn_context *on, int timeout, int *error)
{
    *error = NOT_SET;
    errno = 0;
    if (through_pointers)
        return on->dequeue_buffer(on, timeout, error);
    return mcm_dequeue_buffer(on, timeout, error);
}

static int enqueue(mcm_conn_context *on, mcm_buffer *one)
{
    errno = 0;
    return through_pointers ? on->enqueue_buffer(on, one) : mcm_enqueue_buffer(on, one);
}

static void run_dequeue(char **word)
{
    int error;
    uint64_t began = now_us(), cpu = cpu_us();
    mcm_buffer *got = dequeue(connection(word[1]), (int)number(word[3]), &error);
    int why = errno;
    unsigned long long us = now_us() - began, used = cpu_us() - cpu;
    *buffer(word[2]) = got;
    if (!got)
        answer("none error=%d errno=%d us=%llu cpu=%llu", error, why, us, used);
    else
        answer("buffer error=%d len=%zu seq=%u ts=%u us=%llu cpu=%llu", error, got->len,
               got->metadata.seq_num, got->metadata.timestamp, us, used);
}

static void run_fill(char **word)
{
    mcm_buffer *one = *buffer(word[1]);
    one->len = (size_t)number(word[2]);
    fill_frame(one->data, one->len, (uint64_t)number(word[3]));
    answer("filled");
}

static void run_touch(char **word)
{
    mcm_buffer *one = *buffer(word[1]);
    unsigned long long mark = (unsigned long long)number(word[3]);
    one->len = (size_t)number(word[2]);
    memcpy(one->data, &mark, sizeof mark);
    memcpy((char *)one->data + one->len - sizeof mark, &mark, sizeof mark);
    answer("filled");
}

static void run_meta(char **word)
{
    mcm_buffer *one = *buffer(word[1]);
    one->metadata.seq_num = (uint16_t)number(word[2]);
    one->metadata.timestamp = (uint32_t)number(word[3]);
    answer("set");
}

static void run_check(char **word)
{
    const mcm_buffer *one = *buffer(word[1]);
    uint64_t is = frame_number(one->data, one->len);
    answer("frame number=%llu len=%zu wrong=%ld", (unsigned long long)is, one->len,
           wrong_byte(one->data, one->len, is));
}

static void run_peek(char **word)
{
    const mcm_buffer *one = *buffer(word[1]);
    unsigned long long first, last;
    memcpy(&first, one->data, sizeof first);
    memcpy(&last, (const char *)one->data + one->len - sizeof last, sizeof last);
    answer("frame number=%llu len=%zu wrong=%d", first, one->len, first == last ? -1 : 0);
}

static void run_enqueue(char **word)
{
    int code = enqueue(connection(word[1]), *buffer(word[2]));
    answer("result code=%d errno=%d", code, errno);
}

static void run_cancel(char **word)
{
    errno = 0;
    int code = mcm_cancel_buffer(connection(word[1]), *buffer(word[2]));
    answer("result code=%d errno=%d", code, errno);
}

static void run_send(char **word)
{
    mcm_conn_context *on = connection(word[1]);
    long long count = number(word[2]), len = number(word[3]), gap = number(word[4]), n = 0;
    uint64_t first = (uint64_t)number(word[5]), began = now_us();
    int error = 0, code = 0;
    for (; n < count; n++) {
        if (gap)
            sleep_until(began + (uint64_t)(n * gap));
        mcm_buffer *room = dequeue(on, -1, &error);
        if (!room)
            break;
        room->len = len ? (size_t)len : room->len;
        fill_frame(room->data, room->len, first + (uint64_t)n);
        code = enqueue(on, room);
        if (code)
            break;
    }
    answer("sent n=%lld error=%d code=%d errno=%d us=%llu", n, error, code, errno,
           (unsigned long long)(now_us() - began));
}

struct tally {
    long long n, bad, bytes, seq_breaks, last_seq;
};

static void note(struct tally *tally, const mcm_buffer *frame, uint64_t expected)
{
    long long seq = frame->metadata.seq_num;
    if (frame->len >= NUMBER_END ? frame_number(frame->data, frame->len) != expected : frame->len == 0)
        tally->bad++;
    else if (wrong_byte(frame->data, frame->len, expected) >= 0)
        tally->bad++;
    if (tally->n && seq != (tally->last_seq + 1) % 65536)
        tally->seq_breaks++;
    tally->n++;
    tally->bytes += (long long)frame->len;
    tally->last_seq = seq;
}

static void run_receive(char **word)
{
    struct tally tally = {0, 0, 0, 0, -1};
    mcm_conn_context *on = connection(word[1]);
    long long count = number(word[2]), hold = number(word[4]);
    uint64_t first = (uint64_t)number(word[5]), began = now_us(), cpu = cpu_us();
    int error = 0, timeout = (int)number(word[3]), code = 0, why = 0;
    while (tally.n < count && code == 0) {
        mcm_buffer *frame = dequeue(on, timeout, &error);
        why = errno;
        if (!frame)
            break;
        note(&tally, frame, first + (uint64_t)tally.n);
        if (hold)
            sleep_until(now_us() + (uint64_t)hold);
        code = enqueue(on, frame);
    }
    answer("received n=%lld bad=%lld bytes=%lld seq_breaks=%lld last_seq=%lld error=%d errno=%d code=%d "
           "us=%llu cpu=%llu",
           tally.n, tally.bad, tally.bytes, tally.seq_breaks, tally.last_seq, error, why, code,
           (unsigned long long)(now_us() - began), (unsigned long long)(cpu_us() - cpu));
}

static void run_stats(char **word)
{
    mcm_dp_stats s;
    memset(&s, 0xa5, sizeof s);
    int code = mcm_connection_stats(connection(word[1]), &s, sizeof s);
    CHECK(code == 0, "%d", code);
    unsigned long long v[10];
    memcpy(v, &s, sizeof v);
    answer("stats frames=%llu bytes=%llu lost=%llu refused=%llu copied=%llu timeouts=%llu cancelled=%llu "
           "connections=%llu connected=%llu held=%llu",
           v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]);
}

static void run_poll(char **word)
{
    struct pollfd one;
    one.fd = mcm_connection_fd(connection(word[1]));
    one.events = POLLIN;
    one.revents = 0;
    CHECK(one.fd >= 0, "fd %d", one.fd);
    uint64_t began = now_us();
    int ready = poll(&one, 1, (int)number(word[2]));
    answer("ready n=%d events=%d us=%llu", ready, one.revents, (unsigned long long)(now_us() - began));
}

/* One epoll for each connection, kept: what it says has to follow what the connection has. */
static void run_epoll(char **word)
{
    size_t which = index_of(word[1], CONNECTIONS);
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = EPOLLIN;
    if (epolls[which] <= 0) {
        epolls[which] = epoll_create1(EPOLL_CLOEXEC);
        int added = epoll_ctl(epolls[which], EPOLL_CTL_ADD, mcm_connection_fd(connections[which]), &event);
        CHECK(added == 0, "epoll_ctl %d", added);
    }
    event.events = 0;
    uint64_t began = now_us();
    int ready = epoll_wait(epolls[which], &event, 1, (int)number(word[2]));
    answer("ready n=%d events=%d us=%llu", ready, (int)event.events, (unsigned long long)(now_us() - began));
}

static void run_error(char **word)
{
    (void)word;
    const char *text = mcm_last_error();
    answer("error present=%d %s", text && *text, text ? text : "(null)");
}

static void on_signal(int signal)
{
    (void)signal;
}

static void handle(int signal)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK(sigaction(signal, &action, NULL) == 0, "sigaction");
}

static void run_handle(char **word)
{
    handle((int)number(word[1]));
    answer("handled");
}

static void run_alarm(char **word)
{
    struct itimerval every;
    handle(SIGALRM);
    every.it_value.tv_sec = every.it_interval.tv_sec = 0;
    every.it_value.tv_usec = every.it_interval.tv_usec = (suseconds_t)number(word[1]) * 1000;
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0, "setitimer");
    answer("set");
}

/* Bytes of address space, or descriptors, in use. */
static rlim_t in_use(bool files)
{
    unsigned long pages = 0;
    if (!files) {
        FILE *statm = fopen("/proc/self/statm", "r");
        CHECK(statm && fscanf(statm, "%lu", &pages) == 1, "statm");
        fclose(statm);
        return (rlim_t)pages * 4096;
    }
    DIR *dir = opendir("/proc/self/fd");
    CHECK(dir, "opendir");
    while (readdir(dir))
        pages++;
    closedir(dir);
    return (rlim_t)pages - 3; /* ".", ".." and the directory itself */
}

static void run_limit(char **word)
{
    bool files = strcmp(word[1], "files") == 0;
    int resource = files ? RLIMIT_NOFILE : RLIMIT_AS;
    long long room = number(word[2]);
    struct rlimit limit;
    CHECK(getrlimit(resource, &limit) == 0, "getrlimit");
    limit.rlim_cur = room < 0 ? limit.rlim_max : in_use(files) + (rlim_t)room;
    CHECK(setrlimit(resource, &limit) == 0, "setrlimit");
    answer("set");
}

static void run_via(char **word)
{
    through_pointers = strcmp(word[1], "pointers") == 0;
    answer("set");
}

struct command {
    const char *word;
    void (*run)(char **word);
};

static const struct command COMMANDS[] = {
    {"create", run_create}, {"destroy", run_destroy}, {"dequeue", run_dequeue}, {"fill", run_fill},
    {"touch", run_touch},   {"meta", run_meta},       {"check", run_check},     {"peek", run_peek},
    {"enqueue", run_enqueue}, {"cancel", run_cancel}, {"send", run_send},       {"receive", run_receive},
    {"stats", run_stats},   {"poll", run_poll},       {"epoll", run_epoll},     {"error", run_error},
    {"handle", run_handle}, {"alarm", run_alarm},     {"limit", run_limit},     {"via", run_via},
};

static void obey(char *line)
{
    char *word[WORDS + 1] = {NULL}, *rest = NULL;
    size_t count = 0;
    for (char *one = strtok_r(line, " \n", &rest); one && count < WORDS; one = strtok_r(NULL, " \n", &rest))
        word[count++] = one;
    for (size_t i = 0; count && i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (strcmp(COMMANDS[i].word, word[0]) == 0) {
            COMMANDS[i].run(word);
            return;
        }
    CHECK(false, "no command \"%s\"", count ? word[0] : "");
}

/* A line of stdin, whatever signals come; false at its end. */
static bool read_line(char *line, size_t room)
{
    size_t len = 0;
    while (len + 1 < room) {
        ssize_t got = read(0, line + len, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        if (line[len++] == '\n')
            break;
    }
    line[len] = 0;
    return true;
}

int main(void)
{
    char line[2048];
    while (read_line(line, sizeof line) && strncmp(line, "quit", 4) != 0) {
        printf("> %s", line);
        fflush(stdout);
        obey(line);
    }
    for (size_t i = 0; i < CONNECTIONS; i++)
        mcm_destroy_connection(connections[i]);
    return 0;
}
