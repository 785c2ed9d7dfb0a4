#include "cuda/kernels/linear/linear.h"

#include "cuda/kernels/linear/linear_segments.h"
#include "cuda/kernels/linear/linear_tile.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

template <class Tile, bool kSumsSegments>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    linear_kernel(const __grid_constant__ Linear work, LinearShape shape, int32_t segment_tiles,
                  int64_t workspace_stride) {
  LLM42_DYNAMIC_SHARED(unsigned char, shared);
  const TilePlace place =
      place_of_tile(static_cast<int32_t>(blockIdx.x), (shape.rows + Tile::kRows - 1) / Tile::kRows,
                    (shape.columns + Tile::kColumns - 1) / Tile::kColumns);
  const DenseRows rows{place.row * Tile::kRows, work.rows};
  LinearBlock<Tile, kSumsSegments, DenseRows> block(work, rows, work.weight, shape.columns,
                                                    place.column * Tile::kColumns, shared);
  const int depth_tiles = (shape.depth + kLinearDepthTile - 1) / kLinearDepthTile;
  if constexpr (kSumsSegments) {
    block.sum(0, depth_tiles, segment_tiles);
    block.store_outputs();
  } else {
    const int begin = static_cast<int>(blockIdx.y) * segment_tiles;
    block.sum(begin, min(begin + segment_tiles, depth_tiles), segment_tiles);
    if (gridDim.y > 1) {
      const int64_t first = int64_t{blockIdx.y} * shape.rows + rows.first;
      block.store_segment(work.workspace + first * workspace_stride, workspace_stride);
    } else {
      block.store_outputs();
    }
  }
}

template <LinearEpilogue kEpilogue>
__global__ void __launch_bounds__(kSumThreads)
    sum_segments_kernel(const __grid_constant__ Linear work, int32_t segments, int64_t workspace_stride) {
  const SumPlace place = place_of_sum(work.columns);
  if (place.row >= work.rows) return;
  sum_segments<kEpilogue>(work, place, place.row, segments, workspace_stride);
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

cudaError_t launch_products(const Linear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  return with_tile(schedule.tile,
                   [&](auto tile) { return launch_tiles<decltype(tile)>(work, schedule, stream); });
}

cudaError_t launch_sum(const Linear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  const int64_t blocks = sum_blocks(work);
  if (blocks > INT32_MAX) return cudaErrorInvalidValue;
  auto* kernel = sum_segments_kernel<LinearEpilogue::kNone>;
  if (work.epilogue == LinearEpilogue::kResidual) kernel = sum_segments_kernel<LinearEpilogue::kResidual>;
  if (work.epilogue == LinearEpilogue::kSwiglu) kernel = sum_segments_kernel<LinearEpilogue::kSwiglu>;
  return launch(kernel, dim3(static_cast<unsigned>(blocks)), dim3(kSumThreads), 0, stream, work,
                schedule.segments, linear_workspace_stride(linear_shape(work), schedule));
}

}  // namespace

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

cudaError_t linear(const Linear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  if (!is_valid(work, schedule)) return cudaErrorInvalidValue;
  const cudaError_t error = launch_products(work, schedule, stream);
  if (error != cudaSuccess || !schedule.is_split || schedule.segments == 1) return error;
  return launch_sum(work, schedule, stream);
}

}  // namespace llm42::cuda
