namespace Llm42.Native;

/// <summary>Shape of a paged key/value cache.</summary>
public sealed record NativeKvCacheOptions
{
    /// <summary>Element type: f32 or bf16; by default bf16.</summary>
    public DType ElementType { get; init; }

    /// <summary>Layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Key/value heads per layer.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Elements per head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Positions per page: a power of two, 8..1024.</summary>
    public required int PageSize { get; init; }

    /// <summary>Pages.</summary>
    public required int Pages { get; init; }
}
