namespace Llm42.Models.Architectures;

/// <summary>The windows of Qwen models, which are off unless a config switches them on.</summary>
internal static class QwenWindows
{
    private const int DefaultWindow = 4096;
    private const int DefaultFirstLayer = 28;

    public static int[] Read(JsonObjectReader json, int layers, int firstLayer = DefaultFirstLayer)
    {
        var window = json.Boolean("use_sliding_window", false) ? SlidingWindow.Width(json, DefaultWindow) : 0;
        return SlidingWindow.OfLayers(json, layers, window, json.Integer("max_window_layers", 0, int.MaxValue, firstLayer));
    }
}
