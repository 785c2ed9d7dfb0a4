/**
 * @file weight.h
 * Weight matrices: handed over once, packed by the backend into a layout of its choice.
 */
#ifndef LLM42_WEIGHT_H
#define LLM42_WEIGHT_H

#include "llm42/common.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** How the parts of a weight are joined. */
typedef int32_t llm42_weight_layout;
/** Values of ::llm42_weight_layout. */
enum llm42_weight_layout_value {
  /** Rows of part 0, then of part 1, and so on (as in a fused q, k, v projection). */
  LLM42_WEIGHT_LAYOUT_ROWS = 0,
  /** Exactly two parts of equal height (per group), gate then up; only for ::LLM42_EPILOGUE_SWIGLU. */
  LLM42_WEIGHT_LAYOUT_GATE_UP = 1
};

/** One row-major source matrix of `rows` x ::llm42_weight_params::columns elements in host memory. */
typedef struct llm42_weight_part {
  /** First element; no alignment is needed. Only read during the call. */
  const void* data;
  /** Bytes at `data`; must equal rows x columns x element size. */
  int64_t size;
  /** Output features of this part, 1 or more. */
  int64_t rows;
} llm42_weight_part;

/** Parameters of llm42_weight_create(). */
typedef struct llm42_weight_params {
  /** sizeof(llm42_weight_params). */
  uint32_t struct_size;
  /** dtype of the source: f32, f16 or bf16. */
  llm42_dtype dtype;
  /**
   * dtype to keep the elements in: f32, f16, bf16 or i8; default: that of the source, which is then kept
   * exactly. The cpu backend has all four, the cuda backend bf16 and i8; others are
   * ::LLM42_STATUS_UNSUPPORTED, as is i8 for several matrices on the cuda backend. f32, f16 and bf16 round
   * each element to the nearest value, ties to even.
   *
   * i8 quantises each output feature by itself: scale = the largest magnitude of its row / 127 in f32,
   * element = the integer nearest to value / scale, ties to even, in -127..127. A row whose scale would be
   * below 2^-126, the smallest normal f32, counts as zeros, exactly. A source with an infinity or a NaN is
   * ::LLM42_STATUS_INVALID_ARGUMENT; the message names its part, row and column.
   */
  llm42_dtype format;
  /** How the parts are joined. */
  llm42_weight_layout layout;
  /** Input features (K), 1..2^24. */
  int32_t columns;
  /** Number of parts, 1..64 per group, the same for each group. */
  int32_t part_count;
  /** The parts; those of group 0, then those of group 1, and so on. */
  const llm42_weight_part* parts;
  /** Matrices of one shape in this weight, 1..1024; 0 stands for 1. One matrix is for llm42_linear(), several
   * (one per expert) are for llm42_grouped_linear(). */
  int32_t groups;
  /** Must be 0. */
  int32_t reserved;
} llm42_weight_params;

/** What llm42_weight_get_info() reports. */
typedef struct llm42_weight_info {
  /** sizeof(llm42_weight_info), set by the caller. */
  uint32_t struct_size;
  /** dtype of the packed elements. */
  llm42_dtype format;
  /** How the parts were joined. */
  llm42_weight_layout layout;
  /** Input features (K). */
  int32_t columns;
  /** Output features (N) of one matrix, over all its parts. */
  int64_t rows;
  /** Bytes of device memory held. */
  int64_t size;
  /** Matrices in this weight, 1 or more. */
  int32_t groups;
  /** 0. */
  int32_t reserved;
  /**
   * Where the packed elements lie in host memory, `size` bytes, as long as the weight lives; NULL on a device
   * whose memory the host does not reach. Only to be read, except as llm42_weight_create_unfilled() says.
   */
  void* data;
  /**
   * Version of the layout at `data`, 1 or more: equal sources of equal shape, packed by any build of that
   * version, for any instruction set, are equal there byte for byte. 0 where `data` is NULL.
   */
  int32_t packing;
  /** 0. */
  int32_t reserved_2;
} llm42_weight_info;

/** Packs a weight matrix, or several of one shape. The source is not needed after the call. */
LLM42_API llm42_status llm42_weight_create(llm42_stream* stream, const llm42_weight_params* params,
                                           llm42_weight** weight) LLM42_NOEXCEPT;

/**
 * Makes a weight of zeros in a shape that llm42_weight_get_info() reported of another, in this process or in
 * one before, to be filled with what that one held: write `size` bytes to llm42_weight_info::data of the new
 * weight, from as many threads as wanted, before it is first used. Of `shape` the field `data` is not looked
 * at. Errors: ::LLM42_STATUS_INVALID_ARGUMENT where `packing` or `size` is not what this library packs such a
 * shape into; ::LLM42_STATUS_OUT_OF_MEMORY; ::LLM42_STATUS_UNSUPPORTED where the host does not reach the
 * memory of weights, as on the cuda backends.
 */
LLM42_API llm42_status llm42_weight_create_unfilled(llm42_stream* stream, const llm42_weight_info* shape,
                                                    llm42_weight** weight) LLM42_NOEXCEPT;

/** Frees a weight. Work that uses it must have been synchronised. */
LLM42_API void llm42_weight_destroy(llm42_weight* weight) LLM42_NOEXCEPT;

/** Fills `info`. */
LLM42_API llm42_status llm42_weight_get_info(const llm42_weight* weight,
                                             llm42_weight_info* info) LLM42_NOEXCEPT;

#if defined(__cplusplus)
}
#endif
#endif
