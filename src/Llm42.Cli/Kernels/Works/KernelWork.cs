using Llm42.Native;

namespace Llm42.Cli.Kernels.Works;

/// <summary>What the launches of a case need, and the launch.</summary>
internal abstract class KernelWork : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>Copies of what a launch must find cold.</summary>
    public virtual int Copies => 1;

    /// <summary>Allocates; what was allocated before an exception is disposed with this.</summary>
    public abstract void Allocate(KernelDevice device, KernelShape shape);

    /// <summary>Enqueues the operator once.</summary>
    /// <param name="number">Number of the launch; it picks the copy.</param>
    /// <param name="numerics">Ignored where the operator has but one.</param>
    public abstract void Launch(int number, Numerics numerics);

    public void Dispose()
    {
        foreach (IDisposable item in Enumerable.Reverse(_owned))
            item.Dispose();
    }

    protected T Own<T>(T item)
        where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }
}
