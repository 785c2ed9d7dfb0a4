using Llm42.Cli.Synthetic;
using Llm42.Core.Engine;

namespace Llm42.Cli.Throughput;

/// <summary>What is sent when: nothing of it depends on time.</summary>
internal static class ThroughputPlan
{
    /// <summary>Number of the sample that an engine is warmed up by, beyond those that are measured.</summary>
    public const int WarmUp = 1 << 20;

    /// <summary>A share below this much of a wave's requests needs more waves than anybody waits for.</summary>
    private const int MostWaves = 64;

    /// <summary>The cases of a model: each variant at each batch and share, but for drafts from the weights that verify them.</summary>
    public static IReadOnlyList<ThroughputCase> Cases(ThroughputOptions options, WeightFormat format) =>
    [
        .. from batch in options.Batches
           from share in options.Shares
           from variant in options.Variants
           where format != WeightFormat.Int8 || variant.Drafter != DrafterKind.Int8Weights
           select new ThroughputCase(variant, batch, share),
    ];

    /// <summary>
    /// What llama.cpp is asked beside a format of the engine's: the same format, or the one next to it; beside the first one
    /// also those that belong to none.
    /// </summary>
    public static IReadOnlyList<(WeightFormat Format, int Batch)> PeerCases(ThroughputOptions options, WeightFormat format) => options.PeerFolder is null
        ? []
        :
        [
            .. from one in options.PeerWeights
               where one == format.Peer || (format == options.Weights[0] && options.Weights.All(ours => ours.Peer != one))
               from batch in options.Batches
               select (one, batch),
        ];

    /// <summary>The order of a repetition: forwards and backwards in turns, so that a drift of the machine falls on all alike.</summary>
    public static IEnumerable<T> Order<T>(IReadOnlyList<T> participants, int repetition) =>
        repetition % 2 == 0 ? participants : participants.Reverse();

    /// <summary>
    /// Which requests are deterministic, wave by wave: spread evenly, and as many waves as it takes that their share is
    /// nearly the wanted one.
    /// </summary>
    /// <param name="batch">Requests of a wave.</param>
    /// <param name="share">0 to 1.</param>
    public static IReadOnlyList<bool[]> Waves(int batch, double share)
    {
        double rarer = Math.Min(share, 1 - share);
        int waves = rarer <= 0 ? 1 : (int)Math.Clamp(Math.Ceiling(1 / rarer / batch - 1e-9), 1, MostWaves);
        var plan = new bool[waves][];
        for (int wave = 0, number = 0; wave < waves; wave++)
        {
            plan[wave] = new bool[batch];
            for (int i = 0; i < batch; i++, number++)
                plan[wave][i] = Math.Floor(((number + 1) * share) + 1e-9) > Math.Floor((number * share) + 1e-9);
        }

        return plan;
    }

    /// <summary>Number of the prompts of a sample's wave.</summary>
    public static int NumberOf(int sample, int wave) => checked((sample * 1009) + wave);

    /// <summary>Prompts that nobody has seen: of a number, other ones than of any other.</summary>
    /// <param name="number">0 or more: of a negative one they would be those of its magnitude.</param>
    /// <param name="count">How many.</param>
    /// <param name="length">Tokens of each.</param>
    /// <param name="vocabulary">Tokens that there are.</param>
    public static int[][] Prompts(int number, int count, int length, int vocabulary)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        var random = new Random(number);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => random.Next(vocabulary)).ToArray())];
    }
}

/// <summary>A variant at a load.</summary>
/// <param name="Variant">The engine.</param>
/// <param name="Batch">Requests at once.</param>
/// <param name="Share">Share of the deterministic ones.</param>
internal sealed record ThroughputCase(EngineVariant Variant, int Batch, double Share);
