// The cuda backend behind the C ABI: libllm42 as it is shipped opens the plug-in that runs in the emulator.
#include <algorithm>
#include <numeric>

#include "harness.h"

namespace llm42::test {

namespace {

llm42_device_options emulated() {
  llm42_device_options options{};
  options.struct_size = sizeof options;
  options.backend = "cuda-emulated";
  return options;
}

llm42_device_info info_of(const Machine& machine) {
  llm42_device_info info{};
  info.struct_size = sizeof info;
  ok(llm42_device_get_info(machine.device, &info));
  return info;
}

bool message_has(std::initializer_list<const char*> parts) {
  return std::all_of(parts.begin(), parts.end(),
                     [](const char* part) { return std::strstr(llm42_error_message(), part) != nullptr; });
}

std::vector<uint8_t> random_bytes(size_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(generator());
  return bytes;
}

}  // namespace

TEST(CudaEmulated, TellsWhatItIs) {
  const Machine machine(emulated());
  const llm42_device_info info = info_of(machine);
  EXPECT_STREQ("cuda-emulated", info.backend);
  EXPECT_STREQ("cuda-mma-bf16-1-emulated", info.profile);
  EXPECT_EQ(LLM42_DTYPE_BF16, info.activation_dtype);
  EXPECT_EQ(0, info.fast_is_invariant);
  EXPECT_GT(info.memory_total, 0);
}

// Thrown in the plug-in, caught in libllm42.
TEST(CudaEmulated, ErrorsCrossTheLibraries) {
  llm42_device_options options = emulated();
  options.ordinal = 7;
  llm42_device* device = nullptr;
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_device_create(&options, &device));
  EXPECT_TRUE(message_has({"llm42_device_create: options.ordinal is 7", "0..0"})) << llm42_error_message();

  const Machine machine(emulated());
  const std::vector<float> values(8);
  const llm42_weight_part part{values.data(), 32, 2};
  llm42_weight_params params{};
  params.struct_size = sizeof params;
  params.dtype = LLM42_DTYPE_F32;
  params.columns = 4;
  params.part_count = 1;
  params.parts = &part;
  llm42_weight* weight = nullptr;
  EXPECT_EQ(LLM42_STATUS_UNSUPPORTED, llm42_weight_create(machine.stream, &params, &weight));
  EXPECT_TRUE(message_has({"format is 1 (f32)", "bf16"})) << llm42_error_message();
  EXPECT_EQ(nullptr, weight);
  params.format = LLM42_DTYPE_BF16;
  Weight rounded;
  ok(llm42_weight_create(machine.stream, &params, &rounded.handle));

  llm42_kv_cache_params cache_params{};
  cache_params.struct_size = sizeof cache_params;
  cache_params.dtype = LLM42_DTYPE_F32;
  cache_params.layers = cache_params.kv_heads = cache_params.head_size = cache_params.pages = 1;
  cache_params.page_size = 8;
  llm42_kv_cache* cache = nullptr;
  EXPECT_EQ(LLM42_STATUS_UNSUPPORTED, llm42_kv_cache_create(machine.device, &cache_params, &cache));
  EXPECT_TRUE(message_has({"dtype is f32", "bf16"})) << llm42_error_message();
}

TEST(CudaEmulated, CountsWhatIsHeldAndKeepsTheLimit) {
  llm42_device_options options = emulated();
  options.memory_limit = 2000;
  const Machine machine(options);
  const int64_t before = info_of(machine).memory_allocated;
  {
    const Buffer buffer = machine.allocate(1500);
    EXPECT_EQ(before + 1500, info_of(machine).memory_allocated);
    llm42_buffer* more = nullptr;
    EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_buffer_create(machine.device, 501, &more));
    EXPECT_TRUE(message_has({"buffer of 501 bytes", "memory_limit is 2000"})) << llm42_error_message();
  }
  EXPECT_EQ(before, info_of(machine).memory_allocated);
  EXPECT_EQ(before + 1500, info_of(machine).memory_peak);
}

TEST(CudaEmulated, MemoryThatTheDeviceDoesNotHaveIsRefusedWithAllSizes) {
  const Machine machine(emulated());
  const int64_t total = info_of(machine).memory_total;
  llm42_buffer* buffer = nullptr;
  EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_buffer_create(machine.device, total + 1, &buffer));
  EXPECT_TRUE(message_has({std::to_string(total + 1).c_str(), std::to_string(total).c_str(), "GPU"}))
      << llm42_error_message();

  // What another device holds is not in this one's account, so that the runtime itself refuses.
  const Machine other(emulated());
  const Buffer taken = other.allocate(total / 4 * 3);
  EXPECT_EQ(LLM42_STATUS_OUT_OF_MEMORY, llm42_buffer_create(machine.device, total / 2, &buffer));
  EXPECT_TRUE(message_has({std::to_string(total / 2).c_str(), "are free", "in use by this device"}))
      << llm42_error_message();
  const Buffer fits = machine.allocate(1000);
  EXPECT_EQ(1000, static_cast<int64_t>(machine.download<uint8_t>(fits, 1000).size()));
}

TEST(CudaEmulated, BuffersBeginAsZero) {
  const Machine machine(emulated());
  for (const int64_t size : {int64_t{1}, int64_t{1000}, int64_t{3} << 20}) {
    const Buffer buffer = machine.allocate(size);
    for (const uint8_t byte : machine.download<uint8_t>(buffer, static_cast<size_t>(size)))
      ASSERT_EQ(0, byte);
  }
}

// Sizes around the blocks of the staging memory, and far more than all of them.
TEST(CudaEmulated, CopiesOfEverySizeArriveWhole) {
  const Machine machine(emulated());
  constexpr size_t block = size_t{1} << 20;
  for (const size_t size : {size_t{1}, size_t{63}, block - 1, block, block + 1, 4 * block, 9 * block + 77}) {
    std::vector<uint8_t> bytes = random_bytes(size, static_cast<uint32_t>(size));
    const std::vector<uint8_t> expected = bytes;
    const Buffer buffer = machine.allocate(static_cast<int64_t>(size));
    ok(llm42_buffer_upload(machine.stream, buffer, 0, bytes.data(), static_cast<int64_t>(size)));
    std::fill(bytes.begin(), bytes.end(), uint8_t{0xee});  // the source may be reused
    EXPECT_EQ("", difference(expected, machine.download<uint8_t>(buffer, size))) << size << " bytes";
  }
}

// More uploads than the staging memory holds, none waited for; then one download each, waited for once.
TEST(CudaEmulated, ManyCopiesUnderWayKeepApart) {
  const Machine machine(emulated());
  constexpr size_t size = 300'001;
  constexpr size_t count = 40;
  const Buffer buffer = machine.allocate(size * count);
  std::vector<uint8_t> source(size);
  for (size_t i = 0; i < count; ++i) {
    source = random_bytes(size, static_cast<uint32_t>(i));
    ok(llm42_buffer_upload(machine.stream, buffer, static_cast<int64_t>(i * size), source.data(), size));
  }
  std::vector<std::vector<uint8_t>> destinations(count, std::vector<uint8_t>(size));
  for (size_t i = 0; i < count; ++i) {
    ok(llm42_buffer_download(machine.stream, buffer, static_cast<int64_t>(i * size), destinations[i].data(),
                             size));
  }
  ok(llm42_stream_synchronize(machine.stream));
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ("", difference(random_bytes(size, static_cast<uint32_t>(i)), destinations[i])) << "copy " << i;
  }
}

// Rows of an odd width, over several staging blocks, from parts at an odd address, read back by embedding.
TEST(CudaEmulated, AWeightIsRoundedOnceAndKeptWhole) {
  const Machine machine(emulated());
  constexpr int32_t rows = 1500, columns = 1001;
  const std::vector<float> values = random_floats(size_t{rows} * columns, 11);
  for (const llm42_dtype dtype : {LLM42_DTYPE_F32, LLM42_DTYPE_F16, LLM42_DTYPE_BF16}) {
    const size_t element = dtype == LLM42_DTYPE_F32 ? 4 : 2;
    std::vector<uint8_t> source(1 + values.size() * element);
    std::vector<uint16_t> expected;
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = dtype == LLM42_DTYPE_F16 ? f32_to_f16(values[i]) : f32_to_bf16(values[i]);
      std::memcpy(&source[1 + i * element],
                  dtype == LLM42_DTYPE_F32 ? static_cast<const void*>(&values[i]) : &half, element);
      expected.push_back(dtype == LLM42_DTYPE_F16 ? f32_to_bf16(f16_to_f32(half)) : f32_to_bf16(values[i]));
    }
    const int64_t split = 700 * columns * static_cast<int64_t>(element);
    const llm42_weight_part parts[] = {{&source[1], split, 700},
                                       {&source[1 + static_cast<size_t>(split)],
                                        static_cast<int64_t>(values.size() * element) - split, rows - 700}};
    llm42_weight_params params{};
    params.struct_size = sizeof params;
    params.dtype = dtype;
    params.format = LLM42_DTYPE_BF16;
    params.columns = columns;
    params.part_count = 2;
    params.parts = parts;
    Weight weight;
    ok(llm42_weight_create(machine.stream, &params, &weight.handle));
    std::fill(source.begin(), source.end(), uint8_t{0xee});  // the source is not needed any more

    std::vector<int32_t> all(rows);
    std::iota(all.begin(), all.end(), 0);
    const Buffer ids = machine.upload(all), output = machine.allocate(int64_t{2} * rows * columns);
    llm42_embedding_params p{};
    p.struct_size = sizeof p;
    p.rows = rows;
    p.table = weight;
    p.ids = view(ids);
    p.output = view(output);
    ok(llm42_embedding(machine.stream, &p));
    EXPECT_EQ("", difference(expected, machine.download<uint16_t>(output, expected.size())))
        << "dtype " << dtype;
  }
}

// What only the device sees is told when the stream is synchronised, once, and later work is not affected.
TEST(CudaEmulated, AnIndexOutOfRangeIsToldAtSynchronisation) {
  const Machine machine(emulated());
  const std::vector<uint16_t> rows{1, 2, 3, 4, 5, 6};
  const Buffer input = machine.upload(rows);
  const Buffer indices = machine.upload(std::vector<int32_t>{2, 3, 0});
  const Buffer output = machine.upload(std::vector<uint16_t>(6, 9));
  llm42_gather_rows_params p{};
  p.struct_size = sizeof p;
  p.rows = 3;
  p.input_rows = 3;
  p.width = 2;
  p.indices = view(indices);
  p.input = view(input);
  p.output = view(output);
  ok(llm42_gather_rows(machine.stream, &p));
  std::vector<uint16_t> copied(6);
  ok(llm42_buffer_download(machine.stream, output, 0, copied.data(), 12));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_stream_synchronize(machine.stream));
  EXPECT_TRUE(message_has({"llm42_stream_synchronize: indices[1] is 3; it must be 0..2"}))
      << llm42_error_message();
  EXPECT_EQ((std::vector<uint16_t>{5, 6, 9, 9, 1, 2}), copied);  // the bad row is left alone

  ok(llm42_stream_synchronize(machine.stream));
  const Buffer good = machine.upload(std::vector<int32_t>{0, 1, 2});
  p.indices = view(good);
  ok(llm42_gather_rows(machine.stream, &p));
  EXPECT_EQ(rows, machine.download<uint16_t>(output, 6));
}

TEST(CudaEmulated, TheNamedCallFails) {
  llm42_device_options options = emulated();
  options.fail_call = 2;
  const Machine machine(options);
  const Buffer buffer = machine.allocate(4);
  const auto upload = [&](int32_t value) {
    return llm42_buffer_upload(machine.stream, buffer, 0, &value, 4);
  };
  EXPECT_EQ(LLM42_STATUS_OK, upload(1));
  EXPECT_EQ(LLM42_STATUS_INTERNAL, upload(2));
  EXPECT_TRUE(message_has({"call 2", "fail_call"})) << llm42_error_message();
  EXPECT_EQ(std::vector<int32_t>{1}, machine.download<int32_t>(buffer, 1));
}

// Two streams and two devices do not share scratch memory or errors.
TEST(CudaEmulated, StreamsHaveTheirOwnErrors) {
  const Machine machine(emulated());
  Owner<llm42_stream, llm42_stream_destroy> other;
  ok(llm42_stream_create(machine.device, &other.handle));
  const Buffer input = machine.upload(std::vector<uint16_t>(4)),
               indices = machine.upload(std::vector<int32_t>{-1}), output = machine.allocate(8);
  ok(llm42_stream_synchronize(machine.stream));
  llm42_gather_rows_params p{};
  p.struct_size = sizeof p;
  p.rows = 1;
  p.input_rows = 1;
  p.width = 4;
  p.indices = view(indices);
  p.input = view(input);
  p.output = view(output);
  ok(llm42_gather_rows(other, &p));
  ok(llm42_stream_synchronize(machine.stream));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, llm42_stream_synchronize(other));
  EXPECT_TRUE(message_has({"indices[0] is -1; it must be 0..0"})) << llm42_error_message();
}

}  // namespace llm42::test
