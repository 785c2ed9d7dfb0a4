using Llm42.Testing;

namespace Llm42.Cli.Tests;

/// <summary>A copy of the embedded model that a test may damage.</summary>
internal sealed class ModelCopy : IDisposable
{
    public ModelCopy(params string[] without)
    {
        foreach (string name in (string[])["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
        {
            if (!without.Contains(name))
                File.Copy(RepositoryRoot.InRoot($"src/Llm42.Cli/DemoModel/{name}"), System.IO.Path.Combine(Path, name));
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("llm42-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
