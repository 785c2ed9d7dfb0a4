// What the processor and the operating system offer.
#pragma once

#include <cstdint>
#include <string>

namespace llm42::cpu {

bool has_avx2();         // with FMA and F16C
bool has_avx512();       // F, BW, DQ and VL, with what has_avx2() says
bool has_avx512_vnni();  // with what has_avx512() says

// Tiles of int8, with what has_avx512() says. The first call asks the operating system to let this process
// use them.
bool has_amx_int8();

std::string processor_name();
int usable_processors();    // that this process may run on; at least 1
int64_t physical_memory();  // bytes; 0 if unknown
int64_t free_memory();      // bytes that processes may have without swapping; 0 if unknown

}  // namespace llm42::cpu
