using Llm42.Core.Execution;

namespace Llm42.Core.Observability;

/// <summary>
/// Hashes of the hidden state at each position of a request: of the row that its answer came from. Rows that were
/// rolled back leave nothing here.
/// </summary>
public sealed class LayerTrace
{
    private const string Embedding = "embedding";
    private const string Logits = "logits";
    private const string End = "end";

    /// <summary>A trace of rows 0, 1 and so on. The rows must have equally many hashes.</summary>
    public LayerTrace(IReadOnlyList<RowHashes> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        for (int position = 1; position < rows.Count; position++)
            RequireSameModel(rows[0], rows[position], $"position {position}");
        Rows = rows;
    }

    /// <summary>
    /// The rows by their position. The last token of an answer has none, since nothing was predicted behind it.
    /// </summary>
    public IReadOnlyList<RowHashes> Rows { get; }

    /// <summary>Hashes in all rows.</summary>
    public long HashCount => Rows.Sum(row => row.Residual.Count + (row.Logits is null ? 0L : 1));

    /// <summary>
    /// Where another trace parts from this one: the smallest position, there the first stage; null if they agree.
    /// Logits are compared where both rows were predicted.
    /// </summary>
    /// <exception cref="ArgumentException">The traces have different numbers of layers.</exception>
    public LayerDifference? FirstDifference(LayerTrace other)
    {
        ArgumentNullException.ThrowIfNull(other);
        int common = Math.Min(Rows.Count, other.Rows.Count);
        if (common > 0)
            RequireSameModel(Rows[0], other.Rows[0], "the other trace");
        for (int position = 0; position < common; position++)
        {
            if (FirstStage(Rows[position], other.Rows[position]) is { } stage)
                return new LayerDifference(position, stage);
        }

        return Rows.Count == other.Rows.Count ? null : new LayerDifference(common, End);
    }

    private static string? FirstStage(RowHashes row, RowHashes other)
    {
        for (int i = 0; i < row.Residual.Count; i++)
        {
            if (row.Residual[i] != other.Residual[i])
                return StageName(i);
        }

        return row.Logits is { } logits && other.Logits is { } otherLogits && logits != otherLogits ? Logits : null;
    }

    private static string StageName(int index) =>
        index == 0 ? Embedding : $"layer {(index - 1) / 2} {(index % 2 == 1 ? "attention" : "mlp")}";

    private static void RequireSameModel(RowHashes row, RowHashes other, string name)
    {
        if (row.Residual.Count != other.Residual.Count)
            throw new ArgumentException(
                $"A row of {name} has {other.Residual.Count} hashes, position 0 has {row.Residual.Count}: they are not of one model.");
    }
}
