namespace Llm42.Models;

/// <summary>Reads how far back each layer looks.</summary>
internal static class SlidingWindow
{
    private const string SlidingLayer = "sliding_attention";
    private const string FullLayer = "full_attention";

    /// <summary>The windows of all layers, 0 for a layer that sees everything.</summary>
    /// <param name="json">config.json.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="window">Positions that a windowed layer sees, 0 for no windows at all.</param>
    /// <param name="firstLayer">The first windowed layer, where the config does not list the kinds of its layers.</param>
    public static int[] OfLayers(JsonObjectReader json, int layers, int window, int firstLayer = 0)
    {
        var kinds = json.Has("layer_types") ? json.Texts("layer_types") : null;
        if (kinds is not null && (kinds.Count != layers || kinds.Any(kind => kind is not (SlidingLayer or FullLayer))))
            throw json.Wrong("layer_types", $"an array of {layers} strings, each \"{FullLayer}\" or \"{SlidingLayer}\"");
        if (window == 0 && kinds?.Contains(SlidingLayer) == true)
            throw json.Wrong("layer_types", $"without \"{SlidingLayer}\", since the config gives no window in force");
        return [.. Enumerable.Range(0, layers).Select(
            layer => (kinds is null ? layer >= firstLayer : kinds[layer] == SlidingLayer) ? window : 0)];
    }

    /// <summary>The field sliding_window; 0 where it is null.</summary>
    /// <param name="json">config.json.</param>
    /// <param name="otherwise">Where it is missing altogether.</param>
    public static int Width(JsonObjectReader json, int otherwise = 0) =>
        json.IsNull("sliding_window") ? 0 : json.Integer("sliding_window", 1, int.MaxValue, otherwise);
}
