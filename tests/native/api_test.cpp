// The edge: NULL, struct sizes, unknown backends, foreign handles, overlaps.
#include <algorithm>
#include <cstddef>

#include "harness.h"

namespace llm42::test {

namespace {

bool message_has(const char* part) {
  return std::strstr(llm42_error_message(), part) != nullptr;
}

llm42_device_options options_for(const char* backend) {
  llm42_device_options options{};
  options.struct_size = sizeof options;
  options.backend = backend;
  return options;
}

llm42_gather_rows_params gather(const Buffer& indices, const Buffer& input, const Buffer& output) {
  llm42_gather_rows_params p{};
  p.struct_size = sizeof p;
  p.rows = 2;
  p.input_rows = 3;
  p.width = 4;
  p.indices = view(indices);
  p.input = view(input);
  p.output = view(output);
  return p;
}

}  // namespace

TEST(Api, RefusesNull) {
  const Machine machine;
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_device_create(nullptr, nullptr));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_stream_create(nullptr, nullptr));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_buffer_create(machine.device, 1, nullptr));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_linear(machine.stream, nullptr));
  EXPECT_TRUE(message_has("params is NULL")) << llm42_error_message();
  llm42_linear_params p{};
  p.struct_size = sizeof p;
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_linear(nullptr, &p));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_linear(machine.stream, &p));
  EXPECT_TRUE(message_has("weight is NULL")) << llm42_error_message();
  llm42_device_destroy(nullptr);
  llm42_weight_destroy(nullptr);
}

TEST(Api, NamesTheKnownBackends) {
  llm42_device* device = nullptr;
  llm42_device_options options = options_for("tpu");
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_device_create(&options, &device));
  EXPECT_TRUE(message_has("\"tpu\"") && message_has("\"cpu\", \"cuda\"")) << llm42_error_message();
  options = options_for(nullptr);
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_device_create(&options, &device));
}

TEST(Api, StructSizes) {
  const Machine machine;
  const Buffer indices = machine.upload(std::vector<int32_t>{2, 0}),
               input = machine.upload(random_floats(12, 1)), output = machine.allocate(32);
  llm42_gather_rows_params p = gather(indices, input, output);
  for (const uint32_t size : {0u, 4u, static_cast<uint32_t>(sizeof p) - 1, 1u << 20}) {
    p.struct_size = size;
    EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_gather_rows(machine.stream, &p)) << size;
    EXPECT_TRUE(message_has("struct_size")) << llm42_error_message();
  }
  struct Larger {
    llm42_gather_rows_params known;
    int64_t unknown;
  } larger{gather(indices, input, output), 0};
  larger.known.struct_size = sizeof larger;
  EXPECT_EQ(LLM42_STATUS_OK, llm42_gather_rows(machine.stream, &larger.known)) << llm42_error_message();
  larger.unknown = 1;
  EXPECT_EQ(LLM42_STATUS_UNSUPPORTED, llm42_gather_rows(machine.stream, &larger.known));
}

// A caller built before a field was added hands in, and asks for, what it knows.
TEST(Api, SmallerStructsOfTheFirstReleaseAreTaken) {
  llm42_device_options options = options_for("cpu");
  options.struct_size = offsetof(llm42_device_options, memory_limit);
  options.threads = 1;
  options.memory_limit = -1;
  Owner<llm42_device, llm42_device_destroy> device;
  ok(llm42_device_create(&options, &device.handle));
  llm42_device_info info{};
  info.struct_size = offsetof(llm42_device_info, memory_limit);
  info.calls = -1;
  ok(llm42_device_get_info(device, &info));
  EXPECT_EQ(1, info.threads);
  EXPECT_EQ(-1, info.calls);
  --info.struct_size;
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_device_get_info(device, &info));
  options.struct_size = sizeof options;
  llm42_device* refused = nullptr;
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_device_create(&options, &refused));
  EXPECT_TRUE(message_has("memory_limit is -1")) << llm42_error_message();
}

TEST(Api, ExactlyTheNamedCallFailsAndDoesNothing) {
  llm42_device_options options = options_for("cpu");
  options.threads = 1;
  options.fail_call = 3;
  Owner<llm42_device, llm42_device_destroy> device;
  ok(llm42_device_create(&options, &device.handle));
  Owner<llm42_stream, llm42_stream_destroy> stream;
  ok(llm42_stream_create(device, &stream.handle));
  Buffer buffer;
  ok(llm42_buffer_create(device, 4, &buffer.handle));
  const auto upload = [&](int32_t value, int64_t size) {
    return llm42_buffer_upload(stream, buffer, 0, &value, size);
  };
  EXPECT_EQ(LLM42_STATUS_OK, upload(1, 4));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, upload(1, 5));  // neither this nor the next one counts
  EXPECT_EQ(LLM42_STATUS_OK, upload(1, 0));
  EXPECT_EQ(LLM42_STATUS_OK, upload(2, 4));
  EXPECT_EQ(LLM42_STATUS_INTERNAL, upload(3, 4));
  EXPECT_TRUE(message_has("call 3") && message_has("fail_call")) << llm42_error_message();
  int32_t value = 0;
  ok(llm42_buffer_download(stream, buffer, 0, &value, 4));
  EXPECT_EQ(2, value);
  llm42_device_info info{};
  info.struct_size = sizeof info;
  ok(llm42_device_get_info(device, &info));
  EXPECT_EQ(4, info.calls);
}

TEST(Api, ViewsMustFitTheirBuffers) {
  const Machine machine, stranger;
  const Buffer indices = machine.upload(std::vector<int32_t>{2, 0}),
               input = machine.upload(random_floats(12, 1)), output = machine.allocate(32);
  const auto status = [&](auto change) {
    llm42_gather_rows_params p = gather(indices, input, output);
    change(p);
    return llm42_gather_rows(machine.stream, &p);
  };
  using P = llm42_gather_rows_params;
  EXPECT_EQ(LLM42_STATUS_OK, status([](P&) {})) << llm42_error_message();
  EXPECT_EQ(LLM42_STATUS_OK, status([](P& p) { p.rows = 0; }));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.rows = -1; }));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.rows = INT32_MAX; }));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.width = INT32_MAX; }));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.input_rows = 4; }));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.output.offset = -4; }));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.output.offset = 2; }));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.output.offset = INT64_MAX; }));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.output.offset = 4; }));
  EXPECT_TRUE(message_has("output needs 8 elements")) << llm42_error_message();
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([](P& p) { p.output = p.input; }));
  EXPECT_TRUE(message_has("overlaps")) << llm42_error_message();
  const Buffer foreign = stranger.allocate(32);
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, status([&](P& p) { p.output = view(foreign); }));
  EXPECT_TRUE(message_has("another device")) << llm42_error_message();
}

// The parts of a fused projection interleave in memory without an element in common.
TEST(Api, InterleavedViewsDoNotOverlap) {
  const Machine machine;
  const std::vector<float> w{1, 0, 0, 1};
  const llm42_weight_part part{w.data(), 16, 2};
  llm42_weight_params wp{};
  wp.struct_size = sizeof wp;
  wp.dtype = LLM42_DTYPE_F32;
  wp.columns = 2;
  wp.part_count = 1;
  wp.parts = &part;
  Weight weight;
  ok(llm42_weight_create(machine.stream, &wp, &weight.handle));
  const Buffer both = machine.upload(std::vector<float>{1, 2, 0, 0, 3, 4, 0, 0});
  llm42_linear_params p{};
  p.struct_size = sizeof p;
  p.rows = 2;
  p.weight = weight;
  p.input = view(both);
  p.input_stride = p.output_stride = 4;
  p.output = view(both, 8);
  EXPECT_EQ(LLM42_STATUS_OK, llm42_linear(machine.stream, &p)) << llm42_error_message();
  EXPECT_EQ((std::vector<float>{1, 2, 1, 2, 3, 4, 3, 4}), machine.download<float>(both, 8));
  p.output = view(both, 4);
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_linear(machine.stream, &p));
}

}  // namespace llm42::test
