using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Llm42.Weights;

/// <summary>
/// A file mapped into memory to be read. It may be deleted or replaced by another while it is open, but must not
/// shrink: the operating system answers a read behind the new end by ending the process. So its length is looked at
/// before and after each read, and a change of it is an error. What remains is a file that is cut in the moment
/// between the look and the end of that read, and one that is overwritten in place, which nobody notices.
/// </summary>
internal sealed class MappedFile : IDisposable
{
    private readonly FileStream? _stream;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly SafeMemoryMappedViewHandle? _handle;

    public MappedFile(string path)
    {
        Path = path;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            Length = _stream.Length;
            if (Length == 0)
                return;
            _file = MemoryMappedFile.CreateFromFile(
                _stream, null, Length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _handle = _view.SafeMemoryMappedViewHandle;
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
    /// <exception cref="ModelFormatException">The file has another length than when it was opened.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        Check(offset, destination.Length);
        if (destination.IsEmpty)
            return;
        CheckLength();
        _handle!.ReadSpan((ulong)(offset + _view!.PointerOffset), destination);
        CheckLength();
    }

    /// <summary>
    /// Address of a range, for native code; valid until the file is disposed. Whoever has read there calls
    /// <see cref="CheckLength"/>, since a page that was cut off in part reads as zeros.
    /// </summary>
    /// <exception cref="ModelFormatException">The file has another length than when it was opened.</exception>
    public nint AddressOf(long offset, long size)
    {
        Check(offset, size);
        CheckLength();
        return size == 0 ? 0 : _handle!.DangerousGetHandle() + (nint)(offset + _view!.PointerOffset);
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
        _view?.Dispose();
        _file?.Dispose();
        _stream?.Dispose();
    }

    private void Check(long offset, long size)
    {
        ObjectDisposedException.ThrowIf(_handle is { IsClosed: true }, this);
        if (offset < 0 || size < 0 || offset > Length - size)
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"{size} bytes at {offset} are outside {Path}, which has {Length} bytes.");
    }
}
