using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>So many launches of one operator, in the order of their numbers.</summary>
/// <param name="launch">Enqueues the launch of a number.</param>
/// <param name="launches">How many.</param>
/// <param name="graph">All of them, recorded; null where they are enqueued one by one. Disposed with this.</param>
internal sealed class LaunchSequence(Action<int> launch, int launches, NativeGraph? graph) : IDisposable
{
    public int Launches => launches;

    public void Enqueue(NativeStream stream)
    {
        if (graph is not null)
        {
            stream.Launch(graph);
            return;
        }

        for (int i = 0; i < launches; i++)
            launch(i);
    }

    public void Dispose() => graph?.Dispose();
}
