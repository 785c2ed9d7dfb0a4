namespace Llm42.Core.Observability;

/// <summary>What an engine holds, as of its last step.</summary>
/// <param name="Running">Sequences that hold KV pages, or are about to.</param>
/// <param name="Waiting">Sequences that wait for pages or for a place; 0 or more.</param>
/// <param name="FreePages">KV pages without owner and without content.</param>
/// <param name="CachedPages">KV pages without owner whose content may be asked for again.</param>
/// <param name="OwnedPages">KV pages that sequences hold, shared ones counted once.</param>
public readonly record struct EngineLoad(int Running, int Waiting, int FreePages, int CachedPages, int OwnedPages);
