#include "cuda/kernels/grouped_linear/grouped_linear.h"

#include "cuda/kernels/grouped_linear/expert_tile.h"
#include "cuda/kernels/linear/linear_segments.h"
#include "cuda/kernels/linear/linear_tile.h"
#include "cuda/primitives/launch.h"

namespace llm42::cuda {

namespace {

// The rows of a tile are slots of one expert, wherever they stand.
struct GatheredRows {
  const int32_t* input_rows;  // in shared memory; -1 where the tile has no row
  const int32_t* slots;

  __device__ __forceinline__ bool has(int row) const { return input_rows[row] >= 0; }
  __device__ __forceinline__ int64_t input(int row) const { return input_rows[row]; }
  __device__ __forceinline__ int64_t output(int row) const { return slots[row]; }
};

template <class Tile, bool kSumsSegments>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    grouped_linear_kernel(const __grid_constant__ GroupedLinear work, LinearShape shape, int32_t row_tiles,
                          int32_t segment_tiles, int64_t workspace_stride) {
  LLM42_DYNAMIC_SHARED(unsigned char, shared);
  __shared__ int32_t input_rows[Tile::kRows];
  __shared__ int32_t slots[Tile::kRows];
  const int thread = static_cast<int>(threadIdx.x);
  if (blockIdx.x == 0) {
    check_starts(work.error, Checked::starts, work.starts, work.experts, shape.rows, thread, Tile::kThreads);
  }
  const TilePlace place = place_of_tile(static_cast<int32_t>(blockIdx.x), row_tiles,
                                        (shape.columns + Tile::kColumns - 1) / Tile::kColumns);
  const ExpertTile tile = find_tile<Tile::kRows>(work.starts, work.experts, shape.rows, place.row);
  if (tile.rows == 0) return;
  for (int row = thread; row < Tile::kRows; row += Tile::kThreads) {
    int32_t slot = -1;
    if (row < tile.rows) {
      const int32_t entry = tile.first + row;
      slot = work.order[entry];
      if (!check_index(work.error, Checked::order, entry, slot, 0, shape.rows - 1)) slot = -1;
    }
    slots[row] = slot;
    input_rows[row] = slot < 0 ? -1 : slot / work.slots_per_row;
  }
  __syncthreads();

  const GatheredRows rows{input_rows, slots};
  const bf16* weight =
      work.product.weight + int64_t{tile.expert} * shape.columns * work.product.weight_stride;
  LinearBlock<Tile, kSumsSegments, GatheredRows> block(work.product, rows, weight, shape.columns,
                                                       place.column * Tile::kColumns, shared);
  const int depth_tiles = (shape.depth + kLinearDepthTile - 1) / kLinearDepthTile;
  if constexpr (kSumsSegments) {
    block.sum(0, depth_tiles, segment_tiles);
    block.store_outputs();
  } else {
    const int begin = static_cast<int>(blockIdx.y) * segment_tiles;
    block.sum(begin, min(begin + segment_tiles, depth_tiles), segment_tiles);
    if (gridDim.y > 1) {
      // Segments lie in the order of `order`, not of the slots.
      const int64_t first = int64_t{blockIdx.y} * shape.rows + tile.first;
      block.store_segment(work.product.workspace + first * workspace_stride, workspace_stride);
    } else {
      block.store_outputs();
    }
  }
}

template <LinearEpilogue kEpilogue>
__global__ void __launch_bounds__(kSumThreads)
    sum_grouped_segments_kernel(const __grid_constant__ GroupedLinear work, int32_t segments,
                                int64_t workspace_stride) {
  const SumPlace place = place_of_sum(work.product.columns);
  if (place.row >= work.product.rows) return;
  const int32_t slot = work.order[place.row];
  if (slot < 0 || slot >= work.product.rows) return;  // the products have reported it
  sum_segments<kEpilogue>(work.product, place, slot, segments, workspace_stride);
}

template <class Tile>
cudaError_t launch_tiles(const GroupedLinear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  const LinearShape shape = linear_shape(work.product);
  const int64_t row_tiles = grouped_row_tiles(grouped_shape(work), Tile::kRows);
  const int64_t column_tiles = (int64_t{shape.columns} + Tile::kColumns - 1) / Tile::kColumns;
  if (row_tiles * column_tiles > INT32_MAX) return cudaErrorInvalidValue;
  const bool sums_segments = schedule.segments > 1 && !schedule.is_split;
  const dim3 grid(static_cast<unsigned>(row_tiles * column_tiles),
                  sums_segments ? 1u : static_cast<unsigned>(schedule.segments));
  return launch(sums_segments ? grouped_linear_kernel<Tile, true> : grouped_linear_kernel<Tile, false>, grid,
                dim3(Tile::kThreads), Tile::kSharedBytes, stream, work, shape,
                static_cast<int32_t>(row_tiles), schedule.segment_tiles,
                linear_workspace_stride(shape, schedule));
}

cudaError_t launch_sum(const GroupedLinear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  const int64_t blocks = sum_blocks(work.product);
  if (blocks > INT32_MAX) return cudaErrorInvalidValue;
  auto* kernel = work.product.epilogue == LinearEpilogue::kSwiglu
                     ? sum_grouped_segments_kernel<LinearEpilogue::kSwiglu>
                     : sum_grouped_segments_kernel<LinearEpilogue::kNone>;
  return launch(kernel, dim3(static_cast<unsigned>(blocks)), dim3(kSumThreads), 0, stream, work,
                schedule.segments, linear_workspace_stride(linear_shape(work.product), schedule));
}

}  // namespace

cudaError_t grouped_linear(const GroupedLinear& work, const LinearSchedule& schedule, cudaStream_t stream) {
  if (!is_valid(work.product, schedule) || work.product.epilogue == LinearEpilogue::kResidual ||
      work.product.bias != nullptr || work.experts < 1 || work.slots_per_row < 1 || work.starts == nullptr ||
      work.order == nullptr || work.error == nullptr) {
    return cudaErrorInvalidValue;
  }
  const cudaError_t error = with_tile(
      schedule.tile, [&](auto tile) { return launch_tiles<decltype(tile)>(work, schedule, stream); });
  if (error != cudaSuccess || !schedule.is_split || schedule.segments == 1) return error;
  return launch_sum(work, schedule, stream);
}

}  // namespace llm42::cuda
