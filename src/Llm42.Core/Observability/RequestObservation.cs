using System.Diagnostics;

namespace Llm42.Core.Observability;

/// <summary>
/// What is known of a request for metrics and traces alone. Made by the thread that submits it, then used by the
/// engine thread.
/// </summary>
/// <param name="arrival">When it was submitted, in ticks of the engine's clock.</param>
/// <param name="activity">Its span; null if nobody listens.</param>
internal sealed class RequestObservation(long arrival, Activity? activity)
{
    /// <summary>When it was submitted, in ticks of the engine's clock.</summary>
    public long Arrival { get; } = arrival;

    /// <summary>Its span; null if nobody listens.</summary>
    public Activity? Activity { get; } = activity;

    /// <summary>Its values, by <see cref="Total"/>, as far as they are in the engine's totals.</summary>
    public long[]? Counted { get; set; }

    /// <summary>How it ended; null while it has not.</summary>
    public Total? Ending { get; set; }

    /// <summary>It has had a row in a step.</summary>
    public bool HasRun { get; set; }

    /// <summary>Committed tokens that have been looked at.</summary>
    public int SeenTokens { get; set; }

    /// <summary>When the last of them was committed; null if nobody asked then.</summary>
    public long? LastToken { get; set; }
}
