using Llm42.Cli.Serving;
using Llm42.Core.Observability;

namespace Llm42.Cli.Traces;

/// <summary>The requests of a trace, answered at one share of deterministic ones.</summary>
/// <param name="Share">0 to 1.</param>
/// <param name="Elapsed">From the first arrival to the end of the last answer.</param>
/// <param name="Classes">All requests first, then each class where there are two.</param>
/// <param name="Lag">How late requests were sent.</param>
/// <param name="Statistics">What the engine counted.</param>
internal sealed record TraceRun(double Share, TimeSpan Elapsed, IReadOnlyList<ClassFigures> Classes, LatencySummary Lag, EngineStatistics Statistics)
{
    /// <summary>Drafts committed over drafts proposed; null where none was.</summary>
    public double? Acceptance => Statistics.TokensDrafted > 0 ? (double)Statistics.TokensAccepted / Statistics.TokensDrafted : null;
}
