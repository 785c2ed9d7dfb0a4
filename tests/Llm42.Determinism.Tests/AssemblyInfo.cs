// Each engine uses every core: side by side the runs would only fight.
[assembly: DoNotParallelize]
