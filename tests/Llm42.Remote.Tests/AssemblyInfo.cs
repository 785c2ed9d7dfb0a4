// Some tests run engines and processes that use all processors.
[assembly: DoNotParallelize]
