#include "cpu/kernel_table.h"

#include "core/error.h"
#include "cpu/processor.h"

namespace llm42::cpu {

namespace {

#define LLM42_FILL(isa, int8_isa)     \
  Kernels kernels{};                  \
  isa::add_linear(kernels);           \
  int8_isa::add_linear_int8(kernels); \
  isa::add_moe(kernels);              \
  isa::add_norm(kernels);             \
  isa::add_attention(kernels);        \
  isa::add_decode(kernels);           \
  isa::add_logits(kernels);           \
  isa::add_sampling(kernels);         \
  return kernels

Kernels fill_portable() {
  LLM42_FILL(portable, portable);
}
#if defined(LLM42_HAS_X86_KERNELS)
Kernels fill_avx2() {
  LLM42_FILL(avx2, avx2);
}
Kernels fill_avx512() {
  // Exact integers: the first processors with AVX-512 lack its dot products and lose nothing but time.
  if (!has_avx512_vnni()) {
    LLM42_FILL(avx512, avx2);
  }
  LLM42_FILL(avx512, avx512);
}
Kernels fill_avx512_with_matrix_unit() {
  Kernels kernels = fill_avx512();
#if defined(LLM42_HAS_AMX_KERNELS)
  if (has_amx_int8()) avx512::add_matrix_int8(kernels);
#endif
  return kernels;
}
#endif

#undef LLM42_FILL

}  // namespace

llm42_cpu_isa best_isa() {
#if defined(LLM42_HAS_X86_KERNELS)
  if (has_avx512()) return LLM42_CPU_ISA_AVX512;
  if (has_avx2()) return LLM42_CPU_ISA_AVX2;
#endif
  return LLM42_CPU_ISA_PORTABLE;
}

const Kernels& kernels_for(llm42_cpu_isa isa) {
  if (isa > best_isa()) {
    fail(LLM42_STATUS_UNSUPPORTED, "options.isa is ", isa, " (",
         isa == LLM42_CPU_ISA_AVX2 ? "AVX2" : "AVX-512",
         "), which this processor or build lacks; use 0 (auto) or 1 (portable)");
  }
#if defined(LLM42_HAS_X86_KERNELS)
  if (isa == LLM42_CPU_ISA_AVX512) {
    static const Kernels avx512_kernels = fill_avx512_with_matrix_unit();
    return avx512_kernels;
  }
  if (isa == LLM42_CPU_ISA_AVX2) {
    static const Kernels avx2_kernels = fill_avx2();
    return avx2_kernels;
  }
#endif
  static const Kernels portable_kernels = fill_portable();
  return portable_kernels;
}

}  // namespace llm42::cpu
