namespace Llm42;

/// <summary>How far the loading of a model has come.</summary>
/// <param name="LoadedBytes">Bytes of weights brought to the device.</param>
/// <param name="TotalBytes">Bytes of weights in all.</param>
public readonly record struct LoadProgress(long LoadedBytes, long TotalBytes);
