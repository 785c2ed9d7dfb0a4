using Llm42.Models;
using Llm42.Weights;

namespace Llm42;

/// <summary>What a model is.</summary>
/// <param name="Architecture">Its name in config.json: "LlamaForCausalLM".</param>
/// <param name="Directory">Where it was loaded from.</param>
/// <param name="Layers">Decoder layers.</param>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="QueryHeads">Query heads per layer.</param>
/// <param name="KvHeads">Key/value heads per layer.</param>
/// <param name="HeadSize">Elements per head.</param>
/// <param name="VocabularySize">Token ids are 0..VocabularySize-1.</param>
/// <param name="MaxContext">Most positions that the engine gives a sequence.</param>
/// <param name="ParameterCount">Weights, tied ones counted once.</param>
/// <param name="WeightDtype">dtype of most of them as stored: "bf16".</param>
/// <param name="WeightBytes">Their bytes as stored.</param>
public sealed record ModelDescription(
    string Architecture,
    string Directory,
    int Layers,
    int HiddenSize,
    int QueryHeads,
    int KvHeads,
    int HeadSize,
    int VocabularySize,
    int MaxContext,
    long ParameterCount,
    string WeightDtype,
    long WeightBytes)
{
    /// <summary>Weights that a token passes through: all but those of the experts that it is not sent to.</summary>
    public long ActiveParameterCount { get; init; } = ParameterCount;

    /// <summary>Weights by the dtype that they are stored in, most bytes first.</summary>
    public IReadOnlyList<DtypeShare> Dtypes { get; init; } = [];

    /// <summary>Experts of a layer; 0 for a model without.</summary>
    public int Experts { get; init; }

    /// <summary>Experts that a token is sent to in a layer; 0 for a model without.</summary>
    public int ExpertsPerToken { get; init; }

    /// <summary>Positions that the layers with a sliding window see; 0 where all see everything.</summary>
    public int SlidingWindow { get; init; }

    /// <summary>How many layers have a sliding window.</summary>
    public int WindowedLayers { get; init; }

    /// <summary>Describes a model.</summary>
    /// <param name="directory">Where it is.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="spec">Its weights.</param>
    /// <param name="tensors">The tensors of <paramref name="spec"/>.</param>
    /// <param name="maxContext">Most positions of a sequence.</param>
    internal static ModelDescription Of(
        string directory, ModelConfig config, DecoderSpec spec, IReadOnlyList<Tensor> tensors, int maxContext)
    {
        DtypeShare[] dtypes =
        [
            .. tensors
                .GroupBy(tensor => tensor.Dtype)
                .Select(group => new DtypeShare(group.Key.Name(), group.Sum(tensor => tensor.ElementCount), group.Sum(tensor => tensor.Size)))
                .OrderByDescending(share => share.Bytes),
        ];
        var parameters = tensors.Sum(tensor => tensor.ElementCount);
        return new ModelDescription(
            config.Architecture,
            Path.GetFullPath(directory),
            config.Layers,
            config.HiddenSize,
            config.QueryHeads,
            config.KvHeads,
            config.HeadSize,
            config.VocabularySize,
            maxContext,
            parameters,
            dtypes[0].Dtype,
            tensors.Sum(tensor => tensor.Size))
        {
            ActiveParameterCount = parameters - spec.Layers.Sum(layer => IdleParameters(layer.FeedForward, config.Moe)),
            Dtypes = dtypes,
            Experts = config.Moe?.Experts ?? 0,
            ExpertsPerToken = config.Moe?.TopK ?? 0,
            SlidingWindow = config.Windows.Max(),
            WindowedLayers = config.Windows.Count(window => window > 0),
        };
    }

    /// <summary>Weights of the experts that a token is not sent to; all experts of a layer have one shape.</summary>
    private static long IdleParameters(FeedForwardSpec feedForward, MoeConfig? config) => feedForward is MoeSpec moe
        ? moe.Experts[0].Tensors.Sum(tensor => tensor.Shape.Aggregate(1L, (product, extent) => product * extent)) * (moe.Experts.Count - config!.TopK)
        : 0;
}
