/* boundary.h: all that Python sees, in the order cffi reads it.  Each header below is read by cffi *and* by C
 * (one declaration, two readers), so it holds only declarations and plain #defines that cffi's parser
 * accepts: no inline functions, no attributes, no expressions in #define.  Inline hot functions live in
 * native/<module>/. */
#pragma once
/* clang-format off */
#include "tickwire/base.h"
#include "tickwire/clock.h"
#include "tickwire/segment.h"
#include "tickwire/ring.h"
#include "tickwire/metric.h"
#include "tickwire/control.h"
#include "tickwire/codec_layout.h"
#include "tickwire/codec_itch.h"
#include "tickwire/codec_mold.h"
#include "tickwire/codec_soup.h"
#include "tickwire/codec_ouch.h"
#include "tickwire/codec_frame.h"
#include "tickwire/feed.h"
#include "tickwire/packet.h"
#include "tickwire/book.h"
#include "tickwire/market.h"
#include "tickwire/report.h"
#include "tickwire/signal.h"
#include "tickwire/risk.h"
#include "tickwire/route.h"
#include "tickwire/execution.h"
#include "tickwire/position.h"
#include "tickwire/venue.h"
#include "tickwire/lane.h"
