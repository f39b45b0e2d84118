/* pcap: a recorded file as a port.  Every Ethernet frame for one of the channels comes once, in file order,
 * as fast as it is asked for; rx_ns is when it was captured.  At the end the port stays silent. */
#include "packet/match.h"
#include "packet/port.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_MICRO   0xa1b2c3d4u
#define MAGIC_NANO    0xa1b23c4du
#define HEADER_SIZE   24
#define RECORD_SIZE   16
#define LINK_ETHERNET 1

struct pcap_port {
    struct packet_port port;
    struct match_table table;
    const uint8_t *file;
    size_t size;
    size_t at;
    bool swapped; /* written on a machine of the other byte order */
    bool nano;
};

static uint32_t word(const struct pcap_port *pcap, size_t at) {
    uint32_t value;
    memcpy(&value, pcap->file + at, sizeof value);
    return pcap->swapped ? __builtin_bswap32(value) : value;
}

static int pcap_receive(struct packet_port *port, struct packet_view *views, int count) {
    struct pcap_port *pcap = (struct pcap_port *)port;
    int filled = 0;
    while (filled < count && pcap->at < pcap->size) {
        uint32_t captured = pcap->size - pcap->at >= RECORD_SIZE ? word(pcap, pcap->at + 8) : UINT32_MAX;
        if (captured > pcap->size - pcap->at - RECORD_SIZE) { /* the file was cut short */
            port->stats.malformed++;
            pcap->at = pcap->size;
            break;
        }
        struct packet_view *view = &views[filled];
        const uint8_t *frame = pcap->file + pcap->at + RECORD_SIZE;
        int channel = match_frame(&pcap->table, frame, captured, &view->data, &view->size);
        uint64_t fraction = word(pcap, pcap->at + 4);
        view->rx_ns = (uint64_t)word(pcap, pcap->at) * 1000000000 + (pcap->nano ? fraction : fraction * 1000);
        pcap->at += RECORD_SIZE + captured;
        if (channel == MATCH_MALFORMED) port->stats.malformed++;
        if (channel < 0) continue;
        view->channel = (uint32_t)channel;
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
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return packet_fail(message, path);
    if (fstat(fd, &status) == 0 && status.st_size >= HEADER_SIZE) {
        void *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (file != MAP_FAILED) {
            pcap->file = file;
            pcap->size = (size_t)status.st_size;
        }
    }
    close(fd);
    if (pcap->file) return 0;
    packet_say(message, "%s: no pcap file", path);
    return ERROR_TRUNCATED;
}

static int read_header(struct pcap_port *pcap, const char *path, struct packet_message *message) {
    uint32_t magic = word(pcap, 0);
    pcap->swapped = magic == __builtin_bswap32(MAGIC_MICRO) || magic == __builtin_bswap32(MAGIC_NANO);
    magic = word(pcap, 0);
    pcap->nano = magic == MAGIC_NANO;
    if ((magic != MAGIC_MICRO && magic != MAGIC_NANO) || (word(pcap, 20) & 0xffff) != LINK_ETHERNET) {
        packet_say(message, "%s: not a pcap file of Ethernet frames", path);
        return ERROR_MALFORMED;
    }
    pcap->at = HEADER_SIZE;
    return 0;
}

int pcap_open(const struct packet_config *config, struct packet_port **port, struct packet_message *message) {
    struct pcap_port *pcap = calloc(1, sizeof *pcap);
    if (!pcap) return packet_fail(message, "port");
    pcap->port.ops = &OPS;
    match_table_fill(&pcap->table, config);
    int error = map_file(pcap, config->path, message);
    if (!error) error = read_header(pcap, config->path, message);
    if (error)
        pcap_close(&pcap->port);
    else
        *port = &pcap->port;
    return error;
}
