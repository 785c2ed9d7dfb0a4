namespace Llm42.Core.Scheduling;

/// <summary>A KV page to be copied over another one before a step runs.</summary>
/// <param name="Source">Page to copy.</param>
/// <param name="Destination">Page to overwrite.</param>
public readonly record struct PageCopy(int Source, int Destination);
