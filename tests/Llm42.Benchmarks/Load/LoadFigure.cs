namespace Llm42.Benchmarks.Load;

/// <summary>What one load took.</summary>
/// <param name="Seconds">Time of it, digests included.</param>
/// <param name="PeakBytes">Most memory of the process; 0 where the system does not tell.</param>
/// <param name="WeightBytes">Weights as stored.</param>
/// <param name="WeightDtype">Their dtype.</param>
internal sealed record LoadFigure(double Seconds, long PeakBytes, long WeightBytes, string WeightDtype);
