using Llm42.Native;
using Llm42.Weights;
using Microsoft.Win32.SafeHandles;

namespace Llm42.PackedWeights;

/// <summary>
/// Reads a file of packed weights into memory of the device, a matrix after the other, in the order in which they were
/// written. The file is not mapped: what was checked is what is used, whatever becomes of the file, and weights lie in
/// huge pages where the system has them.
/// </summary>
internal sealed class PackedWeightReader : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly PackedHeader _header;
    private readonly int _threads;
    private int _next;

    private PackedWeightReader(SafeFileHandle file, PackedHeader header, int threads)
    {
        _file = file;
        _header = header;
        _threads = threads;
    }

    /// <summary>Digest of the weights that were packed.</summary>
    public ReadOnlySpan<byte> WeightsDigest => _header.WeightsDigest;

    /// <summary>Opens a file and checks its header; null where there is none.</summary>
    /// <exception cref="PackedFileException">It cannot be read, or not be used for such a profile.</exception>
    public static PackedWeightReader? Open(string path, string profile, int threads)
    {
        if (!Path.Exists(path))
            return null;
        SafeFileHandle? file = null;
        try
        {
            if (RegularFile.LengthOf(path) == 0)
                throw new PackedFileException("is empty.");
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var opened = file;
            var header = PackedHeader.Read(RandomAccess.GetLength(file), (offset, bytes) => ReadExactly(opened, bytes, offset));
            return header.Profile == profile
                ? new PackedWeightReader(file, header, threads)
                : throw new PackedFileException($"holds weights packed for \"{header.Profile}\", not for \"{profile}\".");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            file?.Dispose();
            throw new PackedFileException($"cannot be read: {error.Message}", error);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>Reads the next matrix, which must be the one that is described.</summary>
    /// <exception cref="PackedFileException">It is another, or it is damaged.</exception>
    public NativeWeight Read(NativeStream stream, string name, NativeWeightOptions options, long rows, CancellationToken cancellation)
    {
        var section = _next < _header.Sections.Count
            ? _header.Sections[_next++]
            : throw new PackedFileException($"holds {_header.Sections.Count} matrices; \"{name}\" comes behind them.");
        var (format, layout, columns, sectionRows, groups, _, _) = section.Shape;
        var expected = options.Format == DType.Default ? options.SourceType : options.Format;
        if (section.Name != name || (format, layout, columns, sectionRows, groups) != (expected, options.Layout, options.Columns, rows, options.Groups))
            throw new PackedFileException($"holds \"{section.Name}\" as {section.Shape} in the place of \"{name}\".");
        var weight = CreateUnfilled(stream, section.Shape);
        try
        {
            Fill(weight, section, cancellation);
            return weight;
        }
        catch
        {
            weight.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private void Fill(NativeWeight weight, PackedSection section, CancellationToken cancellation)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = _threads, CancellationToken = cancellation };
        try
        {
            Parallel.For(0, section.Checksums.Length, options, chunk =>
            {
                var offset = (long)chunk * PackedSection.ChunkSize;
                var bytes = weight.Packed(offset, PackedSection.LengthOf(weight.Size, chunk));
                ReadExactly(_file, bytes, section.Offset + offset);
                if (PackedChecksum.Of(bytes) != section.Checksums[chunk])
                    throw new PackedFileException(
                        $"is damaged between byte {section.Offset + offset} and {section.Offset + offset + bytes.Length}, in \"{section.Name}\": the checksum is another.");
            });
        }
        catch (AggregateException error) when (error.InnerExceptions[0] is PackedFileException or IOException)
        {
            var first = error.InnerExceptions[0];
            throw first as PackedFileException ?? new PackedFileException($"cannot be read: {first.Message}", first);
        }
    }

    private static NativeWeight CreateUnfilled(NativeStream stream, NativeWeightShape shape)
    {
        try
        {
            return NativeWeight.CreateUnfilled(stream, shape);
        }
        catch (NativeException error) when (error.Status == Status.InvalidArgument)
        {
            throw new PackedFileException($"was packed by another version: {error.Message}", error);
        }
    }

    private static void ReadExactly(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            var count = RandomAccess.Read(file, bytes, offset);
            if (count == 0)
                throw new PackedFileException($"ends at byte {offset}: it was cut off.");
            offset += count;
            bytes = bytes[count..];
        }
    }
}
