using System.Diagnostics;

namespace Llm42.Cli.Machine;

/// <summary>
/// The highest rate of short slices of work on several threads at once. A slice is shorter than what a scheduler gives a
/// thread at a time, so that on a machine with other work some of many slices still run undisturbed.
/// </summary>
internal static class SliceTimer
{
    /// <summary>Slices per second of the fastest one, from the first thread's start to the last one's end.</summary>
    /// <param name="threads">Threads, 1 or more; all run each slice.</param>
    /// <param name="slices">How many slices.</param>
    /// <param name="work">Does a thread's part of a slice: its number, and the slice's.</param>
    public static double Best(int threads, int slices, Action<int, int> work)
    {
        var begins = new long[threads];
        var ends = new long[threads];
        long least = long.MaxValue;
        int done = 0;
        using var together = new Barrier(threads, _ =>
        {
            // The first slice pays for pages and the compiler.
            if (done++ > 1)
                least = Math.Min(least, ends.Max() - begins.Min());
        });
        Thread[] all = [.. Enumerable.Range(0, threads).Select(number => new Thread(() =>
        {
            for (int slice = 0; slice <= slices; slice++)
            {
                together.SignalAndWait();
                begins[number] = Stopwatch.GetTimestamp();
                work(number, slice);
                ends[number] = Stopwatch.GetTimestamp();
            }

            together.SignalAndWait();
        }))];
        foreach (Thread thread in all)
            thread.Start();
        foreach (Thread thread in all)
            thread.Join();
        return (double)Stopwatch.Frequency / Math.Max(least, 1);
    }
}
