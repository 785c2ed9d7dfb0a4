// Every test computes with all processors.
[assembly: DoNotParallelize]
