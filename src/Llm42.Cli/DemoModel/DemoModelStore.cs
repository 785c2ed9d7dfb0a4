using System.Buffers.Binary;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Llm42.Cli.DemoModel;

/// <summary>
/// Unpacks the embedded model once into the user's cache folder, under a name that holds the hash of its content.
/// Where the cache cannot be written, into a temporary folder that goes with the process.
/// </summary>
internal static class DemoModelStore
{
    private const string ResourcePrefix = "demo-model/";

    /// <summary>The unpacked model, its files equal to the embedded ones.</summary>
    public static ModelDirectory Open()
    {
        SortedDictionary<string, byte[]> files = ReadResources();
        string name = "demo-model-" + Hash(files);
        try
        {
            string directory = Path.Combine(CacheFolder(), name);
            if (!IsIntact(directory, files))
                Install(directory, files);
            return new ModelDirectory(directory, isTemporary: false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string directory = Directory.CreateTempSubdirectory("llm42-demo-").FullName;
            Write(directory, files);
            return new ModelDirectory(directory, isTemporary: true);
        }
    }

    private static SortedDictionary<string, byte[]> ReadResources()
    {
        Assembly assembly = typeof(DemoModelStore).Assembly;
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(ResourcePrefix, StringComparison.Ordinal))
                continue;
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            files.Add(resource[ResourcePrefix.Length..], content);
        }

        return files;
    }

    private static string Hash(SortedDictionary<string, byte[]> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(long)];
        foreach ((string name, byte[] content) in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            BinaryPrimitives.WriteInt64LittleEndian(length, content.LongLength);
            hash.AppendData(length);
            hash.AppendData(content);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>Writes beside the target, then renames, so that no reader ever sees half a model.</summary>
    private static void Install(string directory, SortedDictionary<string, byte[]> files)
    {
        string parent = Path.GetDirectoryName(directory)!;
        Directory.CreateDirectory(parent);
        string staging = Path.Combine(parent, Path.GetRandomFileName());
        Directory.CreateDirectory(staging);
        try
        {
            Write(staging, files);
            if (Directory.Exists(directory))
                Directory.Move(directory, staging + ".damaged");
            Directory.Move(staging, directory);
        }
        catch (IOException) when (IsIntact(directory, files))
        {
            // Another process was faster.
        }
        finally
        {
            DeleteIfPresent(staging);
            DeleteIfPresent(staging + ".damaged");
        }
    }

    private static void Write(string directory, SortedDictionary<string, byte[]> files)
    {
        foreach ((string name, byte[] content) in files)
            File.WriteAllBytes(Path.Combine(directory, name), content);
    }

    private static bool IsIntact(string directory, SortedDictionary<string, byte[]> files)
    {
        foreach ((string name, byte[] content) in files)
        {
            var file = new FileInfo(Path.Combine(directory, name));
            if (!file.Exists || file.Length != content.LongLength || !content.AsSpan().SequenceEqual(File.ReadAllBytes(file.FullName)))
                return false;
        }

        return true;
    }

    private static void DeleteIfPresent(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    private static string CacheFolder()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache) || !Path.IsPathRooted(cache))
        {
            cache = OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        }

        return Path.Combine(cache, "llm42");
    }
}
