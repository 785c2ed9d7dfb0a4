#include "cpu/processor.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#endif
#if defined(__unix__)
#include <unistd.h>
#endif

namespace llm42::cpu {

#if defined(__x86_64__)

namespace {

struct Features {
  bool avx2 = false;
  bool avx512 = false;
  bool avx512_vnni = false;
  bool amx_int8 = false;
};

// Bits of XCR0: register files that the operating system saves.
uint64_t saved_state() {
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
}

// Threads save eight more KiB once a process has leave to use tiles, so Linux wants to be asked.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr long request_permission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long tile_data = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

Features detect() {
  Features features;
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return features;
  const uint32_t needed = bit_FMA | bit_F16C | bit_AVX | bit_OSXSAVE;
  if ((c & needed) != needed) return features;
  const uint64_t state = saved_state();
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return features;
  features.avx2 = (state & 0x6) == 0x6 && (b & bit_AVX2) != 0;
  const uint32_t wide = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  features.avx512 = features.avx2 && (state & 0xe6) == 0xe6 && (b & wide) == wide;
  features.avx512_vnni = features.avx512 && (c & bit_AVX512VNNI) != 0;
  const uint32_t tiles = 1u << 24 | 1u << 25;  // AMX-TILE, AMX-INT8
  features.amx_int8 = features.avx512 && (state & 0x60000) == 0x60000 && (d & tiles) == tiles;
  return features;
}

const Features& features() {
  static const Features detected = detect();
  return detected;
}

}  // namespace

bool has_avx2() {
  return features().avx2;
}
bool has_avx512() {
  return features().avx512;
}
bool has_avx512_vnni() {
  return features().avx512_vnni;
}
bool has_amx_int8() {
  static const bool may_use = features().amx_int8 && may_use_tiles();
  return may_use;
}

std::string processor_name() {
  uint32_t words[12] = {};
  for (uint32_t i = 0; i < 3; ++i) {
    uint32_t* w = words + 4 * i;
    if (__get_cpuid(0x80000002u + i, w, w + 1, w + 2, w + 3) == 0) return "x86-64 processor";
  }
  char brand[sizeof words + 1] = {};
  std::memcpy(brand, words, sizeof words);
  std::string name = brand;
  name.erase(0, name.find_first_not_of(' '));
  return name.empty() ? "x86-64 processor" : name;
}

#else

bool has_avx2() {
  return false;
}
bool has_avx512() {
  return false;
}
bool has_avx512_vnni() {
  return false;
}
bool has_amx_int8() {
  return false;
}
std::string processor_name() {
  return "processor";
}

#endif

int usable_processors() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int64_t physical_memory() {
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  const int64_t page = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) return pages * page;
#endif
  return 0;
}

int64_t free_memory() {
#if defined(__linux__)
  // The kernel's own estimate: what is free, and what of its caches it would give up.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/meminfo", "r"), std::fclose);
  char line[128];
  while (file != nullptr && std::fgets(line, sizeof line, file.get()) != nullptr) {
    long long kibibytes = 0;
    if (std::sscanf(line, "MemAvailable: %lld kB", &kibibytes) == 1) return int64_t{kibibytes} * 1024;
  }
#endif
  return 0;
}

}  // namespace llm42::cpu
