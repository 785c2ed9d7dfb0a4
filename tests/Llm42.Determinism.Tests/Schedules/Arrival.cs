using Llm42.Core.Requests;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>A request of a schedule.</summary>
/// <param name="Step">How many steps run before it comes.</param>
/// <param name="Request">What it asks.</param>
/// <param name="CancelAfter">Cancelled when this many steps more have run; null for never.</param>
internal sealed record Arrival(int Step, GenerationRequest Request, int? CancelAfter)
{
    public override string ToString()
    {
        SamplingParameters sampling = Request.Sampling;
        List<string> words = [$"step {Step}:", Request.IsDeterministic ? "deterministic" : "ordinary"];
        words.Add($"[{string.Join(',', Request.PromptIds)}] ({Request.PromptIds.Count}) + {Request.MaxTokens}");
        if (sampling.Temperature > 0)
            words.Add($"T {sampling.Temperature} k {sampling.TopK} p {sampling.TopP} min-p {sampling.MinP} seed {sampling.Seed}");
        if (sampling.RepetitionPenalty != 1)
            words.Add($"repetition {sampling.RepetitionPenalty}");
        if (sampling.PresencePenalty != 0 || sampling.FrequencyPenalty != 0)
            words.Add($"presence {sampling.PresencePenalty} frequency {sampling.FrequencyPenalty}");
        foreach ((int token, float bias) in sampling.LogitBias)
            words.Add($"bias {token}:{bias}");
        if (Request.StopTokenIds.Count > 0)
            words.Add($"stop {string.Join(',', Request.StopTokenIds)}");
        if (Request.TextStop is not null)
            words.Add($"stop pair {Request.TextStop}");
        if (Request.Constraint is not null)
            words.Add($"bound to {Request.Constraint}");
        if (Request.TopLogprobs > 0)
            words.Add($"top {Request.TopLogprobs}");
        if (Request.ScorePrompt)
            words.Add("scored");
        if (CancelAfter is not null)
            words.Add($"cancelled after {CancelAfter} steps");
        return string.Join(' ', words);
    }
}
