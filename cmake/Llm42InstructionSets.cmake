# Compiles the same kernel sources once per instruction set, as object libraries llm42_kernels_<isa>.
include(CheckCXXSourceCompiles)
check_cxx_source_compiles("
#if !defined(__x86_64__)
#error no x86-64
#endif
int main() {}" LLM42_TARGETS_X86_64)

set(LLM42_ISA_FLAGS_portable "")
set(LLM42_ISA_FLAGS_avx2 -mavx2 -mfma -mf16c -DLLM42_ISA_AVX2)
set(LLM42_ISA_FLAGS_avx512 -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -DLLM42_ISA_AVX512)

# GCC 12 warns about its own AVX-512 intrinsics, which start from undefined registers on purpose.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  list(APPEND LLM42_ISA_FLAGS_avx512 -Wno-uninitialized -Wno-maybe-uninitialized)
endif()

include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-mamx-int8 LLM42_COMPILES_AMX)

if(LLM42_TARGETS_X86_64)
  set(LLM42_ISAS portable avx2 avx512)
else()
  set(LLM42_ISAS portable)
endif()
