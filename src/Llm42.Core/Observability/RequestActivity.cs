using System.Diagnostics;
using Llm42.Core.Requests;

namespace Llm42.Core.Observability;

/// <summary>
/// The span of a request, in the terms of OpenTelemetry's conventions for generative AI. It never holds text or token
/// ids of prompt or answer.
/// </summary>
internal static class RequestActivity
{
    /// <summary>Name of the activity source.</summary>
    public const string SourceName = "Llm42";

    private const string Operation = "text_completion";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>
    /// Starts a span under the caller's current one, which stays the current one. Null, and nothing done, where
    /// nobody listens.
    /// </summary>
    public static Activity? Start(GenerationRequest request, string engine)
    {
        if (!Source.HasListeners())
            return null;
        Activity? current = Activity.Current;
        Activity? activity = Source.StartActivity(Operation);
        if (activity is null)
            return null;
        Activity.Current = current;
        if (!activity.IsAllDataRequested)
            return activity;
        activity.SetTag("gen_ai.operation.name", Operation);
        activity.SetTag("gen_ai.provider.name", "llm42");
        activity.SetTag("gen_ai.request.max_tokens", request.MaxTokens);
        activity.SetTag("gen_ai.request.temperature", (double)request.Sampling.Temperature);
        activity.SetTag("gen_ai.request.top_p", (double)request.Sampling.TopP);
        if (request.Sampling.TopK > 0)
            activity.SetTag("gen_ai.request.top_k", (double)request.Sampling.TopK);
        // An OpenTelemetry integer is signed: the seed's 64 bits, as they are.
        activity.SetTag("gen_ai.request.seed", unchecked((long)request.Sampling.Seed));
        activity.SetTag("llm42.engine", engine);
        activity.SetTag("llm42.deterministic", request.IsDeterministic);
        return activity;
    }

    /// <summary>Notes that something happened now.</summary>
    public static void AddEvent(Activity? activity, string name)
    {
        if (activity?.IsAllDataRequested == true)
            activity.AddEvent(new ActivityEvent(name));
    }

    /// <summary>Ends the span of a request that the engine took.</summary>
    /// <param name="activity">Its span; null for none.</param>
    /// <param name="sequence">The request as it ended.</param>
    /// <param name="error">What ended it; null if nothing went wrong.</param>
    public static void Stop(Activity? activity, Sequence sequence, Exception? error)
    {
        if (activity is null)
            return;
        if (activity.IsAllDataRequested)
        {
            RequestStatistics statistics = sequence.Statistics;
            activity.SetTag("gen_ai.usage.input_tokens", sequence.PromptLength);
            activity.SetTag("gen_ai.usage.output_tokens", sequence.CommittedCount);
            activity.SetTag("gen_ai.response.finish_reasons", new[] { NameOf(sequence, error) });
            activity.SetTag("llm42.windows", statistics.VerificationWindows);
            activity.SetTag("llm42.rollbacks", statistics.Rollbacks);
            activity.SetTag("llm42.tokens_rolled_back", statistics.TokensRolledBack);
            activity.SetTag("llm42.cached_tokens", statistics.CachedTokens);
            activity.SetTag("llm42.preemptions", statistics.Preemptions);
            if (error is null && sequence.FinishReason == FinishReason.Cancelled)
            {
                activity.SetStatus(ActivityStatusCode.Error, "The request was cancelled.");
                activity.SetTag("error.type", "cancelled");
            }
        }

        Stop(activity, error);
    }

    /// <summary>Ends a span; with an error, if there is one.</summary>
    public static void Stop(Activity? activity, Exception? error)
    {
        if (activity is null)
            return;
        if (error is not null)
        {
            activity.SetStatus(ActivityStatusCode.Error, error.Message);
            activity.SetTag("error.type", error.GetType().FullName);
        }

        // Stopping makes the span's parent the current one, here too.
        Activity? current = Activity.Current;
        try
        {
            activity.Stop();
        }
#pragma warning disable CA1031 // A listener's fault must not cost the request its answer.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        Activity.Current = current;
    }

    private static string NameOf(Sequence sequence, Exception? error) => error is not null
        ? "error"
        : sequence.FinishReason switch
        {
            FinishReason.Stop => "stop",
            FinishReason.Length => "length",
            _ => "cancelled",
        };
}
