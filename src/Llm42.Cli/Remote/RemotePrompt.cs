using System.Text.Json.Nodes;

namespace Llm42.Cli.Remote;

/// <summary>What is to be answered: one of a text, token ids and the messages of a chat.</summary>
internal sealed record RemotePrompt
{
    public string? Text { get; init; }

    public IReadOnlyList<int>? Ids { get; init; }

    public JsonArray? Messages { get; init; }

    /// <summary>Why an endpoint cannot be asked this; null where it can.</summary>
    public string? ProblemAt(RemoteEndpoint endpoint) => endpoint switch
    {
        RemoteEndpoint.Chat when Ids is not null => "token ids are no chat; use --endpoint completions",
        RemoteEndpoint.Completions when Messages is not null => "messages need --endpoint chat",
        _ => null,
    };

    /// <summary>Puts it into the body of a request.</summary>
    public void AddTo(JsonObject body, RemoteEndpoint endpoint)
    {
        if (endpoint == RemoteEndpoint.Chat)
            body["messages"] = Messages?.DeepClone() ?? new JsonArray(new JsonObject { ["role"] = "user", ["content"] = Text });
        else
            body["prompt"] = Ids is null ? JsonValue.Create(Text) : new JsonArray([.. Ids.Select(id => (JsonNode)id)]);
    }

    /// <summary>A few words of it for people.</summary>
    public string InWords
    {
        get
        {
            string text = Text ?? (Ids is not null ? $"token ids {string.Join(',', Ids)}" : Messages!.ToJsonString());
            text = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 57), "...");
        }
    }
}
