/* codec_itch: see native/codec/. */
#pragma once
#include "tickwire/base.h"
