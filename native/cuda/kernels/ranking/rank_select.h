// Where the ranking of a row is cut, without sorting it: radix selection over the rank keys. Everything that
// is added up is an integer, so that the order of the additions does not matter.
#pragma once

#include "cuda/kernels/ranking/rank_key.h"
#include "cuda/primitives/block.h"

namespace llm42::cuda {

constexpr int rank_bins = 2048;

// Shared memory of a selection.
struct RankHistogram {
  unsigned long long masses[rank_bins];
  unsigned int counts[rank_bins];
  // The bin in which the cut lies: what lies above it, and what it holds.
  int bin;
  unsigned long long mass_above;
  unsigned long long mass;
  unsigned int count_above;
  unsigned int count;
};

// Finds the highest bin at which the sum of the bins from the top on reaches `wanted`, which must be at most
// the sum of all. The first warp works.
template <class Amount>
__device__ __forceinline__ void find_bin(RankHistogram& histogram, const Amount* amounts, Amount wanted) {
  constexpr int bins_per_lane = rank_bins / 32;
  if (threadIdx.x < 32) {
    const int lane = static_cast<int>(threadIdx.x);
    const int highest = rank_bins - 1 - lane * bins_per_lane;
    Amount own = 0;
    for (int i = 0; i < bins_per_lane; ++i) own += amounts[highest - i];
    Amount through = own;
#pragma unroll
    for (int distance = 1; distance < 32; distance *= 2) {
      const Amount other = __shfl_up_sync(0xffffffffu, through, distance);
      if (lane >= distance) through += other;
    }
    Amount before = through - own;
    if (before < wanted && wanted <= through) {
      int bin = highest;
      while (before + amounts[bin] < wanted) before += amounts[bin--];
      histogram.bin = bin;
    }
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    unsigned int count = 0;
    unsigned long long mass = 0;
    for (int bin = static_cast<int>(threadIdx.x) + histogram.bin + 1; bin < rank_bins; bin += 32) {
      count += histogram.counts[bin];
      mass += histogram.masses[bin];
    }
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) {
      count += __shfl_xor_sync(0xffffffffu, count, distance);
      mass += __shfl_xor_sync(0xffffffffu, mass, distance);
    }
    if (threadIdx.x == 0) {
      histogram.count_above = count;
      histogram.mass_above = mass;
      histogram.count = histogram.counts[histogram.bin];
      histogram.mass = histogram.masses[histogram.bin];
    }
  }
  __syncthreads();
}

// Lowest key of the shortest prefix of the ranking that holds `wanted_count` tokens or, with is_mass, whose
// masses reach `wanted_mass` (1 or more, and at most what all hold). for_each_token(f) must call f(key, mass)
// for every token of the thread; tokens of equal value must have equal masses. The whole block must call
// this.
template <class ForEachToken>
__device__ __forceinline__ uint64_t select_cut(RankHistogram& histogram, bool is_mass,
                                               unsigned int wanted_count, unsigned long long wanted_mass,
                                               ForEachToken for_each_token) {
  uint64_t prefix = 0;
  // Three digits of the value, three of the id.
  const int shifts[6] = {53, 42, 32, 21, 10, 0};
  const int widths[6] = {11, 11, 10, 11, 11, 10};
#pragma unroll
  for (int digit = 0; digit < 6; ++digit) {
    const int shift = shifts[digit];
    const int width = widths[digit];
    for (int bin = static_cast<int>(threadIdx.x); bin < rank_bins; bin += row_threads) {
      histogram.counts[bin] = 0;
      histogram.masses[bin] = 0;
    }
    __syncthreads();
    for_each_token([&](uint64_t key, unsigned long long mass) {
      if (shift + width < 64 && key >> (shift + width) % 64 != prefix >> (shift + width) % 64) return;
      const int bin = static_cast<int>(key >> shift) & ((1 << width) - 1);
      atomicAdd(&histogram.counts[bin], 1u);
      if (is_mass && mass != 0) atomicAdd(&histogram.masses[bin], mass);
    });
    __syncthreads();
    if (is_mass) {
      find_bin(histogram, histogram.masses, wanted_mass);
    } else {
      find_bin(histogram, histogram.counts, wanted_count);
    }
    prefix |= static_cast<uint64_t>(histogram.bin) << shift;
    const unsigned int count = histogram.count;
    wanted_count -= is_mass ? 0u : histogram.count_above;
    wanted_mass -= is_mass ? histogram.mass_above : 0ull;
    if (is_mass && digit == 2) {
      // What is left are equal values: the lowest ids until their masses reach what is wanted.
      const unsigned long long each = histogram.mass / count;
      wanted_count = static_cast<unsigned int>((wanted_mass + each - 1) / each);
      is_mass = false;
    }
    __syncthreads();  // the histogram is read no more
    if (is_mass ? count == 1 : count == wanted_count) break;
  }
  return prefix;
}

}  // namespace llm42::cuda
