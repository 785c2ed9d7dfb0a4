// Some tests build and run programs that use all processors.
[assembly: DoNotParallelize]
