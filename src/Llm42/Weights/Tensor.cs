namespace Llm42.Weights;

/// <summary>A tensor in a mapped file: row-major, not loaded until it is read. Valid while its source is open.</summary>
public sealed class Tensor
{
    private readonly MappedFile _file;
    private readonly long _offset;

    internal Tensor(MappedFile file, string name, TensorDtype dtype, IReadOnlyList<long> shape, long offset, long size)
    {
        _file = file;
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
    public string File => _file.Path;

    /// <summary>
    /// Address of the first byte, for native code; <see cref="Size"/> bytes are readable behind it. Whoever has read
    /// them calls <see cref="CheckFile"/>.
    /// </summary>
    /// <exception cref="ModelFormatException">The file has another length than when it was opened.</exception>
    public nint Address => _file.AddressOf(_offset, Size);

    /// <summary>Throws if the file has another length than when it was opened, so that what was read may be wrong.</summary>
    /// <exception cref="ModelFormatException">It has.</exception>
    public void CheckFile() => _file.CheckLength();

    /// <summary>Copies bytes of the tensor; the range is checked.</summary>
    /// <exception cref="ModelFormatException">The file has another length than when it was opened.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Size - destination.Length)
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"{destination.Length} bytes at {offset} are outside tensor {Name} of {Size} bytes.");
        _file.Read(_offset + offset, destination);
    }

    /// <summary>"[512, 64]".</summary>
    public static string Format(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
