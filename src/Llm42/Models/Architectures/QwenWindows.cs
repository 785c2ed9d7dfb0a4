namespace Llm42.Models.Architectures;

/// <summary>The windows of Qwen models, which are off unless a config switches them on.</summary>
internal static class QwenWindows
{
    private const int DefaultWindow = 4096;
    private const int DefaultFirstLayer = 28;

    /// <summary>Windows from layer max_window_layers on.</summary>
    public static int[] OfLateLayers(JsonObjectReader json, int layers) => SlidingWindow.OfLayers(
        json, layers, Width(json), json.Integer("max_window_layers", 0, int.MaxValue, DefaultFirstLayer));

    /// <summary>Windows in all layers.</summary>
    public static int[] OfAllLayers(JsonObjectReader json, int layers) => SlidingWindow.OfLayers(json, layers, Width(json));

    private static int Width(JsonObjectReader json) =>
        json.Boolean("use_sliding_window", false) ? SlidingWindow.Width(json, DefaultWindow) : 0;
}
