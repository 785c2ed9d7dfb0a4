namespace Llm42.Cli.Throughput;

/// <summary>
/// The published LLM-42 (arXiv 2601.17768, Llama-3.1-8B on an H100, W 64, G 8): throughput at a share of deterministic
/// requests over that at none.
/// </summary>
internal static class PublishedFigures
{
    /// <summary>The shares of the table.</summary>
    public static IReadOnlyList<double> Shares { get; } = [0.02, 0.1, 0.2, 0.5, 1];

    /// <summary>Ratios at those shares by workload, prompt and answer lengths.</summary>
    public static IReadOnlyList<(string Workload, double[] Ratios)> Rows { get; } =
    [
        ("ArXiv", [1.00, 0.99, 0.98, 0.92, 0.84]),
        ("ShareGPT", [0.96, 0.85, 0.78, 0.69, 0.58]),
        ("512/256", [0.99, 0.95, 0.92, 0.83, 0.72]),
        ("1024/512", [0.99, 0.97, 0.94, 0.86, 0.76]),
        ("2048/512", [0.99, 0.98, 0.97, 0.93, 0.86]),
        ("4096/512", [0.99, 0.98, 0.97, 0.94, 0.86]),
    ];
}
