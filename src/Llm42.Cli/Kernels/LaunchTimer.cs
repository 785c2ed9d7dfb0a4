using System.Diagnostics;
using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>
/// Times launches of an operator: many of them between two synchronisations, so that a GPU is busy throughout and the cost
/// of synchronising is spread over them. Where the device has graphs they are recorded as one, so that the host, which
/// may need longer to enqueue a small kernel than the kernel runs, is not measured.
/// </summary>
/// <param name="device">Where the work runs.</param>
/// <param name="sampleSeconds">About how long one sample takes, where a single launch does not take longer.</param>
internal sealed class LaunchTimer(KernelDevice device, double sampleSeconds)
{
    private const int MostLaunches = 4096;
    private const int MostRecorded = 1024;

    private readonly NativeStream _stream = device.Stream;
    private readonly bool _usesGraphs = device.Info.SupportsGraphs;

    /// <summary>How launches reach the stream; part of the report.</summary>
    public static string MethodOf(NativeDeviceInfo device) => device.SupportsGraphs ? "graph" : "enqueue";

    /// <summary>Warms a launch up and finds out how many of it make a sample.</summary>
    /// <param name="launch">Enqueues the launch of a number, which picks the copy of its weights.</param>
    /// <param name="copies">Copies that launches take in turns: a sample has as many launches or a multiple.</param>
    public LaunchSequence Prepare(Action<int> launch, int copies = 1)
    {
        launch(0);
        _stream.Synchronize();
        int most = _usesGraphs ? MostRecorded : MostLaunches;
        int launches = 1;
        while (true)
        {
            double seconds = Time(new LaunchSequence(launch, launches, null)).Seconds * launches;
            if (seconds >= sampleSeconds / 4 || launches >= most)
            {
                launches = (int)Math.Clamp(launches * sampleSeconds / seconds, 1, most);
                break;
            }

            launches *= 4;
        }

        launches = (launches + copies - 1) / copies * copies;
        return new LaunchSequence(launch, launches, _usesGraphs ? Record(launch, launches) : null);
    }

    /// <summary>One sample: seconds per launch, and the part of them that the host needed to enqueue it.</summary>
    public (double Seconds, double HostSeconds) Time(LaunchSequence sequence)
    {
        long start = Stopwatch.GetTimestamp();
        sequence.Enqueue(_stream);
        double host = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _stream.Synchronize();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (Math.Max(seconds, 1e-9) / sequence.Launches, host / sequence.Launches);
    }

    private NativeGraph Record(Action<int> launch, int launches)
    {
        _stream.BeginGraph();
        for (int i = 0; i < launches; i++)
            launch(i);
        NativeGraph graph = _stream.EndGraph();

        // The first launch of a graph brings it to the device.
        _stream.Launch(graph);
        _stream.Synchronize();
        return graph;
    }
}
