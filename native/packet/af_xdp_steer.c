#include "packet/af_xdp.h"
#include "packet/steer.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <time.h>
#include <unistd.h>

extern const char steer_object_start[]; /* steer.bpf.o, embedded by steer.cmake */
extern const char steer_object_end[];

void af_xdp_busy_pause(void) {
    nanosleep(&(struct timespec){.tv_nsec = AF_XDP_BUSY_PAUSE_NS}, NULL);
}

static int say_nothing(enum libbpf_print_level level, const char *format, va_list arguments) {
    (void)level, (void)format, (void)arguments;
    return 0;
}

static int load(struct af_xdp_steer *steer, const struct packet_config *config,
                struct packet_message *message) {
    libbpf_set_print(
        say_nothing); /* our message says what failed; the library would write to standard error */
    steer->object =
        bpf_object__open_mem(steer_object_start, (size_t)(steer_object_end - steer_object_start), NULL);
    if (!steer->object) return packet_fail(message, "reading the steering program");
    struct bpf_map *sockets = bpf_object__find_map_by_name(steer->object, "sockets");
    struct bpf_map *channels = bpf_object__find_map_by_name(steer->object, "channels");
    bpf_map__set_max_entries(sockets, config->queue + 1);
    bpf_map__set_max_entries(channels, config->channel_count);
    if (bpf_object__load(steer->object) != 0)
        return packet_fail(message, "loading the steering program (needs root)");
    return 0;
}

static bool occupied(int error) {
    return error == EBUSY || error == EEXIST; /* EEXIST: in the other mode */
}

static int link_program(const struct af_xdp_steer *steer, int interface, uint32_t mode) {
    struct bpf_program *program = bpf_object__find_program_by_name(steer->object, "steer");
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = mode);
    int fd = -1;
    for (int i = 0; i < AF_XDP_BUSY_TRIES; i++) {
        fd = bpf_link_create(bpf_program__fd(program), interface, BPF_XDP, &options);
        if (fd >= 0 || !occupied(errno)) break;
        af_xdp_busy_pause();
    }
    return fd;
}

int af_xdp_steer_attach(struct af_xdp_steer *steer, const struct packet_config *config, int interface,
                        uint32_t *native, struct packet_message *message) {
    int error = load(steer, config, message);
    if (error) return error;
    if (!config->generic) {
        steer->link_fd = link_program(steer, interface, XDP_FLAGS_DRV_MODE);
        *native = steer->link_fd >= 0;
        if (!*native && occupied(errno)) return packet_fail(message, "another XDP program is attached");
        if (!*native) packet_fail(message, "no native mode, falling back to generic");
    }
    if (!*native) steer->link_fd = link_program(steer, interface, XDP_FLAGS_SKB_MODE);
    if (steer->link_fd < 0) return packet_fail(message, "attaching the steering program");
    packet_say(message, "%s: XDP in %s mode", config->interface, *native ? "native" : "generic");
    return 0;
}

int af_xdp_steer_start(struct af_xdp_steer *steer, const struct packet_config *config, int socket_fd,
                       struct packet_message *message) {
    uint32_t queue = config->queue;
    int sockets = bpf_object__find_map_fd_by_name(steer->object, "sockets");
    int channels = bpf_object__find_map_fd_by_name(steer->object, "channels");
    if (bpf_map_update_elem(sockets, &queue, &socket_fd, BPF_ANY) != 0)
        return packet_fail(message, "entering the socket into the steering program");
    for (uint32_t i = 0; i < config->channel_count; i++) {
        struct steer_key key = {htonl(config->channels[i].address), htons(config->channels[i].port), 0};
        if (bpf_map_update_elem(channels, &key, &(uint8_t){1}, BPF_ANY) != 0)
            return packet_fail(message, "entering a channel into the steering program");
    }
    return 0;
}

void af_xdp_steer_close(struct af_xdp_steer *steer) {
    if (steer->link_fd >= 0) close(steer->link_fd);
    bpf_object__close(steer->object);
}
