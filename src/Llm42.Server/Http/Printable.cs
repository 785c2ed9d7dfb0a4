namespace Llm42.Server.Http;

/// <summary>What clients send, made fit for a log and an error: of bounded length, without control characters.</summary>
internal static class Printable
{
    public static string Of(string text, int most)
    {
        var isCut = text.Length > most;
        var characters = text.AsSpan(0, Math.Min(text.Length, most)).ToArray();
        for (var i = 0; i < characters.Length; i++)
        {
            if (char.IsControl(characters[i]) || char.IsSurrogate(characters[i]) || characters[i] is '\u2028' or '\u2029')
                characters[i] = '?';
        }
        return isCut ? $"{new string(characters)}..." : new string(characters);
    }
}
