// Copies of the cuda backend that fail in the middle, and memory that runs out: what is lost, and what is
// not. The emulator makes the copy fail that LLM42_EMULATOR_FAIL_COPY counts down to, and ends the process
// where a copy runs on memory that was freed before.
#include <cstdlib>

#include "harness.h"

namespace llm42::test {

namespace {

constexpr size_t block = size_t{1} << 20;  // of the staging memory

llm42_device_options emulated(int64_t memory_limit = 0) {
  llm42_device_options options{};
  options.struct_size = sizeof options;
  options.backend = "cuda-emulated";
  options.memory_limit = memory_limit;
  return options;
}

llm42_device_info info_of(const Machine& machine) {
  llm42_device_info info{};
  info.struct_size = sizeof info;
  ok(llm42_device_get_info(machine.device, &info));
  return info;
}

void fail_copy(int number) {
  setenv("LLM42_EMULATOR_FAIL_COPY", std::to_string(number).c_str(), 1);
}

bool has_failed() {
  return std::getenv("LLM42_EMULATOR_FAIL_COPY") == nullptr;
}

bool message_has(std::initializer_list<std::string> parts) {
  for (const std::string& part : parts) {
    if (std::strstr(llm42_error_message(), part.c_str()) == nullptr) return false;
  }
  return true;
}

llm42_status gather(const Machine& machine, const Buffer& input, const Buffer& indices,
                    const Buffer& output) {
  llm42_gather_rows_params p{};
  p.struct_size = sizeof p;
  p.rows = 1;
  p.input_rows = 2;
  p.width = 2;
  p.indices = view(indices);
  p.input = view(input);
  p.output = view(output);
  return llm42_gather_rows(machine.stream, &p);
}

}  // namespace

TEST(CudaCopies, AFailedDownloadLosesNoOther) {
  const Machine machine(emulated());
  const Buffer buffer = machine.upload(std::vector<int32_t>{1, 2, 3});
  int32_t values[3] = {};
  const auto download = [&](int i) {
    return llm42_buffer_download(machine.stream, buffer, 4 * i, &values[i], 4);
  };
  EXPECT_EQ(LLM42_STATUS_OK, download(0));
  fail_copy(1);
  EXPECT_EQ(LLM42_STATUS_INTERNAL, download(1));
  EXPECT_TRUE(message_has({"copying from the device failed", "cudaErrorUnknown"})) << llm42_error_message();
  EXPECT_TRUE(has_failed());
  EXPECT_EQ(LLM42_STATUS_OK, download(2));
  ok(llm42_stream_synchronize(machine.stream));
  EXPECT_EQ(1, values[0]);
  EXPECT_EQ(0, values[1]);
  EXPECT_EQ(3, values[2]);
}

// The staging memory is full in the middle of it, so that earlier copies have been delivered by then.
TEST(CudaCopies, ALargeDownloadThatFailsLosesNoOther) {
  const Machine machine(emulated());
  const std::vector<uint8_t> bytes(3 * block, uint8_t{7});
  const Buffer buffer = machine.upload(bytes);
  std::vector<uint8_t> first(100), second(3 * block), third(100);
  ok(llm42_buffer_download(machine.stream, buffer, 0, first.data(), 100));
  fail_copy(3);
  EXPECT_EQ(LLM42_STATUS_INTERNAL, llm42_buffer_download(machine.stream, buffer, 0, second.data(),
                                                         static_cast<int64_t>(second.size())));
  EXPECT_TRUE(has_failed());
  std::fill(second.begin(), second.end(), uint8_t{9});  // nobody may write there any more
  ok(llm42_buffer_download(machine.stream, buffer, 0, third.data(), 100));
  ok(llm42_stream_synchronize(machine.stream));
  EXPECT_EQ(std::vector<uint8_t>(100, 7), first);
  EXPECT_EQ(std::vector<uint8_t>(3 * block, 9), second);
  EXPECT_EQ(std::vector<uint8_t>(100, 7), third);
}

// An error that has been told once does not come back as that of the next operator.
TEST(CudaCopies, AFailedCopyDoesNotFailTheNextLaunch) {
  const Machine machine(emulated());
  const Buffer input = machine.upload(std::vector<uint16_t>{1, 2, 3, 4});
  const Buffer indices = machine.upload(std::vector<int32_t>{1}), output = machine.allocate(4);
  const int32_t zero = 0;
  fail_copy(1);
  EXPECT_EQ(LLM42_STATUS_INTERNAL, llm42_buffer_upload(machine.stream, indices, 0, &zero, 4));
  EXPECT_EQ(LLM42_STATUS_OK, gather(machine, input, indices, output)) << llm42_error_message();
  EXPECT_EQ((std::vector<uint16_t>{3, 4}), machine.download<uint16_t>(output, 2));
}

// Its first pieces are under way when a later one fails; its memory goes to the next buffer.
TEST(CudaCopies, AWeightThatFailsHalfwayWritesToNobodysMemory) {
  const Machine machine(emulated());
  const int64_t before = info_of(machine).memory_allocated;
  const std::vector<uint16_t> values(3 * block / 2, uint16_t{0x4040});
  const llm42_weight_part part{values.data(), static_cast<int64_t>(3 * block), 3 * 1024};
  llm42_weight_params params{};
  params.struct_size = sizeof params;
  params.dtype = LLM42_DTYPE_BF16;
  params.columns = block / 2 / 1024;
  params.part_count = 1;
  params.parts = &part;
  llm42_weight* weight = nullptr;
  fail_copy(3);
  EXPECT_EQ(LLM42_STATUS_INTERNAL, llm42_weight_create(machine.stream, &params, &weight));
  EXPECT_TRUE(has_failed());
  EXPECT_EQ(nullptr, weight);
  EXPECT_EQ(before, info_of(machine).memory_allocated);
  const Buffer next = machine.allocate(3 * block);
  EXPECT_EQ(std::vector<uint8_t>(3 * block), machine.download<uint8_t>(next, 3 * block));
}

TEST(CudaCopies, WhatIsFreeIsToldAtOnceAndWithinTheLimit) {
  const Machine machine(emulated());
  const int64_t free = info_of(machine).memory_free;
  EXPECT_EQ(info_of(machine).memory_total - info_of(machine).memory_allocated, free);
  {
    const Buffer buffer = machine.allocate(5 << 20);
    EXPECT_EQ(free - (5 << 20), info_of(machine).memory_free);
    // Of another process or device, too.
    const Machine other(emulated(1 << 20));
    EXPECT_LT(info_of(machine).memory_free, free - (5 << 20));
    EXPECT_EQ((1 << 20) - info_of(other).memory_allocated, info_of(other).memory_free);
  }
  EXPECT_EQ(free, info_of(machine).memory_free);
  EXPECT_EQ(1, info_of(machine).supports_graphs);
}

// Weights, caches, workspaces: each refusal names the sizes, counts nothing and spoils nothing.
TEST(CudaCopies, MemoryThatRunsOutIsRefusedWithAllSizes) {
  constexpr int64_t limit = 1 << 20;
  const Machine machine(emulated(limit));
  const int64_t before = info_of(machine).memory_allocated;
  const std::vector<uint16_t> values(64 * 1024);
  const llm42_weight_part part{values.data(), 2 * 64 * 1024, 64};
  llm42_weight_params weight_params{};
  weight_params.struct_size = sizeof weight_params;
  weight_params.dtype = LLM42_DTYPE_BF16;
  weight_params.columns = 1024;
  weight_params.part_count = 1;
  weight_params.parts = &part;
  llm42_kv_cache_params cache_params{};
  cache_params.struct_size = sizeof cache_params;
  cache_params.layers = cache_params.kv_heads = 1;
  cache_params.head_size = 64;
  cache_params.page_size = 16;
  cache_params.pages = 16;  // 4096 bytes each

  Weight weight;
  ok(llm42_weight_create(machine.stream, &weight_params, &weight.handle));
  const Buffer input = machine.allocate(2 * 64 * 1024), output = machine.allocate(2 * 64 * 64);
  {
    const Buffer rest = machine.allocate(info_of(machine).memory_free - 100);
    const std::string held = std::to_string(limit - 100);
    llm42_weight* no_weight = nullptr;
    EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_weight_create(machine.stream, &weight_params, &no_weight));
    EXPECT_TRUE(message_has({"weight of 131072 bytes", "memory_limit is 1048576", held}))
        << llm42_error_message();
    llm42_kv_cache* no_cache = nullptr;
    EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_kv_cache_create(machine.device, &cache_params, &no_cache));
    EXPECT_TRUE(message_has({"KV cache of 65536 bytes", "memory_limit is 1048576", held}))
        << llm42_error_message();

    llm42_linear_params linear{};
    linear.struct_size = sizeof linear;
    linear.rows = 64;
    linear.numerics = LLM42_NUMERICS_INVARIANT;
    linear.weight = weight;
    linear.input = view(input);
    linear.output = view(output);
    EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_linear(machine.stream, &linear));
    EXPECT_TRUE(message_has({"workspace of ", "memory_limit is 1048576", held})) << llm42_error_message();
    EXPECT_EQ(limit - 100, info_of(machine).memory_allocated);
    EXPECT_EQ(limit - 100, info_of(machine).memory_peak);
  }
  Cache cache;
  ok(llm42_kv_cache_create(machine.device, &cache_params, &cache.handle));
  EXPECT_EQ(before + 131072 + 131072 + 8192 + 65536, info_of(machine).memory_allocated);
}

// The runtime refuses, not the account: the attempt waits for the streams, but not for one that records.
TEST(CudaCopies, MemoryThatRunsOutDoesNotSpoilARecording) {
  const Machine machine(emulated()), other(emulated());
  const int64_t total = info_of(machine).memory_total;
  const Buffer input = machine.upload(std::vector<uint16_t>{1, 2, 3, 4});
  const Buffer indices = machine.upload(std::vector<int32_t>{1}), output = machine.allocate(4);
  const Buffer taken = other.allocate(total / 2);
  ok(llm42_graph_begin(machine.stream));
  llm42_buffer* buffer = nullptr;
  EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_buffer_create(machine.device, total / 2, &buffer));
  EXPECT_TRUE(message_has({"buffer of " + std::to_string(total / 2), "are free"})) << llm42_error_message();
  ok(gather(machine, input, indices, output));
  Owner<llm42_graph, llm42_graph_destroy> graph;
  ok(llm42_graph_end(machine.stream, &graph.handle));
  ok(llm42_graph_launch(machine.stream, graph));
  EXPECT_EQ((std::vector<uint16_t>{3, 4}), machine.download<uint16_t>(output, 2));
}

}  // namespace llm42::test
