// The CUDA plug-in as nvcc built it, on a machine without an NVIDIA driver.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>

#include "llm42/llm42.h"

namespace llm42::test {

namespace {

TEST(CudaDriver, WithoutOneTheDeviceIsUnavailableAndSaysSo) {
  if (void* const driver = dlopen("libcuda.so.1", RTLD_LAZY); driver != nullptr) {
    dlclose(driver);
    GTEST_SKIP() << "this machine has an NVIDIA driver";
  }
  const std::string expected =
      "llm42_device_create: backend \"cuda\": no NVIDIA driver is loaded; install one for CUDA ";
  const std::string way_out = ", or use backend \"cpu\"";
  for (int attempt = 0; attempt < 2; ++attempt) {
    llm42_device_options options{};
    options.struct_size = sizeof options;
    options.backend = "cuda";
    llm42_device* device = nullptr;
    EXPECT_EQ(LLM42_STATUS_DEVICE_UNAVAILABLE, llm42_device_create(&options, &device));
    EXPECT_EQ(nullptr, device);
    const std::string message = llm42_error_message();
    EXPECT_EQ(expected, message.substr(0, expected.size()));
    EXPECT_TRUE(message.ends_with(way_out)) << message;
  }
}

}  // namespace

}  // namespace llm42::test
