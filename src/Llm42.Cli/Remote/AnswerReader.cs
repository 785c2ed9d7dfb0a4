using System.Text;
using System.Text.Json;
using Llm42.Cli.Determinism;

namespace Llm42.Cli.Remote;

/// <summary>Puts an answer together from the events of its stream, of either endpoint.</summary>
internal sealed class AnswerReader
{
    private const int MaxTextLength = 1 << 26;

    private readonly RemoteAnswer _answer = new();
    private readonly StringBuilder _text = new();
    private readonly List<string> _tokens = [];
    private readonly List<string> _ids = [];
    private readonly List<double> _logprobs = [];
    private readonly List<long> _times = [];

    /// <summary>The server has said that nothing more comes.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Takes an event.</summary>
    /// <returns>The tokens that it bears; at least 1 for a piece whose tokens are not told apart, 0 for other things.</returns>
    /// <exception cref="RemoteException">It is an error, or nothing that can be understood.</exception>
    public int Read(in SseEvent item, long time)
    {
        if (item.Data == "[DONE]")
        {
            IsDone = true;
            return 0;
        }

        return Read(item.Data, time, item.Type == "error");
    }

    /// <summary>Takes an answer in one piece, from a server that does not stream.</summary>
    public void ReadWhole(string body, long time)
    {
        Read(body, time, isError: false);
        IsDone = true;
    }

    /// <summary>The answer, once its stream has ended.</summary>
    /// <exception cref="RemoteException">It is not complete.</exception>
    public RemoteAnswer Finish(long sentAt, long endedAt)
    {
        if (!IsDone && _answer.FinishReason is null)
            throw new RemoteException(RemoteError.Incomplete);
        _answer.Text = _text.ToString();
        _answer.Tokens = _ids.Count > 0 ? _ids : _tokens;
        _answer.Logprobs = _logprobs;
        _answer.SentAt = sentAt;
        _answer.PieceTimes = _times;
        _answer.EndedAt = endedAt;
        return _answer;
    }

    private int Read(string data, long time, bool isError)
    {
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(data);
        }
        catch (JsonException error)
        {
            throw isError
                ? new RemoteException(RemoteError.InStream(data))
                : new RemoteException(RemoteError.Malformed($"an event is no JSON: {error.Message} It begins with {data[..Math.Min(data.Length, 80)]}"), error);
        }

        using (json)
        {
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                throw new RemoteException(RemoteError.Malformed($"an event is {root.ValueKind}, not a JSON object"));
            if (isError || Find(root, "error") is not null)
                throw new RemoteException(RemoteError.InStream(RemoteError.MessageIn(root) ?? data));
            try
            {
                ReadTotals(root);
                int tokens = Find(root, "choices") is { ValueKind: JsonValueKind.Array } choices && choices.GetArrayLength() > 0
                    ? ReadChoice(choices[0])
                    : 0;
                if (tokens > 0)
                    _times.Add(time);
                return tokens;
            }
            catch (Exception error) when (error is InvalidOperationException or FormatException)
            {
                throw new RemoteException(RemoteError.Malformed($"an event has fields of another type than OpenAI's: {error.Message}"), error);
            }
        }
    }

    private void ReadTotals(JsonElement root)
    {
        _answer.SystemFingerprint = Find(root, "system_fingerprint")?.GetString() ?? _answer.SystemFingerprint;
        if (Find(root, "usage") is { } usage)
        {
            _answer.PromptTokens = Find(usage, "prompt_tokens")?.GetInt32() ?? _answer.PromptTokens;
            _answer.CompletionTokens = Find(usage, "completion_tokens")?.GetInt32() ?? _answer.CompletionTokens;
            if (Find(usage, "prompt_tokens_details") is { } details)
                _answer.CachedTokens = Find(details, "cached_tokens")?.GetInt32() ?? _answer.CachedTokens;
        }

        if (Find(root, "llm42") is { } llm42)
        {
            _answer.IsDeterministic = Find(llm42, "is_deterministic")?.GetBoolean() ?? _answer.IsDeterministic;
            _answer.Verification = new VerificationCounts(
                Find(llm42, "verification_windows")?.GetInt32() ?? 0,
                Find(llm42, "rollbacks")?.GetInt32() ?? 0,
                Find(llm42, "tokens_rolled_back")?.GetInt32() ?? 0);
        }
    }

    private int ReadChoice(JsonElement choice)
    {
        _answer.FinishReason = Find(choice, "finish_reason")?.GetString() ?? _answer.FinishReason;
        int length = _text.Length;
        Append(choice, "text");
        if ((Find(choice, "delta") ?? Find(choice, "message")) is { } message)
        {
            Append(message, "reasoning_content");
            Append(message, "reasoning");
            Append(message, "content");
            if (Find(message, "tool_calls") is { ValueKind: JsonValueKind.Array } calls)
            {
                foreach (JsonElement call in calls.EnumerateArray())
                {
                    if (Find(call, "function") is not { } function)
                        continue;
                    Append(function, "name");
                    Append(function, "arguments");
                }
            }
        }

        if (_text.Length > MaxTextLength)
            throw new RemoteException(RemoteError.Malformed($"the answer is longer than {MaxTextLength} characters"));
        int tokens = Math.Max(ReadLogprobs(choice), ReadIds(choice));
        return tokens > 0 ? tokens : _text.Length > length ? 1 : 0;
    }

    private int ReadIds(JsonElement choice)
    {
        if (Find(choice, "token_ids") is not { ValueKind: JsonValueKind.Array } ids)
            return 0;
        _ids.AddRange(ids.EnumerateArray().Select(id => id.GetRawText()));
        return ids.GetArrayLength();
    }

    private int ReadLogprobs(JsonElement choice)
    {
        if (Find(choice, "logprobs") is not { ValueKind: JsonValueKind.Object } logprobs)
            return 0;
        if (Find(logprobs, "content") is { ValueKind: JsonValueKind.Array } content)
        {
            foreach (JsonElement token in content.EnumerateArray())
            {
                _tokens.Add(Find(token, "token")?.GetString() ?? "");
                _logprobs.Add(Find(token, "logprob")?.GetDouble() ?? double.NaN);
            }

            return content.GetArrayLength();
        }

        if (Find(logprobs, "tokens") is not { ValueKind: JsonValueKind.Array } tokens)
            return 0;
        _tokens.AddRange(tokens.EnumerateArray().Select(token => token.GetString() ?? ""));
        if (Find(logprobs, "token_logprobs") is { ValueKind: JsonValueKind.Array } values)
        {
            _logprobs.AddRange(values.EnumerateArray().Select(
                value => value.ValueKind == JsonValueKind.Null ? double.NaN : value.GetDouble()));
        }

        return tokens.GetArrayLength();
    }

    private void Append(JsonElement owner, string name)
    {
        if (Find(owner, name) is { ValueKind: JsonValueKind.String } text)
            _text.Append(text.GetString());
    }

    /// <summary>A member; null where it is missing or null.</summary>
    private static JsonElement? Find(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
}
