namespace Llm42.Server.Operation;

/// <summary>Marks a route that clients ask again and again: the log does not tell of each time that it went well.</summary>
internal sealed class PolledRoute;
