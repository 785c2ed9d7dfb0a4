namespace Llm42.Weights;

/// <summary>Where the elements of a tensor come from: a file as it is, or a conversion of what a file holds.</summary>
internal abstract class TensorStorage
{
    /// <summary>The file.</summary>
    public abstract string File { get; }

    /// <summary>Bytes of all elements.</summary>
    public abstract long Size { get; }

    /// <summary>Copies bytes out; the range lies inside <see cref="Size"/> and may begin and end in the middle of an element.</summary>
    /// <exception cref="ModelFormatException">The file has changed or cannot be read.</exception>
    public abstract void Read(long offset, Span<byte> destination);

    /// <summary>Brings bytes into memory, 1 or more; the range lies inside <see cref="Size"/>.</summary>
    /// <exception cref="ModelFormatException">The file has changed or cannot be read.</exception>
    public abstract TensorContent Open(long offset, long size);
}
