using System.Diagnostics;
using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>
/// Times launches of an operator: many are enqueued between two synchronisations, so that a GPU is busy throughout and
/// the cost of synchronising is spread over them. The one place that knows how launches reach the stream.
/// </summary>
/// <param name="stream">Where the work is enqueued.</param>
/// <param name="sampleSeconds">About how long one sample takes, where a single launch does not take longer.</param>
internal sealed class LaunchTimer(NativeStream stream, double sampleSeconds)
{
    /// <summary>How launches reach the stream; part of the report.</summary>
    public const string Method = "enqueue";

    private const int MostLaunches = 4096;

    /// <summary>Warms a launch up and finds out how many of it make a sample.</summary>
    /// <param name="launch">Enqueues the launch of a number, which picks the copy of its weights.</param>
    public LaunchSequence Prepare(Action<int> launch)
    {
        launch(0);
        stream.Synchronize();
        int launches = 1;
        while (true)
        {
            double seconds = Time(new LaunchSequence(launch, launches)).Seconds * launches;
            if (seconds >= sampleSeconds / 4 || launches >= MostLaunches)
                return new LaunchSequence(launch, (int)Math.Clamp(launches * sampleSeconds / seconds, 1, MostLaunches));
            launches *= 4;
        }
    }

    /// <summary>One sample: seconds per launch, and the part of them that the host needed to enqueue it.</summary>
    public (double Seconds, double HostSeconds) Time(LaunchSequence sequence)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < sequence.Launches; i++)
            sequence.Launch(i);
        double host = Stopwatch.GetElapsedTime(start).TotalSeconds;
        stream.Synchronize();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (Math.Max(seconds, 1e-9) / sequence.Launches, host / sequence.Launches);
    }
}

/// <summary>So many launches of one operator, in the order of their numbers.</summary>
internal sealed record LaunchSequence(Action<int> Launch, int Launches);
