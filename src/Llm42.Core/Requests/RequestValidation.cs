using Llm42.Core.Execution;

namespace Llm42.Core.Requests;

/// <summary>Refuses requests that no executor could run.</summary>
internal static class RequestValidation
{
    public const int MaxTopLogprobs = 1024;

    public static void Validate(GenerationRequest request, ExecutorInfo info)
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
    }
}
