// Accounting, and requests that no machine can meet.
#include "harness.h"

namespace llm42::test {

namespace {

llm42_device_info info_of(const Machine& machine) {
  llm42_device_info info{};
  info.struct_size = sizeof info;
  ok(llm42_device_get_info(machine.device, &info));
  return info;
}

}  // namespace

TEST(Memory, CountsWhatIsHeldAndItsPeak) {
  const Machine machine;
  EXPECT_EQ(0, info_of(machine).memory_allocated);
  {
    const Buffer small = machine.allocate(100);
    const Buffer large = machine.allocate(3 << 20);
    EXPECT_EQ(100 + (3 << 20), info_of(machine).memory_allocated);
  }
  EXPECT_EQ(0, info_of(machine).memory_allocated);
  EXPECT_EQ(100 + (3 << 20), info_of(machine).memory_peak);
}

TEST(Memory, BuffersAreZeroed) {
  const Machine machine;
  for (const int64_t size : {int64_t{1}, int64_t{1000}, int64_t{5} << 20}) {
    const Buffer buffer = machine.allocate(size);
    for (const uint8_t byte : machine.download<uint8_t>(buffer, static_cast<size_t>(size)))
      ASSERT_EQ(0, byte);
  }
}

TEST(Memory, HoldsNoMoreThanItsLimit) {
  llm42_device_options options{};
  options.struct_size = sizeof options;
  options.backend = "cpu";
  options.threads = 1;
  options.memory_limit = 1000;
  Owner<llm42_device, llm42_device_destroy> device;
  ok(llm42_device_create(&options, &device.handle));
  Buffer first, second, third;
  ok(llm42_buffer_create(device, 600, &first.handle));
  EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_buffer_create(device, 401, &second.handle));
  for (const char* part : {"401 bytes", "limit is 1000", "600 are in use"}) {
    EXPECT_NE(nullptr, std::strstr(llm42_error_message(), part)) << llm42_error_message();
  }
  EXPECT_EQ(nullptr, second.handle);
  ok(llm42_buffer_create(device, 400, &third.handle));
  llm42_device_info info{};
  info.struct_size = sizeof info;
  ok(llm42_device_get_info(device, &info));
  EXPECT_EQ(1000, info.memory_limit);
  EXPECT_EQ(1000, info.memory_allocated);
  third = Buffer();
  ok(llm42_buffer_create(device, 400, &second.handle));
}

TEST(Memory, RefusesWhatTheMachineDoesNotHave) {
  const Machine machine;
  llm42_buffer* buffer = nullptr;
  EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_buffer_create(machine.device, int64_t{1} << 46, &buffer));
  EXPECT_NE(nullptr, std::strstr(llm42_error_message(), "70368744177664 bytes")) << llm42_error_message();
  EXPECT_EQ(nullptr, buffer);

  llm42_kv_cache_params params{};
  params.struct_size = sizeof params;
  params.layers = 4096;
  params.kv_heads = 1024;
  params.head_size = 1024;
  params.page_size = 1024;
  params.pages = INT32_MAX / 1024;
  llm42_kv_cache* cache = nullptr;
  EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_kv_cache_create(machine.device, &params, &cache));
  EXPECT_EQ(0, info_of(machine).memory_allocated);
}

}  // namespace llm42::test
