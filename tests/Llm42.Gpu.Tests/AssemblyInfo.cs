// There is one GPU, and the emulator uses every core: side by side the runs would only fight.
[assembly: DoNotParallelize]
