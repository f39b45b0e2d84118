/* steer: sends the datagrams of the channels to the AF_XDP socket and leaves everything else (ARP, IGMP, TCP,
 * fragments, other ports) to the kernel.  Untagged frames and one 802.1Q tag. */
#include "packet/steer.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#define FRAGMENT_MASK 0x3fff /* more fragments, or an offset */

struct vlan_tag {
    __be16 control;
    __be16 protocol;
};

struct { /* by receive queue; sized when loaded */
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} sockets SEC(".maps");

struct { /* sized when loaded */
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __type(key, struct steer_key);
    __type(value, __u8);
} channels SEC(".maps");

SEC("xdp")
int steer(struct xdp_md *context) {
    void *end = (void *)(long)context->data_end;
    struct ethhdr *ethernet = (void *)(long)context->data;
    if ((void *)(ethernet + 1) > end) return XDP_PASS;
    __be16 protocol = ethernet->h_proto;
    struct iphdr *ip = (void *)(ethernet + 1);
    if (protocol == bpf_htons(ETH_P_8021Q)) {
        struct vlan_tag *tag = (void *)(ethernet + 1);
        if ((void *)(tag + 1) > end) return XDP_PASS;
        protocol = tag->protocol;
        ip = (void *)(tag + 1);
    }
    if (protocol != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > end) return XDP_PASS;
    if (ip->version != 4 || ip->ihl < 5 || ip->protocol != IPPROTO_UDP) return XDP_PASS;
    if (ip->frag_off & bpf_htons(FRAGMENT_MASK)) return XDP_PASS;
    struct udphdr *udp = (void *)ip + ip->ihl * 4;
    if ((void *)(udp + 1) > end) return XDP_PASS;
    struct steer_key key = {.address = ip->daddr, .port = udp->dest};
    if (!bpf_map_lookup_elem(&channels, &key)) return XDP_PASS;
    return (int)bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS);
}

char steer_license[] SEC("license") = "GPL";
