namespace Llm42.Cli.Kernels;

/// <summary>The published dimensions of a model, from which the shapes of its operators follow.</summary>
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
    /// <summary>The models whose shapes are measured.</summary>
    public static IReadOnlyList<ModelShape> All { get; } =
    [
        new("qwen3-0.6b", 28, 1024, 16, 8, 128, 3072, 151936),
        new("llama-3.1-8b", 32, 4096, 32, 8, 128, 14336, 128256),
        new("mixtral-8x7b", 32, 4096, 32, 8, 128, 14336, 32000, Experts: 8, ExpertsPerToken: 2),
    ];

    /// <summary>Elements of all query heads.</summary>
    public int QueryWidth => QueryHeads * HeadSize;

    /// <summary>Elements of queries, keys and values together.</summary>
    public int QkvWidth => (QueryHeads + (2 * KvHeads)) * HeadSize;
}
