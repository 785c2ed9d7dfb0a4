namespace Llm42.Cli.Json;

/// <summary>A model.</summary>
internal sealed record ModelJson(
    string Architecture, string Directory, int Layers, int HiddenSize, int QueryHeads, int KvHeads, int HeadSize, int VocabularySize,
    int MaxContext, long ParameterCount, long ActiveParameterCount, string WeightDtype, long WeightBytes, IReadOnlyList<DtypeShareJson> Dtypes,
    int Experts, int ExpertsPerToken, int SlidingWindow, int WindowedLayers)
{
    public static ModelJson Of(ModelDescription model) => new(
        model.Architecture, model.Directory, model.Layers, model.HiddenSize, model.QueryHeads, model.KvHeads, model.HeadSize,
        model.VocabularySize, model.MaxContext, model.ParameterCount, model.ActiveParameterCount, model.WeightDtype, model.WeightBytes,
        [.. model.Dtypes.Select(share => new DtypeShareJson(share.Dtype, share.Parameters, share.Bytes))],
        model.Experts, model.ExpertsPerToken, model.SlidingWindow, model.WindowedLayers);
}

/// <summary>The weights of one dtype.</summary>
internal sealed record DtypeShareJson(string Dtype, long Parameters, long Bytes);
