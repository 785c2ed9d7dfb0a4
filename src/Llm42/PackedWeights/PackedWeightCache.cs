using System.Security.Cryptography;
using System.Text;
using Llm42.Native;
using Llm42.Runtime;

namespace Llm42.PackedWeights;

/// <summary>
/// A folder with a file of packed weights for each model and form. A file is found by the model's path, and used only if
/// the digest in it is that of the weights as they are now, which is computed each time the model is loaded: other
/// weights under the same path are noticed, whatever their files' times say. What cannot be used is written anew, what
/// cannot be written is done without; either leaves a warning.
/// </summary>
internal sealed class PackedWeightCache : IDisposable
{
    /// <summary>Ends the name of a file while it is written.</summary>
    public const string TemporaryExtension = ".tmp";

    private const string Extension = ".llm42w";

    // A writer writes all the time; what has rested for so long was left by a process that was ended.
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1);

    private readonly string _profile;
    private readonly int _threads;
    private readonly List<(string Name, NativeWeight Weight)> _packed = [];
    private PackedWeightReader? _reader;
    private string? _warning;
    private bool _isRead;
    private bool _isWritten;

    private PackedWeightCache(string file, string profile, int threads)
    {
        File = file;
        _profile = profile;
        _threads = threads;
    }

    /// <summary>The file, be it there or not.</summary>
    public string File { get; }

    /// <summary>There is a file to read.</summary>
    public bool IsThere => _reader is not null;

    /// <summary>What came of it.</summary>
    public WeightCacheUse Use => new(File, _isRead, _isWritten, _warning);

    /// <summary>Opens the file of a model if it is there.</summary>
    /// <param name="folder">The folder; made when something is written.</param>
    /// <param name="modelPath">The model.</param>
    /// <param name="options">Forms that its weights are packed into.</param>
    /// <param name="threads">Threads to read and write with.</param>
    public static PackedWeightCache Open(string folder, string modelPath, ExecutorOptions options, int threads)
    {
        var profile = options.HasInt8Weights ? "cpu int8" : options.HasInt8Drafts ? "cpu original+int8" : "cpu original";
        var key = SHA256.HashData(Encoding.UTF8.GetBytes($"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(modelPath))}\n{profile}"));
        var cache = new PackedWeightCache(
            Path.Combine(Path.GetFullPath(folder), Convert.ToHexStringLower(key.AsSpan(0, 16)) + Extension), profile, Math.Max(1, threads));
        try
        {
            cache._reader = PackedWeightReader.Open(cache.File, profile, cache._threads);
        }
        catch (PackedFileException error)
        {
            cache.Refuse(error.Message);
        }
        return cache;
    }

    /// <summary>The matrix from the file, if there is one, else as it is packed now.</summary>
    /// <param name="stream">Where it goes.</param>
    /// <param name="name">What it is packed of.</param>
    /// <param name="options">Its shape and form.</param>
    /// <param name="rows">Output features of one of its matrices.</param>
    /// <param name="pack">Packs it.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="PackedFileException">The file is not what it should be; nothing that was read of it may be used.</exception>
    public NativeWeight Get(
        NativeStream stream, string name, NativeWeightOptions options, long rows, Func<NativeWeight> pack, CancellationToken cancellation)
    {
        if (_reader is not null)
            return _reader.Read(stream, name, options, rows, cancellation);
        var weight = pack();
        _packed.Add((name, weight));
        return weight;
    }

    /// <summary>What was read may be used; false if it was packed of other weights than those.</summary>
    public bool Accept(ReadOnlySpan<byte> weightsDigest)
    {
        if (!_reader!.WeightsDigest.SequenceEqual(weightsDigest))
        {
            Refuse("was packed of other weights: the model has changed.");
            return false;
        }
        _reader.Dispose();
        _isRead = true;
        return true;
    }

    /// <summary>Gives the file up, for it to be written anew.</summary>
    /// <param name="reason">Why, as a sentence about the file.</param>
    public void Refuse(string reason)
    {
        _reader?.Dispose();
        _reader = null;
        _packed.Clear();
        _warning = $"weight cache: {File} {reason} The weights are packed anew.";
    }

    /// <summary>Writes what was packed, if anything; that it fails is not the engine's affair.</summary>
    /// <param name="weightsDigest">Digest of the weights that were packed.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public void Write(byte[] weightsDigest, CancellationToken cancellation)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            Sweep();
            PackedWeightWriter.Write(File, weightsDigest, _profile, _packed, _threads, cancellation);
            _isWritten = true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            _warning = $"{(_warning is null ? "" : $"{_warning} ")}weight cache: {File} cannot be written: {error.Message}";
        }
        _packed.Clear();
    }

    public void Dispose() => _reader?.Dispose();

    private void Sweep()
    {
        foreach (var left in Directory.EnumerateFiles(Path.GetDirectoryName(File)!, $"{Path.GetFileName(File)}.*{TemporaryExtension}"))
        {
            if (System.IO.File.GetLastWriteTimeUtc(left) < DateTime.UtcNow - Abandoned)
                System.IO.File.Delete(left);
        }
    }
}
