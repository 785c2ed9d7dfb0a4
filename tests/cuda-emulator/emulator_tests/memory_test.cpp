// Device memory: poisoned, bounded, checked.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "cuda/primitives/launch.h"
#include "emulator/settings.h"

namespace llm42::cuda {
namespace {

class EmulatedMemory : public testing::Test {
 protected:
  ~EmulatedMemory() override {
    emu::settings() = kept_;
    cudaGetLastError();
  }

 private:
  const emu::Settings kept_ = emu::settings();
};

size_t free_bytes() {
  size_t free = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  EXPECT_EQ(total, emu::settings().memory_bytes);
  return free;
}

TEST_F(EmulatedMemory, FreshMemoryIsNaN) {
  float* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 8 * sizeof(float)), cudaSuccess);
  float host[8] = {};
  ASSERT_EQ(cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost), cudaSuccess);
  for (const float value : host) EXPECT_TRUE(std::isnan(value));
  ASSERT_EQ(cudaFree(device), cudaSuccess);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_F(EmulatedMemory, FreedMemoryIsNaN) {
  float* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 1000 * sizeof(float)), cudaSuccess);
  ASSERT_EQ(cudaMemset(device, 0, 1000 * sizeof(float)), cudaSuccess);
  volatile float* late = device;
  EXPECT_EQ(late[7], 0.0f);
  ASSERT_EQ(cudaFree(device), cudaSuccess);
  EXPECT_TRUE(std::isnan(late[7]));
}
#endif

TEST_F(EmulatedMemory, RunsOut) {
  emu::settings().memory_bytes = 1 << 20;
  ASSERT_EQ(free_bytes(), size_t{1} << 20);
  void *first = nullptr, *second = &first;
  ASSERT_EQ(cudaMalloc(&first, 700000), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&second, 700000), cudaErrorMemoryAllocation);
  EXPECT_EQ(second, nullptr);
  EXPECT_EQ(free_bytes(), (size_t{1} << 20) - 700000);
  ASSERT_EQ(cudaFree(first), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&second, 700000), cudaSuccess);
  ASSERT_EQ(cudaFree(second), cudaSuccess);
  EXPECT_EQ(free_bytes(), size_t{1} << 20);
}

TEST_F(EmulatedMemory, MemoryFreedOnAStreamServesLaterAllocationsOfThatStreamOnly) {
  emu::settings().memory_bytes = 1 << 20;
  cudaStream_t stream = nullptr, other = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking), cudaSuccess);
  void *first = nullptr, *second = nullptr;
  ASSERT_EQ(cudaMallocAsync(&first, 700000, stream), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(first, stream), cudaSuccess);
  EXPECT_EQ(cudaMallocAsync(&second, 700000, other), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMallocAsync(&second, 700000, stream), cudaSuccess);
  EXPECT_EQ(cudaFreeAsync(second, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(free_bytes(), size_t{1} << 20);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(other), cudaSuccess);
}

TEST_F(EmulatedMemory, RefusesWhatWasNotAllocatedOrIsFreedTwice) {
  int on_host = 0;
  EXPECT_EQ(cudaFree(&on_host), cudaErrorInvalidValue);
  char* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 64), cudaSuccess);
  EXPECT_EQ(cudaFree(device + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeHost(device), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeAsync(device, nullptr), cudaSuccess);
  EXPECT_EQ(cudaFree(device), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
}

TEST_F(EmulatedMemory, CopiesStayInsideTheirAllocations) {
  char* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 64), cudaSuccess);
  std::vector<char> host(128);
  EXPECT_EQ(cudaMemcpy(device, host.data(), 64, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(device, host.data(), 65, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(device + 1, host.data(), 64, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(device + 60, 0, 5), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), device, 64, cudaMemcpyHostToDevice), cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemcpy(host.data(), device, 64, cudaMemcpyDefault), cudaSuccess);
  EXPECT_EQ(cudaFree(device), cudaSuccess);
}

TEST_F(EmulatedMemory, CopiesRectangles) {
  char* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 3 * 16), cudaSuccess);
  ASSERT_EQ(cudaMemset(device, 1, 3 * 16), cudaSuccess);
  const char host[3 * 5] = {10, 11, 12, 13, 14, 20, 21, 22, 23, 24, 30, 31, 32, 33, 34};
  EXPECT_EQ(cudaMemcpy2D(device, 16, host, 5, 5, 3, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy2D(device, 4, host, 5, 5, 3, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  char back[3 * 16] = {};
  EXPECT_EQ(cudaMemcpy(back, device, sizeof back, cudaMemcpyDeviceToHost), cudaSuccess);
  for (int row = 0; row < 3; ++row) {
    for (int i = 0; i < 16; ++i) EXPECT_EQ(back[row * 16 + i], i < 5 ? 10 * (row + 1) + i : 1);
  }
  EXPECT_EQ(cudaFree(device), cudaSuccess);
}

}  // namespace
}  // namespace llm42::cuda
