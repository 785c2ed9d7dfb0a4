namespace Llm42.Weights;

/// <summary>Elements that stand in a file as they are used.</summary>
internal sealed class MappedStorage(MappedFile file, long start, long size) : TensorStorage
{
    /// <inheritdoc/>
    public override string File => file.Path;

    /// <inheritdoc/>
    public override long Size => size;

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination) => file.Read(start + offset, destination);

    /// <inheritdoc/>
    public override TensorContent Open(long offset, long size) => file.Map(start + offset, size);
}
