using Llm42.Core.Engine;

namespace Llm42.Server.Page;

/// <summary>What the page has to know of the server before it can ask anything.</summary>
internal sealed record PageSettings
{
    public required string Model { get; init; }

    public required string SystemFingerprint { get; init; }

    public required bool HasTokenizer { get; init; }

    /// <summary>The model has a chat template that can be used.</summary>
    public required bool HasChatTemplate { get; init; }

    /// <summary>Why the model's chat template cannot be used; null if it can, or there is none.</summary>
    public required string? ChatTemplateProblem { get; init; }

    /// <summary>Most tokens of prompt and answer together.</summary>
    public required int MaxContext { get; init; }

    public required bool IsDeterministicByDefault { get; init; }

    public required string Device { get; init; }

    /// <summary>Threads that fast numerics plan for; 0 where the notion does not apply.</summary>
    public required int PlannedThreads { get; init; }

    public required string NumericsProfile { get; init; }

    /// <summary>Fast and invariant numerics give the same bits: no load can change an answer.</summary>
    public required bool FastIsInvariant { get; init; }

    /// <summary>Deterministic requests are answered.</summary>
    public required bool OffersDeterminism { get; init; }

    /// <summary>Deterministic requests may be drafted and verified.</summary>
    public required bool Drafts { get; init; }

    public static PageSettings Of(ServedModel model)
    {
        var engine = model.Engine.Engine;
        var (hasTemplate, problem) = FindTemplate(model.Engine);
        return new PageSettings
        {
            Model = model.Name,
            SystemFingerprint = model.SystemFingerprint,
            HasTokenizer = model.Engine.Tokenizer is not null,
            HasChatTemplate = hasTemplate,
            ChatTemplateProblem = problem,
            MaxContext = model.Engine.Model.MaxContext,
            IsDeterministicByDefault = model.Options.IsDeterministicByDefault,
            Device = engine.Threads == 0 ? engine.Device : $"{engine.Device}, {engine.Threads} threads",
            PlannedThreads = engine.PlannedThreads,
            NumericsProfile = engine.NumericsProfile,
            FastIsInvariant = engine.FastIsInvariant,
            OffersDeterminism = engine.Determinism != DeterminismMode.Off,
            Drafts = engine.Drafter != DrafterKind.None,
        };
    }

    private static (bool IsThere, string? Problem) FindTemplate(InferenceEngine engine)
    {
        try
        {
            return (engine.ChatTemplate is not null, null);
        }
        catch (InvalidOperationException error)
        {
            return (false, error.Message);
        }
    }
}
