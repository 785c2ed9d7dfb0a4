using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

/// <summary>A model of each architecture on the command line.</summary>
[TestClass]
public sealed class ArchitectureTests
{
    [TestMethod]
    [DynamicData(nameof(Architectures.Rows), typeof(Architectures))]
    public async Task Greedy_ids_are_those_of_the_reference(string name)
    {
        string directory = Architectures.Folder(name);
        JsonNode golden = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(directory, "golden.json")))!;
        JsonNode item = golden["cases"]![1]!;
        int[] expected = Cli.Integers(item["greedy"]);
        JsonNode json = await Cli.JsonAsync(
            "generate", directory, "--prompt-ids", string.Join(',', Cli.Integers(item["prompt_ids"])), "--temperature", "0",
            "--deterministic", "--kv-dtype", "f32", "--ignore-eos", "--max-tokens", $"{expected.Length}");
        CollectionAssert.AreEqual(expected, Cli.Integers(json["token_ids"]), name);
    }
}
