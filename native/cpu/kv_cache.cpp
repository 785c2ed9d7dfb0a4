// The paged cache: memory, page copies, and the write of rotated keys and of values.
#include <algorithm>
#include <cstring>
#include <vector>

#include "core/dtype.h"
#include "core/error.h"
#include "core/kv_cache_size.h"
#include "cpu/objects.h"
#include "cpu/thread_pool.h"

namespace llm42::cpu {

namespace {

void convert(const float* source, int64_t count, float* destination) {
  std::copy_n(source, count, destination);
}

void convert(const float* source, int64_t count, uint16_t* destination) {
  for (int64_t i = 0; i < count; ++i) destination[i] = f32_to_bf16(source[i]);
}

// A row's key and value into their place of a page. Keys lie transposed, so they are converted before.
template <class Element>
void write_row(const float* key, const float* value, int64_t head_size, int64_t page_size, int64_t place,
               std::byte* keys, std::byte* values) {
  constexpr int64_t most = 64;
  Element converted[most];
  auto* column = reinterpret_cast<Element*>(keys) + place;
  for (int64_t begin = 0; begin < head_size; begin += most) {
    const int64_t count = std::min(most, head_size - begin);
    convert(key + begin, count, converted);
    for (int64_t i = 0; i < count; ++i) column[(begin + i) * page_size] = converted[i];
  }
  convert(value, head_size, reinterpret_cast<Element*>(values) + place * head_size);
}

}  // namespace

CpuKvCache::CpuKvCache(CpuDevice& owner, const llm42_kv_cache_params& params)
    : llm42_kv_cache(owner, params), block_(owner.memory(), kv_cache_size(params), "KV cache") {}

void CpuStream::copy_page(llm42_kv_cache& cache, int32_t source, int32_t destination) {
  auto& pages = static_cast<CpuKvCache&>(cache);
  for (int64_t layer = 0; layer < pages.shape.layers; ++layer) {
    std::memcpy(pages.page(layer, destination), pages.page(layer, source),
                static_cast<size_t>(pages.page_bytes()));
  }
}

void CpuStream::rope_write_kv(const llm42_rope_write_kv_params& p) {
  auto& cache = static_cast<CpuKvCache&>(*p.cache);
  const auto* positions = at<const int32_t>(p.positions);
  const auto* slots = at<const int32_t>(p.slots);
  const int64_t page_size = cache.shape.page_size;
  std::vector<int32_t> written;
  written.reserve(static_cast<size_t>(p.rows));
  for (int64_t row = 0; row < p.rows; ++row) {
    check_index("positions", row, positions[row], 0, p.table_positions - 1);
    check_index("slots", row, slots[row], -1, cache.shape.pages * page_size - 1);
    if (slots[row] >= 0) written.push_back(slots[row]);
  }
  std::sort(written.begin(), written.end());
  const auto twice = std::adjacent_find(written.begin(), written.end());
  if (twice != written.end())
    fail_argument("slots holds ", *twice, " more than once; slots must be distinct");

  auto* qkv = at<float>(p.qkv);
  const auto* table = at<const float>(p.table);
  const int64_t head_size = cache.shape.head_size;
  const int64_t heads = p.query_heads + cache.shape.kv_heads;
  const int64_t half = p.rotary_size / 2;
  const bool is_f32 = cache.shape.dtype == LLM42_DTYPE_F32;
  const Kernels& kernels = device_.kernels();
  const auto write = is_f32 ? write_row<float> : write_row<uint16_t>;
  const int threads = device_.threads_for(p.rows * heads * head_size);
  // Neighbouring positions share the cache lines of transposed keys, which stay in the first-level cache if
  // one head's are written at a time.
  const int64_t block = std::clamp<int64_t>(p.rows / (threads * 2), 1, 64);
  parallel_for(device_.pool(), threads, (p.rows + block - 1) / block, 1, [&](int64_t unit, int) {
    const int64_t begin = unit * block;
    const int64_t end = std::min<int64_t>(begin + block, p.rows);
    for (int64_t row = begin; row < end && half > 0; ++row) {
      const float* const angles = table + int64_t{positions[row]} * p.rotary_size;
      for (int64_t head = 0; head < heads; ++head) {
        kernels.rotate(qkv + row * p.qkv_stride + head * head_size, angles, angles + half, half);
      }
    }
    for (int64_t head = 0; head < cache.shape.kv_heads; ++head) {
      for (int64_t row = begin; row < end; ++row) {
        if (slots[row] < 0) continue;
        const int64_t page = slots[row] / page_size;
        const float* const key = qkv + row * p.qkv_stride + (p.query_heads + head) * head_size;
        write(key, key + cache.shape.kv_heads * head_size, head_size, page_size, slots[row] % page_size,
              cache.keys(p.layer, page, head), cache.values(p.layer, page, head));
      }
    }
  });
}

}  // namespace llm42::cpu
