namespace Llm42.Cli.Remote;

/// <summary>A server-sent event.</summary>
/// <param name="Type">Its name; "message" where it has none.</param>
/// <param name="Data">Its data, lines joined by line feeds.</param>
internal readonly record struct SseEvent(string Type, string Data);
