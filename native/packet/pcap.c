/* pcap: a recorded file (pcap or pcapng) as a port.  Every Ethernet frame for one of the channels comes once,
 * in file order, as fast as it is asked for; rx_ns is when it was captured.  At the end the port stays
 * silent. */
#include "packet/match.h"
#include "packet/port.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct pcap_port {
    struct packet_port port;
    struct match_table table;
    struct capture capture;
    const uint8_t *file;
    size_t size;
    bool ended;
};

static int pcap_receive(struct packet_port *port, struct packet_view *views, int count) {
    struct pcap_port *pcap = (struct pcap_port *)port;
    struct capture_packet packet;
    int filled = 0;
    while (filled < count && !pcap->ended) {
        int next = capture_next(&pcap->capture, &packet);
        pcap->ended = next <= 0;
        if (next < 0)
            port->stats.malformed++; /* the file is cut short or damaged: what came before was good */
        if (pcap->ended || packet.link_type != CAPTURE_LINK_ETHERNET) continue;
        struct packet_view *view = &views[filled];
        int channel = match_frame(&pcap->table, packet.data, packet.size, view);
        if (channel == MATCH_MALFORMED) port->stats.malformed++;
        if (channel < 0) continue;
        view->channel = (uint32_t)channel;
        view->rx_ns = packet.time_ns;
        port->stats.received_bytes += view->size;
        filled++;
    }
    port->stats.received += (uint64_t)filled;
    return filled;
}

static void pcap_release(struct packet_port *port, int count) {
    (void)port, (void)count;
} /* views are of the file */

static void pcap_close(struct packet_port *port) {
    struct pcap_port *pcap = (struct pcap_port *)port;
    if (pcap->file) munmap((void *)(uintptr_t)pcap->file, pcap->size);
    free(pcap);
}

static const struct packet_ops OPS = {.receive = pcap_receive, .release = pcap_release, .close = pcap_close};

static int map_file(struct pcap_port *pcap, const char *path, struct packet_message *message) {
    struct stat status = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return packet_fail(message, path);
    void *file = MAP_FAILED;
    if (fstat(fd, &status) == 0) file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    int failed = file == MAP_FAILED ? packet_fail(message, path) : 0;
    close(fd);
    if (failed) return failed;
    pcap->file = file;
    pcap->size = (size_t)status.st_size;
    int error = capture_open(&pcap->capture, pcap->file, pcap->size);
    if (error) packet_say(message, "%s: not a capture file: %s", path, error_text(error));
    return error;
}

int pcap_open(const struct packet_config *config, struct packet_port **port, struct packet_message *message) {
    struct pcap_port *pcap = calloc(1, sizeof *pcap);
    if (!pcap) return packet_fail(message, "port");
    pcap->port.ops = &OPS;
    match_table_fill(&pcap->table, config);
    int error = map_file(pcap, config->path, message);
    if (error)
        pcap_close(&pcap->port);
    else
        *port = &pcap->port;
    return error;
}
