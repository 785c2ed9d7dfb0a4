using Llm42.Core.Requests;
using Llm42.Core.Sampling;

namespace Llm42.Core.Tests;

/// <summary>Bias and penalties as they are defined, token by token over the whole vocabulary.</summary>
internal static class AdjustmentReference
{
    public static IEnumerable<LogitAdjustment> Of(GenerationRequest request, IReadOnlyCollection<int> answer)
    {
        SamplingParameters rules = request.Sampling;
        for (int token = 0; token < FakeModel.Vocabulary; token++)
        {
            int answered = answer.Count(t => t == token);
            var adjustment = new LogitAdjustment(
                token,
                rules.LogitBias.GetValueOrDefault(token),
                answered > 0 || request.PromptIds.Contains(token) ? rules.RepetitionPenalty : 1f,
                answered > 0 ? (rules.FrequencyPenalty * answered) + rules.PresencePenalty : 0f);
            if (adjustment.Bias != 0 || adjustment.Repetition != 1 || adjustment.Penalty != 0)
                yield return adjustment;
        }
    }
}
