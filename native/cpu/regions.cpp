#include "cpu/regions.h"

#if defined(__linux__)

#include <sys/mman.h>

#include <algorithm>

namespace llm42::cpu {

namespace {

constexpr int64_t page = int64_t{4} << 10;
constexpr int64_t huge_page = int64_t{2} << 20;

// Enough for the last, partly used, huge page of a region to be next to nothing.
constexpr int64_t region_size = int64_t{64} << 20;

constexpr int64_t most_addresses = int64_t{1} << 47;

int64_t round_up(int64_t size, int64_t unit) {
  return (size + unit - 1) / unit * unit;
}

int64_t address_of(const std::byte* data) {
  return static_cast<int64_t>(reinterpret_cast<intptr_t>(data));
}

// `size` bytes that begin with a huge page. Kernels before 6.7 do not see to it, so more is mapped, and what
// sticks out is given back.
std::byte* map(int64_t size) {
  const int64_t mapped = size + huge_page;
  void* const memory =
      mmap(nullptr, static_cast<size_t>(mapped), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(memory);
  const int64_t before = round_up(address_of(begin), huge_page) - address_of(begin);
  if (before > 0) munmap(begin, static_cast<size_t>(before));
  munmap(begin + before + size, static_cast<size_t>(mapped - before - size));
  madvise(begin + before, static_cast<size_t>(size), MADV_HUGEPAGE);  // advice: failing does no harm
  return begin + before;
}

}  // namespace

Regions& Regions::shared() {
  // Never destroyed: blocks may outlive everything static.
  static Regions& regions = *new Regions;
  return regions;
}

std::byte* Regions::take(int64_t size) {
  if (size > most_addresses) return nullptr;
  size = round_up(size, 64);
  const std::lock_guard lock(mutex_);
  auto region = std::find_if(regions_.begin(), regions_.end(), [&](const Region& candidate) {
    return candidate.size - candidate.used >= size;
  });
  if (region == regions_.end()) {
    int64_t mapped = round_up(std::max(size, region_size), page);
    std::byte* memory = map(mapped);
    if (memory == nullptr && size < region_size) {
      // The system may still have what is asked for, if not a region.
      mapped = round_up(size, page);
      memory = map(mapped);
    }
    if (memory == nullptr) return nullptr;
    region = regions_.insert(regions_.end(), {memory, mapped, 0, 0});
  }
  std::byte* const data = region->data + region->used;
  region->used += size;
  ++region->blocks;
  return data;
}

void Regions::give_back(std::byte* data, int64_t size) {
  const std::lock_guard lock(mutex_);
  const auto region = std::find_if(regions_.begin(), regions_.end(), [&](const Region& candidate) {
    return candidate.data <= data && data < candidate.data + candidate.size;
  });
  if (--region->blocks == 0) {
    munmap(region->data, static_cast<size_t>(region->size));
    regions_.erase(region);
    return;
  }
  const int64_t begin = round_up(address_of(data), page);
  const int64_t end = (address_of(data) + size) / page * page;
  if (begin < end)
    madvise(data + (begin - address_of(data)), static_cast<size_t>(end - begin), MADV_DONTNEED);
}

}  // namespace llm42::cpu

#endif
