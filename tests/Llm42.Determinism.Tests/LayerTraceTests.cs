using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Llm42.Cli.Determinism;
using Llm42.Core.Engine;
using Llm42.Core.Observability;

namespace Llm42.Determinism.Tests;

/// <summary>Hashes of the hidden states: equal for deterministic runs, and naming the place where others part.</summary>
[TestClass]
public sealed class LayerTraceTests
{
    private const int ModelSeed = 7;
    private const int Hidden = 128;
    private const int Tokens = 40;

    private static readonly int[] Prompt = [3, 1, 4, 15, 92, 65, 35];

    private static readonly DirectoryInfo Directories = Directory.CreateTempSubdirectory("llm42-traces-");

    private static readonly string Model = new RandomModel { Hidden = Hidden }.Write(
        Path.Combine(Directories.FullName, "model"), ModelSeed);

    private static LayerTrace _reference = null!;

    [ClassInitialize]
    public static async Task RunAlone(TestContext context) => _reference = (await TraceAsync(Model, new InferenceEngineOptions
    {
        Threads = 1,
        Engine = new EngineOptions { Drafter = DrafterKind.None },
    })).Trace!;

    [ClassCleanup]
    public static void RemoveModels() => Directories.Delete(recursive: true);

    [TestMethod]
    [DataRow(16, 512, 16, DrafterKind.Same, 100)]
    [DataRow(5, 3, 8, DrafterKind.Same, 100)]
    [DataRow(16, 512, 16, DrafterKind.Same, 50)]
    [DataRow(64, 6, 64, DrafterKind.None, 100)]
    public async Task Deterministic_hidden_states_are_the_same_alone_and_amid_load(
        int window, int chunk, int pageSize, DrafterKind drafter, int skipMismatch)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(Model, new InferenceEngineOptions
        {
            PlannedThreads = 64,
            PageSize = pageSize,
            Engine = new EngineOptions
            {
                Determinism = drafter == DrafterKind.None ? DeterminismMode.Auto : DeterminismMode.Dvr,
                Drafter = drafter,
                Window = window,
                PrefillChunk = chunk,
                SkipMismatch = skipMismatch,
                MaxSequences = 24,
                CheckIntegrity = true,
            },
        });
        Assert.IsFalse(engine.Engine.FastIsInvariant);
        int rollbacks = 0;
        for (int run = 0; run < 6; run++)
        {
            // Others are captured beside it, an ordinary one among them.
            (int[], GenerationOptions)[] watched =
            [
                (Prompt, Request()),
                ([.. Prompt.Reverse()], Request() with { Temperature = 0.8f }),
                ([.. Prompt, 8], Request() with { IsDeterministic = false }),
            ];
            Answer[] answers = await new Load(engine, new Random(run)).RunAsync(watched, run * 4);
            Assert.IsNull(_reference.FirstDifference(answers[0].Trace!), $"run {run}: {_reference.FirstDifference(answers[0].Trace!)}");
            Assert.HasCount(Prompt.Length + Tokens, answers[2].Trace!.Rows);
            rollbacks += answers[0].Statistics.Rollbacks;
        }

        if (drafter == DrafterKind.Same)
            Assert.IsGreaterThan(0, rollbacks, "no draft was ever wrong: nothing was shown");
    }

    [TestMethod]
    public async Task Ordinary_hidden_states_part_amid_load_so_that_the_comparison_can_fail()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(Model, new InferenceEngineOptions { PlannedThreads = 64 });
        (int[], GenerationOptions)[] watched = [(Prompt, Request() with { IsDeterministic = false })];
        Answer alone = (await new Load(engine, new Random(0)).RunAsync(watched, 0))[0];
        Answer busy = (await new Load(engine, new Random(1)).RunAsync(watched, 16))[0];
        LayerDifference difference = alone.Trace!.FirstDifference(busy.Trace!)!;
        Assert.IsNotNull(difference);
        Assert.IsGreaterThanOrEqualTo(Prompt.Length, difference.Position, "the prompt is run under invariant numerics");
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task Looking_changes_no_bit_of_the_answer(bool isDeterministic)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(Model, new InferenceEngineOptions { PlannedThreads = 64 });
        GenerationOptions request = Request() with { IsDeterministic = isDeterministic };
        Answer plain = Answer.Of(await engine.CompleteAsync(Prompt, request with { CaptureLayers = false }));
        Answer captured = Answer.Of(await engine.CompleteAsync(Prompt, request));
        plain.AssertSame(captured, $"deterministic {isDeterministic}");
        Assert.IsNull(plain.Trace);
        Assert.HasCount(Prompt.Length + Tokens - 1, captured.Trace!.Rows);
        Assert.HasCount(1 + (2 * engine.Model.Layers), captured.Trace.Rows[0].Residual);
    }

    [TestMethod]
    [DataRow("model.embed_tokens.weight", 4 * Hidden, 2, "embedding")]
    [DataRow("model.layers.0.self_attn.v_proj.weight", 0, 0, "layer 0 attention")]
    [DataRow("model.layers.0.self_attn.q_proj.weight", 0, 1, "layer 0 attention", DisplayName = "Where there is one key, the query does not matter")]
    [DataRow("model.layers.1.self_attn.o_proj.weight", 0, 0, "layer 1 attention")]
    [DataRow("model.layers.1.mlp.down_proj.weight", 0, 0, "layer 1 mlp")]
    [DataRow("model.layers.2.post_attention_layernorm.weight", 5, 0, "layer 2 mlp")]
    [DataRow("model.norm.weight", 3, 6, "logits")]
    [DataRow("lm_head.weight", 0, 6, "logits")]
    public async Task A_changed_weight_is_found_in_its_layer(string tensor, int element, int position, string stage)
    {
        string changed = Path.Combine(Directories.FullName, $"{tensor} {element}");
        new RandomModel { Hidden = Hidden }.Write(changed, ModelSeed);
        SetWeight(Path.Combine(changed, "model.safetensors"), tensor, element, 3.25f);
        LayerTrace trace = (await TraceAsync(changed, new InferenceEngineOptions { Threads = 1 })).Trace!;
        Assert.AreEqual(new LayerDifference(position, stage), _reference.FirstDifference(trace));
    }

    private static GenerationOptions Request() => new()
    {
        MaxTokens = Tokens, Temperature = 0, IsDeterministic = true, IgnoreEos = true, CaptureLayers = true,
    };

    private static async Task<Answer> TraceAsync(string model, InferenceEngineOptions options)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(model, options);
        return Answer.Of(await engine.CompleteAsync(Prompt, Request()));
    }

    private static void SetWeight(string path, string tensor, int element, float value)
    {
        using FileStream file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        byte[] length = new byte[8];
        file.ReadExactly(length);
        byte[] header = new byte[BinaryPrimitives.ReadInt64LittleEndian(length)];
        file.ReadExactly(header);
        long offset = JsonNode.Parse(header)![tensor]!["data_offsets"]![0]!.GetValue<long>();
        file.Position = length.Length + header.Length + offset + ((long)element * sizeof(float));
        file.Write(BitConverter.GetBytes(value));
    }
}
