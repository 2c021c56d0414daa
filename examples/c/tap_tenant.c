/*
 * An interface of this host as a tenant: frames go between a TAP interface and an agent.
 *
 *   tap_tenant --tenant-name NAME --svc_id N --tenant-ip ADDRESS --tenant-netmask MASK [--doorbell PATH] [--memory DIRECTORY]
 *
 * The interface is if_tap. Everything is sent directed to did 4, which an agent takes for "to whom it may concern": it
 * learns and looks up addresses as usual. `memwire tap` does the same, and more.
 *
 * SPDX-License-Identifier: Apache-2.0 OR MIT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "register.h"

enum { DID_LEARN = 4, SVC = 10, NTI = 4095, BURST = 64 };

static const char INTERFACE[] = "if_tap";

struct options {
    descsock_client_spec_t spec;
    struct in_addr address, netmask;
};

static void use(FILE *where)
{
    fputs("usage: tap_tenant --tenant-name NAME --svc_id N --tenant-ip ADDRESS --tenant-netmask MASK\n"
          "                  [--doorbell PATH] [--memory DIRECTORY]\n"
          "Makes the interface if_tap with this address, and joins it to the agent at the doorbell\n"
          "(/var/run/platform/tenant_doorbell.sock); the shared file goes to /var/huge_pages/2048kB.\n"
          "Takes root, or the right to make interfaces. Ctrl-C ends it.\n",
          where);
}

static void misused(const char *what, const char *value)
{
    fprintf(stderr, "tap_tenant: %s %s\n", value ? value : "(nothing)", what);
    use(stderr);
    exit(2);
}

static void failed(const char *what)
{
    fprintf(stderr, "tap_tenant: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void set(char *field, size_t size, const char *value)
{
    if (strlen(value) >= size)
        misused("is too long", value);
    strcpy(field, value);
}

static void set_address(struct in_addr *field, const char *value)
{
    if (inet_pton(AF_INET, value, field) != 1)
        misused("is no IPv4 address", value);
}

static void set_option(struct options *options, int option)
{
    switch (option) {
    case 'n':
        set(options->spec.tenant_name, 64, optarg);
        break;
    case 's':
        options->spec.svc_id = service_number(optarg);
        if (options->spec.svc_id < 0)
            misused("is no service: 0 to 16383", optarg);
        break;
    case 'i':
        set_address(&options->address, optarg);
        break;
    case 'm':
        set_address(&options->netmask, optarg);
        break;
    case 'd':
        set(options->spec.master_socket_path, sizeof options->spec.master_socket_path, optarg);
        break;
    case 'h':
        set(options->spec.dma_shmem_path, sizeof options->spec.dma_shmem_path, optarg);
        break;
    case 'u':
        use(stdout);
        exit(0);
    default:
        use(stderr);
        exit(2);
    }
}

static void read_options(int count, char **argument, struct options *options)
{
    static const struct option known[] = {
        {"tenant-name", required_argument, NULL, 'n'},    {"svc_id", required_argument, NULL, 's'},
        {"svc-id", required_argument, NULL, 's'},         {"tenant-ip", required_argument, NULL, 'i'},
        {"tenant-netmask", required_argument, NULL, 'm'}, {"doorbell", required_argument, NULL, 'd'},
        {"memory", required_argument, NULL, 'h'},         {"help", no_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    int option;
    memset(options, 0, sizeof *options);
    options->spec.svc_id = SVC;
    set(options->spec.master_socket_path, sizeof options->spec.master_socket_path,
        "/var/run/platform/tenant_doorbell.sock");
    set(options->spec.dma_shmem_path, sizeof options->spec.dma_shmem_path, "/var/huge_pages/2048kB");
    while ((option = getopt_long(count, argument, "", known, NULL)) != -1)
        set_option(options, option);
    if (optind < count)
        misused("is not understood", argument[optind]);
    if (options->spec.tenant_name[0] == '\0' || options->address.s_addr == 0 || options->netmask.s_addr == 0)
        misused("--tenant-name, --tenant-ip or --tenant-netmask is missing", "");
}

static void configure(const char *what, int socket, unsigned long request, struct ifreq *interface)
{
    if (ioctl(socket, request, interface) != 0)
        failed(what);
}

static void set_inet(struct ifreq *interface, struct in_addr address)
{
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr = address};
    memcpy(&interface->ifr_addr, &inet, sizeof inet);
}

/* The interface, with its address, switched on. */
static int open_tap(const struct options *options)
{
    struct ifreq interface;
    int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (tap < 0 || control < 0)
        failed("/dev/net/tun");
    memset(&interface, 0, sizeof interface);
    strcpy(interface.ifr_name, INTERFACE);
    interface.ifr_flags = IFF_TAP | IFF_NO_PI;
    configure("cannot make if_tap", tap, TUNSETIFF, &interface);
    set_inet(&interface, options->address);
    configure("cannot give if_tap its address", control, SIOCSIFADDR, &interface);
    set_inet(&interface, options->netmask);
    configure("cannot give if_tap its netmask", control, SIOCSIFNETMASK, &interface);
    configure("cannot ask for the state of if_tap", control, SIOCGIFFLAGS, &interface);
    interface.ifr_flags |= IFF_UP;
    configure("cannot switch if_tap on", control, SIOCSIFFLAGS, &interface);
    close(control);
    return tap;
}

static void to_agent(int tap)
{
    static char frame[DESCSOCK_CLIENT_BUF_SIZE];
    dsk_ifh_fields_t to = {.did = DID_LEARN, .svc = SVC, .nti = NTI, .directed = true};
    for (int i = 0; i < BURST; i++) {
        ssize_t length = read(tap, frame, sizeof frame);
        if (length <= 0)
            return;
        /* Without an agent, or without room, it is lost: the host sends what matters again. */
        descsock_client_send_extended(&to, frame, (size_t)length, 0);
    }
}

static void to_host(int tap)
{
    static char frame[DESCSOCK_CLIENT_BUF_SIZE];
    for (int i = 0; i < BURST; i++) {
        ssize_t length = descsock_client_recv(frame, sizeof frame, 0);
        if (length <= 0)
            return;
        if (write(tap, frame, (size_t)length) < 0 && errno != EAGAIN && errno != EIO)
            failed("if_tap");
    }
}

int main(int count, char **argument)
{
    static struct options options;
    read_options(count, argument, &options);
    end_on_signals();
    int tap = open_tap(&options), news;
    if (!come_in("tap_tenant", &options.spec))
        return goes_on() ? 1 : 0;
    if (descsock_client_cntl(DESCSOCK_RECV_FD, &news) != CLIENT_SUCCESS)
        failed("no descriptor to wait for");
    while (goes_on()) {
        struct pollfd sides[] = {{.fd = tap, .events = POLLIN}, {.fd = news, .events = POLLIN}};
        if (poll(sides, 2, 1000) < 0 && errno != EINTR)
            failed("poll");
        to_agent(tap);
        to_host(tap);
    }
    close(tap);
    return descsock_client_close() == CLIENT_SUCCESS ? 0 : 1;
}
