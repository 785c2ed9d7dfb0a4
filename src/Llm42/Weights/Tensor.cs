namespace Llm42.Weights;

/// <summary>A tensor in a file: row-major, not loaded until it is read. Valid while its source is open.</summary>
public sealed class Tensor
{
    private readonly TensorStorage _storage;
    private readonly long _offset;

    internal Tensor(string name, TensorDtype dtype, IReadOnlyList<long> shape, TensorStorage storage)
        : this(name, dtype, shape, storage, 0, storage.Size)
    {
    }

    private Tensor(string name, TensorDtype dtype, IReadOnlyList<long> shape, TensorStorage storage, long offset, long size)
    {
        _storage = storage;
        _offset = offset;
        Name = name;
        Dtype = dtype;
        Shape = shape;
        Size = size;
    }

    /// <summary>Its name in the file.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public TensorDtype Dtype { get; }

    /// <summary>Extents, outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Bytes.</summary>
    public long Size { get; }

    /// <summary>Number of elements.</summary>
    public long ElementCount => Size / Dtype.ElementSize();

    /// <summary>The file that holds it.</summary>
    public string File => _storage.File;

    /// <summary>Copies bytes of the tensor; the range is checked.</summary>
    /// <exception cref="ModelFormatException">The file has another length than when it was opened, or cannot be read.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Size - destination.Length)
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"{destination.Length} bytes at {offset} are outside tensor {Name} of {Size} bytes.");
        _storage.Read(_offset + offset, destination);
    }

    /// <summary>Brings the tensor, which must not be empty, into memory for native code.</summary>
    /// <exception cref="ModelFormatException">The file has another length than when it was opened, or cannot be read.</exception>
    internal TensorContent Open() => _storage.Open(_offset, Size);

    /// <summary>Entries <paramref name="first"/> .. first + count - 1 of the outermost extent, under a name of their own.</summary>
    internal Tensor Slice(string name, long first, long count)
    {
        var extent = Shape.Count == 0 ? 0 : Shape[0];
        if (first < 0 || count < 0 || first > extent - count)
            throw new ArgumentOutOfRangeException(
                nameof(first), $"{count} entries from {first} on are outside tensor {Name} of shape {Format(Shape)}.");
        var entrySize = extent == 0 ? 0 : Size / extent;
        return new Tensor(
            name, Dtype, [count, .. Shape.Skip(1)], _storage, _offset + (first * entrySize), count * entrySize);
    }

    /// <summary>One entry of the outermost extent, which it no longer has, under a name of its own.</summary>
    internal Tensor Entry(string name, long index)
    {
        var slice = Slice(name, index, 1);
        return new Tensor(name, Dtype, [.. Shape.Skip(1)], _storage, slice._offset, slice.Size);
    }

    /// <summary>"[512, 64]".</summary>
    public static string Format(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
