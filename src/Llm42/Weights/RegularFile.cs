namespace Llm42.Weights;

/// <summary>
/// Files of a model directory as they are found on disks: links are followed, and what never ends or never answers, a
/// device or a pipe, is not opened.
/// </summary>
internal static class RegularFile
{
    /// <summary>Bytes of a file, looked up without opening it: 0 for devices and pipes.</summary>
    /// <exception cref="IOException">It is a directory, a link to nothing, or does not exist.</exception>
    public static long LengthOf(string path)
    {
        if (Directory.Exists(path))
            throw new IOException("it is a directory, not a file.");
        var file = new FileInfo(path);
        return file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? target.Length : file.Length;
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">Most bytes to read.</param>
    /// <exception cref="IOException">It cannot be read, is empty, or has more bytes.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not read it.</exception>
    public static byte[] Read(string path, long limit)
    {
        if (LengthOf(path) == 0)
            throw new IOException("it is empty.");
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        if (stream.Length > limit)
            throw new IOException($"it has {stream.Length} bytes; at most {limit} are read.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
