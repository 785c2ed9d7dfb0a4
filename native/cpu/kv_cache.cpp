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
  // One unit is a head, not a row: neighbouring positions share the cache lines of transposed keys.
  const int64_t row_block = 32;
  const int64_t row_blocks = (p.rows + row_block - 1) / row_block;
  parallel_for(device_.pool(), device_.threads_for(p.rows * heads * head_size), heads * row_blocks, 1,
               [&](int64_t unit, int) {
                 const int64_t head = unit % heads;
                 const int64_t first_row = unit / heads * row_block;
                 const int64_t end_row = std::min<int64_t>(first_row + row_block, p.rows);
                 for (int64_t row = first_row; row < end_row; ++row) {
                   float* const x = qkv + row * p.qkv_stride + head * head_size;
                   const bool is_query = head < p.query_heads;
                   if (!is_query && slots[row] < 0) continue;
                   if (half > 0) {
                     const float* const angles = table + int64_t{positions[row]} * p.rotary_size;
                     kernels.rotate(x, angles, angles + half, half);
                   }
                   if (is_query) continue;
                   const int64_t kv_head = head - p.query_heads;
                   const float* const value = x + cache.shape.kv_heads * head_size;
                   const int64_t place = slots[row] % page_size;
                   std::byte* const keys = cache.keys(p.layer, slots[row] / page_size, kv_head);
                   std::byte* const values = cache.values(p.layer, slots[row] / page_size, kv_head);
                   const auto write = is_f32 ? write_row<float> : write_row<uint16_t>;
                   write(x, value, head_size, page_size, place, keys, values);
                 }
               });
}

}  // namespace llm42::cpu
