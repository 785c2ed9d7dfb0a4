#include "cuda/kernels/linear/linear.h"

#include "cuda/kernels/linear/linear_tile.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

// Tiles of the output, numbered so that blocks that run at the same time share rows of input and of weight.
struct TilePlace {
  int32_t row;
  int32_t column;
};

__device__ __forceinline__ TilePlace place_of_tile(int32_t index, int32_t row_tiles, int32_t column_tiles) {
  constexpr int32_t kBand = 16;  // row tiles that go through the columns together
  const int32_t band = index / (kBand * column_tiles);
  const int32_t inside = index - band * (kBand * column_tiles);
  const int32_t height = min(kBand, row_tiles - band * kBand);
  return {band * kBand + inside % height, inside / height};
}

template <class Tile, bool kSumsSegments>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    linear_kernel(const __grid_constant__ Linear work, LinearShape shape, int32_t segment_tiles,
                  int64_t workspace_stride) {
  LLM42_DYNAMIC_SHARED(unsigned char, shared);
  const TilePlace place =
      place_of_tile(static_cast<int32_t>(blockIdx.x), (shape.rows + Tile::kRows - 1) / Tile::kRows,
                    (shape.columns + Tile::kColumns - 1) / Tile::kColumns);
  LinearBlock<Tile, kSumsSegments> block(work, shape.columns, place.row * Tile::kRows,
                                         place.column * Tile::kColumns, shared);
  const int depth_tiles = (shape.depth + kLinearDepthTile - 1) / kLinearDepthTile;
  if constexpr (kSumsSegments) {
    block.sum(0, depth_tiles, segment_tiles);
    block.store_outputs();
  } else {
    const int begin = static_cast<int>(blockIdx.y) * segment_tiles;
    block.sum(begin, min(begin + segment_tiles, depth_tiles), segment_tiles);
    if (gridDim.y > 1) {
      block.store_segment(work.workspace + int64_t{blockIdx.y} * shape.rows * workspace_stride,
                          workspace_stride);
    } else {
      block.store_outputs();
    }
  }
}

constexpr int kSumThreads = 128;

// Adds the segments of the workspace in ascending order: a thread for 8 outputs of a row.
template <LinearEpilogue kEpilogue>
__global__ void __launch_bounds__(kSumThreads)
    sum_segments_kernel(const __grid_constant__ Linear work, int32_t segments, int64_t workspace_stride) {
  constexpr int kSums = kEpilogue == LinearEpilogue::kSwiglu ? 16 : 8;
  const int32_t chunks = (work.columns + 7) / 8;
  const int64_t index = int64_t{blockIdx.x} * kSumThreads + threadIdx.x;
  const int64_t row = index / chunks;
  const int32_t chunk = static_cast<int32_t>(index % chunks);
  if (row >= work.rows) return;
  float sums[kSums];
#pragma unroll
  for (int i = 0; i < kSums; ++i) sums[i] = 0.0f;
  const float* source = work.workspace + row * workspace_stride + int64_t{chunk} * kSums;
#pragma unroll 4
  for (int segment = 0; segment < segments; ++segment) {
#pragma unroll
    for (int part = 0; part < kSums; part += 8) {
      float more[8];
      load8(source + segment * work.rows * workspace_stride + part, 8, more);
#pragma unroll
      for (int i = 0; i < 8; ++i) sums[part + i] += more[i];
    }
  }
  finish_outputs<kEpilogue>(work, row, chunk * 8, sums);
}

template <class Tile>
cudaError_t launch_tiles(const Linear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  const LinearShape shape = linear_shape(work);
  const int64_t row_tiles = (int64_t{shape.rows} + Tile::kRows - 1) / Tile::kRows;
  const int64_t column_tiles = (int64_t{shape.columns} + Tile::kColumns - 1) / Tile::kColumns;
  if (row_tiles * column_tiles > INT32_MAX) return cudaErrorInvalidValue;
  const bool sums_segments = schedule.segments > 1 && !schedule.is_split;
  const dim3 grid(static_cast<unsigned>(row_tiles * column_tiles),
                  sums_segments ? 1u : static_cast<unsigned>(schedule.segments));
  return launch(sums_segments ? linear_kernel<Tile, true> : linear_kernel<Tile, false>, grid,
                dim3(Tile::kThreads), Tile::kSharedBytes, stream, work, shape, schedule.segment_tiles,
                linear_workspace_stride(shape, schedule));
}

// At most 96 KiB of shared memory, which every GPU of compute capability 8.0 and up grants to a block.
cudaError_t launch_products(const Linear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  switch (schedule.tile) {
    case LinearTile::kRows16Columns64:
      return launch_tiles<LinearTileShape<16, 64, 16, 16, 4, 4>>(work, schedule, stream);
    case LinearTile::kRows32Columns64:
      return launch_tiles<LinearTileShape<32, 64, 32, 16, 4, 4>>(work, schedule, stream);
    case LinearTile::kRows64Columns64:
      return launch_tiles<LinearTileShape<64, 64, 32, 32, 4, 2>>(work, schedule, stream);
    case LinearTile::kRows128Columns64:
      return launch_tiles<LinearTileShape<128, 64, 32, 32, 3, 2>>(work, schedule, stream);
    case LinearTile::kRows128Columns128:
      return launch_tiles<LinearTileShape<128, 128, 64, 32, 3, 1>>(work, schedule, stream);
  }
  return cudaErrorInvalidValue;
}

cudaError_t launch_sum(const Linear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  const int64_t threads = int64_t{work.rows} * ((work.columns + 7) / 8);
  const int64_t blocks = (threads + kSumThreads - 1) / kSumThreads;
  if (blocks > INT32_MAX) return cudaErrorInvalidValue;
  auto* kernel = sum_segments_kernel<LinearEpilogue::kNone>;
  if (work.epilogue == LinearEpilogue::kResidual) kernel = sum_segments_kernel<LinearEpilogue::kResidual>;
  if (work.epilogue == LinearEpilogue::kSwiglu) kernel = sum_segments_kernel<LinearEpilogue::kSwiglu>;
  return launch(kernel, dim3(static_cast<unsigned>(blocks)), dim3(kSumThreads), 0, stream, work,
                schedule.segments, linear_workspace_stride(linear_shape(work), schedule));
}

bool is_valid(const Linear& work, const LinearSchedule& schedule) {
  // Sizes up to the next whole tile are counted in 32 bits, twice the columns where they are gate and up.
  constexpr int32_t most = INT32_MAX / 2 - 128;
  const int64_t depth_tiles = (int64_t{work.depth} + kLinearDepthTile - 1) / kLinearDepthTile;
  return work.rows > 0 && work.rows <= most && work.columns > 0 && work.columns <= most && work.depth > 0 &&
         work.depth <= most && work.output != nullptr &&
         (work.epilogue != LinearEpilogue::kResidual || work.residual != nullptr) &&
         (reinterpret_cast<uintptr_t>(work.weight) & 15) == 0 && work.weight_stride % 8 == 0 &&
         work.weight_stride >= work.depth && (reinterpret_cast<uintptr_t>(work.workspace) & 15) == 0 &&
         work.workspace_bytes >= linear_workspace_bytes(linear_shape(work), schedule) &&
         schedule.segment_tiles > 0 && schedule.segments > 0 &&
         int64_t{schedule.segment_tiles} * schedule.segments >= depth_tiles &&
         int64_t{schedule.segment_tiles} * (schedule.segments - 1) < depth_tiles;
}

}  // namespace

cudaError_t linear(const Linear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  if (!is_valid(work, schedule)) return cudaErrorInvalidValue;
  const cudaError_t error = launch_products(work, schedule, stream);
  if (error != cudaSuccess || !schedule.is_split || schedule.segments == 1) return error;
  return launch_sum(work, schedule, stream);
}

}  // namespace llm42::cuda
