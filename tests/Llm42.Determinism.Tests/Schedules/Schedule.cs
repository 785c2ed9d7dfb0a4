using Llm42.Core.Engine;
using Llm42.Native;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>Everything that a run depends on: running it twice gives the same steps.</summary>
internal sealed record Schedule
{
    public required int Seed { get; init; }

    public required TinyModel Model { get; init; }

    public required NativeDeviceOptions Device { get; init; }

    public required DType KvType { get; init; }

    public required int PageSize { get; init; }

    public required int Pages { get; init; }

    /// <summary>Most positions of a sequence.</summary>
    public required int MaxContext { get; init; }

    public required EngineOptions Options { get; init; }

    /// <summary>Places of the window whose drafts are changed, from 0.</summary>
    public required IReadOnlyList<int> FlippedPlaces { get; init; }

    /// <summary>One in so many of the drafts at those places is changed.</summary>
    public required int FlipOneIn { get; init; }

    public required IReadOnlyList<Arrival> Arrivals { get; init; }

    public override string ToString() => $"""
        seed {Seed}, model {Model.Name}, {Device.Isa}, {Device.Threads} threads, planned for {Device.PlannedThreads}, kv {KvType}, {Pages} pages of {PageSize}, context {MaxContext}
        W {Options.Window}, G {Options.VerifyGroup}, {Options.MaxSequences} sequences, {Options.MaxBatchTokens} rows, chunk {Options.PrefillChunk}, chains of {Options.ChainedSteps}, {Options.Determinism}, drafter {Options.Drafter}, prefix cache {Options.PrefixCache}, skip mismatch {Options.SkipMismatch}, one in {FlipOneIn} drafts flipped at [{string.Join(',', FlippedPlaces)}]
        {string.Join('\n', Arrivals)}
        """;
}
