# Every FMA of llm42 is written as one; the compiler neither makes nor breaks any, and reorders nothing.
function(llm42_floating_point target)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:C,CXX>:-ffp-contract=off;-fno-fast-math>
    $<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xcompiler=-ffp-contract=off>)
endfunction()
