#include "cuda/kernels/rope_write_kv/rope_write_kv.h"

#include "cuda/primitives/elementary.h"
#include "cuda/primitives/launch.h"
#include "cuda/primitives/vector_access.h"

namespace llm42::cuda {

namespace {

constexpr int kThreads = 128;

// Rotates `count` pairs, at most 8: source[i] with source[half + i]. The destination may be the source.
__device__ __forceinline__ void rotate8(const bf16* source, bf16* destination, const float* cosines,
                                        const float* sines, int32_t half, int count) {
  float a[8], b[8], cosine[8], sine[8], first[8], second[8];
  load8(source, count, a);
  load8(source + half, count, b);
  load8(cosines, count, cosine);
  load8(sines, count, sine);
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    first[i] = fmaf(-b[i], sine[i], multiply(a[i], cosine[i]));
    second[i] = fmaf(a[i], sine[i], multiply(b[i], cosine[i]));
  }
  store8(destination, count, first);
  store8(destination + half, count, second);
}

// A block for a row. Work is dealt in chunks of 8 elements, or 8 pairs.
__global__ void __launch_bounds__(kThreads) rope_write_kv_kernel(const __grid_constant__ RopeWriteKv work) {
  const int64_t row = blockIdx.x;
  const int32_t position = work.positions[row];
  const int32_t slot = work.slots[row];
  if (!check_index(work.error, Checked::positions, row, position, 0, work.table_positions - 1)) return;
  if (!check_index(work.error, Checked::slots, row, slot, -1, int64_t{work.pages} * work.page_size - 1)) {
    return;
  }
  const int32_t half = work.rotary_size / 2;
  const int32_t half_chunks = (half + 7) / 8;
  const float* cosines = work.table + int64_t{position} * work.rotary_size;
  bf16* queries = work.qkv + row * work.qkv_stride;
  for (int i = static_cast<int>(threadIdx.x); i < work.query_heads * half_chunks; i += kThreads) {
    const int32_t first = i % half_chunks * 8;
    bf16* head = queries + int64_t{i / half_chunks} * work.head_size + first;
    rotate8(head, head, cosines + first, cosines + half + first, half, min(8, half - first));
  }
  if (slot < 0) return;

  const int64_t head_elements = int64_t{work.page_size} * work.head_size;  // of a page
  const bf16* keys = queries + int64_t{work.query_heads} * work.head_size;
  const bf16* values = keys + int64_t{work.kv_heads} * work.head_size;
  bf16* cached_keys = work.cache + slot / work.page_size * (2 * work.kv_heads * head_elements) +
                      int64_t{slot % work.page_size} * work.head_size;
  bf16* cached_values = cached_keys + work.kv_heads * head_elements;
  for (int i = static_cast<int>(threadIdx.x); i < work.kv_heads * half_chunks; i += kThreads) {
    const int32_t head = i / half_chunks;
    const int32_t first = i % half_chunks * 8;
    rotate8(keys + int64_t{head} * work.head_size + first, cached_keys + head * head_elements + first,
            cosines + first, cosines + half + first, half, min(8, half - first));
  }
  const int32_t rest_chunks = (work.head_size - work.rotary_size + 7) / 8;
  for (int i = static_cast<int>(threadIdx.x); i < work.kv_heads * rest_chunks; i += kThreads) {
    const int32_t head = i / rest_chunks;
    const int32_t first = work.rotary_size + i % rest_chunks * 8;
    copy8(cached_keys + head * head_elements + first, keys + int64_t{head} * work.head_size + first,
          min(8, work.head_size - first));
  }
  const int32_t chunks = (work.head_size + 7) / 8;
  for (int i = static_cast<int>(threadIdx.x); i < work.kv_heads * chunks; i += kThreads) {
    const int32_t head = i / chunks;
    const int32_t first = i % chunks * 8;
    copy8(cached_values + head * head_elements + first, values + int64_t{head} * work.head_size + first,
          min(8, work.head_size - first));
  }
}

}  // namespace

cudaError_t rope_write_kv(const RopeWriteKv& work, cudaStream_t stream) {
  constexpr int64_t limit = INT32_MAX - kThreads;
  if (work.rows < 1 || work.query_heads < 0 || work.kv_heads < 1 || work.head_size < 1 ||
      work.rotary_size < 0 || work.rotary_size % 2 != 0 || work.rotary_size > work.head_size ||
      work.table_positions < 1 || work.page_size < 1 || work.pages < 1 || work.error == nullptr ||
      int64_t{work.pages} * work.page_size > INT32_MAX ||
      (int64_t{work.query_heads} + work.kv_heads) * work.head_size > limit) {
    return cudaErrorInvalidValue;
  }
  return launch(rope_write_kv_kernel, dim3(static_cast<unsigned>(work.rows)), dim3(kThreads), 0, stream,
                work);
}

}  // namespace llm42::cuda
