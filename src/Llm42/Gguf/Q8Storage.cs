using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Llm42.Weights;

namespace Llm42.Gguf;

/// <summary>
/// Elements of Q8_0 as f16. An element is factor times q, the factor in f16 and q a signed byte, and is rounded once, to
/// nearest even. Each f16 is a multiple of the smallest one and so is the product: nothing small is flushed, and what
/// becomes subnormal is exact. A product beyond f16, or a factor that is not finite, is refused.
/// </summary>
internal sealed class Q8Storage : ConvertedStorage
{
    private const int ChunkBlocks = 1024;
    private const int ElementSize = sizeof(ushort);

    private static readonly int BlockElements = GgufTensorType.Q8_0.BlockElements;
    private static readonly int BlockSize = GgufTensorType.Q8_0.BlockSize;

    private readonly GgufTensorInfo _tensor;

    public Q8Storage(GgufTensorInfo tensor) => _tensor = tensor;

    public override string File => _tensor.File.Path;

    public override long Size => _tensor.Size / BlockSize * BlockElements * ElementSize;

    public override void Read(long offset, Span<byte> destination)
    {
        var outSize = BlockElements * ElementSize;
        var stored = ArrayPool<byte>.Shared.Rent(ChunkBlocks * BlockSize);
        var elements = ArrayPool<byte>.Shared.Rent(ChunkBlocks * outSize);
        try
        {
            while (!destination.IsEmpty)
            {
                var block = offset / outSize;
                var skip = (int)(offset % outSize);
                var blocks = (int)Math.Min(ChunkBlocks, (skip + (long)destination.Length + outSize - 1) / outSize);
                _tensor.File.File.Read(_tensor.Offset + (block * BlockSize), stored.AsSpan(0, blocks * BlockSize));
                for (var i = 0; i < blocks; i++)
                {
                    var bytes = stored.AsSpan(i * BlockSize, BlockSize);
                    if (!Q8Block.TryConvert(bytes, MemoryMarshal.Cast<byte, ushort>(elements.AsSpan(i * outSize, outSize))))
                        throw TooLarge(bytes, block + i);
                }
                var count = Math.Min(destination.Length, (blocks * outSize) - skip);
                elements.AsSpan(skip, count).CopyTo(destination);
                destination = destination[count..];
                offset += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
            ArrayPool<byte>.Shared.Return(elements);
        }
    }

    private ModelFormatException TooLarge(ReadOnlySpan<byte> block, long index) => new(
        File,
        FormattableString.Invariant(
            $"{_tensor.Title}: block {index} has the factor {BinaryPrimitives.ReadHalfLittleEndian(block)}; its elements are beyond f16, which they are converted to."));
}
