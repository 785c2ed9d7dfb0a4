using System.Text.Json;
using Llm42.ChatTemplates;
using Llm42.Testing;

namespace Llm42.Tests.ChatTemplates;

/// <summary>The templates of real models against the hub's JavaScript library.</summary>
[TestClass]
public sealed class HubChatTests
{
    [TestMethod]
    [DataRow("qwen3")]
    [DataRow("llama3_1")]
    public void Prompts_equal_the_hubs(string model)
    {
        string folder = RepositoryRoot.InShared($"data/tokenizers/{model}");
        ChatTemplate template = ChatTemplate.Load(folder);
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "chat.json")));
        JsonElement cases = file.RootElement.GetProperty("cases");

        Assert.AreEqual(14, cases.GetArrayLength());
        foreach (JsonElement one in cases.EnumerateArray())
        {
            // "rendered" becomes a variable that no template knows.
            Assert.AreEqual(one.GetProperty("rendered").GetString(), template.Render(one), one.GetRawText());
        }
    }
}
