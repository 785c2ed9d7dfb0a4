// Faulty kernels: each is run, and what is wrong with it has to be found. Beside most stands the same kernel
// without the fault, in which nothing may be found.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "cuda/primitives/barrier.h"
#include "cuda/primitives/cp_async.h"
#include "cuda/primitives/launch.h"
#include "cuda/primitives/mma.h"
#include "emulator/settings.h"

namespace llm42::cuda {
namespace {

constexpr unsigned all = 0xffffffffu;

class EmulatedFault : public testing::Test {
 protected:
  // Forked from a process with workers, a child would have none: it starts afresh instead.
  EmulatedFault() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  ~EmulatedFault() override { emu::settings() = kept_; }

 private:
  const emu::Settings kept_ = emu::settings();
};

// For a child process: runs, and ends with status 0 unless something was found.
template <class... Parameters, class... Arguments>
[[noreturn]] void run(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
                      Arguments... arguments) {
  emu::settings().workers = 1;
  const cudaError_t error = launch(kernel, grid, block, shared_bytes, nullptr, arguments...);
  std::exit(error == cudaSuccess ? 0 : 1);
}

[[maybe_unused]] const testing::ExitedWithCode clean(0);
#if defined(__SANITIZE_THREAD__)
// The status of the thread sanitizer's reports.
const testing::ExitedWithCode reported(66);
#endif

// --- Missing barriers
// ------------------------------------------------------------------------------------------

template <bool HasBarrier>
__global__ void read_neighbour(float* output) {
  LLM42_DYNAMIC_SHARED(float, values);
  const unsigned thread = threadIdx.x;
  values[thread] = static_cast<float>(thread);
  if (HasBarrier) __syncthreads();
  output[thread] = values[thread == 0 ? 0 : thread - 1];
}

#if !defined(__SANITIZE_THREAD__)
template <bool HasBarrier>
std::vector<float> neighbours(bool is_shuffled, uint32_t seed) {
  emu::settings().is_shuffled = is_shuffled;
  emu::settings().shuffle_seed = seed;
  std::vector<float> output(64);
  EXPECT_EQ(launch(read_neighbour<HasBarrier>, dim3(1), dim3(64), 64 * sizeof(float), nullptr, output.data()),
            cudaSuccess);
  return output;
}

bool is_right(const std::vector<float>& output) {
  for (size_t i = 1; i < output.size(); ++i) {
    if (output[i] != static_cast<float>(i - 1)) return false;
  }
  return output[0] == 0.0f;
}

TEST_F(EmulatedFault, AMissingBarrierShowsWhenThreadsAreShuffled) {
  EXPECT_TRUE(is_right(neighbours<false>(false, 0))) << "in ascending order the fault is hidden";
  bool is_found = false;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    is_found = is_found || !is_right(neighbours<false>(true, seed));
    EXPECT_TRUE(is_right(neighbours<true>(true, seed))) << "seed " << seed;
  }
  EXPECT_TRUE(is_found);
}
#endif

#if defined(__SANITIZE_THREAD__)
TEST_F(EmulatedFault, AMissingBarrierIsARace) {
  std::vector<float> output(64);
  EXPECT_EXIT(run(read_neighbour<false>, 1, 64, 256, output.data()), reported, "data race.*read_neighbour");
  EXPECT_EXIT(run(read_neighbour<true>, 1, 64, 256, output.data()), clean, "");
}
#endif

// The barrier is there, but the second round overwrites what others may still read.
template <bool HasSecondBarrier>
__global__ void reuse_buffer(float* output) {
  __shared__ float value;
  float sum = 0.0f;
  for (int round = 0; round < 3; ++round) {
    if (threadIdx.x == 0) value = static_cast<float>(round);
    __syncthreads();
    sum += value;
    if (HasSecondBarrier) __syncthreads();
  }
  output[threadIdx.x] = sum;
}

#if defined(__SANITIZE_THREAD__)
TEST_F(EmulatedFault, AMissingBarrierBeforeTheNextRoundIsARace) {
  std::vector<float> output(64);
  EXPECT_EXIT(run(reuse_buffer<false>, 1, 64, 0, output.data()), reported, "data race.*reuse_buffer");
  EXPECT_EXIT(run(reuse_buffer<true>, 1, 64, 0, output.data()), clean, "");
}
#endif

// A shuffle does not order memory; __syncwarp does.
template <bool HasSync>
__global__ void exchange_in_warp(int* output) {
  __shared__ int values[32];
  values[threadIdx.x] = static_cast<int>(threadIdx.x);
  if (HasSync) {
    __syncwarp();
  } else {
    __shfl_sync(all, 0, 0);
  }
  output[threadIdx.x] = values[31 - threadIdx.x];
}

#if defined(__SANITIZE_THREAD__)
TEST_F(EmulatedFault, AShuffleInPlaceOfSyncwarpIsARace) {
  std::vector<int> output(32);
  EXPECT_EXIT(run(exchange_in_warp<false>, 1, 32, 0, output.data()), reported, "data race.*exchange_in_warp");
  EXPECT_EXIT(run(exchange_in_warp<true>, 1, 32, 0, output.data()), clean, "");
}
#endif

template <bool AreApart>
__global__ void write_per_block(int* output) {
  __shared__ int scratch;  // of the block alone: blocks that use it one after another do not race
  if (threadIdx.x == 0) scratch = static_cast<int>(blockIdx.x);
  __syncthreads();
  if (threadIdx.x == 1) output[AreApart ? blockIdx.x : 0] = scratch;
}

#if defined(__SANITIZE_THREAD__)
TEST_F(EmulatedFault, BlocksThatWriteOneAddressRace) {
  std::vector<int> output(8);
  EXPECT_EXIT(run(write_per_block<false>, 8, 32, 0, output.data()), reported, "data race.*write_per_block");
  EXPECT_EXIT(run(write_per_block<true>, 8, 32, 0, output.data()), clean, "");
}
#endif

template <bool HasFence>
__global__ void last_block(int* parts, unsigned* arrived, int* sum) {
  if (threadIdx.x != 0) return;
  parts[blockIdx.x] = static_cast<int>(blockIdx.x);
  if (HasFence) __threadfence();
  if (atomicAdd(arrived, 1u) + 1 != gridDim.x) return;
  if (HasFence) __threadfence();
  int total = 0;
  for (unsigned block = 0; block < gridDim.x; ++block) total += parts[block];
  *sum = total;
}

#if defined(__SANITIZE_THREAD__)
TEST_F(EmulatedFault, AMissingFenceBeforeTheLastBlockReadsIsARace) {
  std::vector<int> parts(8);
  unsigned arrived = 0;
  int sum = 0;
  EXPECT_EXIT(run(last_block<false>, 8, 32, 0, parts.data(), &arrived, &sum), reported,
              "data race.*last_block");
  EXPECT_EXIT(run(last_block<true>, 8, 32, 0, parts.data(), &arrived, &sum), clean, "");
}
#endif

// --- Barriers that not all reach
// -------------------------------------------------------------------------------

__global__ void some_skip_barrier(unsigned skipping_warp) {
  if (threadIdx.x / 32 != skipping_warp) __syncthreads();
}

TEST_F(EmulatedFault, ABarrierThatAWarpSkips) {
  // Whoever skips leaves last, or first.
  EXPECT_DEATH(run(some_skip_barrier, 1, 128, 0, 3u),
               "left the kernel while 96 others wait in __syncthreads");
  EXPECT_DEATH(run(some_skip_barrier, 1, 128, 0, 0u),
               "__syncthreads of all threads, but 32 of 128 have left");
}

__global__ void different_barriers() {
  if (threadIdx.x < 32) {
    named_barrier_sync(1, 64);
  } else {
    named_barrier_sync(2, 64);
  }
}

TEST_F(EmulatedFault, WarpsAtDifferentBarriersAreADeadlock) {
  EXPECT_DEATH(run(different_barriers, 1, 64, 0), "deadlock in block 0,0,0: 64 of 64 threads wait for ever");
}

__global__ void different_counts() {
  named_barrier_sync(1, threadIdx.x < 32 ? 64 : 96);
}
__global__ void wrong_barrier(int id, int threads) {
  named_barrier_sync(id, threads);
}

TEST_F(EmulatedFault, NamedBarriersThatDisagreeOrDoNotExist) {
  EXPECT_DEATH(run(different_counts, 1, 96, 0), "bar.sync of 64 threads.*and bar.sync of 96");
  EXPECT_DEATH(run(wrong_barrier, 1, 64, 0, 16, 64), "barrier 16, but there are 0..15");
  EXPECT_DEATH(run(wrong_barrier, 1, 64, 0, 1, 48), "48 threads, not whole warps");
}

// --- Warps
// -----------------------------------------------------------------------------------------------------

__global__ void divergent_operations() {
  if (threadIdx.x < 16) {
    __ballot_sync(all, 1);
  } else {
    __shfl_sync(all, 1, 0);
  }
}
__global__ void caller_not_in_mask() {
  __shfl_sync(0xffff0000u, 1, 16);
}
__global__ void source_not_in_mask() {
  if (threadIdx.x < 16) __shfl_sync(0x0000ffffu, 1, 20);
}
__global__ void half_of_a_warp_leaves() {
  if (threadIdx.x < 16) __shfl_sync(all, 1, 0);
}
__global__ void misaligned_row() {
  LLM42_DYNAMIC_SHARED(unsigned char, memory);
  uint32_t registers[4];
  ldmatrix_x4(registers, memory + threadIdx.x * 16 + 8);
}

TEST_F(EmulatedFault, MisuseOfWarpOperations) {
  EXPECT_DEATH(run(divergent_operations, 1, 32, 0),
               "meet in different operations: __ballot_sync and __shfl_sync");
  EXPECT_DEATH(run(caller_not_in_mask, 1, 32, 0), "the mask ffff0000 leaves out the calling lane 0");
  EXPECT_DEATH(run(source_not_in_mask, 1, 32, 0), "reads lane 20, which the mask 0000ffff leaves out");
  EXPECT_DEATH(run(half_of_a_warp_leaves, 1, 32, 0), "left the kernel while lanes of its warp wait for it");
  EXPECT_DEATH(run(misaligned_row, 1, 32, 1024), "row's address is not 16-byte aligned");
}

// --- Memory that nobody wrote, copies that nobody waited for
// ---------------------------------------------------

__global__ void read_unwritten_dynamic(float* output) {
  LLM42_DYNAMIC_SHARED(float, values);
  if (threadIdx.x < 32) values[threadIdx.x] = 1.0f;
  __syncthreads();
  output[64 * blockIdx.x + threadIdx.x] = values[threadIdx.x];
}

#if !defined(__SANITIZE_ADDRESS__)
// The address sanitizer wants plain statics, which keep what they held.
__global__ void read_unwritten_static(float* output) {
  __shared__ float values[64];
  if (threadIdx.x < 32) values[threadIdx.x] = 1.0f;
  __syncthreads();
  output[64 * blockIdx.x + threadIdx.x] = values[threadIdx.x];
}
#endif

template <class Kernel>
void expect_half_unwritten(Kernel kernel) {
  // Twice, and in several blocks: what an earlier block wrote is gone.
  for (int repetition = 0; repetition < 2; ++repetition) {
    std::vector<float> output(5 * 64);
    ASSERT_EQ(launch(kernel, dim3(5), dim3(64), 64 * sizeof(float), nullptr, output.data()), cudaSuccess);
    for (int i = 0; i < 5 * 64; ++i) EXPECT_EQ(std::isnan(output[i]), i % 64 >= 32) << i;
  }
}

TEST_F(EmulatedFault, SharedMemoryThatNobodyWroteIsNaN) {
  expect_half_unwritten(read_unwritten_dynamic);
#if !defined(__SANITIZE_ADDRESS__)
  expect_half_unwritten(read_unwritten_static);
#endif
}

template <bool HasWait>
__global__ void copy_and_read(const float* source, float* output) {
  LLM42_DYNAMIC_SHARED(float, values);
  cp_async4(values + threadIdx.x, source + threadIdx.x);
  cp_async_commit();
  if (HasWait) cp_async_wait<0>();
  __syncthreads();
  output[threadIdx.x] = values[threadIdx.x ^ 1];
}

TEST_F(EmulatedFault, ACopyThatNobodyWaitedForIsNaN) {
  const std::vector<float> source(64, 2.5f);
  for (const bool has_wait : {false, true}) {
    std::vector<float> output(64);
    ASSERT_EQ(launch(has_wait ? copy_and_read<true> : copy_and_read<false>, dim3(1), dim3(64), 256, nullptr,
                     source.data(), output.data()),
              cudaSuccess);
    for (const float value : output) EXPECT_EQ(std::isnan(value), !has_wait);
  }
}

// The next copy goes into the buffer that other threads still read.
template <bool HasBarrier>
__global__ void refill_too_early(const float* source, float* output) {
  LLM42_DYNAMIC_SHARED(float, values);
  cp_async4(values + threadIdx.x, source + threadIdx.x);
  cp_async_commit();
  cp_async_wait<0>();
  __syncthreads();
  if (HasBarrier) {
    output[threadIdx.x] = values[threadIdx.x ^ 1];
    __syncthreads();
  }
  cp_async4(values + threadIdx.x, source + 64 + threadIdx.x);
  cp_async_commit();
  if (!HasBarrier) output[threadIdx.x] = values[threadIdx.x ^ 1];
  cp_async_wait<0>();
}

TEST_F(EmulatedFault, ACopyIntoABufferInUse) {
  std::vector<float> source(128, 2.5f);
  std::fill(source.begin() + 64, source.end(), 7.0f);
  std::vector<float> output(64);
#if defined(__SANITIZE_THREAD__)
  EXPECT_EXIT(run(refill_too_early<false>, 1, 64, 256, source.data(), output.data()), reported, "data race");
  EXPECT_EXIT(run(refill_too_early<true>, 1, 64, 256, source.data(), output.data()), clean, "");
#else
  for (const bool has_barrier : {false, true}) {
    ASSERT_EQ(launch(has_barrier ? refill_too_early<true> : refill_too_early<false>, dim3(1), dim3(64), 256,
                     nullptr, source.data(), output.data()),
              cudaSuccess);
    const auto is_wrong = [](float value) { return value != 2.5f; };
    EXPECT_EQ(std::ranges::any_of(output, is_wrong), !has_barrier);
  }
#endif
}

__global__ void misaligned_copy(const float* source) {
  LLM42_DYNAMIC_SHARED(float, values);
  cp_async16(values + 1, source);
}
__global__ void too_many_bytes(const float* source) {
  LLM42_DYNAMIC_SHARED(float, values);
  cp_async4(values, source, 5);
}

TEST_F(EmulatedFault, MisuseOfCopies) {
  alignas(16) const float source[8] = {};
  EXPECT_DEATH(run(misaligned_copy, 1, 1, 64, &source[0]), "destination not 16-byte aligned");
  EXPECT_DEATH(run(too_many_bytes, 1, 1, 64, &source[0]), "5 source bytes of 4");
}

// --- Accesses outside their object
// -----------------------------------------------------------------------------

#if defined(__SANITIZE_ADDRESS__)
__global__ void write_dynamic(unsigned index) {
  LLM42_DYNAMIC_SHARED(float, values);
  values[index] = 1.0f;
}
__global__ void write_static(unsigned index) {
  __shared__ float values[24];
  float* volatile memory = values;  // so that the compiler does not see what is behind it
  memory[index] = 1.0f;
}
__global__ void write_global(float* values, unsigned index) {
  values[index] = 1.0f;
}
__global__ void copy_to(unsigned index, const float* source) {
  LLM42_DYNAMIC_SHARED(float, values);
  cp_async16(values + index, source);
}
__global__ void load_vector(const float* values, float* output) {
  *output = reinterpret_cast<const float4*>(values)->x;
}

TEST_F(EmulatedFault, AccessesOutsideTheirObject) {
  const std::vector<float> source(8);
  EXPECT_EXIT(run(write_dynamic, 1, 1, 100, 24u), clean, "");
  EXPECT_DEATH(run(write_dynamic, 1, 1, 100, 25u), "heap-buffer-overflow.*\n.*WRITE of size 4");
  EXPECT_EXIT(run(write_static, 1, 1, 0, 23u), clean, "");
  EXPECT_DEATH(run(write_static, 1, 1, 0, 24u), "global-buffer-overflow");
  EXPECT_EXIT(run(copy_to, 1, 1, 64, 12u, source.data()), clean, "");
  EXPECT_DEATH(run(copy_to, 1, 1, 64, 16u, source.data()), "cp.async writes outside its object");
  EXPECT_DEATH(run(copy_to, 1, 1, 64, 0u, source.data() + 8), "cp.async reads outside its object");
  float* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 100), cudaSuccess);
  EXPECT_EXIT(run(write_global, 1, 1, 0, device, 24u), clean, "");
  EXPECT_DEATH(run(write_global, 1, 1, 0, device, 25u), "heap-buffer-overflow");
  ASSERT_EQ(cudaFree(device), cudaSuccess);
  EXPECT_DEATH(run(write_global, 1, 1, 0, device, 24u), "heap-use-after-free");
  EXPECT_DEATH(run(write_global, 1, 1, 0, static_cast<float*>(nullptr), 0u), "AddressSanitizer: SEGV");
}

TEST_F(EmulatedFault, AVectorLoadFromAMisalignedAddress) {
  alignas(16) const float source[8] = {};
  float output = 0.0f;
  EXPECT_EXIT(run(load_vector, 1, 1, 0, &source[4], &output), clean, "");
  EXPECT_DEATH(run(load_vector, 1, 1, 0, &source[3], &output), "misaligned address");
}
#endif

// --- Endless loops, ends by design
// -----------------------------------------------------------------------------

__global__ void wait_for_the_other_block(unsigned* arrived) {
  atomicAdd(arrived, 1u);
  while (atomicAdd(arrived, 0u) < gridDim.x * blockDim.x) __nanosleep(100);
}
__global__ void stop() {
  if (threadIdx.x == 5) __trap();
}

TEST_F(EmulatedFault, ABlockThatSpinsForAnotherIsRefused) {
  unsigned arrived = 0;
  EXPECT_DEATH(run(wait_for_the_other_block, 2, 32, 0, &arrived), "blocks do not run side by side here");
}

TEST_F(EmulatedFault, ATrapNamesItsThread) {
  EXPECT_DEATH(run(stop, 1, 32, 0), "__trap .block 0,0,0 thread 5,0,0.");
}

}  // namespace
}  // namespace llm42::cuda
