using Llm42.Cli.Synthetic;

namespace Llm42.Cli.Throughput;

/// <summary>What a model's steps move and compute at least.</summary>
/// <param name="shape">The model.</param>
/// <param name="weightBytes">Bytes of an element of its weights.</param>
/// <param name="kvBytes">Bytes of an element of keys and values.</param>
internal sealed class ModelCost(ModelShape shape, double weightBytes, int kvBytes)
{
    /// <summary>Elements of the matrices of one expert, or of the feed-forward part of a dense layer.</summary>
    private long FeedForward => 3L * shape.HiddenSize * shape.IntermediateSize;

    private long Attention => ((long)shape.HiddenSize * shape.QkvWidth) + ((long)shape.QueryWidth * shape.HiddenSize);

    private long Router => (long)shape.Experts * shape.HiddenSize;

    private long Head => (long)shape.VocabularySize * shape.HiddenSize;

    /// <summary>Elements of all weights, a tied head counted once.</summary>
    public long Parameters => SyntheticTensor.Of(shape).Sum(tensor => tensor.Count);

    /// <summary>Bytes that a token generated moves: its part of the weights, which a step of the batch reads once, and its keys and values.</summary>
    /// <param name="batch">Rows of a step.</param>
    /// <param name="context">Positions that each sees, on average.</param>
    public double DecodeBytes(int batch, double context)
    {
        // With experts drawn at random, those that no row visits are not read.
        double visited = shape.Experts == 0 ? 1 : shape.Experts * (1 - Math.Pow(1 - ((double)shape.ExpertsPerToken / shape.Experts), batch));
        double weights = ((shape.Layers * (Attention + Router + (visited * FeedForward))) + Head) * weightBytes;
        return (weights / batch) + (2.0 * shape.Layers * shape.KvWidth * context * kvBytes);
    }

    /// <summary>Operations of a token generated.</summary>
    public double DecodeFlops(double context) => LayerFlops(context) + (2.0 * Head);

    /// <summary>Operations of a token of a prompt, whose last one alone has logits.</summary>
    public double PrefillFlops(int length) => LayerFlops(length / 2.0) + (2.0 * Head / length);

    private double LayerFlops(double context) => shape.Layers
        * ((2.0 * (Attention + Router + (Math.Max(1, shape.ExpertsPerToken) * FeedForward))) + (4.0 * shape.QueryWidth * context));
}
