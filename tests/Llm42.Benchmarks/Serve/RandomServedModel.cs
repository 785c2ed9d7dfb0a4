using System.Text.Json;
using Llm42.Testing;

namespace Llm42.Benchmarks.Serve;

/// <summary>Weights that mean nothing, of a wanted size, with the tokenizer of a real model; deleted at the end.</summary>
internal sealed class RandomServedModel : IDisposable
{
    private static readonly string[] Tokenizer = ["tokenizer.json", "tokenizer_config.json"];

    private readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("llm42-bench-");

    public RandomServedModel(string tokenizerOf, int mebibytes)
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(tokenizerOf, "config.json")));
        int vocabulary = config.RootElement.GetProperty("vocab_size").GetInt32();
        SyntheticModel.Write(Directory, (long)mebibytes << 20, vocabularySize: vocabulary);
        foreach (string file in Tokenizer)
            File.Copy(Path.Combine(tokenizerOf, file), Path.Combine(Directory, file));
    }

    public string Directory => _directory.FullName;

    public void Dispose() => _directory.Delete(recursive: true);
}
