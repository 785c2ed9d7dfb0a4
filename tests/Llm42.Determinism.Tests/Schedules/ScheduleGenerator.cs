using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Core.Tests;
using Llm42.Native;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>Draws schedules: the same one for the same seed.</summary>
internal static class ScheduleGenerator
{
    private static readonly (DeterminismMode Determinism, DrafterKind Drafter)[] Ways =
    [
        (DeterminismMode.Dvr, DrafterKind.Same), (DeterminismMode.Dvr, DrafterKind.Auto), (DeterminismMode.Auto, DrafterKind.Same),
        (DeterminismMode.Auto, DrafterKind.Auto), (DeterminismMode.Auto, DrafterKind.Auto), (DeterminismMode.Invariant, DrafterKind.None),
    ];

    private static readonly Lazy<CpuIsa[]> Isas = new(() => [.. new[] { CpuIsa.Portable, CpuIsa.Avx2, CpuIsa.Avx512 }.Where(IsAvailable)]);

    public static Schedule Draw(int seed)
    {
        var random = new Random(seed);
        // A source of their own, so that the schedules are those without them.
        var quantized = new Random(~seed);
        TinyModel model = TinyModel.Dense[random.Next(TinyModel.Dense.Count)];
        if (model == TinyModel.Dense[0] && new Random(seed ^ 0x5eed).Next(3) == 0)
            model = TinyModel.Experts;
        if (quantized.Next(5) == 0)
            model = model.AsInt8;
        DType kvType = Pick(random, DType.F32, DType.Bf16);
        int maxContext = random.Next(8) == 0 ? 48 : model.Shape.MaxContext;
        bool isConversation = random.Next(4) == 0;
        List<Arrival> arrivals = isConversation
            ? Conversation(random, model, kvType, maxContext)
            : Arrivals(random, model, kvType, maxContext);

        (DeterminismMode determinism, DrafterKind drafter) = Pick(random, Ways);
        if (determinism != DeterminismMode.Invariant)
            drafter = quantized.Next(8) switch
            {
                0 or 1 => DrafterKind.Ngram,
                2 or 3 when !model.IsInt8 => DrafterKind.Int8Weights,
                _ => drafter,
            };
        int window = Pick(random, 1, 2, 3, 4, 5, 6, 7, 8, 16);
        int maxSequences = Pick(random, 1, 2, 3, 5, 8);
        int pageSize = Pick(random, 8, 8, 8, 16, 32);
        // The longest request must fit; what else does is a matter of luck.
        int least = arrivals.Max(a => Pages(Math.Min(maxContext, a.Request.PromptIds.Count + a.Request.MaxTokens), pageSize));
        return new Schedule
        {
            Seed = seed,
            Model = model,
            Device = new NativeDeviceOptions
            {
                Threads = random.Next(1, 3),
                PlannedThreads = Pick(random, 1, 8, 64, 64, 64, 256),
                Isa = Isas.Value[random.Next(Isas.Value.Length)],
            },
            KvType = kvType,
            PageSize = pageSize,
            Pages = least + Pick(random, 0, 1, 2, least / 2, least, 3 * least, 64),
            MaxContext = maxContext,
            Options = new EngineOptions
            {
                Window = window,
                VerifyGroup = Pick(random, 1, 2, 3, 8),
                MaxSequences = maxSequences,
                MaxBatchTokens = maxSequences + window + 1 + Pick(random, 0, 1, 6, 30, 200),
                ChainedSteps = seed % 2 == 0 ? 1 : 1 + (seed % 9),
                PrefillChunk = Pick(random, 1, 3, 7, 16, 512),
                Determinism = determinism,
                Drafter = drafter,
                PrefixCache = isConversation || random.Next(3) > 0,
                SkipMismatch = Pick(random, 100, 100, 100, 100, 10, 25, 50, 75),
            },
            FlippedPlaces = random.Next(2) == 0 ? [] : [.. Enumerable.Range(0, window).Where(_ => random.Next(2) == 0)],
            FlipOneIn = random.Next(1, 4),
            Arrivals = arrivals,
        };
    }

    private static List<Arrival> Arrivals(Random random, TinyModel model, DType kvType, int maxContext)
    {
        List<Arrival> arrivals = [];
        int count = random.Next(1, 9), step = 0, pause = Pick(random, 0, 1, 4, 12);
        for (int i = 0; i < count; i++)
        {
            GenerationRequest request = arrivals.Count > 0 && random.Next(5) < 3
                ? Related(random, arrivals[random.Next(arrivals.Count)].Request, model, kvType, maxContext)
                : Fresh(random, model, maxContext);
            int? cancelAfter = random.Next(8) == 0 ? random.Next(40) : null;
            arrivals.Add(new Arrival(step, request, cancelAfter));
            step += random.Next(pause + 1);
        }

        return arrivals;
    }

    /// <summary>Requests that go on where another one's answer ended, mostly once it has.</summary>
    private static List<Arrival> Conversation(Random random, TinyModel model, DType kvType, int maxContext)
    {
        List<Arrival> turns = [];
        int count = random.Next(2, 9), step = 0;
        for (int i = 0; i < count; i++)
        {
            GenerationRequest request = Fresh(random, model, maxContext);
            if (i > 0)
            {
                GenerationRequest last = turns[random.Next(3) == 0 ? random.Next(i) : i - 1].Request;
                IReadOnlyList<int> answer = CanonicalAnswers.Of(model, kvType, maxContext, last).TokenIds;
                int[] prompt = [.. last.PromptIds, .. answer, .. Tokens(random, random.Next(4), model.Shape.Vocabulary)];
                if (prompt.Length < maxContext - 1)
                    request = request with { PromptIds = prompt, ScorePrompt = false };
            }

            turns.Add(new Arrival(step, request, null));
            step += random.Next(random.Next(4) == 0 ? 10 : 80);
        }

        return turns;
    }

    private static GenerationRequest Fresh(Random random, TinyModel model, int maxContext)
    {
        int vocabulary = model.Shape.Vocabulary;
        // Some are long enough to lie in two pieces of attention.
        int length = random.Next(60) == 0 ? random.Next(245, 270) : Pick(random, random.Next(1, 8), random.Next(1, 34), random.Next(1, 34), random.Next(30, 80));
        bool isScored = random.Next(8) == 0;
        var request = new GenerationRequest
        {
            PromptIds = Tokens(random, Math.Min(length, maxContext - 1), vocabulary),
            MaxTokens = isScored && random.Next(2) == 0 ? 0 : Pick(random, random.Next(1, 6), random.Next(1, 25), random.Next(10, 40)),
            IsDeterministic = random.Next(3) > 0,
            Sampling = Penalised(random, Sampling(random, vocabulary), vocabulary),
            StopTokenIds = random.Next(3) > 0 ? new HashSet<int>() : [.. Tokens(random, random.Next(1, 4), vocabulary)],
            TextStop = random.Next(8) == 0 ? new TokenPairStop(random.Next(vocabulary), random.Next(vocabulary)) : null,
            TopLogprobs = random.Next(3) == 0 ? random.Next(1, 9) : 0,
            ScorePrompt = isScored,
        };
        int salt = Dice.Roll([.. request.PromptIds, request.MaxTokens]);
        return salt % 5 == 0 ? request with { Constraint = new TokenWalk(vocabulary, salt % 1000) } : request;
    }

    /// <summary>A request that begins like another one, or like another one and what that is answered.</summary>
    private static GenerationRequest Related(
        Random random, GenerationRequest other, TinyModel model, DType kvType, int maxContext)
    {
        int vocabulary = model.Shape.Vocabulary;
        GenerationRequest request = random.Next(2) == 0 ? other : Fresh(random, model, maxContext);
        if (random.Next(4) == 0 && (other.PromptIds.Count > 0))
            return other with { IsDeterministic = random.Next(2) == 0 };

        List<int> prompt = [.. other.PromptIds];
        if (random.Next(2) == 0)
        {
            IReadOnlyList<int> answer = CanonicalAnswers.Of(model, kvType, maxContext, other).TokenIds;
            prompt.AddRange(answer.Take(random.Next(answer.Count + 1)));
            // Some answers hold what ends this one.
            if (answer.Count > 3 && random.Next(3) == 0)
                request = request with { StopTokenIds = new HashSet<int> { answer[random.Next(1, answer.Count)] } };
        }
        else
        {
            prompt = [.. prompt.Take(random.Next(prompt.Count + 1))];
        }

        prompt.AddRange(Tokens(random, random.Next(6), vocabulary));
        if (prompt.Count == 0)
            prompt.Add(random.Next(vocabulary));
        return request with
        {
            PromptIds = [.. prompt.Take(maxContext - 1)],
            IsDeterministic = random.Next(3) > 0,
        };
    }

    /// <summary>
    /// With logits this flat, noise settles most tokens whatever rounding does; where top-k, top-p or min-p cut, rounding
    /// decides who takes part.
    /// </summary>
    private static SamplingParameters Sampling(Random random, int vocabulary) => random.Next(5) switch
    {
        0 or 1 => SamplingParameters.Greedy,
        2 => new SamplingParameters { Temperature = 0.7f, Seed = (ulong)random.Next(100), TopK = random.Next(1, vocabulary / 2) },
        3 => new SamplingParameters { Temperature = 1, Seed = (ulong)random.Next(100), TopP = 0.05f + (0.9f * random.NextSingle()) },
        _ => new SamplingParameters
        {
            Temperature = Pick(random, 0.01f, 0.01f, 1, 2),
            Seed = (ulong)random.Next(100),
            TopK = Pick(random, 0, 5),
            TopP = Pick(random, 1, 0.5f),
            MinP = Pick(random, 0, 0.3f, 0.999998f),
        },
    };

    private static SamplingParameters Penalised(Random random, SamplingParameters sampling, int vocabulary) => random.Next(6) switch
    {
        0 => sampling with { RepetitionPenalty = 1 + (0.5f * random.NextSingle()) },
        1 => sampling with
        {
            PresencePenalty = Pick(random, 0, 0.5f),
            FrequencyPenalty = Pick(random, -0.25f, 0.25f),
            LogitBias = new Dictionary<int, float> { [random.Next(vocabulary)] = Pick(random, -100, 1e-6f) },
        },
        _ => sampling,
    };

    private static int[] Tokens(Random random, int count, int vocabulary) =>
        [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];

    private static int Pages(int positions, int pageSize) => (positions + pageSize - 1) / pageSize;

    private static T Pick<T>(Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    private static bool IsAvailable(CpuIsa isa)
    {
        try
        {
            NativeDevice.Open(new NativeDeviceOptions { Isa = isa, Threads = 1 }).Dispose();
            return true;
        }
        catch (NativeException failure) when (failure.Status == Status.Unsupported)
        {
            return false;
        }
    }
}
