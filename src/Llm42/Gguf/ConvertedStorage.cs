using System.Buffers;
using Llm42.Weights;

namespace Llm42.Gguf;

/// <summary>Elements that a file holds in another form. They are converted where they are asked for and never kept.</summary>
internal abstract class ConvertedStorage : TensorStorage
{
    private const int ChunkSize = 1 << 20;

    /// <inheritdoc/>
    public override TensorContent Open(long offset, long size)
    {
        var content = new ConvertedContent(size);
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            for (long done = 0; done < size; done += ChunkSize)
            {
                var part = chunk.AsSpan(0, (int)Math.Min(ChunkSize, size - done));
                Read(offset + done, part);
                content.Write(done, part);
            }
            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }
}
