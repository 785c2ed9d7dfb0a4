// One block's share of a product: a tile of the output over some segments of the depth.
#pragma once

#include "cuda/kernels/linear/linear_epilogue.h"
#include "cuda/primitives/cp_async.h"
#include "cuda/primitives/mma.h"

namespace llm42::cuda {

// Blocks: how many should fit a multiprocessor, which bounds their registers.
template <int kRows_, int kColumns_, int kWarpRows_, int kWarpColumns_, int kStages_, int kBlocks_>
struct LinearTileShape {
  static constexpr int kRows = kRows_;        // of the output
  static constexpr int kColumns = kColumns_;  // of the output
  static constexpr int kWarpsDown = kRows_ / kWarpRows_;
  static constexpr int kWarpsAcross = kColumns_ / kWarpColumns_;
  static constexpr int kThreads = 32 * kWarpsDown * kWarpsAcross;
  static constexpr int kMmaRows = kWarpRows_ / 16;       // MMA tiles of a warp, downwards
  static constexpr int kMmaColumns = kWarpColumns_ / 8;  // and across
  static constexpr int kStages = kStages_;
  static constexpr int kBlocks = kBlocks_;
  static constexpr int kStageElements = (kRows_ + kColumns_) * kLinearDepthTile;
  // 8 floats of padding put the rows that a warp writes at once into different banks.
  static constexpr int kSumStride = kColumns_ + 8;
  static constexpr int kPipelineBytes = kStages_ * kStageElements * 2;
  static constexpr int kSumBytes = kRows_ * kSumStride * 4;
  static constexpr int kSharedBytes = kPipelineBytes > kSumBytes ? kPipelineBytes : kSumBytes;
  static_assert(kWarpColumns_ % 16 == 0, "gate and up of a feature belong to one warp");
};

// Calls `visit` with the shape of a tile. Stages take at most 96 KiB of shared memory; every GPU of compute
// capability 8.0 and up grants 99 KiB to a block.
template <class Visitor>
cudaError_t with_tile(LinearTile tile, Visitor&& visit) {
  switch (tile) {
    case LinearTile::kRows16Columns64:
      return visit(LinearTileShape<16, 64, 16, 16, 4, 4>{});
    case LinearTile::kRows32Columns64:
      return visit(LinearTileShape<32, 64, 32, 16, 4, 4>{});
    case LinearTile::kRows64Columns64:
      return visit(LinearTileShape<64, 64, 32, 32, 4, 2>{});
    case LinearTile::kRows128Columns64:
      return visit(LinearTileShape<128, 64, 32, 32, 3, 2>{});
    case LinearTile::kRows128Columns128:
      return visit(LinearTileShape<128, 128, 64, 32, 3, 1>{});
  }
  return cudaErrorInvalidValue;
}

// A row of a stage is 8 chunks of 16 bytes; chunk c of row r lies at c ^ (r % 8), so that the 8 rows that
// ldmatrix reads at once lie in different banks.
__device__ __forceinline__ int swizzled(int row, int chunk) {
  return row * kLinearDepthTile + ((chunk ^ (row & 7)) << 3);
}

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

// Which rows of input and output the rows of a tile are: here, consecutive ones.
struct DenseRows {
  int32_t first;
  int32_t count;  // of the whole product

  __device__ __forceinline__ bool has(int row) const { return first + row < count; }
  __device__ __forceinline__ int64_t input(int row) const { return int64_t{first + row}; }
  __device__ __forceinline__ int64_t output(int row) const { return int64_t{first} + row; }
};

// `Rows` has the members of DenseRows. `work.weight` is not read: a block is told its matrix.
template <class Tile, bool kSumsSegments, class Rows>
class LinearBlock {
 public:
  __device__ __forceinline__ LinearBlock(const Linear& work, const Rows& rows, const bf16* weight,
                                         int32_t weight_rows, int32_t first_column, unsigned char* shared)
      : work_(work),
        rows_(rows),
        weight_(weight),
        weight_rows_(weight_rows),
        first_column_(first_column),
        stages_(reinterpret_cast<bf16*>(shared)),
        sums_(reinterpret_cast<float*>(shared)),
        lane_(static_cast<int>(threadIdx.x) & 31),
        warp_row_(static_cast<int>(threadIdx.x) / 32 / Tile::kWarpsAcross * Tile::kMmaRows * 16),
        warp_column_(static_cast<int>(threadIdx.x) / 32 % Tile::kWarpsAcross * Tile::kMmaColumns * 8),
        is_input_aligned_(is_aligned16(work.input) && work.input_stride % 8 == 0) {}

  // Leaves in the accumulators the sum over depth tiles begin .. end - 1. With kSumsSegments a segment ends
  // every `segment_tiles`; without, the range is one segment.
  __device__ __forceinline__ void sum(int begin, int end, int segment_tiles) {
#pragma unroll
    for (int stage = 0; stage < Tile::kStages - 1; ++stage) {
      if (begin + stage < end) load(begin + stage, stage);
      cp_async_commit();
    }
    clear(accumulator_);
    if constexpr (kSumsSegments) clear(total_);
    int stage = 0;
    int left = segment_tiles;
    for (int tile = begin; tile < end; ++tile) {
      cp_async_wait<Tile::kStages - 2>();
      __syncthreads();  // the tile is here for all, and its predecessor's stage is free
      const int next = stage == 0 ? Tile::kStages - 1 : stage - 1;
      if (tile + Tile::kStages - 1 < end) load(tile + Tile::kStages - 1, next);
      cp_async_commit();
      multiply_stage(stage);
      stage = stage == Tile::kStages - 1 ? 0 : stage + 1;
      if constexpr (kSumsSegments) {
        if (--left == 0) {
          end_segment();
          left = segment_tiles;
        }
      }
    }
    if constexpr (kSumsSegments) {
      if (left != segment_tiles) end_segment();
    }
  }

  // Stores the sums of one segment as they are; `segment` is that of the tile's first row.
  __device__ __forceinline__ void store_segment(float* segment, int64_t stride) const {
    for_each_pair([&](int row, int column, float first, float second) {
      if (!rows_.has(row)) return;
      float* place = segment + row * stride + first_column_ + column;
      *reinterpret_cast<float2*>(place) = make_float2(first, second);
    });
  }

  // Stores outputs. The sums go through shared memory, so that threads store 16 bytes each.
  __device__ __forceinline__ void store_outputs() {
    cp_async_wait<0>();
    __syncthreads();
    for_each_pair([&](int row, int column, float first, float second) {
      // 0 + the first segment + the second and so on, as where the segments are summed from the workspace
      *reinterpret_cast<float2*>(sums_ + row * Tile::kSumStride + column) =
          make_float2(0.0f + first, 0.0f + second);
    });
    __syncthreads();
    with_epilogue(work_.epilogue, [&](auto epilogue) {
      constexpr LinearEpilogue kEpilogue = decltype(epilogue)::value;
      constexpr int kSums = kEpilogue == LinearEpilogue::kSwiglu ? 16 : 8;
      constexpr int kChunks = Tile::kColumns / kSums;
      for (int i = static_cast<int>(threadIdx.x); i < Tile::kRows * kChunks; i += Tile::kThreads) {
        const int row = i / kChunks;
        const int chunk = i % kChunks;
        const int32_t column = first_column_ * 8 / kSums + chunk * 8;
        if (!rows_.has(row) || column >= work_.columns) continue;
        float sums[kSums];
#pragma unroll
        for (int half = 0; half < kSums; half += 8) {
          float part[8];
          load8(sums_ + row * Tile::kSumStride + chunk * kSums + half, 8, part);
#pragma unroll
          for (int j = 0; j < 8; ++j) sums[half + j] = part[j];
        }
        finish_outputs<kEpilogue>(work_, rows_.output(row), column, sums);
      }
    });
  }

 private:
  using Accumulator = float[Tile::kMmaRows][Tile::kMmaColumns][4];

  static __device__ __forceinline__ void clear(Accumulator& sums) {
#pragma unroll
    for (int i = 0; i < Tile::kMmaRows; ++i)
#pragma unroll
      for (int j = 0; j < Tile::kMmaColumns; ++j)
#pragma unroll
        for (int e = 0; e < 4; ++e) sums[i][j][e] = 0.0f;
  }

  __device__ __forceinline__ void end_segment() {
#pragma unroll
    for (int i = 0; i < Tile::kMmaRows; ++i)
#pragma unroll
      for (int j = 0; j < Tile::kMmaColumns; ++j)
#pragma unroll
        for (int e = 0; e < 4; ++e) total_[i][j][e] += accumulator_[i][j][e];
    clear(accumulator_);
  }

  // Brings depth tile `tile` of input and weight into a stage. What lies outside them is zero.
  __device__ __forceinline__ void load(int tile, int stage) {
    bf16* input = stages_ + stage * Tile::kStageElements;
    bf16* weight = input + Tile::kRows * kLinearDepthTile;
    const int chunk = static_cast<int>(threadIdx.x) & 7;
    const int thread_row = static_cast<int>(threadIdx.x) >> 3;
    const int depth = tile * kLinearDepthTile + chunk * 8;
    const int bytes = max(0, min(8, work_.depth - depth)) * 2;
    constexpr int kRowsAtOnce = Tile::kThreads / 8;
    static_assert(Tile::kRows % kRowsAtOnce == 0 && Tile::kColumns % kRowsAtOnce == 0);
#pragma unroll
    for (int i = 0; i < Tile::kRows; i += kRowsAtOnce) {
      const int row = thread_row + i;
      const int here = rows_.has(row) ? bytes : 0;
      const bf16* source =
          here > 0 ? work_.input + rows_.input(row) * work_.input_stride + depth : work_.input;
      bf16* place = input + swizzled(row, chunk);
      if (is_input_aligned_) {
        cp_async16(place, source, here);
      } else {
        load_unaligned(place, source, here / 2);
      }
    }
#pragma unroll
    for (int i = 0; i < Tile::kColumns; i += kRowsAtOnce) {
      const int row = thread_row + i;
      const int here = first_column_ + row < weight_rows_ ? bytes : 0;
      const bf16* source =
          here > 0 ? weight_ + int64_t{first_column_ + row} * work_.weight_stride + depth : weight_;
      cp_async16(weight + swizzled(row, chunk), source, here);
    }
  }

  static __device__ __forceinline__ void load_unaligned(bf16* place, const bf16* source, int count) {
    float value[8];
#pragma unroll
    for (int i = 0; i < 8; ++i) value[i] = i < count ? __bfloat162float(source[i]) : 0.0f;
    store16(place, pack8(value));
  }

  __device__ __forceinline__ void multiply_stage(int stage) {
    const bf16* input = stages_ + stage * Tile::kStageElements;
    const bf16* weight = input + Tile::kRows * kLinearDepthTile;
#pragma unroll
    for (int chunk = 0; chunk < kLinearDepthTile / 8; chunk += 2) {
      uint32_t a[Tile::kMmaRows][4];
      uint32_t b[Tile::kMmaColumns][2];
#pragma unroll
      for (int i = 0; i < Tile::kMmaRows; ++i) {
        ldmatrix_x4(a[i], input + swizzled(warp_row_ + i * 16 + (lane_ & 15), chunk + (lane_ >> 4)));
      }
#pragma unroll
      for (int j = 0; j < Tile::kMmaColumns; j += 2) {
        uint32_t two[4];
        const int row = warp_column_ + j * 8 + (lane_ & 7) + (lane_ >> 4) * 8;
        ldmatrix_x4(two, weight + swizzled(row, chunk + ((lane_ >> 3) & 1)));
        b[j][0] = two[0];
        b[j][1] = two[1];
        b[j + 1][0] = two[2];
        b[j + 1][1] = two[3];
      }
#pragma unroll
      for (int i = 0; i < Tile::kMmaRows; ++i)
#pragma unroll
        for (int j = 0; j < Tile::kMmaColumns; ++j) mma_m16n8k16_bf16(accumulator_[i][j], a[i], b[j]);
    }
  }

  // Visits two neighbouring sums at a time, with their place in the tile.
  template <class Visitor>
  __device__ __forceinline__ void for_each_pair(Visitor&& visit) const {
    const Accumulator& sums = kSumsSegments ? total_ : accumulator_;
#pragma unroll
    for (int i = 0; i < Tile::kMmaRows; ++i)
#pragma unroll
      for (int j = 0; j < Tile::kMmaColumns; ++j)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          visit(warp_row_ + i * 16 + half * 8 + (lane_ >> 2), warp_column_ + j * 8 + (lane_ & 3) * 2,
                sums[i][j][2 * half], sums[i][j][2 * half + 1]);
        }
  }

  const Linear& work_;
  const Rows rows_;
  const bf16* const weight_;
  const int32_t weight_rows_;
  const int32_t first_column_;
  bf16* const stages_;
  float* const sums_;
  const int lane_;
  const int warp_row_;
  const int warp_column_;
  const bool is_input_aligned_;
  Accumulator accumulator_;
  Accumulator total_;  // kSumsSegments only
};

}  // namespace llm42::cuda
