namespace Llm42.Cli.Output;

/// <summary>Loads models, with a bar on standard error where that is a terminal.</summary>
internal static class ModelLoading
{
    public static Task<LlmEngine> RunAsync(string model, LlmEngineOptions options, CancellationToken cancellation) =>
        WeightProgress.RunAsync("Loading", progress => LlmEngine.LoadAsync(model, options, progress, cancellation));
}
