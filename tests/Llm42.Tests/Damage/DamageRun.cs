using System.Diagnostics;
using System.Text;
using Llm42.Tokenization;

namespace Llm42.Tests.Damage;

/// <summary>Reads many damaged files and holds the reader to its word: it reads them or refuses them, and stays small.</summary>
internal sealed class DamageRun
{
    // What a reader may allocate for a file of no size, and for each byte of it.
    private const long FreeBytes = 512 << 10;
    private const long BytesPerByte = 256;

    /// <summary>Files that were read.</summary>
    public int Loaded { get; private set; }

    /// <summary>Files that were refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Runs a reader over damaged files.</summary>
    /// <param name="seed">Decides what is wrong with them.</param>
    /// <param name="rounds">How many.</param>
    /// <param name="write">Writes a damaged file and gives its path and size.</param>
    /// <param name="read">Reads it.</param>
    /// <returns>What went wrong first; null if nothing did.</returns>
    public string? Run(int seed, int rounds, Func<Random, (string Path, long Size)> write, Action read)
    {
        for (var round = 0; round < rounds; round++)
        {
            var (path, size) = write(new Random(HashCode.Combine(seed, round)));
            var before = GC.GetAllocatedBytesForCurrentThread();
            var problem = ReadOnce(read, path);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (problem is null && allocated > FreeBytes + (BytesPerByte * size))
                problem = $"{allocated} bytes were allocated for a file of {size}.";
            if (problem is not null)
                return $"seed {seed}, round {round}: {problem}\n{Show(path)}";
        }
        return null;
    }

    private string? ReadOnce(Action read, string path)
    {
        try
        {
            read();
            Loaded++;
            return null;
        }
        catch (ModelFormatException error)
        {
            return Judge(error, error.File, path);
        }
        catch (TokenizerFormatException error)
        {
            return Judge(error, error.File, path);
        }
#pragma warning disable CA1031 // Any other error is what the run looks for.
        catch (Exception error)
        {
            return error.ToString();
        }
#pragma warning restore CA1031
    }

    private string? Judge(Exception error, string file, string path)
    {
        Refused++;
        if (file != path || !error.Message.StartsWith(path, StringComparison.Ordinal))
            return $"the message does not begin with the file: {error.Message}";
        return error.Message.Length > path.Length + 2500 ? $"the message has {error.Message.Length} characters." : null;
    }

    private static string Show(string path)
    {
        var text = Encoding.UTF8.GetString(File.ReadAllBytes(path));
        return text.Length <= 600 ? text : text[..600] + "...";
    }
}
