namespace Llm42.Weights;

/// <summary>The elements of a tensor in memory, row-major and dense, until it is disposed. It must be disposed before its source.</summary>
internal abstract class TensorContent : IDisposable
{
    /// <summary>Address of the first byte, for native code.</summary>
    public abstract nint Address { get; }

    /// <summary>Throws if what was read may be wrong. To be called behind the last read.</summary>
    /// <exception cref="ModelFormatException">The file has changed.</exception>
    public abstract void CheckRead();

    /// <inheritdoc/>
    public abstract void Dispose();
}
