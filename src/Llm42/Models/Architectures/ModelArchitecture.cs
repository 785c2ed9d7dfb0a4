namespace Llm42.Models.Architectures;

/// <summary>How the models of one name are configured and which weights they have. One file each, and a line here.</summary>
internal abstract class ModelArchitecture
{
    private static readonly ModelArchitecture[] All =
    [
        new LlamaArchitecture(),
        new MistralArchitecture(),
        new Qwen2Architecture(),
        new Qwen3Architecture(),
        new Phi3Architecture(),
        new MixtralArchitecture(),
        new Qwen3MoeArchitecture(),
    ];

    /// <summary>The name in config.json: "LlamaForCausalLM".</summary>
    public abstract string Name { get; }

    /// <summary>The known names, for errors.</summary>
    public static string KnownNames => string.Join(", ", All.Select(architecture => architecture.Name));

    /// <summary>The architecture of a name, or null.</summary>
    public static ModelArchitecture? Find(string name) => Array.Find(All, architecture => architecture.Name == name);

    /// <summary>Reads and checks config.json.</summary>
    public abstract ModelConfig ReadConfig(JsonObjectReader json);

    /// <summary>The weights of a model with this config.</summary>
    public abstract DecoderSpec Describe(ModelConfig config);
}
