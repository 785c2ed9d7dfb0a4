namespace Llm42.Cli.Kernels;

/// <summary>Sizes of one call of an operator; null where the operator has no such size.</summary>
/// <param name="Rows">Rows of the batch (M).</param>
/// <param name="N">Output features of a linear layer, gate and up together.</param>
/// <param name="K">Input features of a linear layer.</param>
/// <param name="Sequences">Sequences that the rows of attention belong to.</param>
/// <param name="Context">Positions that the last row of each sequence sees.</param>
/// <param name="QueryHeads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadSize">Elements per head.</param>
/// <param name="Width">Elements of a row.</param>
/// <param name="Vocabulary">Tokens.</param>
/// <param name="Layers">Layers of the KV cache.</param>
/// <param name="PageSize">Positions of a KV page.</param>
/// <param name="Experts">Experts.</param>
/// <param name="TopK">Experts that a row visits.</param>
internal sealed record KernelShape(
    int? Rows = null, int? N = null, int? K = null, int? Sequences = null, int? Context = null, int? QueryHeads = null,
    int? KvHeads = null, int? HeadSize = null, int? Width = null, int? Vocabulary = null, int? Layers = null, int? PageSize = null, int? Experts = null,
    int? TopK = null)
{
    /// <summary>"M 16, N 4096, K 1024".</summary>
    public override string ToString()
    {
        (string Name, int? Value)[] parts =
        [
            ("M", Rows), ("N", N), ("K", K), ("sequences", Sequences), ("context", Context), ("width", Width),
            ("vocabulary", Vocabulary), ("layers", Layers), ("page", PageSize), ("experts", Experts), ("top", TopK),
        ];
        IEnumerable<string> named = parts.Where(part => part.Value is not null).Select(part => $"{part.Name} {part.Value}");
        if (KvHeads is not null)
            named = named.Append(QueryHeads is null ? $"heads {KvHeads} of {HeadSize}" : $"heads {QueryHeads}/{KvHeads} of {HeadSize}");
        return string.Join(", ", named);
    }
}
