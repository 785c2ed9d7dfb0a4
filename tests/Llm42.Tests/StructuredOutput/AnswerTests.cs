using System.Text.Json;
using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Receipts;
using Llm42.StructuredOutput;
using Llm42.Testing;
using Llm42.Tests.ToolCalls;
using Llm42.ToolCalls;

namespace Llm42.Tests.StructuredOutput;

/// <summary>Answers of the embedded model, which has never seen JSON, in formats that it has to keep.</summary>
[TestClass]
public sealed class AnswerTests
{
    private static readonly int[] Prompt = [0, 496, 404, 408, 72, 342];

    private static string Model => RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");

    /// <summary>Answers of random schemas, beside each other, all of one kind of request.</summary>
    [TestMethod]
    [DataRow(DeterminismMode.Dvr, 4, 25.0)]
    [DataRow(DeterminismMode.Auto, 16, 100.0)]
    public async Task Every_answer_is_of_its_schema(DeterminismMode determinism, int window, double skipMismatch)
    {
        await using InferenceEngine engine = await LoadAsync(determinism, window, skipMismatch);
        JsonElement[] schemas = [.. Enumerable.Range(0, 60).Select(seed => new SchemaDice(5000 + seed).Next())];
        GenerationResult[] results = await Task.WhenAll(schemas.Select((schema, i) => engine.CompleteAsync(Prompt, Options(i, OutputFormat.JsonSchema(schema)))));
        int complete = 0;
        for (int i = 0; i < schemas.Length; i++)
        {
            if (results[i].FinishReason == FinishReason.Length)
                continue;
            complete++;
            Assert.AreEqual(FinishReason.Stop, results[i].FinishReason);
            using JsonDocument document = JsonDocument.Parse(results[i].Text);
            Assert.IsTrue(new SchemaValidator(schemas[i]).IsValid(document.RootElement), $"schema {i}: {schemas[i]} and {results[i].Text}");
        }

        Assert.IsGreaterThan(25, complete, "few answers came to their end");
        Assert.IsTrue(skipMismatch == 100 || results.Sum(result => result.Statistics.Rollbacks) > 20, "nothing was rolled back");
    }

    [TestMethod]
    public async Task Bits_are_those_given_alone_whatever_the_policy()
    {
        JsonElement[] schemas = [.. Enumerable.Range(0, 12).Select(seed => new SchemaDice(7000 + seed).Next())];
        string[]? expected = null;
        (DeterminismMode Determinism, int Window, double SkipMismatch)[] ways =
            [(DeterminismMode.Invariant, 1, 100), (DeterminismMode.Dvr, 3, 25), (DeterminismMode.Dvr, 16, 100), (DeterminismMode.Auto, 8, 50)];
        foreach (var (determinism, window, skipMismatch) in ways)
        {
            await using InferenceEngine engine = await LoadAsync(determinism, window, skipMismatch);
            List<string> answers = [];
            if (expected is null)
            {
                foreach (var (i, schema) in schemas.Index())
                    answers.Add(Key(await engine.CompleteAsync(Prompt, Options(i, OutputFormat.JsonSchema(schema)))));
                expected = [.. answers];
                continue;
            }

            Task<GenerationResult>[] neighbours = [.. Enumerable.Range(0, 6).Select(i => engine.CompleteAsync(
                Prompt, Options(i, i % 2 == 0 ? null : OutputFormat.JsonObject) with { IsDeterministic = false }))];
            answers.AddRange((await Task.WhenAll(schemas.Select((schema, i) =>
                engine.CompleteAsync(Prompt, Options(i, OutputFormat.JsonSchema(schema)))))).Select(Key));
            await Task.WhenAll(neighbours);
            for (int i = 0; i < schemas.Length; i++)
                Assert.AreEqual(expected[i], answers[i], $"{determinism}, window {window}: schema {i}, {schemas[i]}");
        }
    }

    /// <summary>Calls, and text that calls may follow: every call is exact, and the bits are those given alone.</summary>
    [TestMethod]
    public async Task Calls_are_exact_and_their_bits_those_given_alone()
    {
        ToolCallFormat[] kinds = [ToolCallFormat.Hermes, ToolCallFormat.Llama3];
        OutputFormat[] formats =
        [
            .. kinds.Select(ToolCallFormatTests.AnswerOf),
            .. kinds.Select(kind => OutputFormat.Sequence(OutputFormat.Literal(kind == ToolCallFormat.Llama3 ? "" : "So:"), ToolCallFormatTests.CallsOf(kind))),
            .. kinds.Select(kind => OutputFormat.Sequence(
                OutputFormat.TextWithout(ToolCallFormats.MarkersOf(kind)[0]), OutputFormat.Marker(ToolCallFormats.MarkersOf(kind)[0]), OutputFormat.Literal("!"))),
        ];
        string[]? expected = null;
        int calls = 0, rollbacks = 0;
        (DeterminismMode Determinism, int Window, double SkipMismatch)[] ways =
            [(DeterminismMode.Invariant, 1, 100), (DeterminismMode.Dvr, 3, 25), (DeterminismMode.Auto, 8, 50)];
        foreach (var (determinism, window, skipMismatch) in ways)
        {
            await using InferenceEngine engine = await LoadAsync(determinism, window, skipMismatch);
            GenerationResult[] results;
            if (expected is null)
            {
                results = new GenerationResult[2 * formats.Length];
                for (int i = 0; i < results.Length; i++)
                    results[i] = await engine.CompleteAsync(Prompt, Options(i, formats[i % formats.Length]) with { MaxTokens = 80 });
                expected = [.. results.Select(Key)];
            }
            else
            {
                results = await Task.WhenAll(Enumerable.Range(0, expected.Length).Select(i =>
                    engine.CompleteAsync(Prompt, Options(i, formats[i % formats.Length]) with { MaxTokens = 80 })));
                rollbacks += results.Sum(result => result.Statistics.Rollbacks);
            }
            for (int i = 0; i < results.Length; i++)
            {
                Assert.AreEqual(expected[i], Key(results[i]), $"{determinism}, window {window}: answer {i}");
                ChatAnswerReader reader = new(kinds[i % 2], Prompt);
                reader.Append(new GenerationChunk(results[i].Text, [], results[i].FinishReason));
                foreach (ToolCall call in reader.Calls.SkipLast(results[i].FinishReason == FinishReason.Length ? 1 : 0))
                    ToolCallFormatTests.AssertExact(call, results[i].Text);
                calls += reader.Calls.Count;
            }
        }
        Assert.IsGreaterThan(10, calls, "few calls: they prove little");
        Assert.IsGreaterThan(10, rollbacks, "nothing was rolled back");
    }

    [TestMethod]
    public async Task An_answer_ends_where_it_is_complete_also_without_an_end_token()
    {
        await using InferenceEngine engine = await LoadAsync(DeterminismMode.Dvr, 4, 100);
        OutputFormat format = OutputFormat.Sequence(OutputFormat.Literal("Answer: "), OutputFormat.AnyOf(OutputFormat.Literal("yes"), OutputFormat.Literal("no")));
        foreach (bool ignoresEos in (bool[])[false, true])
        {
            GenerationResult result = await engine.CompleteAsync(Prompt, Options(1, format) with { IgnoreEos = ignoresEos });
            Assert.IsTrue(result.Text is "Answer: yes" or "Answer: no", result.Text);
            Assert.AreEqual(FinishReason.Stop, result.FinishReason);
        }

        GenerationResult cut = await engine.CompleteAsync(Prompt, Options(1, format) with { MaxTokens = 2 });
        Assert.AreEqual(FinishReason.Length, cut.FinishReason);

        // Log-probabilities stay the model's own: what is forced is still called unlikely.
        Assert.IsLessThan(-1, cut.Tokens[0].Logprob);
    }

    [TestMethod]
    public async Task Several_answers_each_keep_the_format()
    {
        await using InferenceEngine engine = await LoadAsync(DeterminismMode.Dvr, 4, 25);
        OutputFormat format = FormatTests.Of("""{"type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":999}},"required":["n"]}""");
        GenerationOptions options = Options(3, format) with { Temperature = 4 };
        IReadOnlyList<GenerationResult> together = await engine.CompleteAllAsync(Prompt, options with { N = 8 });
        for (int i = 0; i < together.Count; i++)
        {
            using JsonDocument document = JsonDocument.Parse(together[i].Text);
            Assert.IsTrue(document.RootElement.GetProperty("n").GetInt32() is >= 1 and <= 999);
            GenerationResult alone = await engine.CompleteAsync(Prompt, options with { Seed = 3 + (ulong)i });
            Assert.AreEqual(Key(alone), Key(together[i]), $"answer {i}");
        }

        Assert.IsGreaterThan(1, together.Select(result => result.Text).Distinct().Count());
    }

    [TestMethod]
    public async Task A_receipt_keeps_the_format_and_replays()
    {
        await using InferenceEngine engine = await LoadAsync(DeterminismMode.Dvr, 4, 25);
        GenerationOptions options = Options(5, FormatTests.Of("""{"properties":{"größe":{"type":"number"}},"required":["größe"]}"""));
        GenerationResult result = await engine.CompleteAsync(Prompt, options);
        Receipt receipt = engine.CreateReceipt(Prompt, options, result);
        Assert.AreEqual(2, receipt.Version);
        Receipt read = Receipt.Parse(receipt.ToJson());
        Assert.IsNull((await engine.ReplayAsync(read)).Difference);

        // Another format gives another answer, and one that was left out is not of the receipt's version.
        Receipt other = engine.CreateReceipt(Prompt, options with { OutputFormat = OutputFormat.JsonObject }, result);
        Assert.IsNotNull((await engine.ReplayAsync(other)).Difference);
        Assert.ThrowsExactly<ReceiptFormatException>(
            () => Receipt.Parse((receipt with { Request = receipt.Request with { OutputFormat = null } }).ToJson()));
        Assert.ThrowsExactly<ReceiptFormatException>(() => Receipt.Parse((receipt with { Version = 1 }).ToJson()));
    }

    private static Task<InferenceEngine> LoadAsync(DeterminismMode determinism, int window, double skipMismatch) => InferenceEngine.LoadAsync(
        Model,
        new InferenceEngineOptions
        {
            KvPages = 512,
            PlannedThreads = 64,
            Engine = new EngineOptions { Determinism = determinism, Window = window, SkipMismatch = skipMismatch, CheckIntegrity = true },
        });

    private static GenerationOptions Options(int seed, OutputFormat? format) => new()
    {
        MaxTokens = 120, Temperature = 1 + (seed % 3 * 0.5f), Seed = (ulong)seed, IsDeterministic = true, OutputFormat = format,
    };

    private static string Key(GenerationResult result) => string.Join(' ', result.Tokens.Select(token =>
        $"{token.TokenId}:{BitConverter.SingleToInt32Bits(token.Logprob):x8}")) + result.FinishReason;
}
