namespace Llm42.Cli.Output;

/// <summary>Loads models, with a bar on standard error where that is a terminal.</summary>
internal static class ModelLoading
{
    public static Task<InferenceEngine> RunAsync(string model, InferenceEngineOptions options, CancellationToken cancellation) =>
        WeightProgress.RunAsync("Loading", progress => InferenceEngine.LoadAsync(model, options, progress, cancellation));
}
