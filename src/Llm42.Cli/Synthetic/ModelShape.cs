using System.Text.Json.Serialization;

namespace Llm42.Cli.Synthetic;

/// <summary>The dimensions of a model, from which the shapes of its operators and of its weights follow.</summary>
/// <param name="Name">The word on the command line.</param>
/// <param name="Layers">Decoder layers.</param>
/// <param name="HiddenSize">Elements of the residual stream.</param>
/// <param name="QueryHeads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadSize">Elements per head.</param>
/// <param name="IntermediateSize">Elements between gate/up and down, of one expert where there are experts.</param>
/// <param name="VocabularySize">Tokens.</param>
/// <param name="Experts">Experts per layer; 0 for a dense model.</param>
/// <param name="ExpertsPerToken">Experts that a token visits; 0 for a dense model.</param>
internal sealed record ModelShape(
    string Name, int Layers, int HiddenSize, int QueryHeads, int KvHeads, int HeadSize, int IntermediateSize, int VocabularySize,
    int Experts = 0, int ExpertsPerToken = 0)
{
    /// <summary>Of 0.6 billion parameters.</summary>
    private static readonly ModelShape Qwen3 = new("qwen3-0.6b", 28, 1024, 16, 8, 128, 3072, 151936) { IsTied = true, NormsHeads = true };

    private static readonly ModelShape Llama8B = new("llama-3.1-8b", 32, 4096, 32, 8, 128, 14336, 128256);

    /// <summary>The published models whose operators are measured.</summary>
    public static IReadOnlyList<ModelShape> All { get; } =
        [Qwen3, Llama8B, new("mixtral-8x7b", 32, 4096, 32, 8, 128, 14336, 32000, Experts: 8, ExpertsPerToken: 2)];

    /// <summary>The models that are made of random weights; the last is for trying a command out.</summary>
    public static IReadOnlyList<ModelShape> Synthetic { get; } =
    [
        new("llama-125m", 12, 768, 12, 4, 64, 2048, 32000),
        Qwen3,
        new("mixtral-8x-215m", 8, 512, 8, 4, 64, 1792, 32000, Experts: 8, ExpertsPerToken: 2),
        Llama8B,
        new("tiny", 2, 64, 4, 2, 16, 128, 512),
    ];

    /// <summary>The output matrix is the embedding.</summary>
    [JsonIgnore]
    public bool IsTied { get; init; }

    /// <summary>Queries and keys are normed, head by head.</summary>
    [JsonIgnore]
    public bool NormsHeads { get; init; }

    /// <summary>Elements of all query heads.</summary>
    public int QueryWidth => QueryHeads * HeadSize;

    /// <summary>Elements of queries, keys and values together.</summary>
    public int QkvWidth => (QueryHeads + (2 * KvHeads)) * HeadSize;

    /// <summary>Elements of all keys.</summary>
    [JsonIgnore]
    public int KvWidth => KvHeads * HeadSize;
}
