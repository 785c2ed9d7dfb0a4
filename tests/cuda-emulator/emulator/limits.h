// What the emulated device allows: the limits of compute capability 9.0.
#pragma once

#include <cstddef>
#include <cstdint>

namespace emu {

constexpr unsigned warp_size = 32;
constexpr unsigned max_threads_per_block = 1024;
constexpr unsigned max_block_x = 1024, max_block_y = 1024, max_block_z = 64;
constexpr unsigned max_grid_x = 0x7fffffff, max_grid_y = 65535, max_grid_z = 65535;
constexpr size_t max_shared_bytes = 227 * 1024;         // with cudaFuncSetAttribute
constexpr size_t max_default_shared_bytes = 48 * 1024;  // without
constexpr int named_barriers = 16;

}  // namespace emu
