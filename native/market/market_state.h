/* market_state: the market-data stage.  Private to native/market. */
#pragma once
#include "base/stage.h"
#include "feed/feed_state.h"
#include "packet/port.h"
#include "ring/metric_inline.h"
#include "ring/ring_inline.h"
#include "tickwire/book.h"
#include "tickwire/market.h"

/* Packets taken from a port or the request server at once.  Few: what the first of them causes is passed on
 * only after the last, and a lane that runs all stages comes back soon. */
#define MARKET_BATCH 4

struct market_batch { /* packets received, in order; those before next have been given to the feed */
    int count;
    int next;
    struct packet_view views[MARKET_BATCH];
};

/* Receives in a row that bring nothing before a backlog counts as worked off: after the first one
 * packet_port_idle may have had to wake the driver. */
#define MARKET_CAUGHT_UP 2

enum market_announced { ANNOUNCED_NOTHING, ANNOUNCED_STALE, ANNOUNCED_LIVE };

struct market_requester;

struct market {
    struct stage stage;
    struct packet_port *port;
    struct feed *feed;
    struct book_set *book;
    struct ring_producer ring;
    struct market_top *top;
    uint64_t now_ns;   /* of this duty cycle */
    uint64_t rx_ns;    /* of the packet in hand */
    uint64_t asked_ns; /* duty cycle that last asked the port for packets; 0: none has */
    uint64_t lag_ns_max;
    uint64_t session; /* the feed's, which the books belong to */
    bool live;        /* the books are complete and up to date: changes are published as they come */
    bool blocked;     /* the ring is full */
    uint32_t lagging; /* empty receives still needed until the backlog counts as worked off */
    bool book_full;   /* the books had no room: they are not right before the next session */
    bool accept_partial;
    uint32_t announced;     /* enum market_announced: what the readers have been told, or are being told */
    uint32_t announce_next; /* the first instrument whose state record is still to be written */
    uint32_t instrument_count;
    uint32_t venue;
    struct market_batch batch;
    struct market_requester *requester; /* NULL: nobody to ask */
    uint64_t updates_published;
    uint64_t blockages;
    uint64_t lags;
    uint64_t faults[BOOK_FAULT_COUNT];
    uint16_t locates[INSTRUMENT_COUNT_MAX];             /* as configured, or as last seen */
    struct market_update updates[INSTRUMENT_COUNT_MAX]; /* the latest of each instrument */
    struct counters *counters;
    uint64_t counted_before[COUNTER_COUNT_MAX]; /* by the processes that were this stage earlier */
    struct market_instrument instruments[INSTRUMENT_COUNT_MAX];
};

/* market_poll is the stage's duty cycle; market_take_batch feeds what is left of a batch and says whether it
 * is done (false: the ring is full).  Neither makes a system call but through the port and, in a gap,
 * market_recover. */
int market_poll(struct stage *stage, uint64_t now_ns);
bool market_take_batch(struct market *market, struct market_batch *batch, uint64_t now_ns);

/* market_begin_session takes up the session that the feed has just begun: with empty books. */
void market_begin_session(struct market *market);

/* The request client: one connected UDP socket.  market_recover takes the server's answers and sends the
 * requests that are due; market_discard_answers throws away what came too late to matter. */
int market_requester_open(uint32_t address, uint16_t port, struct market_requester **requester);
void market_requester_close(struct market_requester *requester);
void market_recover(struct market *market, uint64_t now_ns);
void market_discard_answers(struct market *market);
