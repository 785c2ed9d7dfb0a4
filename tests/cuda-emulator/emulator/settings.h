// What a test may choose. Read from the environment at the first use; changed only between launches.
#pragma once

#include <cstddef>
#include <cstdint>

namespace emu {

struct Settings {
  // OS threads that run blocks; 1 under a sanitizer. LLM42_EMULATOR_THREADS, else the processors.
  int workers;
  // Whether ready threads run in a random order, blocks too; LLM42_EMULATOR_SHUFFLE holds the seed.
  bool is_shuffled;
  uint32_t shuffle_seed;
  // Size of the device memory. LLM42_EMULATOR_MEMORY, else 1 GiB.
  size_t memory_bytes;
  // What the device says it has; a schedule may depend on it. LLM42_EMULATOR_MULTIPROCESSORS, else 16.
  int multiprocessors;
};

Settings& settings();

}  // namespace emu
