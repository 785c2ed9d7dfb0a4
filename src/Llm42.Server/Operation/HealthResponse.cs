namespace Llm42.Server.Operation;

/// <summary>How a server is: "ok", or "draining" while it stops.</summary>
internal sealed record HealthResponse(string Status);
