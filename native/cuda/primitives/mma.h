// Tensor-core products of a warp, and the loads that feed them. All 32 lanes call each of these together.
//
// The layouts are those of the PTX manual. With g = lane / 4 and t = lane % 4, and P elements a register (2
// of 16 bits, 4 of 8 bits):
//   a[i]: row g + 8 * (i % 2), columns P * t + 4 * P * (i / 2) and on
//   b[i]: column g, rows P * t + 4 * P * i and on
//   d[i]: row g + 8 * (i / 2), column 2 * t + i % 2
//
// The hardware adds the products of one mma in an order of its own, the emulator in ascending order: floating
// point results of the two agree within rounding, not in bits. Each is a function of its operands alone.
#pragma once

#include "cuda/primitives/cp_async.h"
#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// d += a (16x16) * b (16x8), bf16 with sums in f32.
__device__ __forceinline__ void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4],
                                                  const uint32_t (&b)[2]) {
#ifdef __CUDACC__
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  emu::multiply_accumulate<emu::PackedBf16>("mma_m16n8k16_bf16", d, a, b);
#endif
}

// d += a (16x16) * b (16x8), f16 with sums in f32.
__device__ __forceinline__ void mma_m16n8k16_f16(float (&d)[4], const uint32_t (&a)[4],
                                                 const uint32_t (&b)[2]) {
#ifdef __CUDACC__
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  emu::multiply_accumulate<emu::PackedF16>("mma_m16n8k16_f16", d, a, b);
#endif
}

// d += a (16x32) * b (32x8), signed bytes with sums in int32.
__device__ __forceinline__ void mma_m16n8k32_s8(int32_t (&d)[4], const uint32_t (&a)[4],
                                                const uint32_t (&b)[2]) {
#ifdef __CUDACC__
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};\n"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  emu::multiply_accumulate<emu::PackedS8>("mma_m16n8k32_s8", d, a, b);
#endif
}

// Four 8x8 matrices of 16-bit elements. Lane l passes the shared-memory address, a multiple of 16, of row l %
// 8 of matrix l / 8; it gets in registers[i] of matrix i row l / 4, columns 2 * (l % 4) and the next.
__device__ __forceinline__ void ldmatrix_x4(uint32_t (&registers)[4], const void* row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(shared_address(row))
               : "memory");
#else
  emu::load_matrices<4, false>(registers, row);
#endif
}

// The same, each matrix transposed: column l / 4, rows 2 * (l % 4) and the next.
__device__ __forceinline__ void ldmatrix_x4_trans(uint32_t (&registers)[4], const void* row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(shared_address(row))
               : "memory");
#else
  emu::load_matrices<4, true>(registers, row);
#endif
}

// Two matrices: lanes 0..15 pass the addresses, those of the others are not used.
__device__ __forceinline__ void ldmatrix_x2(uint32_t (&registers)[2], const void* row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];\n"
               : "=r"(registers[0]), "=r"(registers[1])
               : "r"(shared_address(row))
               : "memory");
#else
  emu::load_matrices<2, false>(registers, row);
#endif
}

// The same, transposed.
__device__ __forceinline__ void ldmatrix_x2_trans(uint32_t (&registers)[2], const void* row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];\n"
               : "=r"(registers[0]), "=r"(registers[1])
               : "r"(shared_address(row))
               : "memory");
#else
  emu::load_matrices<2, true>(registers, row);
#endif
}

// One matrix: lanes 0..7 pass the addresses.
__device__ __forceinline__ void ldmatrix_x1(uint32_t (&registers)[1], const void* row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];\n"
               : "=r"(registers[0])
               : "r"(shared_address(row))
               : "memory");
#else
  emu::load_matrices<1, false>(registers, row);
#endif
}

// The same, transposed.
__device__ __forceinline__ void ldmatrix_x1_trans(uint32_t (&registers)[1], const void* row) {
#ifdef __CUDACC__
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];\n"
               : "=r"(registers[0])
               : "r"(shared_address(row))
               : "memory");
#else
  emu::load_matrices<1, true>(registers, row);
#endif
}

}  // namespace llm42::cuda
