using Llm42.Native;

namespace Llm42.PackedWeights;

/// <summary>A matrix in a file of packed weights.</summary>
/// <param name="Name">The tensors that it was packed of, and their dtype.</param>
/// <param name="Shape">What it is.</param>
/// <param name="Offset">Its first byte in the file.</param>
/// <param name="Checksums">A checksum per chunk.</param>
internal sealed record PackedSection(string Name, NativeWeightShape Shape, long Offset, UInt128[] Checksums)
{
    /// <summary>Bytes that are read, written and checked at once.</summary>
    public const int ChunkSize = 4 << 20;

    /// <summary>Chunks of a matrix of so many bytes.</summary>
    public static int ChunksOf(long size) => (int)((size + ChunkSize - 1) / ChunkSize);

    /// <summary>Bytes of a chunk.</summary>
    public static int LengthOf(long size, int chunk) => (int)Math.Min(ChunkSize, size - ((long)chunk * ChunkSize));
}
