namespace Llm42.Native.Arguments;

/// <summary>Arguments of <see cref="Operators.Embedding"/>: a look-up of embeddings.</summary>
public readonly record struct EmbeddingArguments
{
    /// <inheritdoc cref="EmbeddingParams.Rows"/>
    public required int Rows { get; init; }

    /// <inheritdoc cref="EmbeddingParams.Table"/>
    public required NativeWeight Table { get; init; }

    /// <inheritdoc cref="EmbeddingParams.Ids"/>
    public required BufferView Ids { get; init; }

    /// <inheritdoc cref="EmbeddingParams.Output"/>
    public required BufferView Output { get; init; }
}
