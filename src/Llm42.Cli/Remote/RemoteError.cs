using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Llm42.Cli.Remote;

/// <summary>Why a server gave no answer.</summary>
/// <param name="Kind">A word to count by: connect, timeout, reset, incomplete, malformed, server_error, or http_429 and the like.</param>
/// <param name="Message">What happened, in a sentence without a full stop.</param>
internal sealed record RemoteError(string Kind, string Message)
{
    private const int LongestMessage = 400;

    public static RemoteError Timeout(TimeSpan limit) => new("timeout", string.Create(
        CultureInfo.InvariantCulture, $"the answer was not complete after {limit.TotalSeconds:0.###} s; --timeout allows more"));

    public static RemoteError Incomplete { get; } = new("incomplete", "the answer's stream ended before the answer did");

    public static RemoteError Malformed(string what) => new("malformed", Shorten(what));

    /// <summary>An error that came as an event in the middle of an answer.</summary>
    public static RemoteError InStream(string message) => new("server_error", Shorten(message));

    public static RemoteError OfStatus(HttpStatusCode status, string body) =>
        new($"http_{(int)status}", Shorten($"the server answered {(int)status}: {MessageIn(body)}"));

    public static RemoteError Of(HttpRequestException error) => new(
        error.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError ? "connect" : "reset",
        Shorten(error.Message));

    public static RemoteError OfConnection(IOException error) => new("reset", Shorten(error.Message));

    /// <summary>The message in a body that is an error as OpenAI's API words it, or the body.</summary>
    private static string MessageIn(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return MessageIn(json.RootElement) ?? body;
        }
        catch (JsonException)
        {
            return body;
        }
    }

    /// <summary>The message of {"error": {"message": ...}}, {"error": "..."} or {"message": ...}; null for other things.</summary>
    public static string? MessageIn(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
            return null;
        if (body.TryGetProperty("error", out JsonElement error))
        {
            return error.ValueKind switch
            {
                JsonValueKind.String => error.GetString(),
                JsonValueKind.Object => MessageIn(error) ?? error.GetRawText(),
                JsonValueKind.Null => null,
                _ => error.GetRawText(),
            };
        }

        return body.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.String
            ? message.GetString()
            : null;
    }

    private static string Shorten(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
        return line.Length <= LongestMessage ? line : string.Concat(line.AsSpan(0, LongestMessage), "...");
    }
}

/// <summary>A server gave no answer.</summary>
internal sealed class RemoteException(RemoteError error, Exception? inner = null) : Exception(error.Message + ".", inner)
{
    public RemoteError Error => error;
}
