/* codec_mold: see native/codec/. */
#pragma once
#include "tickwire/base.h"
