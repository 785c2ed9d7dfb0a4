// Times the operators of the C ABI on this machine: best of several runs each.
// usage: llm42_benchmark [linear|linear-int8|attention|logits] [threads] [isa]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "llm42/llm42.h"

namespace {

void ok(llm42_status status) {
  if (status == LLM42_STATUS_OK) return;
  std::fprintf(stderr, "%s\n", llm42_error_message());
  std::exit(1);
}

double best_seconds(int runs, const std::function<void()>& action) {
  double best = 1e9;
  action();
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    action();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

struct Machine {
  llm42_device* device = nullptr;
  llm42_stream* stream = nullptr;

  template <class T>
  llm42_view upload(const std::vector<T>& values) const {
    llm42_buffer* buffer = nullptr;
    const auto bytes = static_cast<int64_t>(values.size() * sizeof(T));
    ok(llm42_buffer_create(device, bytes, &buffer));
    ok(llm42_buffer_upload(stream, buffer, 0, values.data(), bytes));
    return {buffer, 0};
  }
};

std::vector<float> noise(size_t count, float scale = 1.0f) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal(0.0f, scale);
  std::vector<float> values(count);
  for (float& value : values) value = normal(generator);
  return values;
}

void linear(const Machine& machine, llm42_dtype format) {
  constexpr int64_t n = 4096, layers = 24;
  constexpr int32_t k = 1024;
  const bool is_int8 = format == LLM42_DTYPE_I8;
  std::vector<uint16_t> source(static_cast<size_t>(n * k));
  const std::vector<float> values = noise(65536);
  for (size_t i = 0; i < source.size(); ++i) {
    uint32_t bits;
    std::memcpy(&bits, &values[(i * 2654435761u >> 7) & 65535], 4);
    source[i] = static_cast<uint16_t>(bits >> 16);
  }
  const llm42_weight_part part{source.data(), n * k * 2, n};
  llm42_weight_params wp{};
  wp.struct_size = sizeof wp;
  wp.dtype = LLM42_DTYPE_BF16;
  wp.format = format;
  wp.columns = k;
  wp.part_count = 1;
  wp.parts = &part;
  std::vector<llm42_weight*> weights(layers);
  for (llm42_weight*& weight : weights) ok(llm42_weight_create(machine.stream, &wp, &weight));

  const llm42_view input = machine.upload(noise(512 * k)),
                   output = machine.upload(std::vector<float>(512 * n));
  for (const int32_t rows : {1, 2, 4, 8, 12, 16, 24, 32, 36, 48, 64, 128, 512}) {
    const double seconds = best_seconds(rows > 64 ? 5 : 15, [&] {
      for (llm42_weight* weight : weights) {
        llm42_linear_params p{};
        p.struct_size = sizeof p;
        p.rows = rows;
        p.numerics = LLM42_NUMERICS_INVARIANT;
        p.compute_dtype = is_int8 ? LLM42_DTYPE_I8 : LLM42_DTYPE_DEFAULT;
        p.weight = weight;
        p.input = input;
        p.output = output;
        ok(llm42_linear(machine.stream, &p));
      }
    });
    std::printf("linear %s 24x4096x1024  M %3d  %7.2f ms  %6.1f GB/s  %6.1f GOP/s\n",
                is_int8 ? "int8" : "bf16", rows, seconds * 1e3,
                static_cast<double>(layers * n * k * (is_int8 ? 1 : 2)) / seconds / 1e9,
                2.0 * static_cast<double>(layers * rows * n * k) / seconds / 1e9);
  }
  for (llm42_weight* weight : weights) llm42_weight_destroy(weight);
}

void attention(const Machine& machine) {
  constexpr int32_t kv_heads = 8, heads = 32, head_size = 128, context = 4096, page_size = 16;
  llm42_kv_cache_params cp{};
  cp.struct_size = sizeof cp;
  cp.layers = 1;
  cp.kv_heads = kv_heads;
  cp.head_size = head_size;
  cp.page_size = page_size;
  cp.pages = 16 * context / page_size;
  llm42_kv_cache* cache = nullptr;
  ok(llm42_kv_cache_create(machine.device, &cp, &cache));
  const llm42_view query = machine.upload(noise(512 * heads * head_size));
  const llm42_view output = machine.upload(std::vector<float>(512 * heads * head_size));
  std::vector<int32_t> table(static_cast<size_t>(cp.pages));
  for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<int32_t>(i);
  const llm42_view tables = machine.upload(table);
  const auto time = [&](const char* name, int32_t sequences, int32_t rows_each) {
    std::vector<int32_t> starts{0}, positions;
    for (int32_t s = 0; s < sequences; ++s) {
      for (int32_t r = 0; r < rows_each; ++r) positions.push_back(context - rows_each + r);
      starts.push_back(static_cast<int32_t>(positions.size()));
    }
    const llm42_view start = machine.upload(starts), position = machine.upload(positions);
    llm42_attention_params p{};
    p.struct_size = sizeof p;
    p.rows = sequences * rows_each;
    p.sequences = sequences;
    p.query_heads = heads;
    p.numerics = LLM42_NUMERICS_INVARIANT;
    p.max_blocks = context / page_size;
    p.scale = 0.088f;
    p.cache = cache;
    p.query = query;
    p.sequence_starts = start;
    p.positions = position;
    p.block_tables = tables;
    p.output = output;
    const double seconds = best_seconds(7, [&] { ok(llm42_attention(machine.stream, &p)); });
    const double bytes = 2.0 * sequences * context * kv_heads * head_size * 2;
    const double flops = 4.0 * sequences * rows_each * heads * head_size * (context - rows_each / 2);
    std::printf("attention 32/8 heads of 128, context 4096, %-22s %7.3f ms  %6.1f GB/s  %6.1f GFLOP/s\n",
                name, seconds * 1e3, bytes / seconds / 1e9, flops / seconds / 1e9);
  };
  time("decode 1", 1, 1);
  time("decode 16", 16, 1);
  time("verify 1 x 17", 1, 17);
  time("verify 8 x 17", 8, 17);
  time("prefill 512", 1, 512);
  llm42_kv_cache_destroy(cache);
}

void logits(const Machine& machine) {
  constexpr int32_t vocabulary = 151936, rows = 8;
  const llm42_view input = machine.upload(noise(static_cast<size_t>(vocabulary) * rows, 2.5f));
  const llm42_view output = machine.upload(std::vector<float>(static_cast<size_t>(vocabulary) * rows));
  const llm42_view ids = machine.upload(std::vector<int32_t>(rows * 20));
  const llm42_view top = machine.upload(std::vector<float>(rows * 20));
  llm42_log_softmax_params lp{};
  lp.struct_size = sizeof lp;
  lp.rows = rows;
  lp.vocabulary = vocabulary;
  lp.logits = input;
  lp.output = output;
  const auto report = [&](const char* name, double seconds) {
    std::printf("logits 8 x 151936, %-34s %7.3f ms per row\n", name, seconds * 1e3 / rows);
  };
  report("log_softmax", best_seconds(7, [&] { ok(llm42_log_softmax(machine.stream, &lp)); }));
  llm42_top_logprobs_params tp{};
  tp.struct_size = sizeof tp;
  tp.rows = rows;
  tp.vocabulary = vocabulary;
  tp.count = 20;
  tp.logits = input;
  tp.top_ids = ids;
  tp.top_logprobs = top;
  report("top_logprobs 20", best_seconds(7, [&] { ok(llm42_top_logprobs(machine.stream, &tp)); }));
  const auto sample = [&](const char* name, llm42_sampling_row rule) {
    llm42_sample_params p{};
    p.struct_size = sizeof p;
    p.rows = rows;
    p.vocabulary = vocabulary;
    p.logits = input;
    p.sampling = machine.upload(std::vector<llm42_sampling_row>(rows, rule));
    p.ids = ids;
    report(name, best_seconds(7, [&] { ok(llm42_sample(machine.stream, &p)); }));
  };
  sample("greedy", {0.0f, 1.0f, 0.0f, 0, 1, 0});
  sample("temperature 0.8", {0.8f, 1.0f, 0.0f, 0, 1, 0});
  sample("temperature 0.8, top_k 50", {0.8f, 1.0f, 0.0f, 50, 1, 0});
  sample("temperature 0.8, top_p 0.9", {0.8f, 0.9f, 0.0f, 0, 1, 0});
  sample("temperature 0.8, min_p 0.05", {0.8f, 1.0f, 0.05f, 0, 1, 0});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string which = argc > 1 ? argv[1] : "all";
  llm42_device_options options{};
  options.struct_size = sizeof options;
  options.backend = "cpu";
  options.threads = argc > 2 ? std::atoi(argv[2]) : 0;
  options.isa = argc > 3 ? std::atoi(argv[3]) : LLM42_CPU_ISA_AUTO;
  Machine machine;
  ok(llm42_device_create(&options, &machine.device));
  ok(llm42_stream_create(machine.device, &machine.stream));
  if (which == "all" || which == "linear") linear(machine, LLM42_DTYPE_BF16);
  if (which == "all" || which == "linear-int8") linear(machine, LLM42_DTYPE_I8);
  if (which == "all" || which == "attention") attention(machine);
  if (which == "all" || which == "logits") logits(machine);
  // The few buffers of this program are left to the end of the process.
  return 0;
}
