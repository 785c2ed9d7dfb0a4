// Attention and the KV write through the C ABI.
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "harness.h"

namespace llm42::test {

namespace {

constexpr int32_t max_positions = 700;

struct Shape {
  int32_t query_heads = 6;
  int32_t kv_heads = 2;
  int32_t head_size = 40;
  int32_t page_size = 16;
  int32_t window = 0;
  llm42_dtype dtype = LLM42_DTYPE_BF16;
  bool poison = false;  // fill the cache with NaN first
};

// Rows first .. first + count - 1 of a sequence; their position is their row.
struct Segment {
  int32_t sequence;
  int32_t first;
  int32_t count;
};

// Queries, keys and values of a sequence; the same for every batch it appears in.
const std::vector<float>& qkv_of(const Shape& s, int32_t sequence) {
  // Drawn once: that takes longer than attention does.
  static std::map<std::pair<size_t, int32_t>, std::vector<float>> drawn;
  const auto width = static_cast<size_t>((s.query_heads + 2 * s.kv_heads) * s.head_size);
  std::vector<float>& values = drawn[{width, sequence}];
  if (values.empty()) values = random_floats(max_positions * width, static_cast<uint32_t>(100 + sequence));
  return values;
}

struct Batch {
  std::vector<float> qkv;
  std::vector<int32_t> starts{0}, positions, slots, tables;
  int32_t blocks;
};

void append(Batch& batch, const Shape& s, const Segment& segment, int32_t index) {
  const int64_t width = int64_t{s.query_heads + 2 * s.kv_heads} * s.head_size;
  const std::vector<float>& all = qkv_of(s, segment.sequence);
  batch.qkv.insert(batch.qkv.end(), all.begin() + segment.first * width,
                   all.begin() + (segment.first + segment.count) * width);
  for (int32_t row = segment.first; row < segment.first + segment.count; ++row) {
    batch.positions.push_back(row);
    batch.slots.push_back(batch.tables[static_cast<size_t>(index * batch.blocks + row / s.page_size)] *
                              s.page_size +
                          row % s.page_size);
  }
  batch.starts.push_back(static_cast<int32_t>(batch.positions.size()));
}

struct Engine {
  Engine(const Shape& shape, llm42_cpu_isa isa, int32_t threads, int32_t planned_threads, int32_t sequences)
      : s(shape),
        machine(isa, threads, planned_threads),
        blocks((max_positions + s.page_size - 1) / s.page_size) {
    llm42_kv_cache_params params{};
    params.struct_size = sizeof params;
    params.dtype = s.dtype;
    params.layers = 2;
    params.kv_heads = s.kv_heads;
    params.head_size = s.head_size;
    params.page_size = s.page_size;
    params.pages = blocks * sequences + 3;
    ok(llm42_kv_cache_create(machine.device, &params, &cache.handle));
    // Pages in an order of their own, every sequence's interleaved with the others'.
    for (int32_t i = 0; i < blocks * sequences; ++i) {
      tables.push_back(static_cast<int32_t>((int64_t{i} * 7919 + 5) % (blocks * sequences)));
    }
    if (s.poison) fill_with_nan();
  }

  // Writes the segments' keys and values, then attends; returns the rows' outputs.
  std::vector<float> run(const std::vector<Segment>& segments,
                         llm42_numerics numerics = LLM42_NUMERICS_INVARIANT) {
    Batch batch;
    batch.blocks = blocks;
    for (const Segment& segment : segments) {
      const auto first = tables.begin() + segment.sequence * blocks;
      batch.tables.insert(batch.tables.end(), first, first + blocks);
    }
    for (size_t i = 0; i < segments.size(); ++i) append(batch, s, segments[i], static_cast<int32_t>(i));
    const auto rows = static_cast<int32_t>(batch.positions.size());
    write(batch, rows);

    const Buffer starts = machine.upload(batch.starts), table = machine.upload(batch.tables);
    const size_t width = static_cast<size_t>(s.query_heads * s.head_size);
    const Buffer output = machine.allocate(static_cast<int64_t>(static_cast<size_t>(rows) * width * 4));
    llm42_attention_params p{};
    p.struct_size = sizeof p;
    p.rows = rows;
    p.sequences = static_cast<int32_t>(segments.size());
    p.query_heads = s.query_heads;
    p.layer = 1;
    p.numerics = numerics;
    p.max_blocks = blocks;
    p.window = s.window;
    p.scale = 0.3f;
    p.cache = cache;
    p.query = view(qkv);
    p.query_stride = (s.query_heads + 2 * s.kv_heads) * s.head_size;
    p.sequence_starts = view(starts);
    p.positions = view(positions);
    p.block_tables = view(table);
    p.output = view(output);
    ok(llm42_attention(machine.stream, &p));
    return machine.download<float>(output, static_cast<size_t>(rows) * width);
  }

  void write(const Batch& batch, int32_t rows) {
    qkv = machine.upload(batch.qkv);
    positions = machine.upload(batch.positions);
    const Buffer slots = machine.upload(batch.slots);
    llm42_rope_write_kv_params p{};
    p.struct_size = sizeof p;
    p.rows = rows;
    p.query_heads = s.query_heads;
    p.table_positions = max_positions;
    p.layer = 1;
    p.cache = cache;
    p.qkv = view(qkv);
    p.positions = view(positions);
    p.slots = view(slots);
    ok(llm42_rope_write_kv(machine.stream, &p));
  }

  void fill_with_nan() {
    Batch batch;
    const int32_t rows = static_cast<int32_t>(blocks * s.page_size);
    const int32_t count = static_cast<int32_t>(tables.size()) / blocks;
    const size_t width = static_cast<size_t>((s.query_heads + 2 * s.kv_heads) * s.head_size);
    for (int32_t i = 0; i < rows * count; ++i) {
      batch.positions.push_back(0);
      batch.slots.push_back(i);
    }
    batch.qkv.assign(width * static_cast<size_t>(rows * count), NAN);
    write(batch, rows * count);
  }

  Shape s;
  Machine machine;
  int32_t blocks;
  Cache cache;
  std::vector<int32_t> tables;
  Buffer qkv, positions;
};

// Softmax attention of one row in f64.
std::vector<double> reference(const Shape& s, const Segment& segment, int32_t row) {
  const std::vector<float>& all = qkv_of(s, segment.sequence);
  const int64_t width = int64_t{s.query_heads + 2 * s.kv_heads} * s.head_size;
  const auto stored = [&](int64_t position, int64_t column) {
    const float value = all[static_cast<size_t>(position * width + column)];
    return static_cast<double>(s.dtype == LLM42_DTYPE_BF16 ? bf16_to_f32(f32_to_bf16(value)) : value);
  };
  std::vector<double> output;
  const int32_t begin = s.window == 0 ? 0 : std::max(0, row + 1 - s.window);
  for (int32_t head = 0; head < s.query_heads; ++head) {
    const int32_t kv_head = head / (s.query_heads / s.kv_heads);
    std::vector<double> weights;
    double total = 0.0;
    for (int32_t t = begin; t <= row; ++t) {
      double score = 0.0;
      for (int32_t d = 0; d < s.head_size; ++d) {
        score += static_cast<double>(all[static_cast<size_t>(row * width + head * s.head_size + d)]) *
                 stored(t, (s.query_heads + kv_head) * s.head_size + d);
      }
      weights.push_back(std::exp(static_cast<double>(0.3f) * score));
      total += weights.back();
    }
    for (int32_t d = 0; d < s.head_size; ++d) {
      double sum = 0.0;
      for (int32_t t = begin; t <= row; ++t) {
        sum += weights[static_cast<size_t>(t - begin)] *
               stored(t, (s.query_heads + s.kv_heads + kv_head) * s.head_size + d);
      }
      output.push_back(sum / total);
    }
  }
  return output;
}

std::vector<float> whole(const Shape& s, llm42_cpu_isa isa, int32_t threads) {
  return Engine(s, isa, threads, 0, 1).run({{0, 0, max_positions}});
}

}  // namespace

TEST(Attention, MatchesTheReference) {
  for (const int32_t head_size : {1, 8, 32, 40, 80, 96}) {
    for (const int32_t window : {0, 1, 300}) {
      Shape s;
      s.head_size = head_size;
      s.window = window;
      s.dtype = window == 1 ? LLM42_DTYPE_F32 : LLM42_DTYPE_BF16;
      const std::vector<float> output = whole(s, LLM42_CPU_ISA_AUTO, 2);
      for (const int32_t row : {0, 1, 15, 16, 255, 256, 257, 300, 511, 512, 699}) {
        const std::vector<double> expected = reference(s, {0, 0, max_positions}, row);
        for (size_t i = 0; i < expected.size(); ++i) {
          ASSERT_NEAR(expected[i],
                      static_cast<double>(output[static_cast<size_t>(row) * expected.size() + i]), 3e-5)
              << "head size " << head_size << ", window " << window << ", row " << row << ", element " << i;
        }
      }
    }
  }
}

// A row's bits are its own: over page sizes, chunkings, neighbours, threads, instruction sets and poison.
TEST(Attention, RowsKeepTheirBits) {
  for (const int32_t window : {0, 270}) {
    if (is_sanitized && window == 0) continue;
    Shape s;
    if (is_sanitized) s.query_heads = s.kv_heads;
    s.window = window;
    const std::vector<float> expected = whole(s, LLM42_CPU_ISA_PORTABLE, 1);
    const auto width = static_cast<size_t>(s.query_heads * s.head_size);
    for (const llm42_cpu_isa isa : isas()) {
      for (const int32_t page_size : {8, 16, 64, 1024}) {
        if (is_sanitized && isa == LLM42_CPU_ISA_PORTABLE && page_size != 64) continue;
        Shape other = s;
        other.page_size = page_size;
        other.poison = true;
        Engine engine(other, isa, page_size == 16 ? 1 : 2, 0, 3);
        // Sequence 0 in chunks of many sizes beside two neighbours, down to single rows.
        int32_t row = 0;
        for (const int32_t chunk : {7, 1, 1, 64, 180, 3, 1, 1, 12, 100, 1, 329}) {
          std::vector<Segment> segments{{0, row, chunk}};
          const int32_t neighbour = 20 + row % 3;
          if (row % 2 == 0) segments.insert(segments.begin(), {1, 0, neighbour});
          segments.push_back({2, 0, 5});
          const std::vector<float> output = engine.run(segments);
          const size_t skip = row % 2 == 0 ? static_cast<size_t>(neighbour) * width : 0;
          EXPECT_EQ("", difference(expected.data() + static_cast<size_t>(row) * width, output.data() + skip,
                                   static_cast<size_t>(chunk) * width))
              << "isa " << isa << ", page size " << page_size << ", window " << window << ", rows " << row
              << " to " << row + chunk - 1;
          row += chunk;
        }
        ASSERT_EQ(max_positions, row);
      }
    }
  }
}

// A single row reads the cache in place where several rows go over panels: any number of query heads for a kv
// head, head sizes that are whole vectors, and one more than are taken in place.
TEST(Attention, SingleRowsHaveTheBitsOfManyRows) {
  for (const int32_t group : {1, 2, 3, 4, 5, 6, 7, 8, 9}) {
    Shape s;
    s.kv_heads = 1;
    s.query_heads = group;
    s.head_size = std::array{144, 16, 48}[static_cast<size_t>(group % 3)];
    s.window = group % 2 == 0 ? 0 : 70;
    s.dtype = group % 4 == 0 ? LLM42_DTYPE_F32 : LLM42_DTYPE_BF16;
    s.page_size = group % 4 == 1 ? 64 : 16;
    s.poison = true;
    const int32_t rows = is_sanitized ? 40 : 300;
    const std::vector<float> expected = Engine(s, LLM42_CPU_ISA_AUTO, 2, 0, 1).run({{0, 0, rows}});
    const auto width = static_cast<size_t>(s.query_heads * s.head_size);
    for (const llm42_cpu_isa isa : isas()) {
      Engine engine(s, isa, 2, 0, 1);
      int32_t row = 0;
      for (const int32_t chunk : {1, 14, 1, 1, 1, 237, 1, 1, 20, 1}) {
        if (row + chunk > rows) break;
        const std::vector<float> output = engine.run({{0, row, chunk}});
        EXPECT_EQ("", difference(expected.data() + static_cast<size_t>(row) * width, output.data(),
                                 static_cast<size_t>(chunk) * width))
            << "isa " << isa << ", " << group << " query heads, head size " << s.head_size << ", rows " << row
            << " to " << row + chunk - 1;
        row += chunk;
      }
    }
  }
}

// The negative control: fast numerics planned for many threads cut a row's positions by the shape of the
// batch.
TEST(Attention, FastDependsOnTheBatchWhenPlannedForManyThreads) {
  const Shape s;
  Engine few(s, LLM42_CPU_ISA_AUTO, 1, 3, 1), many(s, LLM42_CPU_ISA_AUTO, 2, 64, 1);
  const std::vector<float> invariant = few.run({{0, 0, 600}});
  many.run({{0, 0, 600}});
  const auto width = static_cast<size_t>(s.query_heads * s.head_size);
  const std::vector<float> row = few.run({{0, 600, 1}});
  EXPECT_EQ("", difference(row, few.run({{0, 600, 1}}, LLM42_NUMERICS_FAST)));
  EXPECT_EQ("", difference(row, many.run({{0, 600, 1}})));
  const std::vector<float> fast = many.run({{0, 600, 1}}, LLM42_NUMERICS_FAST);
  EXPECT_NE("", difference(row, fast));
  const std::vector<double> expected = reference(s, {0, 0, 601}, 600);
  for (size_t i = 0; i < width; ++i) ASSERT_NEAR(expected[i], static_cast<double>(fast[i]), 3e-5);
  for (const llm42_cpu_isa isa : isas()) {
    if (is_sanitized && isa == LLM42_CPU_ISA_PORTABLE) continue;
    Engine engine(s, isa, 1, 64, 1);
    engine.run({{0, 0, 600}});
    EXPECT_EQ("", difference(fast, engine.run({{0, 600, 1}}, LLM42_NUMERICS_FAST))) << "isa " << isa;
  }
  const std::vector<float> wide = many.run({{0, 600, 40}}, LLM42_NUMERICS_FAST);
  EXPECT_NE("", difference(fast.data(), wide.data(), width)) << "40 rows need no splits: the row changes";
}

TEST(Attention, RefusesBadIndices) {
  Shape s;
  Engine engine(s, LLM42_CPU_ISA_AUTO, 1, 0, 1);
  const int64_t width = (s.query_heads + 2 * s.kv_heads) * s.head_size;
  engine.qkv = engine.machine.allocate(2 * width * 4);
  const Buffer output = engine.machine.allocate(2 * s.query_heads * s.head_size * 4);
  const auto attend = [&](std::vector<int32_t> starts, std::vector<int32_t> positions, int32_t page) {
    const Buffer start = engine.machine.upload(starts), position = engine.machine.upload(positions);
    const Buffer table = engine.machine.upload(std::vector<int32_t>(4, page));
    llm42_attention_params p{};
    p.struct_size = sizeof p;
    p.rows = 2;
    p.sequences = 2;
    p.query_heads = s.query_heads;
    p.max_blocks = 2;
    p.scale = 1.0f;
    p.cache = engine.cache;
    p.query = view(engine.qkv);
    p.query_stride = width;
    p.sequence_starts = view(start);
    p.positions = view(position);
    p.block_tables = view(table);
    p.output = view(output);
    return llm42_attention(engine.machine.stream, &p);
  };
  EXPECT_EQ(LLM42_STATUS_OK, attend({0, 1, 2}, {0, 31}, 0)) << llm42_error_message();
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, attend({0, 1, 2}, {0, 32}, 0));
  EXPECT_NE(nullptr, std::strstr(llm42_error_message(), "positions[1] is 32")) << llm42_error_message();
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, attend({0, 1, 2}, {-1, 0}, 0));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, attend({0, 3, 2}, {0, 0}, 0));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, attend({1, 1, 2}, {0, 0}, 0));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, attend({0, 1, 1}, {0, 0}, 0));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, attend({0, 1, 2}, {0, 0}, -1));
  EXPECT_EQ(LLM42_STATUS_INVALID_ARGUMENT, attend({0, 1, 2}, {0, 0}, 1 << 20));
  EXPECT_NE(nullptr, std::strstr(llm42_error_message(), "block_tables[0] is 1048576"))
      << llm42_error_message();
}

}  // namespace llm42::test
