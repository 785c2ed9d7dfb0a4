using Llm42.Core.Requests;

namespace Llm42.Receipts;

/// <summary>
/// How tokens were chosen: every property of <see cref="SamplingParameters"/>, under the same name. A test holds the
/// two together.
/// </summary>
/// <param name="Temperature">0 is greedy.</param>
/// <param name="TopP">1 keeps all.</param>
/// <param name="TopK">0 keeps all.</param>
/// <param name="MinP">0 drops none.</param>
/// <param name="RepetitionPenalty">1 is none.</param>
/// <param name="PresencePenalty">0 is none.</param>
/// <param name="FrequencyPenalty">0 is none.</param>
/// <param name="LogitBias">Token id to what is added to its logit, ids ascending.</param>
/// <param name="Seed">Seed of the noise.</param>
public sealed record ReceiptSampling(
    float Temperature,
    float TopP,
    int TopK,
    float MinP,
    float RepetitionPenalty,
    float PresencePenalty,
    float FrequencyPenalty,
    IReadOnlyDictionary<int, float> LogitBias,
    ulong Seed)
{
    internal static ReceiptSampling Of(SamplingParameters sampling) => new(
        sampling.Temperature,
        sampling.TopP,
        sampling.TopK,
        sampling.MinP,
        sampling.RepetitionPenalty,
        sampling.PresencePenalty,
        sampling.FrequencyPenalty,
        new SortedDictionary<int, float>(sampling.LogitBias.ToDictionary()),
        sampling.Seed);

    internal SamplingParameters ToParameters() => new()
    {
        Temperature = Temperature,
        TopP = TopP,
        TopK = TopK,
        MinP = MinP,
        RepetitionPenalty = RepetitionPenalty,
        PresencePenalty = PresencePenalty,
        FrequencyPenalty = FrequencyPenalty,
        LogitBias = LogitBias,
        Seed = Seed,
    };
}
