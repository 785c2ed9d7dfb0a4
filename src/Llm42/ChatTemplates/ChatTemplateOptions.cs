namespace Llm42.ChatTemplates;

/// <summary>How templates are rendered.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>
    /// The clock behind strftime_now. A template that asks for the time gives prompts that depend on it: give a clock
    /// that stands still, or set the variable that such a template looks for first (often date_string), where a prompt
    /// has to be repeated.
    /// </summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How much a template may use.</summary>
    public ChatTemplateLimits Limits { get; init; } = new();
}
