namespace Llm42.Tests;

/// <summary>A directory that lives as long as a test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("llm42-test-").FullName;

    public string Write(string name, byte[] content)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string Write(string name, string content)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Copies the files of another directory in.</summary>
    public TemporaryDirectory CopyOf(string directory)
    {
        foreach (var file in Directory.GetFiles(directory))
            Write(System.IO.Path.GetFileName(file), File.ReadAllBytes(file));
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
