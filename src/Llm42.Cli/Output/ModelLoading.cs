namespace Llm42.Cli.Output;

/// <summary>Loads models, with a bar on standard error where that is a terminal, and what is worth a warning behind it.</summary>
internal static class ModelLoading
{
    public static async Task<InferenceEngine> RunAsync(string model, InferenceEngineOptions options, CancellationToken cancellation)
    {
        InferenceEngine engine = await WeightProgress.RunAsync(
            "Loading", progress => InferenceEngine.LoadAsync(model, options, progress, cancellation)).ConfigureAwait(false);
        if (engine.Engine.WeightCache?.Warning is { } warning)
            await Console.Error.WriteLineAsync($"llm42: warning: {warning}").ConfigureAwait(false);
        return engine;
    }
}
