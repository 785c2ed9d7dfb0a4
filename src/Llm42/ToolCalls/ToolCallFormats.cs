namespace Llm42.ToolCalls;

/// <summary>Finds out how a model calls tools.</summary>
public static class ToolCallFormats
{
    /// <summary>The format that a chat template asks its model for.</summary>
    /// <param name="template">The template's text.</param>
    public static ToolCallFormat Of(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (template.Contains(HermesParser.Begin, StringComparison.Ordinal))
            return ToolCallFormat.Hermes;

        // Llama 3's templates tell the model to answer with "parameters".
        return template.Contains("\"parameters\"", StringComparison.Ordinal) && template.Contains("<|start_header_id|>", StringComparison.Ordinal)
            ? ToolCallFormat.Llama3
            : ToolCallFormat.None;
    }
}
