/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "argument.h"
#include "payload.h"

#define DEFAULT_FRAMES 300
#define NOT_SAID UINT64_MAX

/* Who has an option. */
enum who { SENDER = 1, RECEIVER = 2, BOTH = 3 };

/* The one list of options: what getopt_long accepts and what --help shows. */
static const struct entry {
    char letter;
    const char *name;
    const char *value;
    enum who who;
    const char *help;
} entries[] = {
    {'b', "file", "FILE", SENDER, "send this file in frames; without it: numbered frames"},
    {'b', "dumpfile", "FILE", RECEIVER, "write what comes; without it: check the numbers, show the latency"},
    {'n', "number", "N", SENDER, "frames; 0: until Ctrl-C (default 300; with a file: all of it)"},
    {'l', "loop", "0|1", SENDER, "1: begin the file again at its end, for -n frames (default 0)"},
    {'k', "socketpath", "PATH", BOTH, "where both sides meet (default /run/mcm/mcm_rx_memif.sock)"},
    {'m', "master", "0|1", BOTH, "1: listen there; 0: connect (default: sender 1, receiver 0)"},
    {'d', "interfaceid", "ID", BOTH, "a number, the same on both sides (default 0)"},
    {'t', "type", "TYPE", BOTH, "st20, st22, st30, st40, rdma (default st20)"},
    {'x', "pix_fmt", "FORMAT", BOTH, "pixel format, see below (default yuv422p10le)"},
    {'w', "width", "PIXELS", BOTH, "(default 1920)"},
    {'h', "height", "PIXELS", BOTH, "(default 1080)"},
    {'f', "fps", "RATE", BOTH, "frames per second; a parameter, nothing is paced (default 30)"},
    {'o', "protocol", "PROTO", BOTH, "memif, auto; refused: udp, tcp, http, grpc (default auto)"},
    {'s', "send_ip", "IP", BOTH, "remote address, not used by memif (default 127.0.0.1)"},
    {'p', "send_port", "PORT", BOTH, "remote port, not used by memif (default 9001)"},
    {'r', "rcv_ip", "IP", BOTH, "local address, not used by memif (default 127.0.0.1)"},
    {'i', "rcv_port", "PORT", BOTH, "local port, in the name shown to the other side (default 9001)"},
    {'H', "help", NULL, BOTH, "show this"},
};

#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

static bool has(transfer_type type, const struct entry *entry)
{
    return (entry->who & (type == is_tx ? SENDER : RECEIVER)) != 0;
}

static void show_help(const struct options *options)
{
    transfer_type type = options->param.type;

    printf("Usage: %s [OPTION]...\n\n%s\n\n", options->program,
           type == is_tx ? "Sends frames over shared memory, as fast as the receiver takes them."
                         : "Receives frames over shared memory until none has come for a second.");
    for (size_t i = 0; i < ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        const char *value = entry->value ? entry->value : "";
        if (has(type, entry))
            printf("  -%c, --%-11s %-6s  %s\n", entry->letter, entry->name, value, entry->help);
    }
    printf("\nPixel formats:");
    for (const struct word *word = pixel_words; word->word != NULL; word++)
        printf(" %s", word->word);
    printf("\n\n"
           "Example, each line in a terminal of its own, in any order:\n"
           "  recver_app -k /tmp/cam.sock -w 1280 -h 720 -x v210 -b copy.raw\n"
           "  sender_app -k /tmp/cam.sock -w 1280 -h 720 -x v210 -b film.raw\n\n"
           "Both need the same -k, -d, -t, -w, -h and -x; one is the master.\n"
           "Ends with 0 when done, 1 when something failed, 2 when misused.\n");
}

/* Options that say what is sent. */
static bool apply_content(struct options *options, int letter, const struct argument *argument)
{
    mcm_conn_param *param = &options->param;

    switch (letter) {
    case 'b': options->file = argument->value; break;
    case 'n': options->frames = argument_number(argument, 0, UINT64_MAX - 1); break;
    case 'l': options->loop = argument_number(argument, 0, 1); break;
    case 't': param->payload_type = argument_word(argument, payload_words); break;
    case 'x': param->pix_fmt = argument_word(argument, pixel_words); break;
    case 'w': param->width = argument_number(argument, 1, 65535); break;
    case 'h': param->height = argument_number(argument, 1, 65535); break;
    case 'f': param->fps = argument_rate(argument); break;
    default: return false;
    }
    return true;
}

/* A port is a number, but mcm_dp_addr has it as text. */
static void apply_port(mcm_dp_addr *address, const struct argument *argument)
{
    argument_number(argument, 0, 65535);
    argument_text(argument, address->port, sizeof(address->port));
}

/* Options that say where to. */
static void apply_place(mcm_conn_param *param, int letter, const struct argument *argument)
{
    memif_interface_param *interface = &param->memif_interface;
    mcm_dp_addr *local = &param->local_addr;
    mcm_dp_addr *remote = &param->remote_addr;

    switch (letter) {
    case 'k': argument_text(argument, interface->socket_path, sizeof(interface->socket_path)); break;
    case 'm': interface->is_master = argument_number(argument, 0, 1); break;
    case 'd': interface->interface_id = argument_number(argument, 0, UINT32_MAX); break;
    case 'o': param->protocol = argument_word(argument, protocol_words); break;
    case 's': argument_text(argument, remote->ip, sizeof(remote->ip)); break;
    case 'p': apply_port(remote, argument); break;
    case 'r': argument_text(argument, local->ip, sizeof(local->ip)); break;
    case 'i': apply_port(local, argument); break;
    }
}

/* The list as getopt_long wants it. The colon in front: it says ':' when a value is missing. */
static void accepted(transfer_type type, char *letters, struct option *names)
{
    *letters++ = ':';
    for (size_t i = 0; i < ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        int takes = entry->value ? required_argument : no_argument;
        if (!has(type, entry))
            continue;
        *letters++ = entry->letter;
        if (takes == required_argument)
            *letters++ = ':';
        *names++ = (struct option){entry->name, takes, NULL, entry->letter};
    }
    *letters = '\0';
    *names = (struct option){0};
}

static struct options defaults(transfer_type type)
{
    struct options options = {
        .program = type == is_tx ? "sender_app" : "recver_app",
        .param = {
            .type = type,
            .protocol = PROTO_AUTO,
            .local_addr = {.ip = "127.0.0.1", .port = "9001"},
            .remote_addr = {.ip = "127.0.0.1", .port = "9001"},
            .payload_type = PAYLOAD_TYPE_ST20_VIDEO,
            .width = 1920,
            .height = 1080,
            .fps = 30,
            .pix_fmt = PIX_FMT_YUV422P_10BIT_LE,
        },
        .frames = NOT_SAID,
    };
    strcpy(options.param.memif_interface.socket_path, "/run/mcm/mcm_rx_memif.sock");
    options.param.memif_interface.is_master = type == is_tx;
    return options;
}

/* Its long name. */
static const char *name_of(transfer_type type, int letter)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        if (entries[i].letter == letter && has(type, &entries[i]))
            return entries[i].name;
    }
    return "";
}

static void apply(struct options *options, int letter)
{
    struct argument argument = {options->program, name_of(options->param.type, letter), optarg};

    if (letter == 'H') {
        show_help(options);
        exit(DONE);
    }
    if (!apply_content(options, letter, &argument))
        apply_place(&options->param, letter, &argument);
}

__attribute__((noreturn))
static void misuse(const struct options *options, const char *what, const char *word)
{
    fprintf(stderr, "%s: %s %s; see --help\n", options->program, what, word);
    exit(MISUSED);
}

/* What follows from the options together. */
static void complete(struct options *options)
{
    bool whole_file = options->file != NULL && !options->loop;

    if (options->loop && options->file == NULL)
        misuse(options, "nothing to repeat without", "--file");
    if (options->frames == NOT_SAID)
        options->frames = whole_file ? UINT64_MAX : DEFAULT_FRAMES;
    else if (options->frames == 0)
        options->frames = UINT64_MAX;
    describe_payload(&options->param);
}

struct options read_options(transfer_type type, int argc, char **argv)
{
    char letters[2 * ENTRIES + 2];
    struct option names[ENTRIES + 1];
    struct options options = defaults(type);
    int letter;

    accepted(type, letters, names);
    opterr = 0;
    while ((letter = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        if (letter == '?')
            misuse(&options, "there is no option", argv[optind - 1]);
        if (letter == ':')
            misuse(&options, "a value must follow", argv[optind - 1]);
        apply(&options, letter);
    }
    if (optind < argc)
        misuse(&options, "there is nothing to do with", argv[optind]);
    complete(&options);
    return options;
}
