namespace Llm42.ToolCalls;

/// <summary>How a model writes that it calls a tool.</summary>
public enum ToolCallFormat
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>{"name": …, "arguments": {…}} between &lt;tool_call&gt; and &lt;/tool_call&gt;: Hermes, Qwen.</summary>
    Hermes,

    /// <summary>The whole answer is {"name": …, "parameters": {…}}, several of them with semicolons between: Llama 3.1 and later.</summary>
    Llama3,
}
