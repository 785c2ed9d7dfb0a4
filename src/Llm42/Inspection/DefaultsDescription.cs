namespace Llm42.Inspection;

/// <summary>What holds where a request is silent.</summary>
/// <param name="Source">The file that it comes from; null if the model has none, or none is to be used.</param>
/// <param name="Temperature">0 is greedy.</param>
/// <param name="TopP">1 is all.</param>
/// <param name="TopK">0 is all.</param>
/// <param name="MinP">0 is none.</param>
/// <param name="RepetitionPenalty">1 is none.</param>
/// <param name="MaxNewTokens">Most tokens of an answer; null if the model does not say.</param>
/// <param name="MaxLength">Most tokens of prompt and answer; null if the model does not say.</param>
/// <param name="StopStrings">Texts that end an answer.</param>
/// <param name="EndTokens">Tokens that end an answer, ascending.</param>
/// <param name="EndTokensSource">The file that names them; null if none does.</param>
public sealed record DefaultsDescription(
    string? Source,
    float Temperature,
    float TopP,
    int TopK,
    float MinP,
    float RepetitionPenalty,
    int? MaxNewTokens,
    int? MaxLength,
    IReadOnlyList<string> StopStrings,
    IReadOnlyList<EndToken> EndTokens,
    string? EndTokensSource);
