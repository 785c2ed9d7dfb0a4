using Llm42.Cli.Synthetic;
namespace Llm42.Cli.Kernels;

/// <summary>Every case: the operators of the models at all row counts. What two models share is one case.</summary>
internal static class KernelCatalogue
{
    /// <summary>Positions of a KV page, as the engine has them by default.</summary>
    public const int PageSize = 16;

    /// <summary>More rows than this are never sampled at once, nor decoded by one step.</summary>
    private const int MostSequences = 512;

    private const int FewestPrefillRows = 64;

    /// <summary>Row counts (M).</summary>
    public static IReadOnlyList<int> Rows { get; } = [1, 8, 16, 64, 128, 256, 512, 2048, 8192];

    /// <summary>Contexts of attention.</summary>
    public static IReadOnlyList<int> Contexts { get; } = [512, 2048, 8192];

    /// <summary>The cases of some models at some row counts; those of one weight are neighbours.</summary>
    public static IReadOnlyList<KernelCase> Build(IEnumerable<ModelShape> models, IReadOnlyList<int> rows)
    {
        var order = new List<(string Operator, KernelShape Shape)>();
        var users = new Dictionary<(string Operator, KernelShape Shape), List<string>>();
        foreach (ModelShape model in models)
        {
            foreach ((string, KernelShape) call in Calls(model, rows))
            {
                if (!users.TryGetValue(call, out List<string>? names))
                {
                    users.Add(call, names = []);
                    order.Add(call);
                }

                names.Add(model.Name);
            }
        }

        return [.. order.Select(call => new KernelCase(call.Operator, users[call], call.Shape))];
    }

    private static IEnumerable<(string Operator, KernelShape Shape)> Calls(ModelShape model, IReadOnlyList<int> rows)
    {
        bool isDense = model.Experts == 0;
        (string Operator, int N, int K)[] linears =
        [
            (KernelOperator.LinearQkv, model.QkvWidth, model.HiddenSize),
            (KernelOperator.LinearOutput, model.HiddenSize, model.QueryWidth),
            .. isDense
                ? new[]
                {
                    (KernelOperator.LinearGateUp, 2 * model.IntermediateSize, model.HiddenSize),
                    (KernelOperator.LinearDown, model.HiddenSize, model.IntermediateSize),
                }
                : [],
            (KernelOperator.LinearHead, model.VocabularySize, model.HiddenSize),
        ];
        foreach ((string name, int n, int k) in linears)
        {
            foreach (int m in rows)
                yield return (name, new KernelShape(Rows: m, N: n, K: k));
        }

        if (!isDense)
        {
            (string Operator, KernelShape Shape)[] experts =
            [
                (KernelOperator.MoeRoute, new KernelShape()),
                (KernelOperator.MoePermute, new KernelShape()),
                (KernelOperator.MoeGateUp, new KernelShape(N: 2 * model.IntermediateSize, K: model.HiddenSize)),
                (KernelOperator.MoeDown, new KernelShape(N: model.HiddenSize, K: model.IntermediateSize)),
                (KernelOperator.MoeCombine, new KernelShape(Width: model.HiddenSize)),
            ];
            foreach ((string name, KernelShape shape) in experts)
            {
                foreach (int m in rows)
                    yield return (name, shape with { Rows = m, Experts = model.Experts, TopK = model.ExpertsPerToken });
            }
        }

        var heads = new KernelShape(QueryHeads: model.QueryHeads, KvHeads: model.KvHeads, HeadSize: model.HeadSize);
        foreach (int m in rows.Where(m => m <= MostSequences))
        {
            foreach (int context in Contexts)
                yield return (KernelOperator.AttentionDecode, heads with { Rows = m, Sequences = m, Context = context });
        }

        foreach (int m in rows.Where(m => m >= FewestPrefillRows))
        {
            // The first chunk of a prompt, and a late one.
            foreach (int context in new[] { m, Contexts[^1] }.Distinct())
                yield return (KernelOperator.AttentionPrefill, heads with { Rows = m, Sequences = 1, Context = context });
        }

        foreach (int m in rows)
            yield return (KernelOperator.RmsNorm, new KernelShape(Rows: m, Width: model.HiddenSize));
        foreach (int m in rows)
            yield return (KernelOperator.RopeWriteKv, heads with { Rows = m });
        foreach (string name in (string[])[KernelOperator.Greedy, KernelOperator.Sample, KernelOperator.TopLogprobs])
        {
            foreach (int m in rows.Where(m => m <= MostSequences))
                yield return (name, new KernelShape(Rows: m, Vocabulary: model.VocabularySize));
        }

        yield return (
            KernelOperator.CopyPage,
            new KernelShape(Layers: model.Layers, PageSize: PageSize, KvHeads: model.KvHeads, HeadSize: model.HeadSize));
    }
}
