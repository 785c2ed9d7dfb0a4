using System.Buffers;
using Llm42.Weights;

namespace Llm42.Gguf;

/// <summary>
/// Rows of queries or keys in Hugging Face's order. Files of the architecture "llama" hold the rows of each head
/// interleaved, since llama.cpp rotates neighbouring elements of a head where Hugging Face rotates element i with
/// element i + d / 2: row 2 j + i there is row i d / 2 + j here.
/// </summary>
/// <param name="interleaved">The rows as the file has them.</param>
/// <param name="headSize">Rows of a head, d: even.</param>
/// <param name="rowSize">Bytes of a row.</param>
internal sealed class HeadRowsStorage(TensorStorage interleaved, int headSize, long rowSize) : ConvertedStorage
{
    public override string File => interleaved.File;

    public override long Size => interleaved.Size;

    public override void Read(long offset, Span<byte> destination)
    {
        // Heads are read whole: a row of a bias is a single element.
        var headBytes = checked((int)(headSize * rowSize));
        var head = ArrayPool<byte>.Shared.Rent(headBytes);
        try
        {
            while (!destination.IsEmpty)
            {
                var first = offset / headBytes * headBytes;
                interleaved.Read(first, head.AsSpan(0, headBytes));
                var count = (int)Math.Min(destination.Length, first + headBytes - offset);
                CopyRows(head, (int)(offset - first), destination[..count]);
                destination = destination[count..];
                offset += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head);
        }
    }

    private void CopyRows(ReadOnlySpan<byte> head, int offset, Span<byte> destination)
    {
        var half = headSize / 2;
        while (!destination.IsEmpty)
        {
            var (row, inRow) = ((int)(offset / rowSize), (int)(offset % rowSize));
            var source = (2 * (row % half)) + (row / half);
            var count = (int)Math.Min(destination.Length, rowSize - inRow);
            head.Slice((int)(source * rowSize) + inRow, count).CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }
}
