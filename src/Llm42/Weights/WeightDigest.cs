using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Llm42.Weights;

/// <summary>SHA-256 over tensors by name, dtype, shape and content: the same however they are spread over files.</summary>
internal static class WeightDigest
{
    private const int ChunkSize = 1 << 20;

    public static byte[] Compute(
        IReadOnlyCollection<Tensor> tensors, CancellationToken cancellation, IProgress<LoadProgress>? progress = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        var (done, total) = (0L, tensors.Sum(tensor => tensor.Size));
        try
        {
            foreach (var tensor in tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
            {
                AppendDescription(hash, tensor);
                for (long offset = 0; offset < tensor.Size; offset += ChunkSize)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var chunk = buffer.AsSpan(0, (int)Math.Min(ChunkSize, tensor.Size - offset));
                    tensor.Read(offset, chunk);
                    hash.AppendData(chunk);
                    done += chunk.Length;
                    progress?.Report(new LoadProgress(done, total));
                }
            }
            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Lengths go in front, so that no two lists of tensors read the same.
    private static void AppendDescription(IncrementalHash hash, Tensor tensor)
    {
        var text = Encoding.UTF8.GetBytes($"{tensor.Name} {tensor.Dtype.Name()} {Tensor.Format(tensor.Shape)}");
        Span<byte> lengths = stackalloc byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(lengths, text.Length);
        BinaryPrimitives.WriteInt64LittleEndian(lengths[sizeof(long)..], tensor.Size);
        hash.AppendData(lengths);
        hash.AppendData(text);
    }
}
