/*
 * What no program should do, and some do: the library has to say no, and go on.
 *
 *   misuse CASE PATH [NUMBER]
 *
 * Ends with 0 if all is as it should be, otherwise with 1 and the line that says what is not so.
 */
#include "common.h"

#include <pthread.h>

enum { FRAME = 64 * 16 * 4 };

static mcm_conn_context *tx, *rx;

static mcm_conn_param param_of(const char *path, transfer_type type)
{
    mcm_conn_param param;
    memset(&param, 0, sizeof param);
    param.type = type;
    param.protocol = PROTO_MEMIF;
    strncpy(param.path, path, sizeof param.path - 1);
    param.memif_interface.is_master = type == is_tx;
    param.width = 64;
    param.height = 16;
    return param;
}

static void *create_rx(void *path)
{
    mcm_conn_param param = param_of(path, is_rx);
    rx = mcm_create_connection(&param);
    return NULL;
}

static void connect_both(char *path)
{
    pthread_t thread;
    mcm_conn_param param = param_of(path, is_tx);
    CHECK(pthread_create(&thread, NULL, create_rx, path) == 0, "pthread_create");
    tx = mcm_create_connection(&param);
    pthread_join(thread, NULL);
    CHECK(tx && rx, "%p %p", (void *)tx, (void *)rx);
}

static void destroy_both(void)
{
    mcm_destroy_connection(tx);
    mcm_destroy_connection(rx);
}

static mcm_buffer *room(void)
{
    int error = -1;
    mcm_buffer *buffer = mcm_dequeue_buffer(tx, 1000, &error);
    CHECK(buffer && error == 0, "error %d", error);
    return buffer;
}

/* A frame goes through: the library still works. */
static void still_works(void)
{
    static uint64_t number;
    mcm_buffer *buffer = room();
    fill_frame(buffer->data, buffer->len, ++number);
    CHECK(mcm_enqueue_buffer(tx, buffer) == 0, "enqueue");
    buffer = mcm_dequeue_buffer(rx, 1000, NULL);
    CHECK(buffer && buffer->len == FRAME, "%zu bytes", buffer ? buffer->len : 0);
    CHECK(wrong_byte(buffer->data, buffer->len, number) < 0, "frame %llu", (unsigned long long)number);
    CHECK(mcm_enqueue_buffer(rx, buffer) == 0, "enqueue");
}

#define IS_INVALID(call)                                                                           \
    do {                                                                                           \
        errno = 0;                                                                                 \
        int code = (call);                                                                         \
        CHECK(code == MCM_DP_ERROR_INVALID_PARAM && errno == EINVAL, "%s: %d", #call, code);       \
        CHECK(*mcm_last_error(), "no word of why");                                                \
    } while (0)

static void case_null(char *path, unsigned unused)
{
    mcm_dp_stats stats;
    int error = 0;
    (void)unused;
    CHECK(mcm_last_error() && !*mcm_last_error(), "an error before any");
    errno = 0;
    CHECK(!mcm_create_connection(NULL) && errno == EINVAL, "create");
    errno = 0;
    CHECK(!mcm_create_connection_timeout(NULL, 0) && errno == EINVAL, "create");
    mcm_destroy_connection(NULL);
    errno = 0;
    CHECK(!mcm_dequeue_buffer(NULL, 0, &error), "dequeue");
    CHECK(error == MCM_DP_ERROR_INVALID_PARAM && errno == EINVAL, "error %d", error);
    CHECK(!mcm_dequeue_buffer(NULL, -1, NULL), "dequeue");
    IS_INVALID(mcm_enqueue_buffer(NULL, NULL));
    IS_INVALID(mcm_cancel_buffer(NULL, NULL));
    IS_INVALID(mcm_connection_stats(NULL, &stats, sizeof stats));
    errno = 0;
    CHECK(mcm_connection_fd(NULL) == -1 && errno == EINVAL, "fd");
    connect_both(path);
    IS_INVALID(mcm_enqueue_buffer(tx, NULL));
    IS_INVALID(mcm_enqueue_buffer(rx, NULL));
    IS_INVALID(mcm_cancel_buffer(tx, NULL));
    IS_INVALID(mcm_connection_stats(tx, NULL, sizeof stats));
    mcm_buffer *one = room();
    IS_INVALID(mcm_enqueue_buffer(NULL, one));
    CHECK(mcm_enqueue_buffer(tx, one) == 0, "enqueue");
    one = mcm_dequeue_buffer(rx, 1000, NULL);
    CHECK(one && mcm_enqueue_buffer(rx, one) == 0, "no error wanted to be told");
    still_works();
    destroy_both();
}

/* Buffers that the connection never gave. */
static void case_foreign(char *path, unsigned unused)
{
    mcm_buffer on_stack, *on_heap = malloc(sizeof *on_heap);
    (void)unused;
    connect_both(path);
    mcm_buffer *one = room();
    memset(&on_stack, 0xa5, sizeof on_stack);
    *on_heap = *one;
    for (mcm_conn_context **end = &tx; end; end = end == &tx ? &rx : NULL) {
        IS_INVALID(mcm_enqueue_buffer(*end, &on_stack));
        IS_INVALID(mcm_enqueue_buffer(*end, on_heap));
        IS_INVALID(mcm_enqueue_buffer(*end, (mcm_buffer *)one->data));
        IS_INVALID(mcm_enqueue_buffer(*end, (mcm_buffer *)((char *)one + 8)));
        IS_INVALID(mcm_enqueue_buffer(*end, (mcm_buffer *)(uintptr_t)1));
        IS_INVALID(mcm_enqueue_buffer(*end, (mcm_buffer *)*end));
        IS_INVALID(mcm_cancel_buffer(*end, &on_stack));
    }
    IS_INVALID(mcm_enqueue_buffer(rx, one));
    IS_INVALID(mcm_cancel_buffer(rx, one));
    CHECK(mcm_cancel_buffer(tx, one) == 0, "its own");
    free(on_heap);
    still_works();
    destroy_both();
}

static void case_twice(char *path, unsigned unused)
{
    (void)unused;
    connect_both(path);
    mcm_buffer *one = room();
    one->len = 30;
    CHECK(mcm_enqueue_buffer(tx, one) == 0, "enqueue");
    IS_INVALID(mcm_enqueue_buffer(tx, one));
    IS_INVALID(mcm_cancel_buffer(tx, one));
    one = mcm_dequeue_buffer(rx, 1000, NULL);
    CHECK(one && one->len == 30, "the frame that was sent once");
    CHECK(mcm_enqueue_buffer(rx, one) == 0, "enqueue");
    IS_INVALID(mcm_enqueue_buffer(rx, one));
    CHECK(!mcm_dequeue_buffer(rx, 0, NULL), "a second frame");
    one = room();
    CHECK(mcm_cancel_buffer(tx, one) == 0, "cancel");
    IS_INVALID(mcm_cancel_buffer(tx, one));
    IS_INVALID(mcm_enqueue_buffer(tx, one));
    for (int i = 0; i < 40; i++)
        still_works();
    destroy_both();
}

/* After EMSGSIZE the buffer is still the caller's. */
static void case_too_long(char *path, unsigned unused)
{
    static const size_t LENGTHS[] = {FRAME + 1, FRAME + 4096, UINT32_MAX, (size_t)UINT32_MAX + 2, SIZE_MAX};
    (void)unused;
    connect_both(path);
    mcm_buffer *one = room();
    CHECK(one->len == FRAME && tx->frame_size == FRAME, "%zu", one->len);
    for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++) {
        one->len = LENGTHS[i];
        errno = 0;
        int code = mcm_enqueue_buffer(tx, one);
        CHECK(code == MCM_DP_ERROR_INVALID_PARAM && errno == EMSGSIZE, "%zu bytes: %d", LENGTHS[i], code);
    }
    one->len = FRAME;
    fill_frame(one->data, one->len, 77);
    CHECK(mcm_enqueue_buffer(tx, one) == 0, "enqueue");
    one = mcm_dequeue_buffer(rx, 1000, NULL);
    CHECK(one && one->len == FRAME && wrong_byte(one->data, FRAME, 77) < 0, "frame 77");
    one->len = SIZE_MAX; /* a receiver's len means nothing on the way back */
    CHECK(mcm_enqueue_buffer(rx, one) == 0, "enqueue");
    still_works();
    destroy_both();
}

/* data and len that the program has overwritten. */
static void case_scribbled(char *path, unsigned unused)
{
    (void)unused;
    connect_both(path);
    mcm_buffer *one = room();
    fill_frame(one->data, FRAME, 5);
    one->data = (void *)(uintptr_t)0x10;
    CHECK(mcm_enqueue_buffer(tx, one) == 0, "where the data is, the library knows itself");
    one = mcm_dequeue_buffer(rx, 1000, NULL);
    CHECK(one && one->len == FRAME && wrong_byte(one->data, FRAME, 5) < 0, "frame 5");
    memset(one, 0xff, sizeof *one);
    CHECK(mcm_enqueue_buffer(rx, one) == 0, "enqueue");
    still_works();
    destroy_both();
}

/* Fewer bytes than the counters, more, and none. */
static void case_stats(char *path, unsigned unused)
{
    unsigned char bytes[sizeof(mcm_dp_stats) + 16], other = 0xa5;
    (void)unused;
    connect_both(path);
    still_works();
    for (size_t size = 0; size <= sizeof bytes; size += 4) {
        memset(bytes, other, sizeof bytes);
        int code = mcm_connection_stats(rx, (mcm_dp_stats *)(void *)bytes, size);
        CHECK(code == 0 || size == 0, "%zu bytes: %d", size, code);
        for (size_t i = size; i < sizeof bytes; i++)
            CHECK(bytes[i] == other, "byte %zu of %zu", i, size);
        for (size_t i = sizeof(mcm_dp_stats); i < size; i++)
            CHECK(bytes[i] == 0, "byte %zu of %zu", i, size);
        CHECK(size < 8 || (bytes[0] == 1 && bytes[7] == 0), "%d frames", bytes[0]);
    }
    destroy_both();
}

static void case_empty(char *path, unsigned unused)
{
    (void)unused;
    connect_both(path);
    for (int i = 0; i < 40; i++) {
        mcm_buffer *one = room();
        one->len = 0;
        errno = 0;
        if (mcm_enqueue_buffer(tx, one) != 0) {
            CHECK(errno == EINVAL, "refused");
            continue;
        }
        one = mcm_dequeue_buffer(rx, 1000, NULL);
        CHECK(one && one->len == 0, "an empty frame");
        CHECK(mcm_enqueue_buffer(rx, one) == 0, "enqueue");
    }
    still_works();
    destroy_both();
}

static void *has_no_error(void *unused)
{
    (void)unused;
    CHECK(!*mcm_last_error(), "another thread's");
    mcm_conn_param param = param_of("/", is_rx);
    param.protocol = PROTO_TCP;
    CHECK(!mcm_create_connection(&param), "TCP");
    CHECK(strstr(mcm_last_error(), "TCP"), "its own");
    return NULL;
}

static void case_last_error(char *path, unsigned unused)
{
    pthread_t thread;
    mcm_conn_param param = param_of(path, is_rx);
    (void)unused;
    param.protocol = PROTO_UDP;
    CHECK(!mcm_create_connection(&param), "UDP");
    CHECK(strstr(mcm_last_error(), "UDP"), "why");
    CHECK(pthread_create(&thread, NULL, has_no_error, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
    CHECK(strstr(mcm_last_error(), "UDP"), "still this thread's");
    connect_both(path);
    CHECK(strstr(mcm_last_error(), "UDP"), "the last call that failed");
    CHECK(!mcm_dequeue_buffer(rx, 0, NULL), "a frame from nowhere");
    CHECK(!strstr(mcm_last_error(), "UDP"), "the last call that failed");
    destroy_both();
}

static bool is_refused(mcm_conn_param *param)
{
    errno = 0;
    mcm_conn_context *made = mcm_create_connection_timeout(param, 0);
    CHECK(made || (errno && *mcm_last_error()), "no word of why");
    mcm_destroy_connection(made);
    return !made && errno != ETIMEDOUT;
}

static void case_path(char *path, unsigned unused)
{
    mcm_conn_param param = param_of(path, is_rx);
    (void)unused;
    for (int master = 0; master < 2; master++) {
        param.memif_interface.is_master = (uint8_t)master;
        param.memif_interface.interface_id = 0x41414141;
        memset(param.path, 'a', sizeof param.path);
        CHECK(is_refused(&param), "108 bytes without an end");
        memset(param.path, '/', sizeof param.path);
        CHECK(is_refused(&param), "108 slashes");
    }
    strcpy(param.path, "/");
    CHECK(is_refused(&param), "a directory");
    strcpy(param.path, "/nowhere/at/all.sock");
    CHECK(is_refused(&param), "no such directory");
    strcpy(param.path, "@");
    is_refused(&param);
}

static void refuses(const char *path, const char *what, void (*change)(mcm_conn_param *))
{
    mcm_conn_param param = param_of(path, is_rx);
    change(&param);
    errno = 0;
    CHECK(!mcm_create_connection_timeout(&param, 0) && errno == EINVAL, "%s", what);
    CHECK(*mcm_last_error(), "%s", what);
}

#define CHANGE(name, ...)                                                                          \
    static void name(mcm_conn_param *param)                                                        \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }

CHANGE(type_two, param->type = (transfer_type)2)
CHANGE(type_minus_one, param->type = (transfer_type)-1)
CHANGE(payload_seven, param->payload_type = (mcm_payload_type)7)
CHANGE(payload_minus_one, param->payload_type = (mcm_payload_type)-1)
CHANGE(no_size, param->width = param->height = 0)
CHANGE(no_width, param->width = 0)
CHANGE(too_large, param->width = param->height = UINT32_MAX)
CHANGE(overflowing, param->width = 1u << 31; param->height = 1u << 31)
CHANGE(pixels, param->payload_type = PAYLOAD_TYPE_ST20_VIDEO; param->payload_args.video_args.width = 64;
       param->payload_args.video_args.height = 16; param->payload_args.video_args.pix_fmt = (video_pixel_format)99)
CHANGE(no_channels, param->payload_type = PAYLOAD_TYPE_ST30_AUDIO; param->payload_args.audio_args.channel = 0)
CHANGE(audio_format, param->payload_type = PAYLOAD_TYPE_ST30_AUDIO; param->payload_args.audio_args.channel = 2;
       param->payload_args.audio_args.format = AUDIO_FMT_MAX)
CHANGE(audio_sampling, param->payload_type = PAYLOAD_TYPE_ST30_AUDIO; param->payload_args.audio_args.channel = 2;
       param->payload_args.audio_args.sampling = AUDIO_SAMPLING_MAX)
CHANGE(audio_ptime, param->payload_type = PAYLOAD_TYPE_ST30_AUDIO; param->payload_args.audio_args.channel = 2;
       param->payload_args.audio_args.ptime = AUDIO_PTIME_MAX)
CHANGE(rdma_all, param->payload_type = PAYLOAD_TYPE_RDMA_VIDEO;
       param->payload_args.rdma_args.transfer_size = SIZE_MAX)

static void case_parameters(char *path, unsigned unused)
{
    (void)unused;
    refuses(path, "type 2", type_two);
    refuses(path, "type -1", type_minus_one);
    refuses(path, "payload 7", payload_seven);
    refuses(path, "payload -1", payload_minus_one);
    refuses(path, "no size", no_size);
    refuses(path, "no width", no_width);
    refuses(path, "2^64 pixels", too_large);
    refuses(path, "2^62 pixels", overflowing);
    refuses(path, "pix_fmt 99", pixels);
    refuses(path, "no channels", no_channels);
    refuses(path, "audio format", audio_format);
    refuses(path, "audio sampling", audio_sampling);
    refuses(path, "audio ptime", audio_ptime);
    refuses(path, "a transfer size of all bytes there are", rdma_all);
}

/* Random bytes, and in every other round a place and a direction that make sense. */
static void randomize(mcm_conn_param *param, unsigned round, const char *path)
{
    unsigned char *bytes = (unsigned char *)param;
    for (size_t i = 0; i < sizeof *param; i++)
        bytes[i] = (unsigned char)(rand() >> 7);
    param->path[0] = '@'; /* nothing that stays behind in some directory */
    if (round % 2)
        return;
    param->type = (transfer_type)(rand() % 2);
    param->protocol = PROTO_MEMIF;
    memset(param->path, 0, sizeof param->path);
    strncpy(param->path, path, sizeof param->path - 1);
    param->memif_interface.is_master = round % 4 == 0;
    param->memif_interface.interface_id = 9;
    if (round % 3)
        param->payload_type = (mcm_payload_type)(rand() % 7);
}

static void case_garbage(char *path, unsigned seed)
{
    mcm_conn_param param;
    srand(seed);
    for (unsigned round = 0; round < 2000; round++) {
        randomize(&param, round, path);
        is_refused(&param);
    }
    connect_both(path);
    still_works();
    destroy_both();
}

static volatile bool meet_garbage;

static void *peer_of_garbage(void *path)
{
    mcm_conn_param param = param_of(path, is_tx);
    param.memif_interface.interface_id = 9;
    while (meet_garbage)
        mcm_destroy_connection(mcm_create_connection_timeout(&param, 20));
    return NULL;
}

/* Sizes that make no sense, and a peer that takes part in them. */
static void case_garbage_met(char *path, unsigned seed)
{
    mcm_conn_param param;
    pthread_t thread;
    unsigned met = 0;
    meet_garbage = true;
    CHECK(pthread_create(&thread, NULL, peer_of_garbage, path) == 0, "pthread_create");
    srand(seed);
    for (unsigned round = 2; round < 400; round += 4) {
        randomize(&param, round, path);
        param.type = is_rx;
        mcm_conn_context *made = mcm_create_connection_timeout(&param, 50);
        met += made != NULL;
        mcm_destroy_connection(made);
    }
    meet_garbage = false;
    pthread_join(thread, NULL);
    printf("%u met\n", met);
    connect_both(path);
    still_works();
    destroy_both();
}

static const struct {
    const char *word;
    void (*run)(char *path, unsigned number);
} CASES[] = {
    {"null", case_null},       {"foreign", case_foreign},       {"twice", case_twice},
    {"too-long", case_too_long}, {"scribbled", case_scribbled}, {"path", case_path},
    {"parameters", case_parameters}, {"garbage", case_garbage}, {"garbage-met", case_garbage_met},
    {"stats", case_stats},     {"empty", case_empty},           {"last-error", case_last_error},
};

int main(int count, char **argument)
{
    CHECK(count >= 3, "usage: misuse CASE PATH [NUMBER]");
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        if (strcmp(CASES[i].word, argument[1]) == 0) {
            CASES[i].run(argument[2], count > 3 ? (unsigned)strtoul(argument[3], NULL, 0) : 0);
            return 0;
        }
    CHECK(false, "no case \"%s\"", argument[1]);
}
