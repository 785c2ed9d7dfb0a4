using System.Text.Json;
using Llm42.ChatTemplates.Methods;

namespace Llm42.ChatTemplates;

/// <summary>Cuts a prompt behind the text of its last message, so that the model goes on with that message.</summary>
internal static class FinalMessage
{
    /// <summary>The prompt up to the end of the last message's text.</summary>
    /// <param name="prompt">The rendered prompt.</param>
    /// <param name="messages">The messages that it was rendered from.</param>
    /// <exception cref="ArgumentException">There is no text to go on with, or the prompt does not hold it.</exception>
    public static string Cut(string prompt, JsonElement messages)
    {
        string text = TextOf(messages);
        string stripped = PythonStrings.Strip(text, null, atStart: true, atEnd: true);
        int start = prompt.LastIndexOf(stripped, StringComparison.Ordinal);
        if (start < 0)
            throw new ArgumentException("continue_final_message is set, but the prompt does not hold the text of the last message; the template may drop it.");
        int whole = PythonStrings.Strip(text, null, atStart: true, atEnd: false).Length;
        bool keepsBlanks = start + whole <= prompt.Length && prompt.AsSpan(start, whole).SequenceEqual(text);
        return prompt[..(start + (keepsBlanks ? whole : stripped.Length))];
    }

    private static string TextOf(JsonElement messages)
    {
        if (messages.ValueKind == JsonValueKind.Array && messages.GetArrayLength() > 0
            && messages[messages.GetArrayLength() - 1] is { ValueKind: JsonValueKind.Object } last && last.TryGetProperty("content", out JsonElement content))
        {
            if (content.ValueKind == JsonValueKind.String)
                return content.GetString()!;
            if (content.ValueKind == JsonValueKind.Array)
            {
                // The last part that is text.
                foreach (JsonElement part in content.EnumerateArray().Reverse())
                {
                    if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String)
                        return text.GetString()!;
                }
            }
        }

        throw new ArgumentException("continue_final_message is set, but the last message has no text to go on with.");
    }
}
