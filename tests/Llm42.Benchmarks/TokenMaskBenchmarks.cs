using System.Diagnostics;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Llm42.Core.Sampling;
using Llm42.StructuredOutput;
using Llm42.StructuredOutput.Masking;
using Llm42.Tokenization;

namespace Llm42.Benchmarks;

/// <summary>
/// Token masks over the 151,669 tokens of Qwen3, on one thread: what compiling a format takes, and what each mask takes
/// along an answer none of whose states was seen before. Needs the test data in ../shared.
/// </summary>
[MemoryDiagnoser]
public class TokenMaskBenchmarks
{
    private const int MaxMasks = 256;

    private TokenTrie _trie = null!;
    private int _vocabulary;
    private int[] _bytes = null!;
    private OutputFormat _format = null!;
    private byte[] _text = null!;
    private CompiledFormat _compiled = null!;

    /// <summary>The format, and an answer of it.</summary>
    [Params("object", "schema", "bounded", "pattern", "enum")]
    public string Format { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        BpeTokenizer tokenizer = TokenizerJson.Load(Path.Combine(SharedFolder(), "data", "tokenizers", "qwen3"));
        _vocabulary = tokenizer.VocabularySize;
        _trie = new TokenTrie([.. Enumerable.Range(0, _vocabulary).Select(id => tokenizer.IsSpecial(id) ? null : tokenizer.GetTokenBytes(id))]);
        _bytes = new int[256];
        for (int id = 0; id < _vocabulary; id++)
        {
            if (_trie.BytesOf(id) is [byte value])
                _bytes[value] = id;
        }
        (_format, string text) = Format switch
        {
            "object" => (OutputFormat.JsonObject,
                """{"id": "a1", "tags": ["red", "größe", "x\n"], "owner": {"name": "Ada", "mail": [{"kind": "home", "to": "a@b.c"}]}, "note": "free text, of some words"}"""),
            "schema" => (Schema("""
                {"type": "object", "properties": {"city": {"type": "string"}, "country": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 14},
                 "guests": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                 "required": ["name", "age"], "additionalProperties": false}}, "note": {"type": "string"}},
                 "required": ["city", "country", "days", "guests", "note"], "additionalProperties": false}
                """),
                """{"city": "Zürich", "country": "Switzerland", "days": 12, "guests": [{"name": "Ada", "age": 36}, {"name": "Charles", "age": 61}], "note": "a quiet room"}"""),
            "bounded" => (Schema("""
                {"type": "object", "properties": {"title": {"type": "string", "minLength": 3, "maxLength": 60}, "body": {"type": "string", "maxLength": 400}},
                 "required": ["title", "body"], "additionalProperties": false}
                """),
                """{"title": "On the measure of masks", "body": "It was the best of times, it was the worst of times, it was the age of wisdom"}"""),
            "pattern" => (Schema("""
                {"type": "object", "properties": {"user": {"type": "string", "pattern": "^[a-z][a-z0-9_]{2,30}$"}, "mail": {"pattern": "^\\w+@\\w+\\.(com|org)$", "type": "string"},
                 "day": {"format": "date", "type": "string"}}, "required": ["user", "mail", "day"], "additionalProperties": false}
                """),
                """{"user": "ada_lovelace_1815", "mail": "ada_lovelace@engine.org", "day": "1843-10-18"}"""),
            _ => (Schema("""
                {"type": "object", "properties": {"kind": {"enum": ["invoice", "reminder", "credit note", "delivery note"]}, "currency": {"enum": ["EUR", "CHF", "USD", "GBP"]},
                 "paid": {"type": "boolean"}, "amount": {"type": "number"}}, "required": ["kind", "currency", "paid", "amount"], "additionalProperties": false}
                """),
                """{"kind": "delivery note", "currency": "CHF", "paid": false, "amount": 1234.5678}"""),
        };
        _text = Encoding.UTF8.GetBytes(text);
    }

    /// <summary>A grammar over the tokens, as on the thread of the request.</summary>
    [Benchmark]
    public object Compile() => Create();

    [IterationSetup(Target = nameof(Answer))]
    public void SetupAnswer() => _compiled = Create();

    /// <summary>The answer byte by byte: a mask for each of its states, all together, as on the engine's thread.</summary>
    [Benchmark]
    public int Answer()
    {
        ITokenConstraint state = _compiled.Start;
        int masks = 0;
        foreach (byte value in _text.AsSpan(0, Math.Min(_text.Length, MaxMasks)))
        {
            state = state.Follow(_bytes[value]);
            masks += state.GetAllowedTokens().Length > 0 ? 1 : 0;
        }
        return masks;
    }

    /// <summary>Prints what a mean hides: the longest wait for one mask, the least of some runs each.</summary>
    public static void PrintLongest()
    {
        Console.WriteLine($"{"format",-8} {"compile ms",10} {"masks",6} {"mean ms",8} {"longest ms",10}");
        foreach (string format in (string[])["object", "schema", "bounded", "pattern", "enum"])
        {
            var benchmark = new TokenMaskBenchmarks { Format = format };
            benchmark.Setup();
            double compile = double.MaxValue;
            double[] waits = [.. benchmark._text.Select(_ => double.MaxValue)];
            for (int run = 0; run < 7; run++)
            {
                long start = Stopwatch.GetTimestamp();
                ITokenConstraint state = benchmark.Create().Start;
                compile = Math.Min(compile, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                foreach (var (i, value) in benchmark._text.Index())
                {
                    start = Stopwatch.GetTimestamp();
                    state = state.Follow(benchmark._bytes[value]);
                    state.GetAllowedTokens();
                    waits[i] = Math.Min(waits[i], Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }
            Console.WriteLine(FormattableString.Invariant(
                $"{format,-8} {compile,10:F1} {waits.Length,6} {waits.Average(),8:F3} {waits.Max(),10:F3}"));
        }
    }

    private CompiledFormat Create()
    {
        var compiled = new CompiledFormat(_format.ToGrammar(), _trie, _vocabulary, []);
        compiled.Prepare();
        return compiled;
    }

    private static OutputFormat Schema(string schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        return OutputFormat.JsonSchema(document.RootElement);
    }

    private static string SharedFolder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !Directory.Exists(Path.Combine(folder, "shared", "data")))
            folder = Path.GetDirectoryName(folder);
        return folder is null
            ? throw new DirectoryNotFoundException("There is no folder shared/data above the benchmarks.")
            : Path.Combine(folder, "shared");
    }
}
