using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>
/// Names in <see cref="ChatOptions.AdditionalProperties"/> that a client knows, and in those of its responses. Values may
/// be .NET values or a <see cref="System.Text.Json.JsonElement"/> of them.
/// </summary>
public static class Llm42ChatProperties
{
    /// <summary>Of options, true or false: <see cref="GenerationOptions.IsDeterministic"/>.</summary>
    public const string IsDeterministic = "is_deterministic";

    /// <summary>Of options, a number: <see cref="GenerationOptions.MinP"/>.</summary>
    public const string MinP = "min_p";

    /// <summary>Of options, a number: <see cref="GenerationOptions.RepetitionPenalty"/>.</summary>
    public const string RepetitionPenalty = "repetition_penalty";

    /// <summary>Of options, a dictionary from token ids to numbers: <see cref="GenerationOptions.LogitBias"/>.</summary>
    public const string LogitBias = "logit_bias";

    /// <summary>Of options, true or false: <see cref="GenerationOptions.IgnoreEos"/>.</summary>
    public const string IgnoreEos = "ignore_eos";

    /// <summary>Of options, a dictionary from names to values: variables of the model's chat template, such as "enable_thinking".</summary>
    public const string TemplateVariables = "chat_template_kwargs";

    /// <summary>Of responses, and of the last update of a streamed one: a <see cref="AI.Guarantee"/>.</summary>
    public const string Guarantee = "llm42";
}
