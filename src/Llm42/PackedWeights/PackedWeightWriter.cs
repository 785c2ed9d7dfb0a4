using Llm42.Native;

namespace Llm42.PackedWeights;

/// <summary>Writes packed weights to a file: whole, or not at all.</summary>
internal static class PackedWeightWriter
{
    /// <summary>
    /// Writes under a name of its own beside the file, brings that to the disk, and puts it in the place of the file. Of
    /// several writers the last wins; readers see one file or another, never parts of two.
    /// </summary>
    /// <exception cref="IOException">There is no room for it, or the folder cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not write there.</exception>
    public static void Write(
        string path, byte[] digest, string profile, IReadOnlyList<(string Name, NativeWeight Weight)> weights, int threads, CancellationToken cancellation)
    {
        var temporary = $"{path}.{Environment.ProcessId}-{Guid.NewGuid():n}{PackedWeightCache.TemporaryExtension}";
        try
        {
            WriteTemporary(temporary, digest, profile, weights, threads, cancellation);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    private static void WriteTemporary(
        string path, byte[] digest, string profile, IReadOnlyList<(string Name, NativeWeight Weight)> weights, int threads, CancellationToken cancellation)
    {
        var (sections, end) = Place(digest, profile, weights);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: end);
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        foreach (var (section, (_, weight)) in sections.Zip(weights))
        {
            try
            {
                Parallel.For(0, section.Checksums.Length, options, chunk =>
                {
                    var offset = (long)chunk * PackedSection.ChunkSize;
                    var bytes = weight.Packed(offset, PackedSection.LengthOf(weight.Size, chunk));
                    section.Checksums[chunk] = PackedChecksum.Of(bytes);
                    RandomAccess.Write(file, bytes, section.Offset + offset);
                });
            }
            catch (AggregateException error) when (error.InnerExceptions[0] is IOException)
            {
                throw new IOException(error.InnerExceptions[0].Message, error);
            }
        }
        RandomAccess.SetLength(file, end);
        RandomAccess.Write(file, new PackedHeader(digest, profile, sections, end).ToBytes(), 0);
        RandomAccess.FlushToDisk(file);
    }

    private static (List<PackedSection> Sections, long End) Place(
        byte[] digest, string profile, IReadOnlyList<(string Name, NativeWeight Weight)> weights)
    {
        var sections = weights.Select(one => new PackedSection(
            one.Name, one.Weight.Shape, 0, new UInt128[PackedSection.ChunksOf(one.Weight.Size)])).ToList();
        // Where a section lies does not change how long the header is.
        long end = PackedHeader.SizeOf(digest, profile, sections);
        for (var i = 0; i < sections.Count; i++)
        {
            var offset = PackedHeader.Align(end);
            sections[i] = sections[i] with { Offset = offset };
            end = offset + sections[i].Shape.Size;
        }
        return (sections, end);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What hindered the writing is the error to be told.
        }
    }
}
