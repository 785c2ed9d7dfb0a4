using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.Cli.Options;

namespace Llm42.Cli.Remote;

/// <summary>
/// Reads prompts: JSON texts or objects, one a line or in one array. An object holds "prompt" (a text or token ids),
/// "text", "question", "input_ids", "messages", "turns" (the first is taken) or, as ShareGPT has it, "conversations".
/// </summary>
internal static class PromptFile
{
    private static readonly string[] TextNames = ["prompt", "text", "question", "input_ids"];
    private static readonly string[] LimitNames = ["max_tokens", "max_new_tokens", "output_len"];

    /// <summary>The prompts of a file; conversations that nobody opens are passed over.</summary>
    /// <exception cref="UsageException">A line cannot be read, or there is no prompt.</exception>
    public static async Task<IReadOnlyList<PromptLine>> ReadAsync(string path, CancellationToken cancellation)
    {
        var prompts = new List<PromptLine>();
        int number = 0;
        if (await IsArrayAsync(path, cancellation).ConfigureAwait(false))
        {
            await using FileStream stream = File.OpenRead(path);
            try
            {
                await foreach (JsonNode? item in JsonSerializer.DeserializeAsyncEnumerable(
                    stream, PromptFileContext.Default.JsonNode, cancellation).ConfigureAwait(false))
                    Add(item, $"item {++number}");
            }
            catch (JsonException error)
            {
                throw new UsageException($"{path} behind item {number} is no JSON: {error.Message}");
            }
        }
        else
        {
            await foreach (string line in File.ReadLinesAsync(path, cancellation).ConfigureAwait(false))
            {
                number++;
                if (line.AsSpan().Trim().Length > 0)
                    Add(Parse(line, $"{path}, line {number}"), $"line {number}");
            }
        }

        return prompts.Count > 0 ? prompts : throw new UsageException($"{path} holds no prompt.");

        void Add(JsonNode? item, string place)
        {
            try
            {
                if (PromptOf(item) is { } prompt)
                    prompts.Add(new PromptLine(prompt, LimitOf(item)));
            }
            catch (Exception error) when (error is InvalidOperationException or FormatException)
            {
                throw new UsageException($"{path}, {place}: {error.Message}");
            }
        }
    }

    private static async Task<bool> IsArrayAsync(string path, CancellationToken cancellation)
    {
        // A line of JSONL is a text or an object, so a bracket is the file's own.
        using var reader = new StreamReader(path);
        char[] start = new char[4096];
        int count = await reader.ReadBlockAsync(start.AsMemory(), cancellation).ConfigureAwait(false);
        return start.AsSpan(0, count).TrimStart() is ['[', ..];
    }

    private static JsonNode? Parse(string line, string place)
    {
        try
        {
            return JsonNode.Parse(line);
        }
        catch (JsonException error)
        {
            throw new UsageException($"{place} is no JSON: {error.Message}");
        }
    }

    /// <summary>The prompt; null for a conversation that has none.</summary>
    private static RemotePrompt? PromptOf(JsonNode? item)
    {
        if (item is JsonValue)
            return Of(item);
        if (item is not JsonObject fields)
            throw new FormatException("it must be a JSON text or object.");
        foreach (string name in TextNames)
        {
            if (fields[name] is { } prompt)
                return Of(prompt);
        }

        if (fields["messages"] is JsonArray { Count: > 0 } messages)
            return new RemotePrompt { Messages = messages };
        if (fields["turns"] is JsonArray { Count: > 0 } turns)
            return Of(turns[0]);
        if ((fields["conversations"] ?? fields["conversation"]) is JsonArray conversation)
        {
            return conversation.FirstOrDefault() is JsonObject first && (first["from"] ?? first["role"])?.GetValue<string>() is "human" or "user"
                ? Of(conversation[0]!["value"] ?? conversation[0]!["content"])
                : null;
        }

        throw new FormatException("it must hold one of prompt, text, question, input_ids, messages, turns and conversations.");
    }

    private static RemotePrompt Of(JsonNode? value) => value switch
    {
        JsonArray { Count: > 0 } ids => new RemotePrompt { Ids = [.. ids.Select(id => id!.GetValue<int>())] },
        JsonValue => new RemotePrompt { Text = value.GetValue<string>() },
        _ => throw new FormatException("the prompt must be a text or an array of token ids."),
    };

    private static int? LimitOf(JsonNode? item)
    {
        if (item is not JsonObject fields || LimitNames.FirstOrDefault(fields.ContainsKey) is not { } name || fields[name] is not { } value)
            return null;
        int limit = value.GetValue<int>();
        return limit > 0 ? limit : throw new FormatException($"{name} is {limit}; it must be 1 or more.");
    }
}
