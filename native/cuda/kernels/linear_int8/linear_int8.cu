#include "cuda/kernels/linear_int8/linear_int8.h"

#include <type_traits>

#include "cuda/kernels/linear_int8/linear_int8_tile.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

template <class Tile, bool kSumsSegments>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    linear_int8_kernel(const __grid_constant__ LinearInt8 work, LinearShape shape, int32_t segment_tiles,
                       int64_t workspace_stride) {
  LLM42_DYNAMIC_SHARED(unsigned char, shared);
  // Blocks that run at the same time share rows of the weight.
  const int32_t row_tiles = (shape.rows + Tile::kRows - 1) / Tile::kRows;
  const auto tile = static_cast<int32_t>(blockIdx.x);
  LinearInt8Block<Tile, kSumsSegments> block(work, shape.columns, tile % row_tiles * Tile::kRows,
                                             tile / row_tiles * Tile::kColumns, shared);
  const int depth_tiles = (shape.depth + kInt8DepthTile - 1) / kInt8DepthTile;
  if constexpr (kSumsSegments) {
    block.sum(0, depth_tiles, segment_tiles);
    block.store_outputs();
  } else {
    const int begin = static_cast<int>(blockIdx.y) * segment_tiles;
    block.sum(begin, min(begin + segment_tiles, depth_tiles), segment_tiles);
    if (gridDim.y > 1) {
      auto* segments = reinterpret_cast<typename Tile::Rows::Sum*>(work.product.workspace);
      block.store_segment(segments + int64_t{blockIdx.y} * shape.rows * workspace_stride, workspace_stride);
    } else {
      block.store_outputs();
    }
  }
}

constexpr int kSumThreads = 128;

// Adds the segments of the workspace in ascending order: a thread for 8 outputs of a row.
template <class Rows, LinearEpilogue kEpilogue>
__global__ void __launch_bounds__(kSumThreads)
    sum_int8_segments_kernel(const __grid_constant__ LinearInt8 work, int32_t segments,
                             int64_t workspace_stride) {
  using Sum = typename Rows::Sum;
  constexpr int kSums = kSumsAtOnce<kEpilogue>;
  const int32_t chunks = (work.product.columns + 7) / 8;
  const int64_t index = int64_t{blockIdx.x} * kSumThreads + threadIdx.x;
  const int64_t row = index / chunks;
  const auto chunk = static_cast<int32_t>(index % chunks);
  if (row >= work.product.rows) return;
  Sum totals[kSums];
#pragma unroll
  for (int i = 0; i < kSums; ++i) totals[i] = Sum{};
  const Sum* source =
      reinterpret_cast<const Sum*>(work.product.workspace) + row * workspace_stride + int64_t{chunk} * kSums;
#pragma unroll 4
  for (int segment = 0; segment < segments; ++segment) {
    const Sum* here = source + segment * work.product.rows * workspace_stride;
#pragma unroll
    for (int part = 0; part < kSums; part += 4) {
      const uint4 bits = load16(here + part);
      const uint32_t more[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if constexpr (std::is_same_v<Sum, float>) {
          totals[part + i] += __uint_as_float(more[i]);
        } else {
          totals[part + i] += static_cast<int32_t>(more[i]);
        }
      }
    }
  }
  float sums[kSums];
#pragma unroll
  for (int i = 0; i < kSums; ++i) sums[i] = static_cast<float>(totals[i]);
  finish_int8_outputs<kEpilogue>(work, row, chunk, sums);
}

template <class Tile>
cudaError_t launch_tiles(const LinearInt8& work, const LinearSchedule& schedule, cudaStream_t stream) {
  const LinearShape shape = linear_shape(work.product);
  const int64_t row_tiles = (int64_t{shape.rows} + Tile::kRows - 1) / Tile::kRows;
  const int64_t column_tiles = (int64_t{shape.columns} + Tile::kColumns - 1) / Tile::kColumns;
  if (row_tiles * column_tiles > INT32_MAX) return cudaErrorInvalidValue;
  auto tiles = static_cast<unsigned>(row_tiles * column_tiles);
  const int64_t stride = linear_workspace_stride(shape, schedule);
  const auto run = [&](auto* kernel, unsigned segments, int32_t segment_tiles) {
    return launch(kernel, dim3(tiles, segments), dim3(Tile::kThreads), Tile::kSharedBytes, stream, work,
                  shape, segment_tiles, stride);
  };
  const auto segments = static_cast<unsigned>(schedule.segments);
  if (segments == 1 || schedule.is_split) {
    return run(linear_int8_kernel<Tile, false>, segments, schedule.segment_tiles);
  }
  if constexpr (std::is_same_v<typename Tile::Rows::Sum, float>) {
    return run(linear_int8_kernel<Tile, true>, 1, schedule.segment_tiles);
  } else {
    // Exact sums have no segments to keep apart.
    return run(linear_int8_kernel<Tile, false>, 1, schedule.segment_tiles * schedule.segments);
  }
}

// At most 96 KiB of shared memory, which every GPU of compute capability 8.0 and up grants to a block.
cudaError_t launch_bf16_rows(const LinearInt8& work, const LinearSchedule& schedule, cudaStream_t stream) {
  switch (schedule.tile) {
    case LinearTile::kRows16Columns64:
      return launch_tiles<Int8TileShape<Bf16Rows, 16, 64, 16, 16, 4, 4>>(work, schedule, stream);
    case LinearTile::kRows32Columns64:
      return launch_tiles<Int8TileShape<Bf16Rows, 32, 64, 32, 16, 4, 3>>(work, schedule, stream);
    case LinearTile::kRows64Columns64:
      return launch_tiles<Int8TileShape<Bf16Rows, 64, 64, 32, 32, 3, 2>>(work, schedule, stream);
    case LinearTile::kRows128Columns64:
      return launch_tiles<Int8TileShape<Bf16Rows, 128, 64, 32, 32, 2, 2>>(work, schedule, stream);
    case LinearTile::kRows128Columns128:
      return launch_tiles<Int8TileShape<Bf16Rows, 128, 128, 64, 32, 2, 1>>(work, schedule, stream);
  }
  return cudaErrorInvalidValue;
}

cudaError_t launch_int8_rows(const LinearInt8& work, const LinearSchedule& schedule, cudaStream_t stream) {
  switch (schedule.tile) {
    case LinearTile::kRows16Columns64:
      return launch_tiles<Int8TileShape<Int8Rows, 16, 64, 16, 16, 4, 4>>(work, schedule, stream);
    case LinearTile::kRows32Columns64:
      return launch_tiles<Int8TileShape<Int8Rows, 32, 64, 32, 16, 4, 4>>(work, schedule, stream);
    case LinearTile::kRows64Columns64:
      return launch_tiles<Int8TileShape<Int8Rows, 64, 64, 32, 32, 4, 2>>(work, schedule, stream);
    case LinearTile::kRows128Columns64:
      return launch_tiles<Int8TileShape<Int8Rows, 128, 64, 32, 32, 3, 2>>(work, schedule, stream);
    case LinearTile::kRows128Columns128:
      return launch_tiles<Int8TileShape<Int8Rows, 128, 128, 64, 32, 3, 1>>(work, schedule, stream);
  }
  return cudaErrorInvalidValue;
}

template <class Rows>
cudaError_t launch_sum(const LinearInt8& work, const LinearSchedule& schedule, cudaStream_t stream) {
  const int64_t threads = int64_t{work.product.rows} * ((work.product.columns + 7) / 8);
  const int64_t blocks = (threads + kSumThreads - 1) / kSumThreads;
  if (blocks > INT32_MAX) return cudaErrorInvalidValue;
  auto* kernel = sum_int8_segments_kernel<Rows, LinearEpilogue::kNone>;
  if (work.product.epilogue == LinearEpilogue::kResidual) {
    kernel = sum_int8_segments_kernel<Rows, LinearEpilogue::kResidual>;
  }
  if (work.product.epilogue == LinearEpilogue::kSwiglu) {
    kernel = sum_int8_segments_kernel<Rows, LinearEpilogue::kSwiglu>;
  }
  return launch(kernel, dim3(static_cast<unsigned>(blocks)), dim3(kSumThreads), 0, stream, work,
                schedule.segments, linear_workspace_stride(linear_shape(work.product), schedule));
}

bool is_aligned(const void* address) {
  return address != nullptr && (reinterpret_cast<uintptr_t>(address) & 15) == 0;
}

bool is_valid(const LinearInt8& work, const LinearSchedule& schedule) {
  const Linear& product = work.product;
  // Sizes up to the next whole tile are counted in 32 bits, twice the columns where they are gate and up.
  constexpr int32_t most = INT32_MAX / 2 - 128;
  const int32_t most_depth = work.rows == nullptr ? most : kMostInt8Products;
  const int64_t depth_tiles = (int64_t{product.depth} + kInt8DepthTile - 1) / kInt8DepthTile;
  return product.rows > 0 && product.rows <= most && product.columns > 0 && product.columns <= most &&
         product.depth > 0 && product.depth <= most_depth && product.output != nullptr &&
         (product.epilogue != LinearEpilogue::kResidual || product.residual != nullptr) &&
         is_aligned(work.weight) && work.weight_stride % kInt8Group == 0 &&
         work.weight_stride >= int8_stride(product.depth) && is_aligned(work.weight_scale) &&
         (work.rows == nullptr
              ? product.input != nullptr
              : is_aligned(work.rows) && work.rows_stride % kInt8Group == 0 &&
                    work.rows_stride >= int8_stride(product.depth) && work.row_scale != nullptr) &&
         (reinterpret_cast<uintptr_t>(product.workspace) & 15) == 0 &&
         product.workspace_bytes >= linear_workspace_bytes(linear_shape(product), schedule) &&
         schedule.segment_tiles > 0 && schedule.segments > 0 &&
         int64_t{schedule.segment_tiles} * schedule.segments >= depth_tiles &&
         int64_t{schedule.segment_tiles} * (schedule.segments - 1) < depth_tiles;
}

}  // namespace

cudaError_t linear_int8(const LinearInt8& work, const LinearSchedule& schedule, cudaStream_t stream) {
  if (!is_valid(work, schedule)) return cudaErrorInvalidValue;
  const bool is_int8 = work.rows != nullptr;
  const cudaError_t error =
      is_int8 ? launch_int8_rows(work, schedule, stream) : launch_bf16_rows(work, schedule, stream);
  if (error != cudaSuccess || !schedule.is_split || schedule.segments == 1) return error;
  return is_int8 ? launch_sum<Int8Rows>(work, schedule, stream)
                 : launch_sum<Bf16Rows>(work, schedule, stream);
}

}  // namespace llm42::cuda
