using Llm42.Testing;

namespace Llm42.Extensions.Tests;

/// <summary>A copy of the embedded model with a chat template, in a folder that goes with it.</summary>
internal sealed class ChatModel : IDisposable
{
    private const string Template = """
        {%- for message in messages -%}
        <{{ message.role }}>{{ message.content }}
        {% endfor -%}
        {%- if add_generation_prompt -%}<assistant>{%- endif -%}
        """;

    public ChatModel()
    {
        foreach (string file in Directory.EnumerateFiles(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel"), "*.json")
            .Append(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel/model.safetensors")))
            File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)));
        File.WriteAllText(System.IO.Path.Combine(Path, "chat_template.jinja"), Template);
    }

    /// <summary>The model directory.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("llm42-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
