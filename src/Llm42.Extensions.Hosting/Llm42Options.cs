namespace Llm42.Extensions.Hosting;

/// <summary>Which model an engine of the host loads, and how it runs.</summary>
public sealed class Llm42Options
{
    /// <summary>A model directory in Hugging Face layout, or a GGUF file.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>
    /// Device, sizes and policy. Where <see cref="InferenceEngineOptions.Name"/> is null, a keyed engine is called by its
    /// key.
    /// </summary>
    public InferenceEngineOptions Inference { get; set; } = new();
}
