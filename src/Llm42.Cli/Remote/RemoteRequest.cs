using System.Text.Json.Nodes;

namespace Llm42.Cli.Remote;

/// <summary>A request to a server.</summary>
internal sealed record RemoteRequest
{
    public required RemotePrompt Prompt { get; init; }

    public required int MaxTokens { get; init; }

    public float Temperature { get; init; }

    public ulong? Seed { get; init; }

    /// <summary>What "is_deterministic" says; null leaves it out, as servers other than ours want it.</summary>
    public bool? IsDeterministic { get; init; }

    /// <summary>Ask for exactly <see cref="MaxTokens"/> tokens.</summary>
    public bool IgnoreEos { get; init; }

    public bool HasLogprobs { get; init; }

    /// <summary>Fields of this request alone; they go before all others.</summary>
    public JsonObject? ExtraBody { get; init; }

    /// <summary>The body of the request, streamed.</summary>
    /// <param name="model">Which model.</param>
    /// <param name="endpoint">What is asked.</param>
    /// <param name="extra">Fields of every request, which go before these; null leaves a field out.</param>
    public JsonObject Body(string model, RemoteEndpoint endpoint, JsonObject? extra)
    {
        var body = new JsonObject { ["model"] = model };
        Prompt.AddTo(body, endpoint);
        body["max_tokens"] = MaxTokens;
        // 0.7f is 0.7, not 0.699999988079071.
        body["temperature"] = (decimal)Temperature;
        body["stream"] = true;
        body["stream_options"] = new JsonObject { ["include_usage"] = true };
        if (Seed is { } seed)
            body["seed"] = seed;
        if (IsDeterministic is { } isDeterministic)
            body["is_deterministic"] = isDeterministic;
        if (IgnoreEos)
            body["ignore_eos"] = true;
        if (HasLogprobs)
            body["logprobs"] = endpoint == RemoteEndpoint.Chat ? JsonValue.Create(true) : JsonValue.Create(1);
        foreach ((string name, JsonNode? value) in (extra ?? []).Concat(ExtraBody ?? []))
        {
            if (value is null)
                body.Remove(name);
            else
                body[name] = value.DeepClone();
        }

        return body;
    }
}
