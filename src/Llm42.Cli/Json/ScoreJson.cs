namespace Llm42.Cli.Json;

/// <summary>What `score --json` writes.</summary>
internal sealed record ScoreJson(IReadOnlyList<TokenLogprobsJson> Positions);
