using System.Text.Json.Nodes;
using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

/// <summary>Each component by itself against the Rust library; see make-component-vectors.js.</summary>
[TestClass]
public sealed class ComponentVectorTests
{
    private static readonly string[] Parts = ["added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder"];

    [TestMethod]
    public void Every_component_does_what_the_Rust_library_does()
    {
        using Stream stream = typeof(ComponentVectorTests).Assembly.GetManifestResourceStream("component-vectors.json")!;
        JsonNode file = JsonNode.Parse(stream)!;
        int checks = 0;
        foreach (JsonNode? component in file["components"]!.AsArray())
        {
            string name = (string)component!["name"]!;
            BpeTokenizer tokenizer = Load(component, file["models"]![(string)component["model"]!]!);
            foreach (JsonNode? vector in component["encodes"]!.AsArray())
            {
                string text = (string)vector!["text"]!;
                CollectionAssert.AreEqual(Ids(vector), tokenizer.Encode(text, addSpecialTokens: true), $"{name}: {text}");
                checks++;
            }

            foreach (JsonNode? vector in component["decodes"]!.AsArray())
            {
                int[] ids = Ids(vector!);
                Assert.AreEqual((string)vector!["text"]!, tokenizer.Decode(ids, skipSpecialTokens: false), $"{name}: {string.Join(' ', ids)}");
                Assert.AreEqual((string)vector["skipped"]!, tokenizer.Decode(ids, skipSpecialTokens: true), $"{name}: {string.Join(' ', ids)}");
                checks++;
            }
        }

        Assert.IsGreaterThan(1000, checks);
    }

    private static BpeTokenizer Load(JsonNode component, JsonNode model)
    {
        var json = new JsonObject { ["model"] = model.DeepClone() };
        foreach (string part in Parts)
        {
            json[part] = component[part]?.DeepClone();
        }

        return TestTokenizers.Load(json);
    }

    private static int[] Ids(JsonNode vector) => [.. vector["ids"]!.AsArray().Select(id => (int)id!)];
}
