namespace Llm42.Cli.DemoModel;

/// <summary>A model directory for as long as it is needed.</summary>
internal sealed class ModelDirectory : IDisposable
{
    private readonly bool _isTemporary;

    internal ModelDirectory(string path, bool isTemporary)
    {
        Path = path;
        _isTemporary = isTemporary;
    }

    /// <summary>Where the files are.</summary>
    public string Path { get; }

    /// <summary>The named directory; `demo` is the embedded model.</summary>
    public static ModelDirectory Open(string name) =>
        name == "demo" ? DemoModelStore.Open() : new ModelDirectory(name, isTemporary: false);

    public void Dispose()
    {
        if (_isTemporary)
            Directory.Delete(Path, recursive: true);
    }
}
