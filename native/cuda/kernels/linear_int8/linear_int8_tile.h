// One block's share of a product with an int8 weight: a tile of the output over some segments of the depth.
// The pipeline is that of linear_tile.h, with stages of kInt8DepthTile elements of the depth.
#pragma once

#include "cuda/kernels/linear_int8/linear_int8_epilogue.h"
#include "cuda/kernels/linear_int8/linear_int8_operands.h"
#include "cuda/primitives/cp_async.h"

namespace llm42::cuda {

// Blocks: how many should fit a multiprocessor, which bounds their registers.
template <class Rows_, int kRows_, int kColumns_, int kWarpRows_, int kWarpColumns_, int kStages_,
          int kBlocks_>
struct Int8TileShape {
  using Rows = Rows_;
  static constexpr int kRows = kRows_;        // of the output
  static constexpr int kColumns = kColumns_;  // of the output
  static constexpr int kWarpsAcross = kColumns_ / kWarpColumns_;
  static constexpr int kThreads = 32 * (kRows_ / kWarpRows_) * kWarpsAcross;
  static constexpr int kMmaRows = kWarpRows_ / 16;       // MMA tiles of a warp, downwards
  static constexpr int kMmaColumns = kWarpColumns_ / 8;  // and across
  static constexpr int kStages = kStages_;
  static constexpr int kBlocks = kBlocks_;
  // 16-byte chunks of a row of a stage
  static constexpr int kInputChunks = kInt8DepthTile * Rows::kElementBytes / 16;
  static constexpr int kWeightChunks = kInt8DepthTile / 16;
  static constexpr int kInputBytes = kRows_ * kInputChunks * 16;
  static constexpr int kStageBytes = kInputBytes + kColumns_ * kWeightChunks * 16;
  // 8 floats of padding put the rows that a warp writes at once into different banks.
  static constexpr int kSumStride = kColumns_ + 8;
  static constexpr int kSumBytes = kRows_ * kSumStride * 4;
  static constexpr int kPipelineBytes = kStages_ * kStageBytes;
  static constexpr int kSharedBytes = kPipelineBytes > kSumBytes ? kPipelineBytes : kSumBytes;
  static_assert(kWarpColumns_ % 16 == 0, "gate and up of a feature belong to one warp");
  static_assert(kRows_ * kInputChunks % kThreads == 0 && kColumns_ * kWeightChunks % kThreads == 0);
};

// Byte of chunk `chunk` of row `row` in a stage whose rows have kChunks of them. The chunks of 8 rows that
// ldmatrix reads at once lie in different banks.
template <int kChunks>
__device__ __forceinline__ int swizzled_byte(int row, int chunk) {
  static_assert(kChunks % 8 == 0);
  return (row * kChunks + (chunk ^ (row & 7))) * 16;
}

template <class Tile, bool kSumsSegments>
class LinearInt8Block {
 public:
  using Sum = typename Tile::Rows::Sum;

  __device__ __forceinline__ LinearInt8Block(const LinearInt8& work, int32_t weight_rows, int32_t first_row,
                                             int32_t first_column, unsigned char* shared)
      : work_(work),
        weight_rows_(weight_rows),
        first_row_(first_row),
        first_column_(first_column),
        stages_(shared),
        sums_(reinterpret_cast<float*>(shared)),
        lane_(static_cast<int>(threadIdx.x) & 31),
        warp_row_(static_cast<int>(threadIdx.x) / 32 / Tile::kWarpsAcross * Tile::kMmaRows * 16),
        warp_column_(static_cast<int>(threadIdx.x) / 32 % Tile::kWarpsAcross * Tile::kMmaColumns * 8),
        is_input_aligned_(is_aligned16(work.product.input) && work.product.input_stride % 8 == 0) {}

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

  // Stores the sums of one segment as they are.
  __device__ __forceinline__ void store_segment(Sum* segment, int64_t stride) const {
    for_each_pair([&](int row, int column, Sum first, Sum second) {
      if (first_row_ + row >= work_.product.rows) return;
      Sum* place = segment + (first_row_ + row) * stride + first_column_ + column;
      place[0] = first;
      place[1] = second;
    });
  }

  // Stores outputs. The sums go through shared memory, so that threads store 16 bytes each.
  __device__ __forceinline__ void store_outputs() {
    cp_async_wait<0>();
    __syncthreads();
    for_each_pair([&](int row, int column, Sum first, Sum second) {
      // 0 + the first segment + the second and so on, as where the segments are summed from the workspace
      *reinterpret_cast<float2*>(sums_ + row * Tile::kSumStride + column) =
          make_float2(static_cast<float>(Sum{} + first), static_cast<float>(Sum{} + second));
    });
    __syncthreads();
    with_epilogue(work_.product.epilogue, [&](auto epilogue) {
      constexpr LinearEpilogue kEpilogue = decltype(epilogue)::value;
      constexpr int kSums = kSumsAtOnce<kEpilogue>;
      constexpr int kChunks = Tile::kColumns / kSums;
      for (int i = static_cast<int>(threadIdx.x); i < Tile::kRows * kChunks; i += Tile::kThreads) {
        const int row = i / kChunks;
        const int chunk = i % kChunks;
        const int32_t packed = first_column_ / kSums + chunk;
        if (first_row_ + row >= work_.product.rows || packed * 8 >= work_.product.columns) continue;
        float sums[kSums];
#pragma unroll
        for (int half = 0; half < kSums; half += 8) {
          float part[8];
          load8(sums_ + row * Tile::kSumStride + chunk * kSums + half, 8, part);
#pragma unroll
          for (int j = 0; j < 8; ++j) sums[half + j] = part[j];
        }
        finish_int8_outputs<kEpilogue>(work_, int64_t{first_row_} + row, packed, sums);
      }
    });
  }

 private:
  using Accumulator = Sum[Tile::kMmaRows][Tile::kMmaColumns][4];

  static __device__ __forceinline__ void clear(Accumulator& sums) {
#pragma unroll
    for (int i = 0; i < Tile::kMmaRows; ++i)
#pragma unroll
      for (int j = 0; j < Tile::kMmaColumns; ++j)
#pragma unroll
        for (int e = 0; e < 4; ++e) sums[i][j][e] = Sum{};
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

  // Brings depth tile `tile` of rows and weight into a stage. What lies outside them is zero.
  __device__ __forceinline__ void load(int tile, int stage) {
    unsigned char* input = stages_ + stage * Tile::kStageBytes;
    unsigned char* weight = input + Tile::kInputBytes;
    const int first = tile * kInt8DepthTile;
#pragma unroll 4  // more would cost registers
    for (int i = 0; i < Tile::kRows * Tile::kInputChunks; i += Tile::kThreads) {
      const int row = (static_cast<int>(threadIdx.x) + i) / Tile::kInputChunks;
      const int chunk = (static_cast<int>(threadIdx.x) + i) % Tile::kInputChunks;
      const bool is_here = first_row_ + row < work_.product.rows;
      load_input(input + swizzled_byte<Tile::kInputChunks>(row, chunk), is_here, int64_t{first_row_} + row,
                 first + chunk * (16 / Tile::Rows::kElementBytes));
    }
#pragma unroll
    for (int i = 0; i < Tile::kColumns * Tile::kWeightChunks; i += Tile::kThreads) {
      const int row = (static_cast<int>(threadIdx.x) + i) / Tile::kWeightChunks;
      const int chunk = (static_cast<int>(threadIdx.x) + i) % Tile::kWeightChunks;
      const int depth = first + chunk * 16;
      const bool is_here = first_column_ + row < weight_rows_ && depth < work_.product.depth;
      const int8_t* source =
          is_here ? work_.weight + int64_t{first_column_ + row} * work_.weight_stride + depth : work_.weight;
      cp_async16(weight + swizzled_byte<Tile::kWeightChunks>(row, chunk), source, is_here ? 16 : 0);
    }
  }

  // 16 bytes of row `row` from element `depth` on.
  __device__ __forceinline__ void load_input(unsigned char* place, bool is_here, int64_t row, int depth) {
    if constexpr (Tile::Rows::kElementBytes == 1) {
      is_here = is_here && depth < work_.product.depth;
      const int8_t* source = is_here ? work_.rows + row * work_.rows_stride + depth : work_.rows;
      cp_async16(place, source, is_here ? 16 : 0);
    } else {
      const int count = is_here ? max(0, min(8, work_.product.depth - depth)) : 0;
      const bf16* source = work_.product.input;
      if (count > 0) source += row * work_.product.input_stride + depth;
      if (is_input_aligned_) {
        cp_async16(place, source, count * 2);
      } else {
        float value[8];
#pragma unroll
        for (int i = 0; i < 8; ++i) value[i] = i < count ? __bfloat162float(source[i]) : 0.0f;
        store16(place, pack8(value));
      }
    }
  }

  __device__ __forceinline__ void multiply_stage(int stage) {
    const unsigned char* input = stages_ + stage * Tile::kStageBytes;
    const unsigned char* weight = input + Tile::kInputBytes;
#pragma unroll
    for (int span = 0; span < kInt8DepthTile / 32; ++span) {
      uint32_t raw[Tile::kMmaColumns][2];
#pragma unroll
      for (int j = 0; j < Tile::kMmaColumns; j += 2) {
        uint32_t two[4];
        const int row = warp_column_ + j * 8 + (lane_ & 7) + (lane_ >> 4) * 8;
        ldmatrix_x4(two, weight + swizzled_byte<Tile::kWeightChunks>(row, 2 * span + ((lane_ >> 3) & 1)));
        raw[j][0] = two[0];
        raw[j][1] = two[1];
        raw[j + 1][0] = two[2];
        raw[j + 1][1] = two[3];
      }
      Tile::Rows::multiply(accumulator_, raw, [&](uint32_t(&a)[4], int i, int chunk) {
        const int row = warp_row_ + i * 16 + (lane_ & 15);
        const int first = span * 2 * Tile::Rows::kElementBytes + chunk;
        ldmatrix_x4(a, input + swizzled_byte<Tile::kInputChunks>(row, first + (lane_ >> 4)));
      });
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

  const LinearInt8& work_;
  const int32_t weight_rows_;
  const int32_t first_row_;
  const int32_t first_column_;
  unsigned char* const stages_;
  float* const sums_;
  const int lane_;
  const int warp_row_;
  const int warp_column_;
  const bool is_input_aligned_;
  Accumulator accumulator_;
  Accumulator total_;  // kSumsSegments only
};

}  // namespace llm42::cuda
