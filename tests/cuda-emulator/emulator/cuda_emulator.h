// CUDA for the host, for tests: a .cu file that includes this compiles as plain C++20 and runs without a GPU.
// Every CUDA thread of a block is a fiber; blocks are spread over a few OS threads. README.md tells what is
// faithful and what is not.
#pragma once

#include "emulator/async_copy.h"
#include "emulator/atomics.h"
#include "emulator/barrier.h"
#include "emulator/bfloat16.h"
#include "emulator/half.h"
#include "emulator/intrinsics.h"
#include "emulator/keywords.h"
#include "emulator/launch.h"
#include "emulator/runtime_api.h"
#include "emulator/shared_memory.h"
#include "emulator/thread.h"
#include "emulator/vector_types.h"
#include "emulator/warp_collectives.h"
#include "emulator/warp_matrix.h"
