// Every test runs a whole process that uses all processors.
[assembly: DoNotParallelize]
