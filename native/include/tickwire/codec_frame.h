/* codec_frame: see native/codec/. */
#pragma once
#include "tickwire/base.h"
