using System.IO.MemoryMappedFiles;

namespace Llm42.Weights;

/// <summary>
/// A file to be read in pieces: copied out, or mapped into memory for as long as they are needed. It may be deleted or
/// replaced by another while it is open, but must not shrink: the operating system answers a read of mapped memory
/// behind the new end by ending the process. So its length is looked at before and after each read, and a change of it
/// is an error. What remains is a file that is cut in the moment between the look and the end of that read, and one
/// that is overwritten in place, which nobody notices.
/// </summary>
internal sealed class MappedFile : IDisposable
{
    private readonly FileStream? _stream;
    private readonly MemoryMappedFile? _file;

    public MappedFile(string path)
    {
        Path = path;
        try
        {
            if (RegularFile.LengthOf(path) == 0)
                return;
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            Length = _stream.Length;
            if (Length > 0)
                _file = MemoryMappedFile.CreateFromFile(
                    _stream, null, Length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            Dispose();
            throw new ModelFormatException(path, $"cannot be opened: {error.Message}", error);
        }
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>Copies bytes out of the file; the range is checked against its length.</summary>
    /// <exception cref="ModelFormatException">The file has another length than when it was opened, or cannot be read.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        Check(offset, destination.Length);
        CheckLength();
        try
        {
            while (!destination.IsEmpty)
            {
                var count = RandomAccess.Read(_stream!.SafeFileHandle, destination, offset);
                if (count == 0)
                    break;
                offset += count;
                destination = destination[count..];
            }
        }
        catch (IOException error)
        {
            throw new ModelFormatException(Path, $"cannot be read: {error.Message}", error);
        }
        CheckLength();
        if (!destination.IsEmpty)
            throw new ModelFormatException(Path, $"ends at {offset}, though it has {Length} bytes.");
    }

    /// <summary>Maps a range of 1 byte or more, which is checked against the length of the file.</summary>
    /// <exception cref="ModelFormatException">The file has another length than when it was opened, or cannot be mapped.</exception>
    public MappedRange Map(long offset, long size)
    {
        Check(offset, size);
        CheckLength();
        try
        {
            return new MappedRange(this, _file!.CreateViewAccessor(offset, size, MemoryMappedFileAccess.Read));
        }
        catch (IOException error)
        {
            throw new ModelFormatException(Path, $"cannot be mapped: {error.Message}", error);
        }
    }

    /// <summary>Throws unless the file is as long as it was when it was opened.</summary>
    /// <exception cref="ModelFormatException">It is not.</exception>
    public void CheckLength()
    {
        ObjectDisposedException.ThrowIf(_stream is { SafeFileHandle.IsClosed: true }, this);
        var length = _stream is null ? 0 : RandomAccess.GetLength(_stream.SafeFileHandle);
        if (length != Length)
            throw new ModelFormatException(
                Path, $"had {Length} bytes when it was opened and has {length} now; it must not change while it is read.");
    }

    public void Dispose()
    {
        _file?.Dispose();
        _stream?.Dispose();
    }

    private void Check(long offset, long size)
    {
        ObjectDisposedException.ThrowIf(_stream is { SafeFileHandle.IsClosed: true }, this);
        if (offset < 0 || size < 0 || offset > Length - size)
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"{size} bytes at {offset} are outside {Path}, which has {Length} bytes.");
    }
}
