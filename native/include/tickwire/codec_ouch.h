/* codec_ouch: see native/codec/. */
#pragma once
#include "tickwire/base.h"
