using Llm42.Core.Engine;
using Llm42.Core.Execution;

namespace Llm42.Core.Requests;

/// <summary>Refuses requests that no executor could run.</summary>
internal static class RequestValidation
{
    public const int MaxTopLogprobs = 1024;

    public static void Validate(GenerationRequest request, ExecutorInfo info, EngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.PromptIds.Count == 0)
            throw new ArgumentException("The prompt has no tokens; it needs one or more.");
        for (int i = 0; i < request.PromptIds.Count; i++)
        {
            if ((uint)request.PromptIds[i] >= (uint)info.VocabularySize)
                throw new ArgumentException(
                    $"Prompt token {i} is {request.PromptIds[i]}; the vocabulary has 0..{info.VocabularySize - 1}.");
        }

        if (request.MaxTokens < 0)
            throw new ArgumentException($"max_tokens is {request.MaxTokens}; it must be 0 or more.");
        int most = Math.Min(MaxTopLogprobs, info.VocabularySize);
        if (request.TopLogprobs < 0 || request.TopLogprobs > most)
            throw new ArgumentException($"top_logprobs is {request.TopLogprobs}; it must be 0..{most}.");
        if (request.CaptureLayers && !info.CapturesLayers)
            throw new ArgumentException("The request asks for hashes of layers; the executor makes none. Leave CaptureLayers out.");
        request.Sampling.Validate();
        foreach (int token in request.Sampling.LogitBias.Keys)
        {
            if ((uint)token >= (uint)info.VocabularySize)
                throw new ArgumentException($"logit_bias names token {token}; the vocabulary has 0..{info.VocabularySize - 1}.");
        }
        if (!request.IsDeterministic)
            return;
        if (options.Determinism == DeterminismMode.Off)
            throw new ArgumentException(
                "is_deterministic is asked for, but this engine runs with Determinism = Off. Leave it out, or start the engine with Auto, Dvr or Invariant.");
        if (request.ScorePrompt && options.Verifier == VerifierKind.FixedShape)
            throw new ArgumentException(
                "A deterministic request cannot be scored with the fixed-shape verifier, whose prompts run under fast numerics. Leave is_deterministic out: the scores of an ordinary request are invariant.");
    }
}
