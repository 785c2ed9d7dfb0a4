namespace Llm42.Benchmarks.Load;

/// <summary>What one load took.</summary>
/// <param name="Seconds">Time of it, digests included.</param>
/// <param name="PeakBytes">Most memory of the process; 0 where the system does not tell.</param>
/// <param name="WeightBytes">Weights as stored.</param>
/// <param name="WeightDtype">Their dtype.</param>
/// <param name="DeviceBytes">Most memory that the device held: weights, KV cache and work space.</param>
/// <param name="IsCached">The weights came from the weight cache.</param>
internal sealed record LoadFigure(double Seconds, long PeakBytes, long WeightBytes, string WeightDtype, long DeviceBytes, bool IsCached);
