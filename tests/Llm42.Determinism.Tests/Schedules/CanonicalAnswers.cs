using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Core.Tests;
using Llm42.Native;
using Llm42.Runtime;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>
/// What requests must answer: each alone on an idle engine of one thread, its prompt in one piece, nothing drafted,
/// nothing shared.
/// </summary>
internal static class CanonicalAnswers
{
    private const int PageSize = 32;
    private const int Kept = 20_000;

    private static readonly EngineOptions Plain = new()
    {
        MaxSequences = 1,
        MaxBatchTokens = TinyModel.MaxBatchTokens,
        PrefillChunk = TinyModel.MaxBatchTokens,
        Window = 1,
        Drafter = DrafterKind.None,
        PrefixCache = false,
    };

    private static readonly Dictionary<(TinyModel, DType, int), NativeModelExecutor> Executors = [];
    private static readonly Dictionary<(TinyModel, DType, int, string), Transcript> Answers = [];

    public static Transcript Of(TinyModel model, DType kvType, int maxContext, GenerationRequest request)
    {
        request = request with { IsDeterministic = true };
        var key = (model, kvType, maxContext, new Arrival(0, request, null).ToString());
        if (Answers.TryGetValue(key, out Transcript? answer))
            return answer;
        if (Answers.Count >= Kept)
            Answers.Clear();
        var simulation = new Simulation(ExecutorOf(model, kvType, maxContext), Plain);
        Sequence sequence = simulation.Add(request);
        simulation.Run();
        answer = Transcript.Of(sequence);
        Answers.Add(key, answer);
        return answer;
    }

    /// <summary>Frees the executors.</summary>
    public static void Clear()
    {
        foreach (NativeModelExecutor executor in Executors.Values)
            executor.Dispose();
        Executors.Clear();
        Answers.Clear();
    }

    private static NativeModelExecutor ExecutorOf(TinyModel model, DType kvType, int maxContext)
    {
        if (!Executors.TryGetValue((model, kvType, maxContext), out NativeModelExecutor? executor))
        {
            executor = model.Open(
                new NativeDeviceOptions { Threads = 1, PlannedThreads = 1 }, kvType, PageSize,
                (model.Shape.MaxContext / PageSize) + 1, maxContext);
            Executors.Add((model, kvType, maxContext), executor);
        }

        return executor;
    }
}
