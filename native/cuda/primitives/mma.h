// Tensor-core products of a warp, and the loads that feed them.
#pragma once

#include "cuda/primitives/platform.h"

namespace llm42::cuda {

// D += A(16x16, row) * B(16x8, col), bf16 in, f32 accumulate
__device__ __forceinline__ void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4],
                                                  const uint32_t (&b)[2]) {
#ifdef __CUDACC__
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  struct In {
    uint32_t a[4], b[2];
    float c[4];
  };
  struct Out {
    float d[4];
  };
  In in;
  std::memcpy(in.a, a, 16);
  std::memcpy(in.b, b, 8);
  std::memcpy(in.c, d, 16);
  Out o = emu::collective<In, Out>(~0u, 10, in, [](auto in, auto out) {
    float A[16][16], B[16][8], C[16][8];
    auto lo = [](uint32_t v) { return std::bit_cast<float>(v << 16); };
    auto hi = [](uint32_t v) { return std::bit_cast<float>(v & 0xffff0000u); };
    for (int l = 0; l < 32; l++) {
      int g = l >> 2, t = (l & 3) * 2;
      In& v = in(l);
      for (int i = 0; i < 4; i++) {
        int r = g + (i & 1) * 8, c = t + (i >> 1) * 8;
        A[r][c] = lo(v.a[i]);
        A[r][c + 1] = hi(v.a[i]);
        C[g + (i >> 1) * 8][t + (i & 1)] = v.c[i];
      }
      for (int i = 0; i < 2; i++) {
        B[t + i * 8][g] = lo(v.b[i]);
        B[t + i * 8 + 1][g] = hi(v.b[i]);
      }
    }
    for (int r = 0; r < 16; r++)
      for (int k = 0; k < 16; k++) {
        float x = A[r][k];
        for (int c = 0; c < 8; c++) C[r][c] += x * B[k][c];
      }
    for (int l = 0; l < 32; l++) {
      int g = l >> 2, t = (l & 3) * 2;
      for (int i = 0; i < 4; i++) out(l).d[i] = C[g + (i >> 1) * 8][t + (i & 1)];
    }
  });
  std::memcpy(d, o.d, 16);
#endif
}

#ifndef __CUDACC__
// Lane l passes the address of row l % 8 of matrix l / 8 and gets, of each matrix, row l / 4, columns
// 2 * (l % 4) and 2 * (l % 4) + 1; transposed: column l / 4, rows 2 * (l % 4) and 2 * (l % 4) + 1.
template <int Count, bool Transposed>
inline void emulated_ldmatrix(uint32_t (&r)[Count], const void* smem_row) {
  if (emu::ctx().lane < Count * 8 && (reinterpret_cast<uintptr_t>(smem_row) & 15) != 0) {
    emu::die("ldmatrix: row address not 16-byte aligned");
  }
  struct Out {
    const uint16_t* part[Count][2];
  };
  const Out o = emu::collective<const void*, Out>(~0u, 11, smem_row, [](auto in, auto out) {
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < Count; ++i) {
        const int major = lane / 4, minor = lane % 4 * 2;
        for (int half = 0; half < 2; ++half) {
          const int row = Transposed ? minor + half : major, column = Transposed ? major : minor + half;
          out(lane).part[i][half] = static_cast<const uint16_t*>(in(8 * i + row)) + column;
        }
      }
    }
  });
  // Read by the lane itself, so that races stay visible.
  for (int i = 0; i < Count; ++i) r[i] = *o.part[i][0] | static_cast<uint32_t>(*o.part[i][1]) << 16;
}
#endif

// Four 8x8 matrices of 16-bit elements; lane l passes the address of row l % 8 of matrix l / 8.
__device__ __forceinline__ void ldmatrix_x4(uint32_t (&r)[4], const void* smem_row) {
#ifdef __CUDACC__
  const uint32_t s = static_cast<uint32_t>(__cvta_generic_to_shared(smem_row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(s)
               : "memory");
#else
  emulated_ldmatrix<4, false>(r, smem_row);
#endif
}

// The same, each matrix transposed.
__device__ __forceinline__ void ldmatrix_x4_trans(uint32_t (&r)[4], const void* smem_row) {
#ifdef __CUDACC__
  const uint32_t s = static_cast<uint32_t>(__cvta_generic_to_shared(smem_row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(s)
               : "memory");
#else
  emulated_ldmatrix<4, true>(r, smem_row);
#endif
}

// Two 8x8 matrices; lanes 0..15 pass the addresses, those of the others are not used.
__device__ __forceinline__ void ldmatrix_x2(uint32_t (&r)[2], const void* smem_row) {
#ifdef __CUDACC__
  const uint32_t s = static_cast<uint32_t>(__cvta_generic_to_shared(smem_row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];\n"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(s)
               : "memory");
#else
  emulated_ldmatrix<2, false>(r, smem_row);
#endif
}

// The same, each matrix transposed.
__device__ __forceinline__ void ldmatrix_x2_trans(uint32_t (&r)[2], const void* smem_row) {
#ifdef __CUDACC__
  const uint32_t s = static_cast<uint32_t>(__cvta_generic_to_shared(smem_row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];\n"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(s)
               : "memory");
#else
  emulated_ldmatrix<2, true>(r, smem_row);
#endif
}

}  // namespace llm42::cuda
