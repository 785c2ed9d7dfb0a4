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

// four 8x8 b16 matrices; lane l passes the address of row l%8 of matrix l/8
__device__ __forceinline__ void ldmatrix_x4(uint32_t (&r)[4], const void* smem_row) {
#ifdef __CUDACC__
  uint32_t s = (uint32_t)__cvta_generic_to_shared(smem_row);
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(s)
               : "memory");
#else
  struct Out {
    const char* p[4];
  };
  if (reinterpret_cast<uintptr_t>(smem_row) & 15) emu::die("ldmatrix: row address not 16-byte aligned");
  Out o = emu::collective<const char*, Out>(~0u, 11, (const char*)smem_row, [](auto in, auto out) {
    for (int l = 0; l < 32; l++)
      for (int i = 0; i < 4; i++) out(l).p[i] = in(8 * i + (l >> 2)) + (l & 3) * 4;
  });
  for (int i = 0; i < 4; i++)
    r[i] = *reinterpret_cast<const uint32_t*>(o.p[i]);  // read by the lane itself: races stay visible
#endif
}

}  // namespace llm42::cuda
