using System.Text.Json.Serialization;

namespace Llm42.Server.OpenAi;

/// <summary>A response to /v1/chat/completions.</summary>
internal sealed record ChatResponse
{
    public required string Id { get; init; }

    public string Object { get; } = "chat.completion";

    public required long Created { get; init; }

    public required string Model { get; init; }

    public required string SystemFingerprint { get; init; }

    public required IReadOnlyList<ChatChoice> Choices { get; init; }

    public required Usage Usage { get; init; }

    public required Guarantee Llm42 { get; init; }
}

/// <summary>One answer.</summary>
internal sealed record ChatChoice(int Index, ChatMessage Message, ChatLogprobs? Logprobs, string FinishReason);

/// <summary>What the model says.</summary>
/// <param name="Content">Its text; null where it is nothing but calls.</param>
internal sealed record ChatMessage(string? Content)
{
    public string Role { get; } = "assistant";

    public string? Refusal { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }
}

/// <summary>A tool that the model calls.</summary>
internal sealed record ChatToolCall(string Id, ChatFunctionCall Function)
{
    public string Type { get; } = "function";
}

/// <summary>A function with its arguments: the text of a JSON object.</summary>
internal sealed record ChatFunctionCall(string Name, string Arguments);

/// <summary>One event of a streamed response.</summary>
internal sealed record ChatEvent
{
    public required string Id { get; init; }

    public string Object { get; } = "chat.completion.chunk";

    public required long Created { get; init; }

    public required string Model { get; init; }

    public required string SystemFingerprint { get; init; }

    public required IReadOnlyList<ChatEventChoice> Choices { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usage? Usage { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guarantee? Llm42 { get; init; }
}

/// <summary>A piece of an answer.</summary>
internal sealed record ChatEventChoice(int Index, ChatDelta Delta)
{
    public ChatLogprobs? Logprobs { get; init; }

    public string? FinishReason { get; init; }
}

/// <summary>What a piece adds.</summary>
internal sealed record ChatDelta
{
    public static ChatDelta Empty { get; } = new();

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatToolCallDelta>? ToolCalls { get; init; }
}

/// <summary>What is added to a call: its id and name first, then its arguments piece by piece.</summary>
internal sealed record ChatToolCallDelta(int Index, ChatFunctionDelta Function)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type => Id is null ? null : "function";
}

/// <summary>A function's name, where a call begins, and what is added to its arguments.</summary>
internal sealed record ChatFunctionDelta(string Arguments)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }
}

/// <summary>Log-probabilities of an answer's tokens, those of calls and of the end among them.</summary>
internal sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content)
{
    public IReadOnlyList<ChatTokenLogprob>? Refusal { get; }
}

/// <summary>A token, and what else was likely in its place.</summary>
internal sealed record ChatTokenLogprob(string Token, float Logprob, IReadOnlyList<int>? Bytes, IReadOnlyList<ChatTopLogprob> TopLogprobs);

/// <summary>A token that was likely.</summary>
internal sealed record ChatTopLogprob(string Token, float Logprob, IReadOnlyList<int>? Bytes);
