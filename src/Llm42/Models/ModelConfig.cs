using Llm42.Models.Rope;

namespace Llm42.Models;

/// <summary>The checked content of config.json: everything that the forward pass depends on beside the weights.</summary>
internal sealed record ModelConfig
{
    public required string Architecture { get; init; }

    public required int VocabularySize { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int Layers { get; init; }

    public required int QueryHeads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int MaxContext { get; init; }

    public required float RmsNormEpsilon { get; init; }

    public required RopeConfig Rope { get; init; }

    /// <summary>The embedding table is also the head.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Biases of queries, keys, values and the projection behind attention, in architectures that leave it open.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Biases of gate, up and down, in architectures that leave it open.</summary>
    public required bool MlpBias { get; init; }

    /// <summary>Positions that each layer sees, the row's own among them; 0 for all.</summary>
    public required IReadOnlyList<int> Windows { get; init; }

    /// <summary>Null for a model without experts.</summary>
    public MoeConfig? Moe { get; init; }

    public required IReadOnlyList<int> EosTokenIds { get; init; }

    /// <summary>Width of a row of queries.</summary>
    public int QueryWidth => QueryHeads * HeadSize;

    /// <summary>Width of a row of keys, or of values.</summary>
    public int KvWidth => KvHeads * HeadSize;
}
