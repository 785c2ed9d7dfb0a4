// What a launch refuses, with CUDA's codes.
#include <gtest/gtest.h>

#include "cuda/primitives/launch.h"

namespace llm42::cuda {
namespace {

__global__ void nothing() {}
__global__ void nothing_else() {}

cudaError_t run(dim3 grid, dim3 block, size_t shared_bytes = 0) {
  return launch(nothing, grid, block, shared_bytes, nullptr);
}

TEST(EmulatedLaunch, RefusesShapesOutsideTheLimits) {
  EXPECT_EQ(run(1, 1024), cudaSuccess);
  EXPECT_EQ(run(1, 1025), cudaErrorInvalidConfiguration);
  EXPECT_EQ(run(1, dim3(32, 33)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(run(1, dim3(1, 1, 64)), cudaSuccess);
  EXPECT_EQ(run(1, dim3(1, 1, 65)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(run(0, 32), cudaErrorInvalidConfiguration);
  EXPECT_EQ(run(1, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(run(dim3(1, 65535), 1), cudaSuccess);
  EXPECT_EQ(run(dim3(1, 65536), 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(run(dim3(1, 1, 65536), 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(run(dim3(0x80000000u), 1), cudaErrorInvalidConfiguration);
  cudaGetLastError();
}

TEST(EmulatedLaunch, RefusesMoreSharedMemoryThanTheDeviceHas) {
  EXPECT_EQ(run(1, 32, 227 * 1024), cudaSuccess);
  EXPECT_EQ(run(1, 32, 227 * 1024 + 1), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(EmulatedLaunch, MoreThan48KilobytesMustBeAskedFor) {
  const auto plain = [](size_t bytes) {
    return emu::launch(reinterpret_cast<const void*>(nothing_else), "nothing_else", 1, 32, bytes, nullptr,
                       [] { nothing_else(); });
  };
  EXPECT_EQ(plain(48 * 1024), cudaSuccess);
  EXPECT_EQ(plain(48 * 1024 + 1), cudaErrorInvalidValue);
  ASSERT_EQ(cudaFuncSetAttribute(nothing_else, cudaFuncAttributeMaxDynamicSharedMemorySize, 49 * 1024),
            cudaSuccess);
  EXPECT_EQ(plain(49 * 1024), cudaSuccess);
  EXPECT_EQ(plain(49 * 1024 + 1), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(EmulatedLaunch, RemembersTheLastErrorOnce) {
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(run(0, 32), cudaErrorInvalidConfiguration);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);  // launch() has looked at it
  EXPECT_EQ(cudaSetDevice(7), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(run(1, 32), cudaErrorInvalidDevice);  // and at whatever it finds
  EXPECT_EQ(run(1, 32), cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidConfiguration), "cudaErrorInvalidConfiguration");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
}

TEST(EmulatedLaunch, DescribesTheDevice) {
  int count = 0, multiprocessors = 0, major = 0;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaSetDevice(0), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0), cudaSuccess);
  EXPECT_EQ(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0), cudaSuccess);
  cudaDeviceProp properties{};
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_EQ(properties.multiProcessorCount, multiprocessors);
  EXPECT_EQ(properties.major, major);
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 1), cudaErrorInvalidDevice);
  cudaGetLastError();
}

}  // namespace
}  // namespace llm42::cuda
