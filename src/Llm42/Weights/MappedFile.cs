using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Llm42.Weights;

/// <summary>
/// A file mapped into memory to be read. The file must not shrink while it is open: the operating system answers a read
/// behind the new end by ending the process.
/// </summary>
internal sealed class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly SafeMemoryMappedViewHandle? _handle;

    public MappedFile(string path)
    {
        Path = path;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            Length = stream.Length;
            if (Length == 0)
                return;
            _file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _handle = _view.SafeMemoryMappedViewHandle;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            Dispose();
            throw new ModelFormatException(path, $"cannot be opened: {error.Message}", error);
        }
    }

    public string Path { get; }

    public long Length { get; }

    /// <summary>Copies bytes out of the file; the range is checked against its length.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        Check(offset, destination.Length);
        if (!destination.IsEmpty)
            _handle!.ReadSpan((ulong)(offset + _view!.PointerOffset), destination);
    }

    /// <summary>Address of a range, for native code; valid until the file is disposed.</summary>
    public nint AddressOf(long offset, long size)
    {
        Check(offset, size);
        return size == 0 ? 0 : _handle!.DangerousGetHandle() + (nint)(offset + _view!.PointerOffset);
    }

    public void Dispose()
    {
        _view?.Dispose();
        _file?.Dispose();
    }

    private void Check(long offset, long size)
    {
        ObjectDisposedException.ThrowIf(_handle is { IsClosed: true }, this);
        if (offset < 0 || size < 0 || offset > Length - size)
            throw new ArgumentOutOfRangeException(
                nameof(offset), $"{size} bytes at {offset} are outside {Path}, which has {Length} bytes.");
    }
}
