namespace Llm42.Native.Tests.OperatorTests;

/// <summary>Heads, cache and window of an attention test.</summary>
internal sealed record AttentionShape
{
    public int QueryHeads { get; init; } = 4;

    public int KvHeads { get; init; } = 2;

    public int HeadSize { get; init; } = 32;

    public int PageSize { get; init; } = 16;

    public DType CacheType { get; init; } = DType.F32;

    public int Window { get; init; }

    /// <summary>Elements of a query or output row.</summary>
    public int Width => QueryHeads * HeadSize;

    public float Scale => 1 / MathF.Sqrt(HeadSize);
}
