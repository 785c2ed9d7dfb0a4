using Microsoft.Win32.SafeHandles;

namespace Llm42.Cli.Synthetic;

/// <summary>Writes tensors of noise behind each other, on all processors.</summary>
internal static class TensorWriter
{
    /// <summary>Elements that are made at once; a multiple of every block's.</summary>
    private const int Chunk = 1 << 20;

    /// <summary>Writes each tensor at its place in the file.</summary>
    /// <param name="file">The file; it grows as needed.</param>
    /// <param name="tensors">What to write in which format, and at which byte.</param>
    /// <param name="seed">Seed of all of them.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public static void Write(
        SafeFileHandle file, IEnumerable<(SyntheticTensor Tensor, WeightFormat Format, long Place)> tensors, ulong seed, CancellationToken cancellation)
    {
        var pieces = tensors.SelectMany((one, number) =>
        {
            // A seed per tensor, so that neither order nor format of the others changes its values.
            var noise = new WeightNoise(seed + (0xD1B54A32D192ED03UL * (ulong)(number + 1)), one.Tensor.Scale);
            return Enumerable.Range(0, (int)((one.Tensor.Count + Chunk - 1) / Chunk)).Select(chunk => (one, noise, First: (long)chunk * Chunk));
        });
        Parallel.ForEach(pieces, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, piece =>
        {
            ((SyntheticTensor tensor, WeightFormat format, long place), WeightNoise noise, long first) = piece;
            byte[] bytes = new byte[format.BytesOf(Math.Min(Chunk, tensor.Count - first))];
            format.Fill(noise, first, bytes);
            RandomAccess.Write(file, bytes, place + format.BytesOf(first));
        });
    }
}
