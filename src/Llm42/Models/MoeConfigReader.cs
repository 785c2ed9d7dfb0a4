namespace Llm42.Models;

/// <summary>Reads the fields of config.json that mixtures of experts share.</summary>
internal static class MoeConfigReader
{
    private const int MaxExperts = 1024;
    private const int MaxTopK = 64;

    // Far above that of any model, and far below what a config of two lines could make a machine list.
    private const int MaxExpertsInAll = 1 << 17;

    /// <summary>Reads them.</summary>
    /// <param name="json">config.json.</param>
    /// <param name="expertsField">What the number of experts is called.</param>
    /// <param name="defaultExperts">The number where it is missing.</param>
    /// <param name="defaultTopK">Experts per token where num_experts_per_tok is missing.</param>
    /// <param name="intermediateSize">Width of an expert.</param>
    /// <param name="isRenormalized">The weights of the chosen experts are divided by their sum.</param>
    /// <param name="denseLayers">Layers without experts.</param>
    public static MoeConfig Read(
        JsonObjectReader json,
        string expertsField,
        int defaultExperts,
        int defaultTopK,
        int intermediateSize,
        bool isRenormalized,
        IReadOnlyList<int> denseLayers)
    {
        var experts = json.Integer(expertsField, 1, MaxExperts, defaultExperts);
        var layers = json.Integer("num_hidden_layers", 1, int.MaxValue);
        if ((long)experts * layers > MaxExpertsInAll)
            throw new ModelFormatException(
                json.Path, $"{expertsField} is {experts} in {layers} layers; at most {MaxExpertsInAll} experts in all are read.");
        var topK = json.Integer("num_experts_per_tok", 1, MaxTopK, defaultTopK);
        return topK <= experts
            ? new MoeConfig(experts, topK, intermediateSize, isRenormalized, denseLayers)
            : throw new ModelFormatException(
                json.Path, $"num_experts_per_tok is {topK}, but {expertsField} is only {experts}.");
    }
}
